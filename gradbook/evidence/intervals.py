"""Intervals over seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

RANGES = {
    "real": (-np.inf, np.inf),
    "positive": (0.0, np.inf),
    "share": (0.0, 1.0),
    "cosine": (-1.0, 1.0),
}
"""Kinds of measures, and where they can be. Correlations and differences of shares are cosines."""

ROUND_OFF = 1e-6
"""How far beyond its range a number may be, and how far from others in proportion, and count as
rounded: results are stored with seven digits."""


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds.

    Attributes:
        mean: Of the seeds that have the quantity; the geometric one of positive quantities. nan
            where no seed has it.
        low: Lower end of the interval; nan where fewer than two seeds have the quantity.
        high: Upper end.
        seeds: How many have it.
        varies: Whether seeds differ. Where they do not, both ends are the one number.
    """

    mean: float
    low: float
    high: float
    seeds: int
    varies: bool


def same(values: np.ndarray) -> bool:
    """Whether nothing varies: at least two numbers, all equal to one part in a million."""
    values = np.asarray(values, dtype=np.float64)
    values = values[~np.isnan(values)]
    if len(values) < 2:
        return False
    return bool(np.ptp(values) <= max(ROUND_OFF * np.abs(values).max(), 1e-9))


def estimate(values: np.ndarray, scale: str = "real", level: float = 0.95) -> Estimate:
    """Mean over seeds with an interval that stays where the measure can be.

    - ``"real"``: Student's t.
    - ``"positive"``: Student's t of the logarithms, so of the geometric mean.
    - ``"share"``: Wilson's score interval, with the seeds' own variance s² in place of the binomial
      one and Student's quantile t in place of the normal one: all μ with

          (x̄ − μ)² ≤ t² s²/n · μ(1 − μ) / (x̄(1 − x̄)).

      For zeros and ones it is Wilson's with n − 1 in place of n; for a small spread, Student's.
    - ``"cosine"``: the same, of (1 + x)/2.

    Args:
        values: [seeds]; a nan (a quantity that a seed does not have) is left out.
        scale: One of `RANGES`.
        level: Coverage.

    Raises:
        ValueError: More than one number a seed, an unknown scale, a value out of its range, or a
            level outside (0, 1).

    Source: Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    """
    values = np.asarray(values, dtype=np.float64)
    if scale not in RANGES:
        raise ValueError(f"expected a scale of {list(RANGES)}, got {scale!r}")
    if values.ndim != 1 or not 0 < level < 1:
        raise ValueError(
            f"expected one number a seed and 0 < level < 1, got {values.shape} and {level}"
        )
    there = values[~np.isnan(values)]
    least, most = RANGES[scale]
    if (there < least - ROUND_OFF).any() or (there > most + ROUND_OFF).any():
        raise ValueError(
            f"expected numbers from {least:g} to {most:g} on the scale {scale!r}, "
            f"got {there.min():g} to {there.max():g}"
        )
    count = len(there)
    if count == 0:
        return Estimate(np.nan, np.nan, np.nan, 0, False)
    if count == 1 or same(there):
        mean = float(there.mean())
        end = mean if count > 1 else np.nan
        return Estimate(mean, end, end, count, False)
    if scale == "positive" and there.min() <= 0:
        raise ValueError(
            f"expected numbers above 0, whose logarithms can be averaged, got {there.min():g}; "
            "give the measure another scale"
        )
    ends = {"real": _t, "positive": _log_t, "share": _score, "cosine": _score_of_cosine}[scale]
    return Estimate(*(float(number) for number in ends(there, level)), count, True)


def _t(values: np.ndarray, level: float) -> tuple:
    return mean_interval(values, level)


def _log_t(values: np.ndarray, level: float) -> tuple:
    return tuple(np.exp(mean_interval(np.log(values), level)))


def _score(values: np.ndarray, level: float) -> tuple:
    values, count = values.clip(0, 1), len(values)
    mean = values.mean()
    spread = mean * (1 - mean)
    k = stdtrit(count - 1, (1 + level) / 2) ** 2 * values.var(ddof=1) / (count * spread)
    centre, reach = mean + k / 2, np.sqrt(k * spread + k**2 / 4)
    low, high = (centre - reach) / (1 + k), (centre + reach) / (1 + k)
    return mean, max(low, 0.0), min(high, 1.0)


def _score_of_cosine(values: np.ndarray, level: float) -> tuple:
    return tuple(2 * number - 1 for number in _score((1 + values) / 2, level))


def mean_interval(
    values: np.ndarray, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean over seeds with its confidence interval, from Student's t distribution.

    Args:
        values: [seeds, …]; at least two seeds. A nan (a quantity that a seed does not have, such
            as the angle of a zero gradient) is left out of its column.
        level: Coverage.

    Returns:
        Mean, lower and upper end, each […]. Where fewer than two seeds have a value, the ends are
        nan.

    Raises:
        ValueError: Fewer than two seeds, or a level outside (0, 1).
    """
    values = np.asarray(values, dtype=np.float64)
    if len(values) < 2 or not 0 < level < 1:
        raise ValueError(
            f"expected at least two seeds and 0 < level < 1, got {len(values)} and {level}"
        )
    there = ~np.isnan(values)
    count = there.sum(0)
    total = np.where(there, values, 0).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / count
        deviation = np.where(there, values - mean, 0)
        error = np.sqrt((deviation**2).sum(0) / (count - 1) / count)
    reach = stdtrit(np.maximum(count - 1, 1), (1 + level) / 2) * error
    reach = np.where(count > 1, reach, np.nan)
    return mean, mean - reach, mean + reach


def as_text(values: np.ndarray, digits: str = ".2f", scale: str = "real") -> str:
    """Mean over seeds and its 95 % interval as text, such as ``"0.40 (0.38 to 0.42)"``.

    Where nothing varies there is no interval: ``"0.40 (in every seed)"``.

    Args:
        values: [seeds]; a nan is left out.
        digits: How each number is written, a format specification such as ``"+.1f"`` or ``".0%"``.
        scale: As in `estimate`; ``"positive"`` for ratios that range over factors.

    Raises:
        ValueError: Fewer than two seeds, or more than one number a seed; or as `estimate`.
    """
    if np.ndim(values) != 1:
        raise ValueError(f"expected one number a seed, got the shape {np.shape(values)}")
    if len(values) < 2:
        raise ValueError(f"expected two seeds or more for an interval, got {len(values)}")
    one = estimate(values, scale)
    if same(values):
        return f"{one.mean:{digits}} (in every seed)"
    return f"{one.mean:{digits}} ({one.low:{digits}} to {one.high:{digits}})"


def compare(values: np.ndarray, threshold: float, level: float = 0.95) -> np.ndarray:
    """Whether the mean over seeds is above or below a threshold, as far as its interval says.

    Args:
        values: [seeds, n].
        threshold: What to compare with.
        level: Coverage of the interval.

    Returns:
        [n] of ``"above"`` or ``"below"`` (the whole interval is) or ``"undecided"``.
    """
    _, low, high = mean_interval(values, level)
    return np.where(low > threshold, "above", np.where(high < threshold, "below", "undecided"))
