"""The theory of starvation against brute force, and the fixed points of the paper's example."""

import numpy as np
import pytest
from scipy.optimize import minimize

from gradbook.chapters.starvation import theory

U = theory.coupled(0.5)


def test_the_weak_feature_s_response_falls_as_the_strong_one_grows():
    """The fixed points of the paper's example."""
    found = [theory.at_rest([s, 2], U, 0.01)[1] for s in (2, 3, 4, 5, 6)]
    np.testing.assert_allclose(found, [1.64, 1.58, 1.47, 1.33, 1.19], atol=5e-3)
    assert theory.decoupled(U, 0.002)[1] == pytest.approx(1.7076, abs=5e-5)


def test_a_response_at_rest_is_that_of_the_best_weights():
    strengths = np.array([4.0, 2.0])
    features = U @ np.diag(strengths)

    def cost(weights):
        return np.logaddexp(0, -features @ weights).sum() + 0.005 * weights @ weights

    best = minimize(cost, [0.1, 0.1], tol=1e-12).x
    np.testing.assert_allclose(theory.at_rest(strengths, U, 0.01), U.T @ features @ best, rtol=1e-4)
    with pytest.raises(ValueError, match="weight decay above 0"):
        theory.at_rest(strengths, U, 0.0)


def test_starving_is_the_derivative_of_the_response_at_rest():
    generator = np.random.default_rng(0)
    mixing = np.linalg.qr(generator.normal(size=(5, 5)))[0][:, :3]
    strengths = np.array([5.0, 3.0, 1.0])
    found = theory.starving(strengths, mixing, 0.02)
    for i in range(3):
        change = np.eye(3)[i] * 1e-4
        ends = [
            theory.at_rest(np.sqrt(strengths**2 + sign * change), mixing, 0.02) for sign in (1, -1)
        ]
        slope = (np.abs(ends[0]) - np.abs(ends[1])) / 2e-4
        np.testing.assert_allclose(found[i], slope, rtol=1e-4, atol=1e-8)


def test_equal_strengths_and_uncoupled_features_starve_nobody():
    assert abs(theory.starving([2, 2], U, 0.01)[0, 1]) < 1e-12
    assert abs(theory.starving([6, 2], theory.coupled(0.0), 0.01)[0, 1]) < 1e-12
    assert theory.starving([6, 2], U, 0.01)[0, 1] < 0


def test_trajectories_end_at_the_fixed_points():
    time = np.array([0.0, 30_000.0])
    decayed = theory.over_time([6, 2], U, time, weight_decay=0.01)[:, -1]
    np.testing.assert_allclose(decayed, theory.at_rest([6, 2], U, 0.01), rtol=1e-5)
    for strong in (2, 6):
        freed = theory.over_time([strong, 2], U, time, coefficient=0.002)[:, -1]
        np.testing.assert_allclose(freed, theory.decoupled(U, 0.002), rtol=1e-5)


def test_turning_a_singular_vector_changes_no_starving():
    turned = U * [1, -1]
    np.testing.assert_allclose(
        theory.starving([6, 2], turned, 0.01), theory.starving([6, 2], U, 0.01), rtol=1e-9
    )
