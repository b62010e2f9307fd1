"""The race of the rule with memory: closed form against steps, bounds, and what effects read."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from gradbook.chapters import generalization
from gradbook.chapters.optimizers import race, race_checks, race_effects, race_figures
from gradbook.chapters.optimizers.experiments import grokking_race
from gradbook.evidence.atlas import Atlas

STARTS = [(0.05, 0.35, 0.005, 0.004, 0.0015), (0.03, 0.1, 0.0085, 0.0068, 0.006)]


@pytest.mark.parametrize("push", [race.DESCENT, race.SIGNS])
@pytest.mark.parametrize("start", STARTS)
def test_the_closed_form_is_where_the_steps_cross(push, start):
    course = race.replay(*start, push=push, steps=6000)
    crossed = int(np.argmax(course[:, 0] >= course[:, 1]))
    assert crossed > 0
    assert race.overtaking(*start, push=push) == pytest.approx(crossed, rel=0.06)


def test_the_residual_drops_out_of_the_race():
    rule, memory, a, b, k = STARTS[0]
    for push in (race.DESCENT, race.SIGNS):
        course = race.replay(rule, memory, a, b, k, push=push, steps=3000)
        gained = np.log(course[-1] / course[0])
        assert gained[0] / a - gained[1] / b == pytest.approx(k * 3000 * (1 / b - 1 / a))


def test_who_is_fed_less_never_overtakes_and_who_leads_already_has():
    assert race.overtaking(0.1, 0.3, 0.004, 0.004, 0.001, push="GD") == math.inf
    assert race.overtaking(0.3, 0.3, 0.004, 0.005, 0.001, push="GD") == 0
    with pytest.raises(ValueError, match="above 0"):
        race.overtaking(0.1, 0.3, 0.004, 0.003, 0.0, push="GD")
    with pytest.raises(ValueError, match="'Lion'"):
        race.overtaking(0.1, 0.3, 0.004, 0.003, 0.001, push="Lion")


def test_efficiency_bounds_the_relative_dose_and_training_nears_the_bound():
    modular = generalization.modular
    data = modular.table(11, 0.9, seed=0)
    upward = modular.margin_slopes(data.answers[data.seen])

    def strength_and_dose(weights):
        inputs = data.inputs[data.seen]
        strength = (modular.scores(weights, inputs) * upward).sum().item()
        slope = modular.gradient(weights, inputs, upward)
        return strength, modular.inner(slope, slope) / strength

    start = modular.draw(11, 40, scale=0.3, seed=0)
    late = modular.train(start, data, learning_rate=0.5, weight_decay=0.003, steps=3000, every=500)
    over = []
    for weights in (late[1], late[-1]):
        strength, dose = strength_and_dose(weights)
        over.append(dose * modular.inner(weights, weights) / (9 * strength))
    assert over[0] > over[1] >= 1
    assert over[1] < 1.2 < over[0]
    assert race.ratio_of_doses(8.0, 1.0) == pytest.approx(4)


def test_adamw_and_descent_step_as_torch_does():
    config = {**grokking_race.CONFIG, "p": 7, "units": 6}
    data = generalization.modular.table(7, 0.5, seed=3)
    for optimizer, make in (("GD", torch.optim.SGD), ("AdamW", torch.optim.AdamW)):
        found = list(grokking_race._trained(optimizer, 0.5, data, 20, 3, config))
        weights = [weight.clone().requires_grad_() for weight in found[0][1]]
        more = {"betas": tuple(config["betas"])} if optimizer == "AdamW" else {}
        steps = make(weights, lr=config["rates"][optimizer], weight_decay=0.5, **more)
        for _ in range(20):
            steps.zero_grad()
            heard = generalization.modular.scores(tuple(weights), data.inputs[data.seen])
            ((heard - data.answers[data.seen]).square().sum() / 2 / len(data.seen)).backward()
            steps.step()
        for own, other in zip(found[-1][1], weights, strict=True):
            torch.testing.assert_close(own, other.detach(), rtol=1e-3, atol=1e-5)


@pytest.fixture(scope="module")
def small():
    config = {
        **grokking_race.CONFIG,
        "p": 13,
        "units": 60,
        "shares": [0.5, 0.85],
        "decays": {"GD": [0.002], "AdamW": [3.0]},
        "steps": {"GD": 800, "AdamW": 800},
        "controls": {"GD": 200, "AdamW": 200},
    }
    found = [grokking_race.measure(seed, config) for seed in (0, 1)]
    arrays = {name: np.stack([one[name] for one in found]) for name in found[0]}
    return Atlas("grokking_race", arrays, config, [0, 1], {}, "")


def test_growth_and_decay_add_up_to_the_dose(small):
    places = [n for n, _, _ in race_effects.settings(small, "GD")]
    strength, dose = (small[name][:, places].astype(float) for name in ("strength", "dose"))
    added = dose.mean(2) / strength.mean(2)
    told = race_effects.relative_doses(small, "GD")
    positive = (strength > 0).all(2)
    assert positive.any()
    np.testing.assert_allclose(told[positive], added[positive], rtol=0.03)


def test_a_race_is_recorded_until_it_is_won(small):
    assert small["course"].shape == (2, 4, 41, 2)
    won = small["unseen"][..., 1] >= 0.9
    assert won.any() and (small["stopped"][~won] == 800).all()
    assert (small["crossed"] <= small["stopped"]).all()
    assert grokking_race._first(np.array([0.0, 0.2, 0.6]), 0.5, 10) == pytest.approx(17.5)
    assert grokking_race._first(np.array([0.0, 0.2]), 0.5, 10) == 0


@pytest.fixture
def exact():
    """A race in which the closed form holds to the step, in seed 1 a quarter later."""
    config = grokking_race.CONFIG
    shape = (3, 18)
    strength = np.empty((*shape, 2, 2))
    strength[..., 1, :] = np.linspace([0.04, 0.3], [0.06, 0.2], 18)
    arrays = {"strength": strength, "norm": np.full(shape, 15.0), "fitted": np.full(shape, 400.0)}
    arrays["alone"] = np.ones((3, 2, 3, 4))
    arrays["alone"][..., -1] = 1.2**1.5
    arrays["efficiency"] = np.broadcast_to([2.0**1.5, 1.0], (*shape, 2)).copy()
    arrays["crossed"] = np.zeros(shape)
    found = Atlas("grokking_race", arrays, config, [0, 1, 2], {}, "")
    for optimizer in config["optimizers"]:
        for at, decay, _ in race_effects.settings(found, optimizer):
            k = 3 * config["rates"][optimizer] * decay
            rates = np.array([1.2, 1.0]) * (k + 0.002) - k
            strength[:, at, 0] = strength[:, at, 1] * np.exp(-50 * rates)
        places = [n for n, _, _ in race_effects.settings(found, optimizer)]
        arrays["crossed"][:, places] = race_effects.predicted(found, optimizer)
    arrays["crossed"][1] *= 1.25
    arrays["crossed"][arrays["crossed"] > np.repeat([6000, 3000], 9)] = 0
    arrays["stopped"] = np.broadcast_to(np.repeat([6000, 3000], 9), shape).copy()
    course = np.empty((*shape, 41, 2))
    for optimizer, steps in config["steps"].items():
        at = np.arange(41) * (steps // 40)
        for place, decay, _ in race_effects.settings(found, optimizer):
            k = 3 * config["rates"][optimizer] * decay
            for seed in range(3):
                start = strength[seed, place, 1]
                told = race.replay(
                    *start, *(k + 0.002) * np.array([1.2, 1]), k, push=optimizer, steps=steps
                )
                course[seed, place] = told[np.maximum(at - 300, 0)]
    arrays["course"] = course
    return found


@pytest.mark.parametrize("optimizer", ["GD", "AdamW"])
def test_errors_are_distances_of_logarithms(exact, optimizer):
    for account in (race_effects.DOSES, race_effects.CONTROLS):
        np.testing.assert_allclose(race_effects.ratios(exact, optimizer, account), 1.2, rtol=1e-6)
        off = race_effects.crossing_error(exact, optimizer, account)
        np.testing.assert_allclose(off, [0, math.log(1.25), 0], atol=1e-6)
        assert (race_effects.crossing_ranks(exact, optimizer, account) > 0.9).all()
    split = race_effects.efficiency_less_doses(exact, optimizer, race_effects.SPLIT)
    assert (split > 0.2).all()
    for name in race_effects.BASELINES:
        assert (race_effects.baseline_less_doses(exact, optimizer, name) > 0.05).all()
    assert race_effects.called(exact, optimizer)[0] == 1
    with pytest.raises(ValueError, match="expected a baseline"):
        race_effects.baseline(exact, optimizer, "luck")
    with pytest.raises(ValueError, match="expected an account"):
        race_effects.predicted(exact, optimizer, "luck")


def test_a_race_is_read_where_it_was_won(exact):
    for optimizer in exact.config["optimizers"]:
        won = np.isfinite(race_effects.crossing(exact, optimizer)[0])
        met = race_checks.strengths_at_crossing(exact, optimizer)[0]
        assert won.any() and np.isnan(met[~won]).all()
        np.testing.assert_allclose(met[won, 0] / met[won, 1], 1, atol=0.1)
        over = race_checks.ratios_over_race(exact, optimizer)[0, won]
        np.testing.assert_allclose(over, 1.2, atol=0.02)


def test_who_knows_the_setting_errs_by_the_spread_of_its_seeds(exact):
    exact["strength"][..., 0] *= np.array([1.0, 0.95, 1.05])[:, None, None]
    for optimizer in exact.config["optimizers"]:
        error = race_effects.setting_error(exact, optimizer)
        assert error[1] == pytest.approx(math.log(1.25), abs=1e-6)
        assert (error[[0, 2]] < error[1]).all() and (error > 0.05).all()
        within = race_effects.within_settings(exact, optimizer)
        always = np.isfinite(race_effects.crossing(exact, optimizer)).all(0)
        never = ~np.isfinite(race_effects.crossing(exact, optimizer)).any(0)
        assert np.isfinite(within[always]).all() and np.isnan(within[never]).all()


def test_a_critical_share_is_read_between_shares():
    config = {
        **grokking_race.CONFIG,
        "shares": [0.2, 0.3, 0.4],
        "decays": {"GD": [1], "AdamW": [1]},
    }
    unseen, alone = np.zeros((2, 6, 2)), np.ones((2, 2, 1, 4))
    unseen[0, :3, 1], unseen[1, :3, 1] = [0.0, 0.2, 0.8], [0.1, 0.2, 0.3]
    alone[:, :, :, :3] = [2.0, 1.25, 0.8]
    found = Atlas("critical_share", {"unseen": unseen, "alone": alone}, config, [0, 1], {}, "")
    np.testing.assert_allclose(race_checks.measured_critical_share(found, "GD"), [0.35, 0.4])
    told = race_checks.critical_share(found, "GD", race_effects.CONTROLS)
    np.testing.assert_allclose(told, 0.35)
    beyond = race_checks.critical_share_beyond(found, "GD", race_effects.CONTROLS)
    np.testing.assert_allclose(beyond, [0, 0.05], atol=1e-12)


def test_figures_draw_the_equations_and_every_network(exact):
    ax = race_figures.plot_race(exact, "GD", 0.001, 0.5)
    foretold = [line for line in ax.lines if line.get_linestyle() == "--" and len(line.get_xdata())]
    measured = [line for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata())]
    for told, points in zip(foretold, measured, strict=True):
        x, y = points.get_data()
        late = x >= 300
        there = np.interp(x[late], *told.get_data())
        np.testing.assert_allclose(there, y[late], rtol=0.02)
    plt.close(ax.figure)
    ax = race_figures.plot_foretold(exact, "AdamW")
    drawn = sum(len(line.get_xdata()) for line in ax.lines if line.get_marker() in "os^")
    assert drawn == 27
    plt.close(ax.figure)
