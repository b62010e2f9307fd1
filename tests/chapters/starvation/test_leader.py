"""What the leader takes beside the others, and what a stronger first feature does to the second."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import expit

from gradbook.chapters import starvation
from gradbook.chapters.dosage import FEATURES, LABELS, shares
from gradbook.chapters.starvation import closed_forms
from gradbook.evidence import atlas

AGREES = FEATURES * LABELS[:, None]
POPULATION = 1000 * shares(0.9)


@pytest.mark.parametrize("loss", ["logistic", "hinge"])
@pytest.mark.parametrize("reinforcing", [False, True])
def test_the_leader_never_takes_more_than_another(loss, reinforcing):
    """Equal at the start, and only falling from there, under losses that never rise."""
    reliance = np.linspace(0, 8, 81)
    for q in (0.6, 0.75, 0.9, 0.99):
        ratio = closed_forms.leaders_ratio(q, reliance, loss, reinforcing=reinforcing)
        assert ratio[0] == pytest.approx(1)
        assert (np.diff(ratio) <= 1e-12).all()


def test_the_leader_at_rest_takes_nothing():
    at_rest = starvation.best_reliance(0.9)
    assert closed_forms.leaders_ratio(0.9, at_rest) == pytest.approx(0, abs=1e-12)
    alone = closed_forms.leaders_ratio(0.9, at_rest, reinforcing=True)
    assert alone == pytest.approx(0.5 / 0.9)


@pytest.mark.parametrize("dose", ["net", "reinforcing alone"])
@pytest.mark.parametrize("when", ["at the start", "half way", "at rest"])
def test_measured_logistic_leaders_lie_on_the_closed_form(when, dose):
    results = atlas.load("leader")
    moment = results.config["moments"].index(when)
    reliance = results["reliance"][:, results.config["losses"].index("logistic"), moment].mean()
    expected = closed_forms.leaders_ratio(0.9, reliance, reinforcing=dose != "net")
    measured = starvation.leader_over_others(results, "logistic", when, dose)
    assert measured.mean() == pytest.approx(expected, abs=0.03)


def test_a_loss_that_rises_takes_all_of_the_dose_but_not_at_rest():
    """The squared loss beyond a margin of 1: the tenth is no bound, the fifth at rest is one."""
    q = 0.9
    assert closed_forms.dose(q, 1 / (2 * q - 1), loss="squared") == pytest.approx(0)
    at_rest = 2 * q - 1  # where q(1 − s) = (1 − q)(1 + s)
    fold = closed_forms.dose(q, 0, loss="squared") / closed_forms.dose(q, at_rest, loss="squared")
    assert 1 < fold <= closed_forms.largest_fold(q, at_rest=True)


@pytest.mark.parametrize("decay", [0.1, 1.0, 10.0, 100.0])
def test_weights_at_rest_are_where_the_flow_ends(decay):
    rows = AGREES * [3.0, 1, 1]

    def pace(_, weights):
        return rows.T @ (POPULATION * expit(-rows @ weights)) - decay * weights

    end = solve_ivp(pace, (0, 60 / decay), np.zeros(3), method="LSODA", rtol=1e-10, atol=1e-12)
    found = closed_forms.weights_at_rest(rows, POPULATION, decay)
    np.testing.assert_allclose(found, end.y[:, -1], atol=1e-6)


def test_what_a_stronger_first_feature_does_turns_with_the_decay():
    """Starved where decay is strong, fed where it is weak, as the closed form of the population."""
    results = atlas.load("stronger_first")
    for decay in results.config["decays"]:
        second = [
            closed_forms.weights_at_rest(AGREES * [strength, 1, 1], POPULATION, decay)[1]
            for strength in (1.0, 3.0)
        ]
        changed = starvation.second_weight_changed(results, f"λ = {decay:g}")
        assert changed.mean() == pytest.approx(second[1] / second[0] - 1, abs=0.01)
    assert starvation.second_weight_changed(results, "λ = 100").max() < 0
    assert starvation.second_weight_changed(results, "λ = 10").min() > 0


def test_without_decay_nothing_is_known_to_rest():
    with pytest.raises(ValueError, match="expected weight decay above 0, got 0"):
        closed_forms.weights_at_rest(AGREES, POPULATION, 0)


@pytest.mark.parametrize("rivals", [2, 3, 4, 8])
def test_a_long_head_start_costs_a_power_that_falls_with_the_rivals(rivals):
    """Margin m from h to h + (k + 1)g, ṁ = (k + 1)σ(−m): the slope of time over head start."""
    lead = np.array([20.0, 30.0])
    gain = lead / (rivals - 1)
    end = lead + (rivals + 1) * gain
    cost = np.log(np.exp(end) + end - np.exp(lead) - lead)  # up to a constant factor
    head_start = np.log(np.exp(lead) + lead - 1)
    slope = np.diff(cost) / np.diff(head_start)
    assert slope[0] == pytest.approx(closed_forms.votes_to_outvote(rivals), rel=1e-6)


def test_two_rivals_pay_the_fourth_power():
    assert closed_forms.votes_to_outvote(2) == 4
    late = [starvation.catch_up_never_wrong(t)[1] for t in (1e4, 1e5)]
    assert np.log10(late[1] / late[0]) == pytest.approx(4, abs=0.01)
    with pytest.raises(ValueError, match="expected at least two rivals"):
        closed_forms.votes_to_outvote(1)
