"""Closed forms of survival against brute force."""

import numpy as np
import pytest
from scipy.optimize import minimize

from gradbook.chapters.dosage import closed_forms


@pytest.mark.parametrize("ratio", [0.5, 1.5, 4.0])
@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_a_survivor_minimizes_loss_and_decay(ratio, loss):
    def objective(weights):
        answer = weights.prod()
        fit = (1 - answer) ** 2 / 2 if loss == "squared" else np.log1p(np.exp(-answer))
        return ratio * fit + (weights**2).sum() / 2

    found = minimize(objective, [1.0, 0.7], tol=1e-14).x.prod()
    assert found == pytest.approx(float(closed_forms.survivor(ratio, loss)), abs=1e-5)


def test_sharing_minimizes_loss_and_one_bill():
    frequencies, decay = np.array([0.2, 0.05, 0.01]), 0.04
    found = minimize(
        lambda v: (frequencies * (1 - v) ** 2).sum() / 2 + decay * np.linalg.norm(v),
        np.full(3, 0.5),
        tol=1e-14,
    ).x
    np.testing.assert_allclose(closed_forms.sharing(frequencies, decay), found, atol=1e-5)
    assert not closed_forms.sharing(frequencies / 10, decay).any()


def test_an_unfed_recognizer_is_the_walk_that_is_simulated():
    generator = np.random.default_rng(0)
    steps, runs, dimensions, rate, decay, noise = 200, 400, 30, 0.1, 0.1, 0.5
    start = np.zeros((runs, dimensions))
    start[:, 0] = 2
    weights = start.copy()
    for _ in range(steps):
        errors = noise * generator.standard_normal(weights.shape)
        weights -= rate * (decay * weights + errors)
    norm, cosine = closed_forms.starved(
        np.array([steps]), 2.0, learning_rate=rate, weight_decay=decay, noise=noise,
        dimensions=dimensions,
    )  # fmt: skip
    sizes = np.linalg.norm(weights, axis=1)
    assert np.sqrt((sizes**2).mean()) == pytest.approx(norm[0], rel=0.03)
    assert (weights[:, 0] / sizes).mean() == pytest.approx(cosine[0], abs=0.03)


def test_without_decay_the_walk_grows_as_the_root_of_time():
    norm, cosine = closed_forms.starved(
        np.array([0, 100]), 1.0, learning_rate=0.1, noise=0.3, dimensions=4
    )
    np.testing.assert_allclose(norm, [1, np.sqrt(1 + 4 * 0.03**2 * 100)])
    np.testing.assert_allclose(cosine, 1 / norm)


def test_shaping_in_one_dimension_less_is_the_whole_recognizer():
    """The three numbers move as all weights of a recognizer do under the expected gradient."""
    generator = np.random.default_rng(1)
    weights, answer = generator.normal(size=6), 0.4
    pattern = np.array([0.6, 0.8, 0, 0, 0, 0])
    along = weights @ pattern
    start = [along, np.linalg.norm(weights - along * pattern), answer]
    p, decay, rate, s = 0.3, 0.05, 0.1, 0.2
    found = closed_forms.shaped(
        start, 50, frequency=p, weight_decay=decay, learning_rate=rate, background=s
    )
    for step in range(51):
        cosine = abs(weights @ pattern) / np.linalg.norm(weights)
        assert found[step] == pytest.approx(cosine, rel=1e-12)
        fed = p * (1 - answer * (weights @ pattern))
        pull = fed * answer * pattern - s**2 * answer**2 * weights - decay * weights
        change = fed * (weights @ pattern) - s**2 * answer * (weights @ weights) - decay * answer
        weights, answer = weights + rate * pull, answer + rate * change


@pytest.mark.parametrize("factors", [2, 3])
def test_what_the_winner_leaves_is_the_slope_of_the_loss(factors):
    """Minimize over the winner alone, then differentiate in a second feature's answer."""
    decay = 0.01

    def loss(first, second):
        signs = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
        shares = np.array([0.81, 0.09, 0.09, 0.01])
        return shares @ np.log1p(np.exp(-(signs @ [first, second])))

    def objective(w):
        return loss(w[0] ** factors, 0) + factors / 2 * decay * w[0] ** 2

    weight = minimize(objective, [1.2], tol=1e-14).x[0]
    slope = (loss(weight**factors, 1e-5) - loss(weight**factors, -1e-5)) / 2e-5
    assert closed_forms.rate_left(decay, factors) == pytest.approx(-slope, rel=1e-4)


def test_debt_and_neglect_follow_from_what_is_left():
    left = closed_forms.rate_left(0.02, 2)
    assert closed_forms.debt(0.02) == pytest.approx(0.02 / (left - 0.02))
    steps = closed_forms.longest_neglect(0.02, start=0.6, learning_rate=0.4)
    weight = 0.6 * np.exp(-0.4 * 0.02 * steps)
    assert closed_forms.rate_left(0.02, 3) * weight**2 == pytest.approx(0.02 * weight)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: closed_forms.survivor(1.0, "l1"), "expected loss"),
        (lambda: closed_forms.under_diet(0.1, "fasting", 1.0), "expected a diet of"),
        (lambda: closed_forms.rate_left(5.0, 2), "a weight decay that the winner survives"),
    ],
)
def test_what_has_no_closed_form_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
