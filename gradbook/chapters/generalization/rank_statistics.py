"""How well one number of each example predicts another, by ranks alone. No torch."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's ρ of two numbers an example [n], ties at their mean rank; nan for a constant."""
    return _correlation(rankdata(first), rankdata(second))


def partial_rank_correlation(
    first: np.ndarray, second: np.ndarray, given: np.ndarray, classes: np.ndarray
) -> float:
    """Spearman's ρ of what is left of two numbers' ranks after others' ranks and a class.

    Args:
        first, second: [n].
        given: Numbers to hold fixed [k, n]; their ranks enter a linear regression.
        classes: A label each [n]; its mean rank is taken out.

    Returns:
        nan where nothing is left of one of them.
    """
    members = classes[:, None] == np.unique(classes)
    known = np.column_stack([members, *(rankdata(row) for row in given)]).astype(float)
    ranks = np.column_stack([rankdata(first), rankdata(second)])
    rest = ranks - known @ np.linalg.lstsq(known, ranks, rcond=None)[0]
    nothing = np.linalg.norm(rest, axis=0) <= 1e-9 * np.linalg.norm(ranks, axis=0)
    return np.nan if nothing.any() else _correlation(*rest.T)


def area_under_curve(scores: np.ndarray, positive: np.ndarray) -> float:
    """Chance that a positive example scores above a negative one; a tie counts half.

    Args:
        scores: [n].
        positive: Booleans [n].

    Returns:
        0.5 for a score that says nothing; nan where all or none are positive.
    """
    count, others = positive.sum(), (~positive).sum()
    if not count or not others:
        return np.nan
    return (rankdata(scores)[positive].sum() - count * (count + 1) / 2) / (count * others)


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    first, second = first - first.mean(), second - second.mean()
    size = np.linalg.norm(first) * np.linalg.norm(second)
    return float(first @ second / size) if size else np.nan
