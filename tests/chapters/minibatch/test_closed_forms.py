"""The closed forms against enumeration and sampling."""

import functools
import itertools
from math import comb

import numpy as np
import pytest

from gradbook.chapters.dropout.closed_forms import deep_linear_change
from gradbook.chapters.minibatch.closed_forms import (
    mean_agreement,
    one_line_agreement,
    sampled_range,
    vote_agreement,
)


def test_vote_equals_the_sum_over_all_counts():
    p, batch = 0.37, 9
    chance = [comb(batch, k) * p**k * (1 - p) ** (batch - k) for k in range(batch + 1)]
    up, down = sum(chance[5:]), sum(chance[:5])
    cosine, opposed = vote_agreement(p, batch)
    assert cosine == pytest.approx((up - down) ** 2, abs=1e-12)
    assert opposed == pytest.approx(2 * up * down, abs=1e-12)


def test_vote_leaves_ties_out():
    cosine, opposed = vote_agreement(0.5, 2)  # up 1/4, down 1/4, tie 1/2
    assert (cosine, opposed) == pytest.approx((0, 0.5))


def test_vote_agrees_with_sampled_minibatches():
    rng = np.random.default_rng(0)
    votes = np.sign(2 * rng.binomial(64, 0.55, size=(2, 200_000)) - 64)
    products = (votes[0] * votes[1])[votes.all(0)]
    cosine, opposed = vote_agreement(0.55, 64)
    assert products.mean() == pytest.approx(cosine, abs=0.01)
    assert (products < 0).mean() == pytest.approx(opposed, abs=0.01)


def test_unanimous_rows_always_agree():
    assert vote_agreement(np.array([0.0, 1.0]), 64)[0].tolist() == [1, 1]


def test_mean_agreement_agrees_with_sampled_minibatches():
    rng = np.random.default_rng(1)
    means = rng.normal(0.1, 1, size=(2, 40_000, 64)).mean(-1)
    cosine, opposed = mean_agreement(0.1, 1.0, 64)
    signs = np.sign(means[0] * means[1])
    assert signs.mean() == pytest.approx(cosine, abs=0.02)
    assert (signs < 0).mean() == pytest.approx(opposed, abs=0.02)


def test_cosine_and_opposed_share_are_tied():
    cosine, opposed = one_line_agreement(0.6, 0.3)
    assert cosine == pytest.approx(1 - 2 * opposed)


@pytest.mark.parametrize("cosine", [0.0, 0.3, 0.9])
def test_sampled_range_holds_95_percent_of_sampled_means(cosine):
    rng = np.random.default_rng(2)
    up = rng.binomial(50, (1 + np.sqrt(cosine)) / 2, size=20_000)
    means = ((2 * up - 50) ** 2 - 50) / (50 * 49)
    low, high = sampled_range(cosine, 50)
    inside = ((means >= low - 1e-9) & (means <= high + 1e-9)).mean()
    assert 0.945 < inside < 0.995  # the counts are whole, so the range holds a little more


def test_a_certain_vote_has_no_range():
    assert sampled_range(1.0, 50) == (1, 1)


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_a_deep_linear_networks_change_is_that_of_the_network(layers):
    rng = np.random.default_rng(layers)
    sizes = [3, *(4 for _ in range(layers - 1)), 2]
    shapes = [(out, into) for into, out in itertools.pairwise(sizes)]
    weights, gradients = ([rng.normal(size=shape) for shape in shapes] for _ in range(2))
    x, steps = rng.normal(size=3), np.array([0.0, 1e-6, 0.3, 2.0])

    def output(step):
        return functools.reduce(
            lambda h, pair: (pair[0] - step * pair[1]) @ h,
            zip(weights, gradients, strict=True),
            x,
        )

    change = np.array([output(step) - output(0) for step in steps])
    linear, exact = deep_linear_change(weights, gradients, x, steps)
    np.testing.assert_allclose(exact, change, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(linear[1], change[1], rtol=1e-4)
    assert (abs(linear - exact).max() < 1e-12) == (layers == 1)


def test_a_missing_gradient_is_an_error():
    with pytest.raises(ValueError, match="as many gradients as layers"):
        deep_linear_change([np.eye(2)], [], np.ones(2), np.ones(1))
