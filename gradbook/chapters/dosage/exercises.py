"""Exercises of the chapter: what an answer is compared with."""

from __future__ import annotations

from scipy.optimize import brentq

from gradbook.chapters.dosage import closed_forms, curves, growing
from gradbook.evidence import atlas
from gradbook.exercises import Exercise


def _largest_without_a_dose() -> float:
    settings = curves.starved_explorer(atlas.load("cut_off")).meta
    noises = next(c["values"] for c in settings["controls"] if c["name"] == "noise")
    fixed = settings["fixed"]
    size, _ = closed_forms.starved(
        fixed["steps"],
        fixed["norm"],
        learning_rate=fixed["rate"],
        noise=max(noises) * fixed["measured"],
        dimensions=fixed["dimensions"],
    )
    return 100 * float(size) / fixed["norm"]


def _own_descent() -> float:
    a, b = growing.grow([0.05], 0.02, 200, (0.1, 0.1))
    return float(a[0] * b[0])


EXERCISES = {
    "quartic threshold": Exercise(
        lambda: 0.01 / (1 - 0) ** 3,
        0.02,
        "how fast does a + b grow where ab is almost 0? Only the loss's slope at f = 0 enters",
    ),
    "two half-lives": Exercise(
        lambda: 2 * closed_forms.half_life(learning_rate=0.05, weight_decay=0.002),
        0.01,
        "1.2, 0.6, 0.3: how often does it halve, and how many steps does one halving take?",
    ),
    "rescue": Exercise(
        lambda: brentq(lambda m: closed_forms.survivor(m * 0.015 / 0.02) - 0.5, 1.4, 100),
        0.02,
        "the answer at rest is 1 − λ/(m p)",
    ),
    "larger without a dose": Exercise(
        _largest_without_a_dose,
        0.02,
        "take decay away: what does noise do to the length of a vector?",
    ),
    "own descent": Exercise(
        _own_descent,
        0.01,
        "update a and b together: both need the values from before the step",
    ),
}
