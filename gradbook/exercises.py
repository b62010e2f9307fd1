"""Checks for the chapters' exercises: the expected answer is computed, never typed.

``check(name, answer)`` prints whether an answer is right, and a hint where it is not. It changes
nothing: a wrong answer can be corrected and checked again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradbook import widgets
from gradbook.evidence import registry


@dataclass(frozen=True)
class Exercise:
    """What an answer is compared with.

    Attributes:
        expected: Computes the right answer.
        tolerance: Largest relative error that counts as right.
        hint: What to think of next.
    """

    expected: Callable[[], float]
    tolerance: float
    hint: str


OWN = {
    "forty intervals": Exercise(
        lambda: 1 - 0.95**40,
        0.02,
        "what is the chance that all forty cover? One minus that",
    ),
}
"""Those of pages that belong to no chapter."""


def known() -> dict[str, Exercise]:
    """All exercises by name: those of the chapters, and `OWN`."""
    return OWN | registry.exercises()


def answer(id: str, name: str, prompt: str, unit: str = "") -> widgets.Answer:
    """A field on the page for an exercise's answer.

    Args:
        id: Under which the answer is kept, such as ``"dosage/rescue"``.
        name: One of `known`.
        prompt: What to enter, HTML.
        unit: Written after the field.

    Raises:
        ValueError: There is no such exercise.
    """
    exercise = _find(name)
    return widgets.Answer.number(
        id, prompt, exercise.expected(), exercise.tolerance, exercise.hint, unit
    )


def _find(name: str) -> Exercise:
    exercises = known()
    if name not in exercises:
        raise ValueError(f"expected an exercise of {list(exercises)}, got {name!r}")
    return exercises[name]


def check(name: str, answer: Any) -> None:
    """Say whether an answer is right.

    Args:
        name: One of `known`.
        answer: The reader's number; None means not answered yet.

    Raises:
        ValueError: There is no such exercise, or the answer is no number.
    """
    exercise = _find(name)
    if answer is None:
        print("No answer yet: put your number in place of None and run the cell again.")
        return
    try:
        given = float(answer)
    except (TypeError, ValueError):
        given = math.nan
    if math.isnan(given):
        raise ValueError(f"expected one number for {name!r}, got {answer!r}")
    expected = exercise.expected()
    if math.isclose(given, expected, rel_tol=exercise.tolerance):
        print(f"Right: {expected:.3g}.")
    else:
        side = "large" if given > expected else "small"
        print(f"Not yet: {given:.4g} is too {side}. Hint: {exercise.hint}.")
