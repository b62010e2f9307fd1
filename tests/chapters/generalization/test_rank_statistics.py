"""Rank correlations and the area under the curve against their definitions."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from gradbook.chapters.generalization import rank_statistics

RNG = np.random.default_rng(0)
FIRST, NOISE = RNG.integers(0, 8, (2, 60)).astype(float)
CLASSES = RNG.integers(0, 3, 60)


def test_rank_correlation_with_ties_is_scipys():
    second = FIRST + NOISE
    known = spearmanr(FIRST, second).statistic
    assert rank_statistics.rank_correlation(FIRST, second) == pytest.approx(known, rel=1e-12)
    assert math.isnan(rank_statistics.rank_correlation(FIRST, np.ones(60)))


def test_area_under_the_curve_is_the_share_of_pairs_in_order():
    positive = NOISE > 3
    pairs = itertools.product(FIRST[positive], FIRST[~positive])
    share = np.mean([(a > b) + (a == b) / 2 for a, b in pairs])
    assert rank_statistics.area_under_curve(FIRST, positive) == pytest.approx(share, rel=1e-12)
    assert rank_statistics.area_under_curve(positive * 1.0, positive) == 1
    assert math.isnan(rank_statistics.area_under_curve(FIRST, FIRST < 99))


def test_what_others_explain_is_taken_out():
    """Of a monotone function of a number that is held fixed nothing is left."""
    found = rank_statistics.partial_rank_correlation(np.exp(FIRST / 4), NOISE, FIRST[None], CLASSES)
    assert math.isnan(found)
    alone = rank_statistics.partial_rank_correlation(FIRST, NOISE, np.empty((0, 60)), np.zeros(60))
    assert alone == pytest.approx(rank_statistics.rank_correlation(FIRST, NOISE), rel=1e-12)


def test_one_number_held_fixed_gives_the_textbook_formula():
    third = FIRST + RNG.normal(size=60)
    xy, xz, yz = (
        rank_statistics.rank_correlation(a, b)
        for a, b in ((FIRST, NOISE), (FIRST, third), (NOISE, third))
    )
    known = (xy - xz * yz) / math.sqrt((1 - xz**2) * (1 - yz**2))
    found = rank_statistics.partial_rank_correlation(FIRST, NOISE, third[None], np.zeros(60))
    assert found == pytest.approx(known, rel=1e-10)


def test_a_class_held_fixed_is_a_comparison_within_it():
    """Between two classes apart by construction, the correlation is that of centred ranks."""
    classes = np.repeat([0, 1], 30)
    first, second = FIRST + 100 * classes, NOISE + 100 * classes
    centred = [
        np.concatenate([r[:30] - r[:30].mean(), r[30:] - r[30:].mean()])
        for r in (rank_statistics.rankdata(first), rank_statistics.rankdata(second))
    ]
    found = rank_statistics.partial_rank_correlation(first, second, np.empty((0, 60)), classes)
    assert found == pytest.approx(np.corrcoef(*centred)[0, 1], rel=1e-10)
    assert abs(found) < rank_statistics.rank_correlation(first, second)
