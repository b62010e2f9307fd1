"""Exercises of the chapter: what an answer is compared with."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from gradbook.chapters.starvation import closed_forms, curves, decoupling
from gradbook.evidence import atlas
from gradbook.exercises import Exercise


def _beyond_rest() -> float:
    """By what factor the slider's largest reliance lowers the dose."""
    largest = max(
        curves.reliance_explorer(atlas.load("three_features")).meta["controls"][0]["values"]
    )
    return float(closed_forms.dose(0.9, 0) / closed_forms.dose(0.9, largest))


def _own_ascent() -> float:
    s = 0.0
    for _ in range(100):
        s += closed_forms.dose_of_the_leader(0.9, np.array(s))
    return float(s)


EXERCISES = {
    "fold at 80 %": Exercise(
        lambda: float(
            closed_forms.dose(0.8, 0) / closed_forms.dose(0.8, closed_forms.best_reliance(0.8))
        ),
        0.03,
        "at the best reliance σ(s) = q: what are the residuals of right and wrong examples there?",
    ),
    "never wrong": Exercise(
        lambda: float(closed_forms.catch_up_never_wrong(2.0)[1]) / 0.05,
        0.03,
        "find the lead h from h + eʰ = 1 + t; time is steps times step size, both ways",
    ),
    "margin of two": Exercise(
        lambda: brentq(lambda k: decoupling.margin_at_rest(k) - 2, 1e-3, 1),
        0.01,
        "at rest all examples have one margin m, and κm = σ(−m)",
    ),
    "beyond rest": Exercise(
        _beyond_rest,
        0.03,
        "the slider's right end is beyond rest; the sentence says by what factor the dose falls",
    ),
    "own ascent": Exercise(
        _own_ascent,
        0.01,
        "right examples raise s by 0.9 σ(−s), wrong ones lower it by 0.1 σ(s)",
    ),
}
