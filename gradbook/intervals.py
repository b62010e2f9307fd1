"""Intervals over seeds."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit


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


def told(values: np.ndarray, digits: str = ".2f") -> str:
    """Mean over seeds and its 95 % interval as text, such as ``"0.40 (0.38 to 0.42)"``.

    Args:
        values: [seeds]; a nan is left out.
        digits: How each number is written, a format specification such as ``"+.1f"`` or ``".0%"``.

    Raises:
        ValueError: Fewer than two seeds, or more than one number a seed.
    """
    if np.ndim(values) != 1:
        raise ValueError(f"expected one number a seed, got the shape {np.shape(values)}")
    mean, low, high = mean_interval(values)
    return f"{mean:{digits}} ({low:{digits}} to {high:{digits}})"


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
