"""Closed forms of starvation against sampling, brute force and the package's own dose."""

import numpy as np
import pytest
import torch
from scipy.special import expit
from torch import nn

from gradbook import probes
from gradbook.chapters.starvation import closed_forms
from gradbook.training import diets

Q = 0.9
BEST = closed_forms.best_reliance(Q)
HINGE = diets.Loss(lambda out, y: (1 - out * y).clamp(min=0), lambda out, y: -y * (out * y < 1))


def population():
    """All sixteen rows of a label and three features [16], [16, 3], and their shares [16]."""
    agree = np.vstack([closed_forms.PATTERNS, closed_forms.PATTERNS])
    labels = np.repeat([1.0, -1.0], 8)
    shares = np.where(agree > 0, Q, 1 - Q).prod(1) / 2
    return map(torch.from_numpy, (labels, labels[:, None] * agree, shares))


def test_majority_of_three_is_97_percent_and_what_a_sample_says():
    assert closed_forms.majority(0.9) == pytest.approx(0.972)
    agree = np.random.default_rng(0).random((200_000, 5)) < 0.7
    assert closed_forms.majority(0.7, 5) == pytest.approx((agree.sum(1) > 2).mean(), abs=3e-3)
    with pytest.raises(ValueError, match="an odd number"):
        closed_forms.majority(0.9, 4)


@pytest.mark.parametrize("reliance", [0.0, 0.7, BEST, 5.0])
@pytest.mark.parametrize(("name", "loss"), [("logistic", diets.LOGISTIC), ("hinge", HINGE)])
def test_doses_are_those_that_the_package_measures(reliance, name, loss):
    labels, features, shares = population()
    model = nn.Sequential(nn.Linear(3, 1, bias=False), nn.Flatten(0)).double()
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[reliance, 1e-9, 1e-9]]))
    group = {"0.weight": (0, 1)}
    rows = probes.example_doses(model, group, features, labels, loss=loss.value)
    right = features[:, 0] == labels
    for examples, part in (("all", right | ~right), ("right", right), ("wrong", ~right)):
        expected = closed_forms.dose(Q, reliance, examples, name)
        assert float((rows * shares)[part].sum()) == pytest.approx(float(expected), abs=1e-8)
    found = probes.dose(model, {"2": group}, features, labels, loss=loss.weighted(shares))
    assert float(found.dose[0]) == pytest.approx(float(closed_forms.dose(Q, reliance, loss=name)))
    if reliance:
        leader = {"1": {"0.weight": (0, 0)}}
        found = probes.dose(model, leader, features, labels, loss=loss.weighted(shares))
        expected = float(closed_forms.dose_of_the_leader(Q, reliance, name))
        assert float(found.dose[0] - found.erosion[0]) == pytest.approx(expected, abs=1e-8)


def test_at_the_best_reliance_the_leader_gets_nothing_and_the_others_a_third():
    assert closed_forms.dose_of_the_leader(Q, BEST) == pytest.approx(0, abs=1e-15)
    readings = {
        name: float(fold(Q, np.array(BEST))) for name, fold in closed_forms.READINGS.items()
    }
    assert readings == pytest.approx(
        {
            "all examples, before over now": 1 / (4 * Q * (1 - Q)),
            "those feature 1 gets right, before over now": 5,
            "those feature 1 gets wrong, before over now": 5 / 9,
            "all before over the wrong ones now": 50 / 9,
            "per example, a wrong one over a right one": 9,
            "number of right examples over wrong ones": 9,
            "now, feature 1 over feature 2": 0,
        },
        abs=1e-12,
    )


@pytest.mark.parametrize("loss", ["logistic", "hinge"])
def test_no_reliance_lowers_the_dose_beyond_the_bound(loss):
    reliance = np.linspace(0, 30, 2001)
    fold = closed_forms.dose(Q, 0, loss=loss) / closed_forms.dose(Q, reliance, loss=loss)
    limit = closed_forms.largest_fold(Q, at_rest=False)
    assert fold.max() <= limit * (1 + 1e-12)
    assert fold[-1] == pytest.approx({"logistic": limit / 2, "hinge": limit}[loss])


@pytest.mark.parametrize("weight_decay", [0.0, 0.03])
def test_catching_up_takes_as_long_as_descent_in_small_steps(weight_decay):
    lead = float(closed_forms.relied_on(20.0, Q, weight_decay)[0])
    rate, weight = 0.002, 0.0
    for _ in range(10_000):
        weight += rate * (Q * expit(-weight) - (1 - Q) * expit(weight) - weight_decay * weight)
    assert lead == pytest.approx(weight, rel=2e-3)
    labels, features, shares = (part.numpy() for part in population())
    weights, steps = np.array([lead, 0, 0]), 0
    while weights[1] + weights[2] <= weights[0]:
        pays = shares * expit(-labels * (features @ weights))
        weights = weights + rate * ((labels * pays) @ features - weight_decay * weights)
        steps += 1
    found = closed_forms.catch_up(Q, lead, weight_decay)
    assert steps * rate == pytest.approx(found, rel=2e-3)


def test_where_no_feature_is_wrong_the_delay_is_the_closed_form():
    lead, late = closed_forms.catch_up_never_wrong(10.0)
    assert lead + np.exp(lead) == pytest.approx(11)
    assert closed_forms.catch_up(1.0, float(lead), longest=1e8) == pytest.approx(
        float(late), rel=1e-5
    )
    _, times = closed_forms.catch_up_never_wrong(np.array([1e4, 1e5]))
    assert np.log10(times[1] / times[0]) == pytest.approx(4, abs=0.01)


@pytest.mark.parametrize("reliability", [0.55, 0.7, 0.9, 0.99])
def test_at_rest_the_bound_is_half_of_that(reliability):
    for loss, rest in (
        ("logistic", closed_forms.best_reliance(reliability)),
        ("squared", 2 * reliability - 1),
    ):
        fold = closed_forms.dose(reliability, 0, loss=loss) / closed_forms.dose(
            reliability, rest, loss=loss
        )
        assert closed_forms.dose_of_the_leader(reliability, rest, loss) == pytest.approx(
            0, abs=1e-12
        )
        assert 1 < fold <= closed_forms.largest_fold(reliability, at_rest=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: closed_forms.dose(Q, 1.0, "most"), "expected examples of"),
        (lambda: closed_forms.dose(Q, 1.0, loss="zero-one"), "expected a loss of"),
    ],
)
def test_what_is_unknown_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
