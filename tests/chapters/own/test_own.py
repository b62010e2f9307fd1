"""The chapter on one's own network: its experiments, its forms, and the pictures in the page."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from explorers import write_page
from gradbook import probes
from gradbook.chapters import own
from gradbook.chapters.own import closed_forms, effects, explorer
from gradbook.chapters.own.experiments import costs, decays, labels
from gradbook.evidence import atlas
from gradbook.tasks.digits import digits

SHORT = labels.CONFIG | {"epochs": [1], "draws": 4}


@pytest.fixture(scope="module")
def measured():
    return atlas.load("labels")


@pytest.fixture(scope="module")
def first_epoch():
    return labels.measure(0, SHORT)


def test_a_seed_measured_now_agrees_with_the_shipped_one(measured, first_epoch):
    assert first_epoch["noise_scale"][:, 0] == pytest.approx(
        measured["noise_scale"][0, :, 0], rel=1e-2
    )
    difference = first_epoch["precision"][:, 0] - measured["precision"][0, :, 0]
    assert np.abs(difference).max() <= 0.1001  # one of ten pictures


def test_scores_are_those_of_a_loop_over_pictures(first_epoch):
    """The convolutional network's first epoch, in a plain loop, each gradient by autograd."""
    task = digits(train=500, wrong=0.1, seed=0)
    inputs, given = task.train_inputs, task.train_targets.argmax(1)
    wrong = given != digits(train=500, seed=0).train_targets.argmax(1)
    model = own.network("convolutional", 0)
    optimizer = torch.optim.Adam(model.parameters(), SHORT["learning_rate"])
    order = torch.randperm(500, generator=torch.Generator().manual_seed(0))
    for rows in order.split(SHORT["batch_size"]):
        optimizer.zero_grad()
        functional.cross_entropy(model(inputs[rows]), given[rows]).backward()
        optimizer.step()
    losses, gradients = [], []
    for row in range(500):
        loss = functional.cross_entropy(model(inputs[row : row + 1]), given[row : row + 1])
        parts = torch.autograd.grad(loss, list(model.parameters()))
        gradients.append(torch.cat([part.flatten() for part in parts]).double())
        losses.append(loss.item())
    held = torch.stack(gradients)
    rest = held.sum(0) - held
    scores = (functional.cosine_similarity(held, rest), -torch.tensor(losses), -held.norm(dim=1))
    for k, score in enumerate(scores):
        found = wrong[score.argsort()[:50]].double().mean().item()
        assert found == pytest.approx(float(first_epoch["precision"][0, 0, k, 4]), abs=0.021)


def test_the_pictures_that_are_kept_are_those_of_scikit_learn(measured, first_epoch):
    assert measured["first"].max() < 1797 and measured["first"].min() >= 0
    share = first_epoch["mislabelled"][:, 0, :, :10].mean(-1)
    np.testing.assert_allclose(share, first_epoch["precision"][:, 0, :, 0], atol=1e-6)


def test_decay_takes_what_the_closed_form_says():
    config = decays.CONFIG | {"steps": 60, "skipped": 20, "networks": ["convolutional"]}
    found = decays.measure(3, config)
    for at, kind in enumerate(config["optimizers"]):
        rate, decay = config["learning_rate"][kind], config["weight_decay"][kind]
        taken = found["taken"][0, at][found["gradient"][0, at] > 0]
        law = closed_forms.decay_share(kind, 0.0, rate, decay)
        if kind == "Adam, L2":  # the share of a gradient of 1, which no unit here reaches
            assert (taken > rate * decay).all()
        else:
            np.testing.assert_allclose(taken, law, rtol=1e-5)
    assert closed_forms.decay_share("Adam, L2", 0.5, 0.1, 0.2) == pytest.approx(0.04)
    with pytest.raises(ValueError, match="expected SGD"):
        closed_forms.decay_share("Lion", 1, 1, 1)


def test_the_noise_scale_trades_steps_for_examples():
    sizes = np.geomspace(1, 1000, 20)
    steps, examples = (
        form(sizes, 50) for form in (closed_forms.steps_needed, closed_forms.examples_needed)
    )
    np.testing.assert_allclose((steps - 1) * (examples - 1), 1)


def test_a_rank_correlation_is_spearmans():
    from scipy.stats import spearmanr

    results = atlas.load("decays")
    found = effects.decay_rank(results, "transformer", "Adam, L2")
    pairs = effects.alive(results, "transformer", "Adam, L2")
    np.testing.assert_allclose(found, [spearmanr(*pair).statistic for pair in pairs], atol=2e-3)


@pytest.mark.parametrize("blocks", [1, 512])
def test_memory_is_what_a_call_takes_also_where_malloc_holds_freed_memory(blocks):
    """Small blocks come from the heap, whose end the last one keeps from going back."""
    freed = [torch.ones(2**23 // 512) for _ in range(513)]
    kept = freed.pop()
    freed.clear()
    megabytes = costs.peak_memory(lambda: [torch.ones(2**23 // blocks) for _ in range(blocks)])
    assert len(kept)
    if Path("/proc/self/clear_refs").exists():
        assert megabytes == pytest.approx(32, abs=4)


def test_a_loss_over_two_entries_is_that_of_changed_networks():
    model = own.network("transformer", 0).double()
    inputs, given = torch.rand(5, 64).double(), torch.arange(5)
    entries = ("block.up.weight", (3, 1)), ("place", (0, 2))
    before = [p.clone() for p in model.parameters()]
    found = probes.loss_landscape(
        model, inputs, given, entries, offsets=[-1.0, 0.0, 0.5], loss="cross_entropy"
    )
    assert all(map(torch.equal, before, model.parameters()))
    for i, one in enumerate((-1, 0, 0.5)):
        for j, other in enumerate((-1, 0, 0.5)):
            changed = own.network("transformer", 0).double()
            with torch.no_grad():
                changed.block.up.weight[3, 1] += one
                changed.place[0, 2] += other
                expected = functional.cross_entropy(changed(inputs), given)
            assert found[i, j].item() == pytest.approx(expected.item(), rel=1e-12)
    for wrong in (("place", 0), ("place", (9, 9)), ("plaice", 0), entries[0]):
        with pytest.raises(ValueError, match="expected"):
            probes.loss_landscape(model, inputs, given, (entries[0], wrong), offsets=[0.0])


def test_the_page_draws_and_says_what_python_does(measured):
    made = own.suspects_explorer(measured)
    text = Path(explorer.__file__).with_name("explorer.js").read_text(encoding="utf-8")
    pictures = made.meta["pictures"]["loss"][3]
    wrong, means = ({k: v[3] for k, v in made.meta[n].items()} for n in ("wrong", "means"))
    counted = measured["mislabelled"][:, 0, 3, measured.config["scores"].index("loss")].sum(-1)
    assert means["loss"] == f"{counted.mean():.0f}" and made.meta["networks"] == len(counted)
    script = (
        text.replace("export default", "const widget =")
        + f"console.log(JSON.stringify([shapesOf({json.dumps(pictures)}),"
        + f"...[8, 1].map((n) => sentenceOf(n, {json.dumps(wrong)}, 20, {json.dumps(means)}))]))"
    )
    shapes, eight, one = json.loads(subprocess.check_output(["node", "-e", script], text=True))
    assert shapes == explorer.shapes(pictures)
    assert [eight, one] == [explorer.sentence(n, wrong, 20, means) for n in (8, 1)]
    assert sum(shape.count("z") for shape in shapes) == sum(
        pixel != "0" for picture in pictures for pixel in picture
    )


@pytest.mark.parametrize(("width", "most"), [(390, 420), (1440, 480)])
def test_the_slider_frames_the_wrong_labels(visit, tmp_path, measured, width, most):
    made = own.suspects_explorer(measured)
    seen = visit(write_page(tmp_path, made), width=width)
    page = seen.page
    for epoch in (5, 0):
        page.locator("input").fill(str(epoch))
        framed = sum(sum(flags[epoch]) for flags in made.meta["wrong"].values())
        assert page.locator(".wrong.on").count() == framed
        made.epoch = epoch
        assert page.locator(".sentence").inner_text() == repr(made)
    box = page.locator(".gradbook-suspects").bounding_box()
    assert box["height"] <= most and box["x"] + box["width"] <= width
    assert seen.messages == []
    with pytest.raises(ValueError, match="epoch from 0 to 5"):
        own.suspects_explorer(measured, epoch=6)
    with pytest.raises(ValueError, match="expected a network"):
        own.suspects_explorer(measured, "recurrent")
