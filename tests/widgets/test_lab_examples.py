"""The page's examples are those of the chapter: patterns, training, doses, agreement, errors."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from engine import course
from gradbook.chapters.generalization import examples, memorizing
from gradbook.evidence import atlas
from gradbook.training.diets import Diet

DIETS = {
    "none": Diet(),
    "weight decay": Diet(weight_decay=0.03),
    "dropout": Diet(dropout=0.5),
    "spectral decoupling": Diet(decoupling=0.3),
}
STRENGTHS = {"none": 0, "weight decay": 0.03, "dropout": 0.5, "spectral decoupling": 0.3}
OFFERED = [
    (name, layers, True) for name in DIETS for layers in (1, 2, 3, 4)
    if (name, layers) != ("dropout", 1)  # which needs a hidden layer
] + [(name, 2, False) for name in DIETS]  # fmt: skip


def trained(stages, layers, *, count=20, seed=3, every=10):
    """Records of trainings one after the other under a diet each, for so many steps."""
    shown = examples.draw(count, wrong=0.3, dimension=2 * count, fresh=200, seeds=[seed])
    kind = "linear" if layers == 1 else "deep linear"
    nets = memorizing.networks(kind, shown, layers=layers, units=16, scale=0.2, seeds=[seed])
    bad, records = shown.wrong[0], []

    def watch(_, now, *rest):
        found = memorizing.gradients(now, shown)
        outputs = memorizing.outputs(now, shown)
        missed = (outputs * shown.labels <= 0)[0]
        private, agreement = np.maximum(found.private_dose[0], 0), found.agreement[0]
        fresh = memorizing.outputs(now, shown, fresh=True) * shown.fresh_truth
        values = {
            "loss": ((outputs - shown.labels) ** 2).mean() / 2,
            "general": np.maximum(found.dose[0], 0),
            "right": private[~bad].mean(),
            "wrong": private[bad].mean(),
            "agree_right": agreement[~bad].mean(),
            "agree_wrong": agreement[bad].mean(),
            "train_error": missed.mean(),
            "wrong_error": missed[bad].mean(),
            "test_error": (fresh <= 0).mean(),
            "gradient": np.sqrt(sum((g**2).sum() for g in found.weights)),
        }
        return {name: np.array([value]) for name, value in values.items()}

    for diet, steps in stages:
        nets, found = memorizing.train(
            nets, shown, watch, at=range(0, steps + 1, every), learning_rate=0.1, diet=diet,
            seeds=[seed],
        )  # fmt: skip
        rows = [
            {name: values[0, i] for name, values in found.items()}
            for i in range(1 + steps // every)
        ]
        records += rows[1:] if records else rows
    return records


def in_the_page(log, layers, steps, *, count=20, seed=3, every=10, fresh=200, **job):
    fixed = {"examples": count, "wrong": 0.3, "layers": layers, "fresh": fresh}
    log = [
        [at, {"regularizer": name, "strength": strength, "rate": 0.1}] for at, name, strength in log
    ]
    job |= {"subject": "examples", "seed": seed, "fixed": fixed, "log": log}
    return course(steps=steps, every=every, **job)


def assert_same(found, expected):
    """Losses and shares to 1e-12 of themselves, doses to 1e-12 of the largest gradient's norm."""
    largest = max(one["gradient"] for one in expected)
    for record, right in zip(found, expected, strict=True):
        assert record["loss"] == pytest.approx(right["loss"], rel=1e-12)
        for name in ("general", "right", "wrong"):
            assert record[name] == pytest.approx(right[name], rel=0, abs=1e-12 * largest), name
        for name in ("agree_right", "agree_wrong"):
            assert record[name] == pytest.approx(right[name], rel=0, abs=1e-11), name
        for name in ("train_error", "wrong_error", "test_error"):
            assert record[name] == pytest.approx(right[name], rel=1e-12), name


@pytest.mark.parametrize(("regularizer", "layers", "wasm"), OFFERED)
def test_examples_are_those_of_the_chapter(regularizer, layers, wasm):
    """In float64, from the bare seed, over 100 steps."""
    found = in_the_page([(0, regularizer, STRENGTHS[regularizer])], layers, 100, wasm=wasm)
    assert_same(found, trained([(DIETS[regularizer], 100)], layers))


def test_a_regularizer_changed_in_mid_training_is_two_trainings_in_python():
    found = in_the_page([(0, "dropout", 0.5), (40, "weight decay", 0.03)], 3, 100)
    assert_same(found, trained([(DIETS["dropout"], 40), (DIETS["weight decay"], 60)], 3))


@pytest.mark.parametrize("regularizer", ["none", "weight decay", "dropout"])
def test_a_setting_of_the_grid_gives_the_shipped_course(regularizer):
    """The whole course of a seed: what float32 and 127ths of a cosine have kept of it."""
    results = atlas.load("spectrum")
    number = list(dict(results.config["regularizers"])).index(regularizer)
    strength = dict(results.config["regularizers"])[regularizer][0]
    run = (0, 1, 4)[number]
    setting, epochs = results.jobs.index("30 examples, 30% wrong"), results.config["epochs"]
    found = in_the_page(
        [(0, regularizer, strength)], 2, epochs[-1], count=30, seed=results.config["seeds"][0],
        every=epochs, fresh=results.config["fresh"],
    )  # fmt: skip
    names = (
        "general",
        "right",
        "wrong",
        None,
        None,
        None,
        "train_error",
        "wrong_error",
        "test_error",
    )
    for name, shipped in zip(names, results["curves"][setting, run, 0], strict=True):
        if name:
            got = [one[name] for one in found]
            assert_allclose(got, shipped, rtol=1e-5, atol=1e-7, err_msg=name)
    kept = results["agreements"][setting, run, :, :30, 0].astype(float)
    wrong = np.arange(30) >= results["counts"][setting, 0]
    for name, members in (("agree_right", ~wrong), ("agree_wrong", wrong)):
        shipped = np.ma.masked_equal(kept[:, members], -128).mean(1).filled(np.nan) / 127
        got = np.array([one[name] for one in found], float)
        assert_allclose(got, shipped, rtol=0, atol=0.5 / 127)
