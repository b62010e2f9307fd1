"""Files of doses: whole after a kill, gone on with, and given on."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from torch import nn

from gradbook import track
from gradbook.track import storage
from networks import dense, dense_rows

INPUTS, TARGETS, _ = dense_rows(outputs=2)
LOOP = """
import sys, torch
from torch import nn
from gradbook import track
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(6, 40), nn.ReLU(), nn.Linear(40, 2))
optimizer = torch.optim.Adam(model.parameters(), 1e-3)
inputs, targets = torch.randn(40, 6), torch.randn(40, 2)
with track.Doses(model, every=1, path=sys.argv[1]) as doses:
    while True:
        optimizer.zero_grad()
        (model(inputs) - targets).square().mean().backward()
        optimizer.step()
        print(doses.step, flush=True)
"""


def trained(doses, model, steps):
    optimizer = torch.optim.SGD(model.parameters(), 0.01, weight_decay=0.1)
    with doses:
        for _ in range(steps):
            optimizer.zero_grad()
            (model(INPUTS) - TARGETS).square().mean().backward()
            optimizer.step()
    return doses.run


def net(width=5):
    return dense(nn.Linear(6, width), nn.ReLU(), nn.Linear(width, 2))


def same(first, second):
    assert first.names == second.names and first.about == second.about
    np.testing.assert_array_equal(first.steps, second.steps)
    for mine, other in ((first.values, second.values), (first.held, second.held)):
        assert mine.keys() == other.keys()
        for name in mine:
            np.testing.assert_array_equal(mine[name], other[name])


def test_nothing_is_lost_when_training_is_killed(tmp_path):
    """SIGKILL, which no program sees coming, while it records at every step."""
    path = tmp_path / "run.doses"
    with subprocess.Popen(
        [sys.executable, "-c", LOOP, path], stdout=subprocess.PIPE, text=True
    ) as process:
        told = 0
        for line in process.stdout:
            told = int(line)
            if told >= 50:
                break
        time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().split("\n")
    told = max([told, *(int(line) for line in rest[:-1] if line)])
    run = track.load(path)
    assert process.returncode == -signal.SIGKILL
    assert run.steps.tolist() == list(range(len(run))) and told <= len(run) <= told + 1
    assert np.isfinite(run.values["norm"]).all()


@pytest.mark.parametrize("cut", [1, 7, 11, 12, 40])
def test_a_torn_record_ends_what_is_read_and_is_cut_off(tmp_path, cut):
    path = tmp_path / "run.doses"
    run = trained(track.Doses(net(), every=1, path=path), net(), 0)
    model = net()
    run = trained(track.Doses(model, every=1, path=path), model, 5)
    content = path.read_bytes()
    ends = [end for end, _ in storage.records(content)]
    path.write_bytes(content[: ends[-2] + cut])
    assert track.load(path).steps.tolist() == run.steps.tolist()[:-1]
    model = net()
    after = trained(track.Doses(model, every=1, path=path), model, 2)
    assert after.steps.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_damaged_record_is_not_believed(tmp_path):
    path = tmp_path / "run.doses"
    model = net()
    trained(track.Doses(model, every=1, path=path), model, 3)
    content = bytearray(path.read_bytes())
    ends = [end for end, _ in storage.records(bytes(content))]
    content[ends[-2] + 30] ^= 1
    path.write_bytes(content)
    assert track.load(path).steps.tolist() == [0, 1]


def test_a_run_goes_on_where_training_went_on(tmp_path):
    """Killed after step 9, resumed from a checkpoint at step 6: as one run of twelve steps."""
    whole = net()
    expected = trained(track.Doses(whole, every=2), whole, 12)
    model, path = net(), tmp_path / "run.doses"
    trained(track.Doses(model, every=2, path=path), model, 6)
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    trained(track.Doses(model, every=2, path=path, start=6), model, 3)
    model.load_state_dict(kept)
    found = trained(track.Doses(model, every=2, path=path, start=6), model, 6)
    same(found, expected)
    assert track.Doses(net(), path=path).step == 11  # after the last record


def test_a_file_of_something_else_is_refused_and_left(tmp_path):
    path = tmp_path / "run.doses"
    trained(track.Doses(net(), every=1, path=path), net(), 1)
    with pytest.raises(ValueError, match="7 groups, got 5 others: choose another path"):
        track.Doses(net(7), path=path)
    with pytest.raises(ValueError, match="expected the 0 held rows"):
        track.Doses(net(), path=path, held=track.Held(INPUTS, TARGETS, "squared"))
    other = tmp_path / "other"
    other.write_text("a text")
    with pytest.raises(ValueError, match="holds none"):
        track.Doses(net(), path=other)
    assert other.read_text() == "a text"
    np.savez(tmp_path / "other.npz", a=1)
    with pytest.raises(ValueError, match="holds none"):
        track.load(tmp_path / "other.npz")


def test_a_saved_run_is_the_run(tmp_path):
    model = net()
    held = track.Held(INPUTS, TARGETS, loss="squared")
    run = trained(track.Doses(model, every=2, held=held), model, 5)
    assert run.held["agreement"].shape == (3, 40)
    start = net()
    losses = (start(INPUTS) - TARGETS).square().mean(1).detach().numpy()
    np.testing.assert_allclose(run.held["loss"][0], losses, rtol=1e-6)
    same(track.load(run.save(tmp_path / "run.npz")), run)
    with pytest.raises(ValueError, match=r"ends in \.npz or \.parquet"):
        run.save(tmp_path / "run.csv")


def test_parquet_has_a_row_for_each_step_and_group(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    model = net()
    run = trained(track.Doses(model, every=2), model, 5)
    table = parquet.read_table(run.save(tmp_path / "run.parquet")).to_pydict()
    assert len(table["step"]) == 3 * 5 and table["group"][:5] == [*run.names]
    assert table["step"][5:10] == [2] * 5
    np.testing.assert_array_equal(table["dose"], run.values["dose"].ravel())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboard_has_the_curves(tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    model = net()
    held = track.Held(INPUTS, TARGETS, loss="squared")
    doses = track.Doses(model, every=2, held=held, tensorboard=tmp_path / "live")
    run = trained(doses, model, 5)
    run.to_tensorboard(tmp_path / "later")
    for folder in ("live", "later"):
        events = EventAccumulator(str(tmp_path / folder))
        events.Reload()
        found = events.Scalars("doses/mean dose")
        assert [event.step for event in found] == [0, 2, 4]
        expected = run.values["dose"].mean(1)
        assert [event.value for event in found] == pytest.approx(expected, rel=1e-6)
        assert len(events.Scalars("held/coherence")) == 3
