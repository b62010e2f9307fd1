"""What the page trains is what Python trains: the garden and two moons."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from engine import course
from gradbook import models, probes
from gradbook.chapters.dosage import examples
from gradbook.chapters.dosage.experiments import diets as gardens_of
from gradbook.chapters.starvation import moons
from gradbook.training import diets, ensemble, gardens

WAYS = pytest.mark.parametrize("wasm", [True, False], ids=["WebAssembly", "JavaScript"])
GARDENS = {"none": 0, "weight decay": 0.02, "dropout": 0.2, "gradient noise": 0.02,
           "spectral decoupling": 0.5}  # fmt: skip
NETS = {"none": 0, "weight decay": 0.01, "dropout": 0.7, "batch norm": 0,
        "spectral decoupling": 0.006}  # fmt: skip
OPTIMIZERS = {"momentum": ensemble.Momentum(0.01, 0.9), "Adam": ensemble.Adam(0.003)}


@WAYS
@pytest.mark.parametrize("regularizer", GARDENS)
def test_a_garden_is_that_of_the_experiment(regularizer, wasm):
    """The whole course of the shipped experiment, from its seed; dose is that of the probe."""
    config, strength = gardens_of.CONFIG, GARDENS[regularizer]
    expected = gardens_of.course(regularizer, strength, config["frequencies"], 11, config)
    found = course(
        subject="garden",
        seed=11,
        fixed={"frequencies": config["frequencies"], "factors": 2, "batch_size": 64},
        log=[[0, {"regularizer": regularizer, "strength": strength, "rate": 1.0}]],
        steps=2000,
        every=80,
        wasm=wasm,
    )
    for name, values in expected.items():
        got = np.array([one[name] for one in found])
        assert_allclose(got, values, rtol=0, atol=1e-12 * max(1, values.abs().max()), err_msg=name)


def test_a_garden_of_three_factors_whose_regularizer_changes():
    """Frequencies beyond the reach of inversion too: n p > 30 is drawn by rejection."""
    frequencies, start = [0.5, 0.3, 0.1], gardens.Recognizers(3, factors=3, scale=0.8, seed=4)
    batches = examples.sampled(examples.population(frequencies), 200, 4)
    middle, end = start, start
    for diet in (diets.Diet(noise=0.01), diets.Diet(dropout=0.3)):
        middle, (end, _) = (
            end,
            gardens.grow(
                end, batches, lambda _: {}, diet=diet, steps=50, learning_rate=0.5, every=50, seed=4
            ),
        )
    rate = {"rate": 0.5}
    found = course(
        subject="garden",
        seed=4,
        fixed={"frequencies": frequencies, "factors": 3, "batch_size": 200, "scale": 0.8},
        log=[
            [0, {"regularizer": "gradient noise", "strength": 0.01} | rate],
            [50, {"regularizer": "dropout", "strength": 0.3} | rate],
        ],
        steps=100,
        every=50,
    )
    rows, right, shares = examples.population(frequencies)
    for model, record in zip((start, middle, end), found, strict=True):
        fed = probes.dose(
            model,
            gardens.recognizer_groups(3),
            torch.from_numpy(rows),
            torch.from_numpy(right),
            loss=diets.HALF_SQUARED.weighted(shares),
        )
        assert_allclose(record["dose"], fed.dose - fed.erosion, rtol=0, atol=1e-13)
        assert_allclose(record["norm"], fed.norm, rtol=1e-12)


def moons_in_python(regularizer, strength, optimizer, steps, margin=0.1, width=500, seed=10):
    """Loss, doses and accuracy every ten steps; shares of both coordinates at the end."""
    inputs, labels = map(torch.from_numpy, moons.moons(seed, margin=margin))
    norm = "batch norm" if regularizer == "batch norm" else "none"
    net = models.mlp(2, (width,), regularizer=norm, one_hot=False, seed=seed).double()
    groups = {f"dose_{i + 1}": {"linear1.weight": (slice(None), i)} for i in (0, 1)}
    records = []

    def watch(nets):
        found = nets.outputs(inputs)[0, :, 0]
        fed = probes.dose(nets.model(0), groups, inputs, labels[:, None], loss=diets.LOGISTIC.value)
        records.append(
            {
                "loss": diets.LOGISTIC.value(found, labels).mean().item(),
                "accuracy": (found * labels > 0).double().mean().item(),
                **dict(zip(groups, (fed.dose - fed.erosion).tolist(), strict=True)),
                "gradient": fed.gradient.max().item(),
            }
        )
        return {}

    nets, _ = ensemble.train(
        ensemble.Ensemble([net]),
        inputs,
        labels,
        optimizer,
        steps=steps,
        diets=moons.training(regularizer, strength).diet,
        watch=watch,
        at=range(0, steps + 1, 10),
        seeds=[seed],
    )
    line = np.linspace(-2, 2, 21)
    middles = (line[1:] + line[:-1]) / 2
    points = np.stack(np.meshgrid(middles, middles, indexing="ij"), -1).reshape(-1, 2)
    field = nets.outputs(torch.from_numpy(points)).reshape(20, 20).numpy()
    return records, moons.carried(field.T), moons.carried(field)


def moons_in_the_page(regularizer, strength, optimizer, **options):
    settings = {
        "regularizer": "none" if regularizer == "batch norm" else regularizer,
        "strength": strength,
        "optimizer": optimizer,
        "rate": OPTIMIZERS[optimizer].learning_rate,
    }
    fixed = {"margin": 0.1, "width": 500, "batch_norm": regularizer == "batch norm"}
    options = {"subject": "moons", "seed": 10, "steps": 100, "every": 10} | options
    return course(fixed=fixed, log=[[0, settings]], **options)


@WAYS
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("regularizer", NETS)
def test_two_moons_are_those_of_the_chapter(regularizer, optimizer, wasm):
    """In float64, from the bare seed: the losses to 1e-12 of themselves, the doses to 1e-12 of the
    largest gradient's norm, over 100 steps."""
    strength = NETS[regularizer]
    expected, first, second = moons_in_python(
        regularizer, strength, OPTIMIZERS[optimizer], steps=100
    )
    found = moons_in_the_page(regularizer, strength, optimizer, wasm=wasm)
    largest = max(one["gradient"] for one in expected)
    for record, right in zip(found, expected, strict=True):
        assert record["loss"] == pytest.approx(right["loss"], rel=1e-12)
        assert record["accuracy"] == right["accuracy"]
        for dose in ("dose_1", "dose_2"):
            assert record[dose] == pytest.approx(right[dose], rel=0, abs=1e-12 * largest)
    assert found[-1]["share_1"] == pytest.approx(first, rel=1e-11)
    assert found[-1]["share_2"] == pytest.approx(second, rel=1e-11)


def test_a_thousand_steps_in_single_precision_end_where_the_experiments_net_ends():
    """The page trains moons in float32, as the chapter does; the sums' order differs."""
    how = moons.training("none", 0)
    points = np.stack(np.meshgrid(*[np.linspace(-1.9, 1.9, 20)] * 2, indexing="ij"), -1)
    field = moons.judged(moons.trained(how, [10]), points.reshape(-1, 2)).reshape(20, 20)
    found = moons_in_the_page("none", 0, "momentum", kind="float32", steps=1000, every=1000)
    assert found[-1]["share_2"] == pytest.approx(moons.carried(field), rel=1e-4)


def test_a_regularizer_changed_in_mid_training_is_two_trainings_in_python():
    inputs, labels = map(torch.from_numpy, moons.moons(3, margin=0.05))
    net = models.mlp(2, (40,), one_hot=False, seed=3).double()
    nets = ensemble.Ensemble([net])
    for at, diet in ((0, diets.Diet(weight_decay=0.01)), (50, diets.Diet(dropout=0.5))):
        nets, _ = ensemble.train(
            nets, inputs, labels, OPTIMIZERS["momentum"], steps=50, diets=diet,
            seeds=[10_000 * at + 3],
        )  # fmt: skip
    both = {"optimizer": "momentum", "rate": 0.01}
    found = course(
        subject="moons",
        seed=3,
        fixed={"margin": 0.05, "width": 40},
        log=[
            [0, {"regularizer": "weight decay", "strength": 0.01} | both],
            [50, {"regularizer": "dropout", "strength": 0.5} | both],
        ],
        steps=100,
        every=100,
    )
    loss = diets.LOGISTIC.value(nets.outputs(inputs)[0, :, 0], labels).mean().item()
    assert found[-1]["loss"] == pytest.approx(loss, rel=1e-12)
