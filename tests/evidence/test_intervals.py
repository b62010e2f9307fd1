"""Intervals over seeds: closed forms and coverage."""

import numpy as np
import pytest

from gradbook.evidence.intervals import RANGES, as_text, compare, estimate, mean_interval


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
    assert as_text(values) == f"0.20 ({low:.2f} to {high:.2f})"
    assert as_text(-values, "+.0%") == f"-20% ({-high:+.0%} to {-low:+.0%})"


def test_a_ratio_is_told_as_its_geometric_mean():
    assert as_text(np.array([0.5, 2.0, 0.25, 4.0]), ".1f", "positive").startswith("1.0 (")
    assert as_text(np.full(10, 2.0), ".1f", "positive") == "2.0 (in every seed)"


def test_what_is_told_is_one_number_a_seed():
    with pytest.raises(ValueError, match=r"expected one number a seed, got the shape \(2, 3\)"):
        as_text(np.ones((2, 3)))


def test_where_nothing_varies_one_number_is_told():
    assert as_text(np.full(10, 0.123)) == "0.12 (in every seed)"
    one = estimate(np.full(10, 0.5), "share")
    assert (one.mean, one.low, one.high, one.varies) == (0.5, 0.5, 0.5, False)


def test_zeros_and_ones_have_wilson_s_interval():
    """With n − 1 seeds and Student's quantile; the closed form of Wilson 1927, equation 3."""
    values = np.array([1.0] * 7 + [0.0] * 3)
    one, t, n, p = estimate(values, "share"), 2.262157, 9, 0.7
    centre = (p + t**2 / (2 * n)) / (1 + t**2 / n)
    reach = t / (1 + t**2 / n) * np.sqrt(p * (1 - p) / n + t**2 / (4 * n**2))
    assert (one.low, one.high) == pytest.approx((centre - reach, centre + reach), rel=1e-6)


def test_ends_of_a_score_interval_solve_its_equation():
    values = np.random.default_rng(1).beta(2, 9, 20)
    one, t = estimate(values, "share"), 2.0930240544
    for end in (one.low, one.high):
        error = values.var(ddof=1) / 20 * end * (1 - end) / (one.mean * (1 - one.mean))
        assert (one.mean - end) ** 2 == pytest.approx(t**2 * error, rel=1e-6)


def test_a_small_spread_gives_student_s_interval_on_every_scale():
    values = 0.6 + 1e-4 * np.random.default_rng(2).normal(size=10)
    _, low, high = mean_interval(values)
    for scale in RANGES:
        one = estimate(values, scale)
        assert (one.low, one.high) == pytest.approx((low, high), abs=2e-7)


def test_a_cosine_is_twice_a_share_less_one():
    values = np.random.default_rng(3).beta(3, 1, 12)
    share, cosine = estimate(values, "share"), estimate(2 * values - 1, "cosine")
    assert (2 * share.low - 1, 2 * share.high - 1) == pytest.approx((cosine.low, cosine.high))


def test_a_ratio_and_its_inverse_have_inverse_intervals():
    values = np.exp(np.random.default_rng(4).normal(1, 1, 10))
    one, other = estimate(values, "positive"), estimate(1 / values, "positive")
    assert one.mean == pytest.approx(np.exp(np.log(values).mean()))
    assert (one.low, one.high) == pytest.approx((1 / other.high, 1 / other.low))


@pytest.mark.parametrize(
    ("scale", "draw", "true"),
    [
        ("positive", lambda rng, n: rng.lognormal(0.5, 1.0, n), np.exp(0.5)),
        ("share", lambda rng, n: rng.beta(2, 3, n), 0.4),
        ("share", lambda rng, n: rng.beta(0.5, 0.5, n), 0.5),
        ("cosine", lambda rng, n: 2 * rng.beta(6, 2, n) - 1, 0.5),
    ],
)
@pytest.mark.parametrize("seeds", [10, 20])
def test_intervals_cover_as_often_as_they_say(scale, draw, true, seeds):
    """Within 1.5 % of 95 %, and never beyond the range."""
    rng = np.random.default_rng(5)
    found = [estimate(draw(rng, seeds), scale) for _ in range(4000)]
    least, most = RANGES[scale]
    assert all(least <= one.low <= one.mean <= one.high <= most for one in found)
    covered = np.mean([one.low <= true <= one.high for one in found])
    assert covered == pytest.approx(0.95, abs=0.015)


def test_a_rare_event_is_covered_better_than_by_student_s_interval():
    """Half the seeds near 0, some near 1: what a share of opposed pairs looks like."""
    rng = np.random.default_rng(6)
    samples = rng.beta(0.15, 0.6, (4000, 10))
    score = [estimate(sample, "share") for sample in samples]
    student = [estimate(sample, "real") for sample in samples]
    covers = [np.mean([o.low <= 0.2 <= o.high for o in found]) for found in (score, student)]
    assert covers[0] > covers[1] and covers[0] > 0.9
    assert min(one.low for one in student) < 0 <= min(one.low for one in score)


@pytest.mark.parametrize(
    ("values", "scale", "message"),
    [
        ([0.2, 1.2], "share", "expected numbers from 0 to 1"),
        ([0.0, 1.0], "positive", "expected numbers above 0"),
        ([0.2, 0.3], "size", "expected a scale of"),
    ],
)
def test_what_a_scale_does_not_hold_is_refused(values, scale, message):
    with pytest.raises(ValueError, match=message):
        estimate(np.array(values), scale)


def test_seeds_without_the_quantity_are_left_out():
    one = estimate(np.array([0.5, np.nan, 0.7]), "share")
    assert one.seeds == 2 and one.mean == pytest.approx(0.6)
    alone = estimate(np.array([0.5, np.nan]), "share")
    assert alone.mean == 0.5 and np.isnan([alone.low, alone.high]).all()
    assert estimate(np.array([np.nan, np.nan])).seeds == 0
