"""What explorers of measured arrays share: a name, choices with strengths, indices in range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import traitlets as t

from gradbook.widgets.still import Shown, escaped, paragraph


class Measured(Shown):
    """A widget that draws measured arrays.

    Attributes:
        meta: Labels, as the widget's own text describes them.
    """

    meta = t.Dict().tag(sync=True)

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return f"{type(self).__name__}: run this cell to turn it"

    def still(self) -> str:
        """That there is something to turn; an explorer with a picture of its own says more."""
        return paragraph(escaped(repr(self)))


def choices(
    strengths: Mapping[str, Sequence[float]], notes: Mapping[str, tuple[str, str]], what: str
) -> list[dict[str, Any]]:
    """Choices and their strengths, as the browser reads them.

    Args:
        strengths: Name of a choice to its strengths.
        notes: Name of each known choice to the name of its strength and a sentence.
        what: What is chosen, in the plural.

    Raises:
        ValueError: A choice is unknown.
    """
    if unknown := sorted(set(strengths) - set(notes)):
        raise ValueError(f"expected {what} of {list(notes)}, got {unknown[0]!r}")
    return [
        {
            "name": name,
            "symbol": notes[name][0],
            "note": notes[name][1],
            "strengths": [float(strength) for strength in own],
        }
        for name, own in strengths.items()
    ]


def in_range(name: str, value: int, length: int) -> int:
    """An index from 0 to length − 1.

    Raises:
        ValueError: It is not.
    """
    if not 0 <= value < length:
        raise ValueError(f"expected {name} from 0 to {length - 1}, got {value}")
    return value
