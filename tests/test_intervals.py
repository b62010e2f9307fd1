"""Intervals over seeds: closed forms and coverage."""

import numpy as np
import pytest

from gradbook.intervals import compare, mean_interval, told


def test_interval_of_ten_values_uses_the_published_t_quantile():
    values = np.arange(10.0)[:, None]
    mean, low, high = mean_interval(values)
    reach = 2.262157 * values.std(ddof=1) / np.sqrt(10)  # t(0.975; 9), from any table
    assert mean == pytest.approx(4.5)
    assert (low[0], high[0]) == pytest.approx((4.5 - reach, 4.5 + reach), rel=1e-6)


def test_interval_covers_the_mean_as_often_as_it_says():
    samples = np.random.default_rng(0).normal(3.0, 2.0, size=(10, 20_000))
    _, low, high = mean_interval(samples)
    covered = ((low < 3) & (high > 3)).mean()
    assert covered == pytest.approx(0.95, abs=0.005)


def test_a_missing_seed_is_left_out_and_a_single_one_has_no_interval():
    values = np.array([[1.0, 1.0], [3.0, np.nan], [np.nan, np.nan]])
    mean, low, high = mean_interval(values)
    assert mean.tolist() == [2.0, 1.0]
    alone = mean_interval(np.array([[1.0], [3.0]]))
    assert (low[0], high[0]) == (alone[1][0], alone[2][0])
    assert np.isnan([low[1], high[1]]).all()


def test_one_seed_is_refused():
    with pytest.raises(ValueError, match="at least two seeds"):
        mean_interval(np.ones((1, 3)))


def test_compare_says_undecided_where_the_interval_holds_the_threshold():
    values = np.array([[0.0, 1.0, 0.4], [0.1, 0.9, 0.6]])
    assert compare(values, 0.5, level=0.5).tolist() == ["below", "above", "undecided"]


def test_an_interval_is_told_with_the_digits_asked_for():
    values = np.array([0.1, 0.2, np.nan, 0.3])
    _, low, high = mean_interval(values)
    assert told(values) == f"0.20 ({low:.2f} to {high:.2f})"
    assert told(-values, "+.0%") == f"-20% ({-high:+.0%} to {-low:+.0%})"


def test_what_is_told_is_one_number_a_seed():
    with pytest.raises(ValueError, match=r"expected one number a seed, got the shape \(2, 3\)"):
        told(np.ones((2, 3)))
