"""Quizzes: questions with one right choice, and an answer for each wrong one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import traitlets as t

from gradbook.widgets.controls import with_controls
from gradbook.widgets.still import Shown, checked_id


class Quiz(Shown):
    """Questions with one right choice each. Every choice is answered.

    Attributes:
        meta: ``id`` and ``questions``: ``text`` and ``choices`` of ``text``, ``why``, ``right``.
        chosen: Index of the choice for each question, −1 where there is none yet.
    """

    _esm = with_controls("quiz.js", "record")
    _css = with_controls("quiz.css", "record")

    meta = t.Dict().tag(sync=True)
    chosen = t.List(t.Int()).tag(sync=True)

    def __init__(self, id: str, questions: Mapping[str, Sequence[tuple[str, str, bool]]]) -> None:
        """Ask some questions.

        Args:
            id: Such as ``"dosage/quiz"``.
            questions: Question to its choices: what can be chosen, the answer to that choice, and
                whether it is right; all three HTML.

        Raises:
            ValueError: A question has not one right choice, or a choice has no answer.
        """
        for text, choices in questions.items():
            if sum(right for *_, right in choices) != 1 or len(choices) < 2:
                raise ValueError(f"expected one right choice of two or more for {text!r}")
            if not all(choice.strip() and why.strip() for choice, why, _ in choices):
                raise ValueError(f"expected a text and an answer for each choice of {text!r}")
        asked = [
            {
                "text": text,
                "choices": [
                    {"text": choice, "why": why, "right": right} for choice, why, right in choices
                ],
            }
            for text, choices in questions.items()
        ]
        super().__init__(meta={"id": checked_id(id), "questions": asked}, chosen=[-1] * len(asked))

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return f"Quiz of {len(self.meta['questions'])} questions"

    def still(self) -> str:
        """The questions, with their answers folded."""
        return "".join(map(_still, self.meta["questions"]))


def _still(question: Mapping) -> str:
    choices = "".join(f"<li>{choice['text']}</li>" for choice in question["choices"])
    answers = "".join(
        f"<li>{'<strong>Right.</strong> ' if choice['right'] else ''}{choice['why']}</li>"
        for choice in question["choices"]
    )
    return (
        f"<p><strong>{question['text']}</strong></p><ol type='a'>{choices}</ol>"
        f"<details><summary>Answers</summary><ol type='a'>{answers}</ol></details>"
    )
