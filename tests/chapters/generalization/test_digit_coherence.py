"""The digits experiment: populations, who is left out, and what early scores predict."""

import math

import numpy as np
import pytest
import torch

from gradbook import probes
from gradbook.chapters.generalization import digit_grams
from gradbook.chapters.generalization.experiments import digit_coherence

SMALL = digit_coherence.CONFIG | {"pictures": 60, "epochs": [0, 1, 2], "batch_size": 20}


@pytest.fixture(scope="module")
def found() -> dict[str, np.ndarray]:
    return digit_coherence.measure(3, SMALL)


def test_a_seed_is_a_seed(found):
    again = digit_coherence.measure(3, SMALL)
    assert all(np.array_equal(found[name], again[name], equal_nan=True) for name in found)


def test_all_examples_are_the_right_and_the_wrong_labelled(found):
    for name in ("fitted", "agreement", "dose", "left_out"):
        everyone, right, wrong = np.moveaxis(found[name], -1, 0)
        np.testing.assert_allclose(everyone, 0.8 * right + 0.2 * wrong, rtol=1e-5, atol=1e-8)


def test_tenths_hold_every_example_once(found):
    np.testing.assert_allclose(found["tenths"].mean(-1)[:, 0], found["left_out"][:, 0], rtol=1e-5)


def test_agreement_and_dose_have_the_same_sign(found):
    assert (np.sign(found["agreement"][:, 0, 1]) == np.sign(found["dose"][:, 0, 1])).all()


def test_everyone_is_left_out_once_by_a_network_that_did_not_see_them(monkeypatch):
    seen = []
    learn = digit_coherence.learn

    def spy(model, inputs, labels, *rest):
        seen.append(inputs)
        return learn(model, inputs, labels, *rest)

    monkeypatch.setattr(digit_coherence, "learn", spy)
    inputs = torch.rand(20, 64)
    labels = torch.arange(20) % 10
    digit_coherence._left_out("two hidden layers", inputs, labels, SMALL, 0)
    missing = [
        [i for i, row in enumerate(inputs) if not (others == row).all(1).any()] for others in seen
    ]
    assert sorted(i for fold in missing for i in fold) == list(range(20))
    assert all(len(rows) == 4 for rows in missing)


def test_a_perfect_score_predicts_perfectly():
    generator = np.random.default_rng(0)
    likely = generator.normal(size=40)
    predicted = likely > 0
    noise = generator.normal(size=(2, 3, 40))
    scores = np.concatenate([likely + np.zeros((2, 1, 40)), noise], 1)
    config = {"epochs": [0, 1], "early": [0, 1]}
    populations = [np.ones(40, bool), np.arange(40) < 30]
    result = digit_coherence._predicting(
        scores, (likely, predicted), torch.arange(40) % 3, populations, config
    )
    assert (result["area"][:, 0] == 1).all() and (result["early_area"][0] == 1).all()
    assert result["beyond"][0] == pytest.approx([1, 1], rel=1e-9)
    assert result["tenths"][0].tolist() == sorted(result["tenths"][0])
    assert not math.isclose(result["area"][0, 1, 0], 1)


def test_live_grams_are_those_of_the_experiment(monkeypatch):
    monkeypatch.setattr(digit_coherence, "CONFIG", SMALL)
    labels, truth, grams = digit_grams.grams("convolutional", (0, 2), seed=3)
    wrong = labels != truth
    assert wrong.sum() == 12
    measured = digit_coherence.measure(3, SMALL)["coherence"][1]
    for row, epoch in ((0, 0), (2, 2)):
        for population, members in ((1, ~wrong), (2, wrong)):
            ratio = probes.product_ratio(grams[epoch][members][:, members])
            assert ratio == pytest.approx(measured[row, population], rel=1e-3, abs=1e-6)
