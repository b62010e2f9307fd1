"""Running experiments: what is kept, what is run again, what an error says; also on a cluster."""

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import workshop as shop
from gradbook.evidence import claims, engine, registry
from workshop import CUBES, RUN, Workshop


@pytest.fixture
def workshop(tmp_path):
    return Workshop(tmp_path)


def test_two_processes_give_what_a_serial_run_gives_bit_for_bit(workshop):
    assert workshop.build(processes=2) == ""
    parallel, ran = workshop.result(), workshop.ran()
    assert workshop.build(processes=1) == ""
    serial = workshop.result()
    assert ran == workshop.ran() == ["0", "1", "2", "3"]
    assert parallel["cube"].tolist() == [0, 1, 8, 27] and parallel["noise"].shape == (4, 300, 300)
    for name in ("cube", "noise", "undefined"):
        assert parallel[name].tobytes() == serial[name].tobytes()
    assert parallel["undefined"].shape == (4,) and np.isnan(parallel["undefined"]).all()
    assert parallel.jobs == [0, 1, 2, 3] and parallel.config["seeds"] == [7, [1, 2]]
    assert list((workshop.folder / "out" / "parts").iterdir()) == []


def test_a_failed_job_stops_no_other_and_only_it_runs_again(workshop):
    (workshop.folder / "fail-2").touch()
    error = workshop.build(processes=1)
    expected = "experiment 'cubes' (claims cubes-grow), seed 2: the loss became nan at epoch 1"
    assert expected in error
    assert "3 of 4 are finished and kept: run the same command again" in error
    parts = workshop.folder / "out" / "parts"
    assert workshop.ran() == ["0", "1", "2", "3"]
    assert sorted(path.name for path in parts.iterdir()) == [f"cubes-{i}.npz" for i in (0, 1, 3)]
    (workshop.folder / "fail-2").unlink()
    (parts / "cubes-1.npz").write_bytes(b"half a fi")
    assert workshop.build(processes=1) == ""
    assert workshop.ran() == ["1", "2"]
    assert workshop.result()["cube"].tolist() == [0, 1, 8, 27]


def test_an_unforeseen_error_names_claim_and_seed_and_where_it_was_raised(workshop):
    (workshop.folder / "break-1").touch()
    error = workshop.build(processes=2)
    assert "(claims cubes-grow), seed 1: Traceback" in error
    assert "cubes.py" in error and "RuntimeError: mat1 and mat2 shapes" in error
    assert "3 of 4 are finished and kept" in error


def test_all_failures_are_named(workshop):
    (workshop.folder / "fail-0").touch()
    (workshop.folder / "infinite-3").touch()
    error = workshop.build(processes=2)
    assert "seed 0: the loss became nan" in error
    assert "seed 3: cube holds numbers that are not finite" in error


def test_a_run_killed_at_any_moment_is_finished_by_the_next(workshop):
    command = [sys.executable, "-c", RUN, "1"]
    killed = 0
    parts = workshop.folder / "out" / "parts"
    for wait in (0.0, 0.05, 0.2):
        running = subprocess.Popen(
            command, cwd=workshop.folder, env=workshop.environment(), start_new_session=True
        )
        deadline = time.monotonic() + 60
        while not list(workshop.folder.glob("ran-*")) and running.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(wait)
        os.killpg(running.pid, signal.SIGKILL)
        killed += running.wait() != 0
        workshop.ran()
    assert killed, "the runs were over before they could be killed"
    (workshop.folder / "out" / "cubes.npz").unlink(missing_ok=True)
    assert workshop.build(processes=1) == ""
    interrupted = workshop.result()
    assert list(parts.iterdir()) == [], "what a killed run was writing is gone"
    shutil.rmtree(workshop.folder / "out")
    assert workshop.build(processes=1) == ""
    whole = workshop.result()
    for name in ("cube", "noise"):
        assert interrupted[name].tobytes() == whole[name].tobytes()


def test_a_worker_that_dies_is_an_error_that_names_the_claim_and_what_ran(workshop):
    (workshop.folder / "die-2").touch()
    error = workshop.build(processes=2)
    found = re.search(
        r"\(claims cubes-grow\): a worker died; it ran one of (.*)\. (\d) of 4", error
    )
    assert "seed 2" in found[1] and "seed 0, seed 1" not in found[1]
    kept = int(found[2])
    assert kept == len(list((workshop.folder / "out/parts").iterdir())) >= 1
    (workshop.folder / "die-2").unlink()
    workshop.ran()
    assert workshop.build(processes=2) == ""
    assert len(workshop.ran()) == 4 - kept
    assert workshop.result()["cube"].tolist() == [0, 1, 8, 27]


def full_disk(monkeypatch, size: int) -> None:
    """A limit on the size of a file stands for the full disk: writing fails half way."""
    run = "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    run += f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, resource.RLIM_INFINITY))\n"
    monkeypatch.setattr(shop, "RUN", run + RUN)


def test_a_full_disk_is_an_error_that_keeps_what_is_finished(workshop, monkeypatch):
    full_disk(monkeypatch, 700_000)  # a part has 340 kB, the whole four times as much
    error = workshop.build(processes=1)
    assert "experiment 'cubes' (claims cubes-grow): could not write out/cubes.npz" in error
    assert "File too large" in error and "4 of 4 are finished and kept" in error
    assert sorted(p.name for p in (workshop.folder / "out").iterdir()) == ["parts"]
    monkeypatch.undo()
    workshop.ran()
    assert workshop.build(processes=1) == ""
    assert workshop.ran() == []


def test_a_job_that_kills_its_worker_is_an_error_on_a_cluster_too(workshop):
    pytest.importorskip("distributed")
    (workshop.folder / "die-2").touch()
    error = workshop.build(dask=True)
    found = re.search(
        r"\(claims cubes-grow\): a worker died; it ran one of (.*)\. (\d) of 4", error
    )
    assert "seed 2" in found[1]
    assert int(found[2]) == len(list((workshop.folder / "out/parts").iterdir()))
    (workshop.folder / "die-2").unlink()
    assert workshop.build(dask=True) == ""
    assert workshop.result()["cube"].tolist() == [0, 1, 8, 27]


def test_a_full_disk_at_the_first_job_names_claim_and_seed(workshop, monkeypatch):
    full_disk(monkeypatch, 200_000)
    error = workshop.build(processes=1)
    assert "(claims cubes-grow), seed 0: could not write out/parts/cubes-0.npz" in error
    assert "0 of 4 are finished and kept" in error
    assert list((workshop.folder / "out" / "parts").iterdir()) == []


def test_finished_jobs_of_other_code_or_another_config_are_run_again(workshop):
    (workshop.folder / "fail-3").touch()
    workshop.build(processes=1)
    assert workshop.ran() == ["0", "1", "2", "3"]
    workshop.write(CUBES.replace('"power": 3', '"power": 2'))
    workshop.build(processes=1)
    assert workshop.ran() == ["0", "1", "2", "3"]
    (workshop.folder / "fail-3").unlink()
    workshop.write(CUBES.replace('"power": 3', '"power": 2').replace("A job is", "Here a job is"))
    assert workshop.build(processes=1) == ""
    assert workshop.ran() == ["3"]
    assert workshop.result()["cube"].tolist() == [0, 1, 4, 9]


@pytest.mark.parametrize("number", ["infinite", "nan"])
def test_a_number_that_is_not_finite_names_claim_seed_and_array(workshop, number):
    (workshop.folder / f"{number}-1").touch()
    error = workshop.build(processes=2)
    assert "(claims cubes-grow), seed 1: cube holds numbers that are not finite" in error
    assert not (workshop.folder / "out/parts/cubes-1.npz").exists()


@pytest.fixture(scope="module")
def cluster():
    """A Dask scheduler with two workers of one thread on loopback, in processes of their own."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as running:
        yield running


SMALL = {
    "rows": [300, 100],
    "widths": [16, 8, 4],
    "epochs": 3,
    "changes": ["nothing", "last bits", "order"],
}


@pytest.fixture
def small_order(monkeypatch):
    from gradbook.chapters.minibatch.experiments import order

    monkeypatch.setattr(order, "CONFIG", order.CONFIG | SMALL)
    monkeypatch.setattr(order, "JOBS", tuple(range(12)))


def test_a_cluster_that_loses_a_worker_gives_what_one_process_gives(cluster, small_order, tmp_path):
    here = engine.run("order", folder=tmp_path / "here", processes=1, progress=False)
    victim = min(cluster.workers)
    pid = cluster.workers[victim].pid
    parts = tmp_path / "there" / "parts"
    before = {worker.pid for worker in cluster.workers.values()}

    from threading import Thread

    finished = []

    def kill_after_the_first_part() -> None:
        deadline = time.monotonic() + 120
        while not list(parts.glob("*.npz")) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)
        finished.extend(parts.glob("*.npz"))

    killer = Thread(target=kill_after_the_first_part, daemon=True)
    killer.start()
    there = engine.run(
        "order", folder=tmp_path / "there", dask=cluster.scheduler_address, progress=False
    )
    killer.join()
    assert len(before) == 2 and 0 < len(finished) < 12, "it died with jobs behind and before it"
    assert not Path(f"/proc/{pid}").exists() or cluster.workers[victim].pid != pid
    assert set(here.arrays) == set(there.arrays)
    for name, values in here.arrays.items():
        assert values.tobytes() == there[name].tobytes(), name


def test_one_process_leaves_the_caller_s_threads(small_order, tmp_path):
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        engine.run("order", folder=tmp_path, processes=1, progress=False)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


def test_a_worker_with_other_code_is_refused(cluster, small_order, tmp_path, monkeypatch):
    monkeypatch.setattr(engine.atlas, "fingerprint", lambda name: "another")
    with pytest.raises(ValueError, match="seed 0: this worker has other code") as error:
        engine.run("order", folder=tmp_path, dask=cluster.scheduler_address, progress=False)
    assert "seed 11: this worker has other code" in str(error.value)
    assert not (tmp_path / "order.npz").exists()


def test_no_scheduler_is_a_clear_error(tmp_path):
    pytest.importorskip("distributed")
    with pytest.raises(ValueError, match="expected the address of a Dask scheduler"):
        engine.run("order", folder=tmp_path, dask="nonsense://nowhere", progress=False)


def test_names_are_claims_or_experiments():
    assert engine.behind([]) == list(registry.experiments())
    assert engine.behind(["explorer", "minibatches-disagree", "the-rule-is-learned"]) == [
        "explorer",
        "agreement",
    ]


def test_an_unknown_name_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r"expected a claim of \['unfed.*, got 'weather'"):
        engine.behind(["weather"])
    with pytest.raises(ValueError, match=r"an experiment of \[.*'explorer', .*'order', "):
        engine.run("weather")


def test_a_claim_without_an_experiment_says_which_chapter_will_bring_it(monkeypatch):
    waiting = dataclasses.replace(claims.load()[0], chapter="clouds", experiment=None)
    monkeypatch.setattr(claims, "load", lambda: [waiting])
    expected = f"claim '{waiting.id}' has no experiment yet: the chapter 'clouds' will bring it"
    with pytest.raises(ValueError, match=expected):
        engine.behind([waiting.id])


def command(workshop, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "gradbook", "evidence", *arguments],
        **{"cwd": workshop.folder, "env": workshop.environment()},
        capture_output=True,
        text=True,
    )


def test_the_command_line_tells_what_is_up_to_date(workshop):
    missing = command(workshop, "status")
    assert missing.returncode == 1
    assert "order: expected results in" in missing.stdout
    assert "`python -m gradbook evidence run order`" in missing.stdout
    assert "the-rule-is-learned: outdated" in missing.stdout
    assert "clouds-rain: not yet run" in missing.stdout


def test_the_command_line_refuses_what_it_does_not_know(workshop):
    unknown = command(workshop, "run", "weather")
    assert unknown.returncode == 2 and "got 'weather'" in unknown.stderr
    early = command(workshop, "run", "clouds-rain")
    assert early.returncode == 2 and "claim 'clouds-rain' has no experiment yet" in early.stderr


def test_what_builds_is_json():
    """Else a part's configuration would never equal the one it is compared with."""
    from gradbook.chapters.minibatch.experiments import agreement, explorer, order

    for experiment in (agreement, explorer, order):
        assert json.loads(json.dumps(experiment.CONFIG)) == experiment.CONFIG
        assert json.loads(json.dumps(experiment.JOBS)) == list(experiment.JOBS)
