"""Answers that are checked in the page: a number with a hint, or a text beside a model answer."""

from __future__ import annotations

import math

import traitlets as t

from gradbook.widgets.controls import with_controls
from gradbook.widgets.still import Shown, checked_id, escaped, paragraph


class Answer(Shown):
    """A field for a number, or for a text.

    A number is right within a relative tolerance, as `math.isclose` has it; where it is not, the
    reader hears whether it is too large or too small, and a hint. A text is not judged: it opens a
    model answer to compare with.

    Attributes:
        meta: ``id``, ``prompt`` (HTML), ``unit``, and either ``expected``, ``tolerance`` and
            ``hint``, or ``model`` (HTML).
        given: What stands in the field.
    """

    _esm = with_controls("answer.js", "record")
    _css = with_controls("answer.css", "record")

    meta = t.Dict().tag(sync=True)
    given = t.Unicode("").tag(sync=True)

    @classmethod
    def number(
        cls, id: str, prompt: str, expected: float, tolerance: float, hint: str, unit: str = ""
    ) -> Answer:
        """Ask for a number.

        Args:
            id: Such as ``"dosage/rescue"``.
            prompt: What to enter, HTML.
            expected: The right answer.
            tolerance: Largest relative error that counts as right.
            hint: What to think of next.
            unit: Written after the field.

        Raises:
            ValueError: The expected number is not finite, or the tolerance below 0.
        """
        if not math.isfinite(expected) or tolerance < 0:
            raise ValueError(
                f"expected a finite number and a tolerance from 0, got {expected}, {tolerance}"
            )
        return cls(
            meta={
                "id": checked_id(id),
                "prompt": prompt,
                "unit": unit,
                "expected": float(expected),
                "tolerance": float(tolerance),
                "hint": hint,
            }
        )

    @classmethod
    def text(cls, id: str, prompt: str, model: str) -> Answer:
        """Ask for a text, and show a model answer beside it.

        Args:
            id: Such as ``"dosage/explain"``.
            prompt: What to write, HTML.
            model: The model answer, HTML.
        """
        return cls(meta={"id": checked_id(id), "prompt": prompt, "unit": "", "model": model})

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return f"Answer: {self.meta['prompt']}"

    def still(self) -> str:
        """The prompt, with the hint or the model answer folded."""
        meta = self.meta
        body = meta["model"] if "model" in meta else escaped(meta["hint"])
        title = "A model answer" if "model" in meta else "Hint"
        return paragraph(meta["prompt"]) + f"<details><summary>{title}</summary>{body}</details>"
