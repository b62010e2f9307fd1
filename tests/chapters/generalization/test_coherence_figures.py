"""The figures of digits and of modular addition draw what was measured."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from gradbook.chapters.generalization import effects
from gradbook.chapters.generalization.figures import coherence
from gradbook.evidence.atlas import Atlas

matplotlib.use("agg")
SEEDS, DECAY = 3, 0.001
ADDITION = ("addition", DECAY)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def digits():
    generator = np.random.default_rng(0)
    config = {
        "networks": ["one", "two"],
        "populations": ["all", "right label", "wrong label"],
        "scores": ["agreement", "dose", "loss", "gradient norm"],
        "epochs": [0, 1, 4],
    }
    shapes = {
        "coherence": (2, 3, 3),
        "agreement": (2, 3, 3),
        "area": (2, 3, 4, 3),
        "early_correlation": (2, 4, 3),
        "neighbour_area": (2, 3),
        "tenths": (2, 3, 10),
    }
    arrays = {name: generator.random((SEEDS, *shape)) for name, shape in shapes.items()}
    return Atlas("digit_coherence", arrays, config, [1, 2, 3], {}, "")


@pytest.fixture
def modular():
    """General strength rises by its own rate; memory falls by decay alone from step 200 on."""
    step = np.arange(0, 1001, 50)
    general = np.linspace(0, 0.8, len(step))
    memory = 0.5 * np.exp(-3 * DECAY * step)
    strength = np.stack([general, memory], -1)
    dose = np.stack([np.full(len(step), 0.8 / 1000), np.zeros(len(step))], -1)
    dose[:, 0] += 3 * DECAY * general
    accuracy = np.stack([np.minimum(1, step / 300), step / 1000], -1)
    arrays = {"strength": strength, "strength_dose": dose, "accuracy": accuracy}
    arrays = {name: np.tile(values, (SEEDS, 1, 1, 1)) for name, values in arrays.items()}
    arrays["step"] = np.tile(step, (SEEDS, 1))
    config = {"settings": [list(ADDITION)], "learning_rate": 1.0, "every": 50}
    return Atlas("modular_addition", arrays, config, [1, 2, 3], {}, "")


def curves(ax):
    return [np.asarray(line.get_ydata(), float) for line in ax.lines]


def test_coherence_is_that_of_right_and_of_wrong_labels(digits):
    ax = coherence.plot_coherence(digits, "two")
    right, wrong = curves(ax)[:2]
    np.testing.assert_allclose(right, digits["coherence"][:, 1, :, 1].mean(0))
    np.testing.assert_allclose(wrong, digits["coherence"][:, 1, :, 2].mean(0))
    assert {text.get_text() for text in ax.texts} == {"right label", "wrong label"}


def test_foresight_draws_three_scores_and_the_neighbours(digits):
    ax = coherence.plot_foresight(digits, "one", "right label")
    agreement, loss, norm, neighbours = curves(ax)[:4]
    for drawn, score in ((agreement, 0), (loss, 2), (norm, 3)):
        np.testing.assert_allclose(drawn, digits["area"][:, 0, :, score, 1].mean(0))
    assert (neighbours == digits["neighbour_area"][:, 0, 1].mean()).all()


def test_tenths_are_percentages(digits):
    everyone, right = curves(coherence.plot_tenths(digits, "two"))
    np.testing.assert_allclose(everyone, 100 * digits["tenths"][:, 1, 0].mean(0))
    np.testing.assert_allclose(right, 100 * digits["tenths"][:, 1, 1].mean(0))


def test_the_early_correlation_is_that_of_the_dose(digits):
    found = effects.early_dose_correlation(digits, "two", "all")
    np.testing.assert_array_equal(found, digits["early_correlation"][:, 1, 1, 0])


def test_what_dose_less_decay_adds_up_to_is_the_strength(modular):
    summed = effects.added_up(modular, ADDITION)
    strength = effects.of_setting(modular, "strength", ADDITION)
    assert np.isnan(summed[:, :4]).all()
    np.testing.assert_allclose(summed[:, 4:], strength[:, 4:], atol=1e-3)  # the trapezoids' error


def test_the_transition_is_read_off(modular):
    found = effects.transition(modular, ADDITION)
    assert {name: values.tolist() for name, values in found.items()} == {
        "fitted": [300] * SEEDS,
        "starving": [250] * SEEDS,
        "peak": [0] * SEEDS,
        "fed more": [250] * SEEDS,
        "half": [500] * SEEDS,
    }
    modular["accuracy"][0, 0, :, 1] = 0
    assert np.isnan(effects.transition(modular, ADDITION)["half"]).tolist() == [True, False, False]


def test_strengths_and_their_sums_are_drawn(modular):
    ax = coherence.plot_strengths(modular, ADDITION)
    general, sums, memory, _, unseen = curves(ax)[:5]
    np.testing.assert_allclose(general, modular["strength"][0, 0, :, 0])
    np.testing.assert_allclose(memory, modular["strength"][0, 0, :, 1])
    np.testing.assert_allclose(unseen, modular["accuracy"][0, 0, :, 1])
    assert np.isnan(sums[0]) and np.isfinite(sums[1:]).all()


def test_doses_are_drawn_beside_what_decay_takes(modular):
    general, decayed, memory, eroded = curves(coherence.plot_strength_doses(modular, ADDITION))[:4]
    np.testing.assert_allclose(general - decayed, 0.8)
    np.testing.assert_allclose(memory, 0)
    np.testing.assert_allclose(eroded, 3 * modular["strength"][0, 0, 4:, 1])


def test_a_setting_that_was_not_run_is_refused(modular):
    with pytest.raises(ValueError, match=r"of \[\('addition', 0.001\)\], got \('addition', 0.5\)"):
        coherence.plot_strengths(modular, ("addition", 0.5))
