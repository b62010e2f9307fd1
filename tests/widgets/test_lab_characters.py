"""The page's small network and its gradient landscape are those of Python."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from engine import course, evaluate
from gradbook import models, probes, tasks, training

WAYS = pytest.mark.parametrize("wasm", [True, False], ids=["WebAssembly", "JavaScript"])
RATES = {"none": 5e-3, "dropout": 5e-3, "batch norm": 2e-2, "batch norm after ReLU": 2e-2}


def task_in_double(rule: str, seed: int) -> tasks.Task:
    """The task with targets in float64."""
    task = tasks.character_regression(rule, train=2000, test=500, seed=seed)
    right = {name: getattr(task, name).double() for name in ("train_targets", "test_targets")}
    return dataclasses.replace(task, **right)


@pytest.mark.parametrize("loss", ["l1", "squared"])
@pytest.mark.parametrize("regularizer", ["none", "dropout", "batch norm"])
@pytest.mark.parametrize("rule", ["10*d", "(c/100)*b"])
def test_the_small_network_is_that_of_the_chapter(regularizer, rule, loss):
    """Two epochs, 100 minibatches, from the bare seed: rows, weights, order and masks are Python's;
    the landscape is the probe's.

    A bias in front of batch norm has no gradient but round-off. Adam moves it by that, batch norm
    takes it out again, and the running mean that evaluation uses lags behind: hence 1e-11 there,
    after training.
    """
    seed, batch, task = 7, 40, task_in_double(rule, 7)
    net = models.mlp(660, (128, 64, 32), regularizer=regularizer, seed=seed).double()
    config = training.TrainConfig(
        epochs=2, batch_size=batch, learning_rate=RATES[regularizer], loss=loss, seed=seed
    )
    run = training.train(net, task, config, progress=False)
    mode = "eval" if regularizer == "none" else "train"
    offsets = torch.tensor([-0.1, 0, 0.1], dtype=torch.float64)
    found = course(
        subject="characters",
        seed=seed,
        fixed={"rule": rule, "regularizer": regularizer, "batch_size": batch, "loss": loss},
        log=[[0, {"rate": RATES[regularizer]}]],
        steps=100,
        every=50,
        shown={"landscape": {"mode": mode, "offsets": offsets.tolist(), "minibatches": 10}},
    )
    close = 1e-11 if regularizer == "batch norm" else 1e-12
    for name in ("train_loss", "test_loss", "train_r2", "test_r2"):
        expected = getattr(run, name)
        atol = close * expected.abs().max().item()
        assert_allclose([one[name] for one in found], expected, rtol=0, atol=atol)
    rows = probes.sample_minibatches(2000, batch, 10, seed)
    for look, model, within in (
        (found[0]["landscape"], net, 1e-12),
        (found[-1]["landscape"], run.model, close),
    ):
        for number, layer in enumerate((2, 3)):
            expected = probes.gradient_landscape(
                model,
                task.train_inputs,
                task.train_targets,
                rows,
                f"{'norm' if 'norm' in regularizer else 'linear'}{layer}.bias",
                offsets=offsets,
                units=tuple(look["units"][number]),
                mode=mode,
                loss=loss,
                seed=seed,
            ).gradients
            got = np.array(look["field"]).reshape(2, 10, 3, 3, 2)[number]
            largest = expected.norm(dim=-1).max().item()
            assert_allclose(got, expected, rtol=0, atol=within * largest)
            cosine = probes.minibatch.mean_cosine(probes.drop_roundoff(expected)[:, 1, 1])
            assert look["cosine"][number] == pytest.approx(cosine, abs=1e-9)


STEPS = """(() => {
  const fs = require("fs");
  const course = new lab.Course(JOB);
  const { network } = course.subject;
  const given = new Float64Array(new Uint8Array(fs.readFileSync("WEIGHTS")).buffer);
  const found = new Float64Array(given.length);
  const losses = [];
  for (let at = 0; at < given.length; at += network.count) {
    network.weights.set(given.subarray(at, at + network.count));
    course.burst(Infinity, 1);
    found.set(network.gradient, at);
    losses.push(course.subject.last);
  }
  fs.writeFileSync("WEIGHTS", new Uint8Array(found.buffer));
  return losses;
})()"""


@WAYS
@pytest.mark.parametrize("loss", ["l1", "squared"])
@pytest.mark.parametrize("regularizer", RATES)
def test_each_of_a_hundred_steps_has_the_gradient_of_autograd(regularizer, loss, wasm, tmp_path):
    """With norm behind the ReLU a training doubles any round-off within some steps, PyTorch's own
    too. So here every step begins from PyTorch's weights."""
    widths, task = (24, 16, 8), task_in_double("10*d", 1)
    net = models.mlp(660, widths, regularizer=regularizer, seed=1).double().train()
    parameters = list(net.parameters())
    names = [name for name, _ in net.named_parameters()]
    optimizer = training.run._Adam(parameters, training.TrainConfig(learning_rate=2e-2))
    batches = training.run.shuffled_batches(2000, 64, 1)
    weights, losses, expected = [], [], []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        for rows in [rows for epoch in range(1, 5) for rows in batches(epoch)][:100]:
            weights.append(_flat(dict(net.named_parameters())))
            outputs = net(task.train_inputs[rows])
            losses.append(training.run.LOSSES[loss](outputs, task.train_targets[rows]))
            gradients = torch.autograd.grad(losses[-1], parameters)
            expected.append(_flat(dict(zip(names, gradients, strict=True))))
            optimizer.step(gradients)
    fixed = {"rule": "10*d", "regularizer": regularizer, "batch_size": 64, "loss": loss}
    job = {"subject": "characters", "seed": 1, "fixed": fixed | {"widths": widths}, "wasm": wasm}
    job |= {"log": [[0, {"rate": 0.0}]], "steps": 200, "every": 200}
    path = tmp_path / "weights"
    np.stack(weights).astype("<f8").tofile(path)
    found = evaluate(STEPS.replace("JOB", json.dumps(job)).replace("WEIGHTS", path.as_posix()))
    assert_allclose(found, [one.item() for one in losses], rtol=1e-12)
    off = np.fromfile(path, "<f8").reshape(100, -1) - np.stack(expected)
    assert (np.abs(off).max(1) <= 1e-12 * np.linalg.norm(expected, axis=1)).all()


def _flat(named):
    """Numbers in the page's order: each layer's weights transposed, its bias, norm's two."""
    pieces = []
    for number in (1, 2, 3, ""):
        layer = f"linear{number}" if number else "output"
        weight = named[f"{layer}.weight"]
        pieces += [weight if number == 1 else weight.T, named[f"{layer}.bias"]]
        norm = f"norm{number}"
        pieces += [
            named[f"{norm}.{kind}"] for kind in ("weight", "bias") if f"{norm}.bias" in named
        ]
    return torch.cat([piece.detach().reshape(-1) for piece in pieces]).numpy()
