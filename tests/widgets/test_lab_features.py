"""The page's three features are those of the chapter: head start, loss, network."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from engine import evaluate
from gradbook import probes
from gradbook.chapters.dosage import FEATURES, LABELS, shares
from gradbook.chapters.starvation.closed_forms import PAYS
from gradbook.chapters.starvation.experiments import delay
from gradbook.evidence import atlas
from gradbook.training import gardens

HEAD, STEPS, RATE = 30, 100, 0.1
LOSSES = {
    "logistic": lambda f, y: nn.functional.softplus(-f * y),
    "hinge": lambda f, y: (1 - f * y).clamp(min=0),
    "squared": lambda f, y: (f - y).square() / 2,
}


def by_autograd(spec, loss, decay, seed):
    """Every ten steps what the page records, by autograd and `probes.dose`."""
    seen = gardens.stream(seed, 2).multinomial(2000, shares(0.9)) / 2000
    seen, everything = torch.from_numpy(seen), torch.from_numpy(shares(0.9))
    rows, labels = torch.from_numpy(FEATURES), torch.from_numpy(LABELS)
    parts = []
    for weight in delay.Chain(spec, 1, seed).layers:
        parts.append(nn.Linear(*weight.shape[:0:-1], bias=False, dtype=torch.float64))
        parts[-1].weight.data = torch.from_numpy(weight[0].copy())
        parts.append(nn.ReLU() if spec.get("relu") else nn.Identity())
    net = nn.Sequential(*parts[:-1], nn.Flatten(0))
    weights = list(net.parameters())
    paths = [(weight != 0).double() for weight in weights]
    groups = {f"feature {k}": {"0.weight": (slice(None), k)} for k in range(3)}
    records = []
    for step in range(STEPS + 1):
        if step % 10 == 0:
            found = net(rows).detach()
            fed = probes.dose(
                net, groups, rows, labels, loss=lambda f, y: 16 * seen * LOSSES[loss](f, y)
            )
            records.append(
                {
                    "loss": (everything * LOSSES[loss](found, labels)).sum().item(),
                    "accuracy": (everything * (found * labels > 0)).sum().item(),
                    "reliance": (found[:, None] * rows).mean(0).tolist(),
                    "dose": (fed.dose - fed.erosion).tolist(),
                    "gradient": fed.gradient.max().item(),
                }
            )
        shown = rows * torch.tensor([1.0, 0, 0]) if step < HEAD else rows
        total = (seen * LOSSES[loss](net(shown), labels)).sum()
        with torch.no_grad():
            found = torch.autograd.grad(total, weights)
            for weight, gradient, path in zip(weights, found, paths, strict=True):
                weight -= RATE * (gradient * path + decay * weight)
    return records


def job(spec, loss, decay, seed, head, steps, every, **more):
    fixed = spec | {"head_start": head, "loss": loss}
    log = [[0, {"decay": decay, "rate": RATE}]]
    return {
        "subject": "features", "seed": seed, "fixed": fixed, "log": log, "steps": steps,
        "every": every,
    } | more  # fmt: skip


def courses(jobs):
    """All records of several trainings."""
    made = json.dumps(jobs)
    return evaluate(f"{made}.map((j) => new lab.Course(j)).map((c) => [c.look(), ...c.burst(1e9)])")


@pytest.mark.parametrize("wasm", [True, False], ids=["WebAssembly", "JavaScript"])
@pytest.mark.parametrize("network", delay.CONFIG["networks"])
def test_three_features_are_those_of_the_chapter(network, wasm):
    """In float64, from the bare seed, at every loss, with and without decay: losses to 1e-12 of
    themselves, answers likewise, doses to 1e-12 of the largest gradient's norm, over 100 steps."""
    spec = delay.CONFIG["networks"][network]
    settings = [(loss, decay) for loss in LOSSES for decay in (0.0, 0.03)]
    found = courses([job(spec, *one, 5, HEAD, STEPS, 10, wasm=wasm) for one in settings])
    for records, (loss, decay) in zip(found, settings, strict=True):
        expected = by_autograd(spec, loss, decay, 5)
        largest = max(one["gradient"] for one in expected)
        scale = max(map(abs, expected[-1]["reliance"]))
        for record, right in zip(records, expected, strict=True):
            assert record["loss"] == pytest.approx(right["loss"], rel=1e-12)
            assert record["accuracy"] == pytest.approx(right["accuracy"], rel=1e-12)
            assert record["reliance"] == pytest.approx(right["reliance"], rel=0, abs=1e-12 * scale)
            assert record["dose"] == pytest.approx(right["dose"], rel=0, abs=1e-12 * largest)


def test_a_setting_of_the_map_gives_the_shipped_delay_and_accuracy():
    """Of each network, six points of its map: the same step, at the same end."""
    results = atlas.load("delay")
    config, seed = results.config, results.jobs[0]
    points = list(
        enumerate(zip(config["head_starts"], reversed(config["weight_decays"]), strict=True))
    )
    jobs, delays, ends = [], [], []
    for number, spec in enumerate(config["networks"].values()):
        for at, (head, decay) in points:
            steps = head + config["steps"]
            every = [*range(head, steps + 1, config["every"])]
            jobs.append(job(spec, "logistic", decay, seed, head, steps, every))
            delays.append(results["delay"][0, number, at, -1 - at])
            ends.append(results["accuracy"][0, number, at, -1 - at])
    found = [records[-1] for records in courses(jobs)]
    since = [
        -1 if one["since"] is None else one["since"] - made["fixed"]["head_start"]
        for one, made in zip(found, jobs, strict=True)
    ]
    assert since == delays and -1 in since
    np.testing.assert_allclose([one["accuracy"] for one in found], ends, atol=1e-6)


def test_each_loss_pays_what_the_closed_forms_say():
    """Slopes of the page's losses at outputs of both signs and on the hinge's kink."""
    outputs = [-2.0, -0.5, 0.0, 0.5, 1.0, 3.0]
    for loss, pays in PAYS.items():
        factor = 0.5 if loss == "squared" else 1
        found = evaluate(
            f"""(() => {{ const k = lab.workspace("float64"); const [f, y, d] = [0, 0, 0].map(() =>
            k.reals(6)); f.set({outputs}); y.fill(1); k.slope(lab.LOSSES.{loss}, f, y, 6, {factor},
            d); return d; }})()"""
        )
        np.testing.assert_allclose(-np.array(found), pays(np.array(outputs)), atol=1e-15)
