"""Exercises of the chapter: what an answer is compared with."""

from __future__ import annotations

import numpy as np

from gradbook.chapters.optimizers import closed_forms, long_tail
from gradbook.exercises import Exercise


def _own_adamw() -> float:
    counts = np.zeros((4000, 1))
    counts[::20] = 1
    return float(long_tail.train(counts, 64)[0])


EXERCISES = {
    "half under AdamW": Exercise(
        lambda: 100 * closed_forms.half_frequency(64, 0.3),
        0.03,
        "set Bp/((1 + Bp) wd²) to ½ and solve for Bp first",
    ),
    "batch for a rare class": Exercise(
        lambda: closed_forms.half_frequency(1, 0.5) / 0.0005,
        0.03,
        "only Bp enters: find the Bp that leaves half, and divide it by p",
    ),
    "oversampling": Exercise(
        lambda: 0.36 / (1 - 0.36) / (64 * 0.0005),
        0.03,
        "the answer is right once Bp/(1 + Bp) reaches wd²; the factor multiplies p",
    ),
    "vote": Exercise(
        lambda: 100 * (1 - 0.5 ** (1 / 64)),
        0.03,
        "the feature must be in more than half of all minibatches: 1 − (1 − p)⁶⁴ = ½",
    ),
    "own AdamW": Exercise(
        _own_adamw,
        0.02,
        "first mean, second mean, both over what they would be for a constant, then decay apart",
    ),
}
