"""Effects read the numbers they say they read, and figures draw the closed forms they name."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from gradbook.chapters.optimizers import bets, closed_forms, effects, figures, tails
from gradbook.chapters.optimizers.experiments import learning_times, optimizer_law, shared_adamw
from gradbook.evidence.atlas import Atlas

SEEDS = [10, 11, 12]


def results(name: str, config: dict, **arrays: np.ndarray) -> Atlas:
    return Atlas(name, arrays, config, SEEDS, {}, "")


@pytest.fixture
def law():
    config = optimizer_law.CONFIG
    exact = np.stack([effects.predicted(results("x", config), name) for name in config["settings"]])
    off = np.array([0.0, 0.01, 0.02])[:, None, None]
    return results("optimizer_law", config, answer=exact + off)


def test_the_gap_is_the_largest_distance_from_the_closed_form(law):
    for name in law.config["settings"]:
        np.testing.assert_allclose(effects.gap(law, name), [0, 0.01, 0.02], atol=1e-7)
    simple = effects.gap(law, "AdamW, label noise", simple=True)
    assert (simple > 0.3).all() and (effects.gap_at(law, 64, 0.3) < 0.06).all()
    moved = effects.moved_by_weighting(law, "AdamW, loss × 16")
    np.testing.assert_allclose(moved, 0, atol=1e-12)
    with pytest.raises(ValueError, match="got 'RMSprop'"):
        effects.gap(law, "RMSprop")


def test_half_is_read_between_the_measured_frequencies(law):
    exact = closed_forms.half_frequency(64, 0.5, 0.999)
    assert bets.half_measured(law, "AdamW, B = 64, wd = 0.5")[0] == pytest.approx(exact, rel=0.02)


def test_a_shared_layer_is_compared_with_its_own_units():
    config = shared_adamw.CONFIG
    shape = (3, len(config["decays"]), len(config["frequencies"]))
    units = np.full(shape, 12)
    exact = closed_forms.shared_answer(np.array(config["frequencies"]), 64, 1.0, 12, 0.999)
    answer = np.broadcast_to(exact, shape).copy()
    answer[1, 2, 3] -= 0.2
    shared = results("shared_adamw", config, units=units, answer=answer)
    np.testing.assert_allclose(effects.shared_gap(shared, 1.0), [0, 0.2, 0], atol=1e-12)


def test_words_are_told_by_eighths():
    config = {"settings": {"a": {}, "AdamW, wd = 1, B = 16": {}, "AdamW, wd = 1, B = 256": {}}}
    rule = np.zeros((3, 3, 16))
    rule[:, 0] = np.repeat(np.arange(8, 0, -1) / 10, 2)
    rule[:, 2, -2:] = 0.4
    learned = (1e5 * effects.word_shares(results("w", {"tokens": 16})) ** -0.5).astype(int)
    words = results(
        "rare_words",
        config | {"tokens": 16},
        rule=rule,
        learned=np.broadcast_to(learned, (3, 3, 16)),
    )
    np.testing.assert_allclose(effects.eighths(words, "a")[0], np.arange(8, 0, -1) / 10)
    np.testing.assert_allclose(effects.common_less_rare(words, "a"), 0.7)
    np.testing.assert_allclose(effects.large_less_small_batch(words), 0.4)
    np.testing.assert_allclose(effects.word_exponent(words, "a"), -0.5, atol=1e-3)


def test_exponents_are_slopes_of_logarithms():
    config = learning_times.CONFIG
    step, p = tails.recorded(config), tails.frequencies(config)[: config["kept"]]
    loss = np.stack([step**-0.5, step**-1.0])
    count = np.stack([step**0.5, step**1.0]) + 0.0
    learned = np.stack([1 / p, 1 / p**0.5])
    of = {"loss": loss, "count": count, "learned": learned}
    learning = results("learning_times", config, **{k: np.stack([v] * 3) for k, v in of.items()})
    window = (1500, 15000)
    np.testing.assert_allclose(effects.loss_exponent(learning, "SGD", window), -0.5)
    np.testing.assert_allclose(effects.loss_exponents_ratio(learning, window), 2)
    for optimizer in config["optimizers"]:
        np.testing.assert_allclose(effects.fact_exponent(learning, optimizer, window), -1)
    np.testing.assert_allclose(effects.time_exponent(learning, "Adam"), -0.5)
    np.testing.assert_allclose(effects.time_exponent(learning, "SGD"), -1)


def test_early_scores_are_told_apart():
    config = {"scores": ["dose", "growth"], "tickets": ["dose", "SNIP", "random"]}
    of = np.array([[0.9, 0.85], [0.8, 0.8], [0.7, 0.9]])
    ticket = np.array([[0.9, 0.8, 0.7]] * 3)
    fate = results("early_fate", config, of_norm=of, of_worth=of / 2, ticket=ticket)
    np.testing.assert_allclose(effects.beyond_growth(fate), [0.05, 0, -0.2])
    np.testing.assert_allclose(effects.rank_of_worth(fate, "dose"), of[:, 0] / 2)
    np.testing.assert_allclose(effects.ticket_over_snip(fate), 0.1)


def test_a_figure_draws_points_and_the_closed_form(law):
    name = "AdamW, B = 64, wd = 1"
    ax = figures.plot_law(law, (name,), simple=True)
    points, line, rough = ax.lines
    p = np.array(law.config["frequencies"])
    np.testing.assert_allclose(points.get_ydata(), law["answer"][:, effects.row(law, name)].mean(0))
    np.testing.assert_allclose(line.get_ydata(), effects.predicted(law, name))
    np.testing.assert_allclose(rough.get_ydata(), closed_forms.adamw_answer(p, 64, 1.0))
    plt.close(ax.figure)
