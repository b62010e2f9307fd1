"""Pictures on a slider: one drawing for every value of one setting, with no kernel."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping

import traitlets as t

from gradbook.widgets.controls import with_controls
from gradbook.widgets.still import Shown, escaped, paragraph


class Slides(Shown):
    """Drawings of which a slider shows one.

    Attributes:
        title: What the slider sets.
        labels: Its values as text.
        pictures: An SVG document for each value.
        alts: What each drawing shows, in words.
        index: Which one is shown.
    """

    _esm = with_controls("slides.js")
    _css = with_controls("slides.css")

    title = t.Unicode().tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)
    pictures = t.List(t.Unicode()).tag(sync=True)
    alts = t.List(t.Unicode()).tag(sync=True)
    index = t.Int(0).tag(sync=True)

    def __init__(self, title: str, pictures: Mapping[str, tuple[str, str]], index: int = 0):
        """Put drawings on a slider.

        Args:
            title: What the slider sets.
            pictures: Label to an SVG document and its description; see `figures.as_svg`.
            index: Which one to show first.

        Raises:
            ValueError: There are no pictures, one is no SVG or has no description, or the index is
                out of range.
        """
        if not pictures:
            raise ValueError("expected at least one picture, got none")
        for label, (picture, alt) in pictures.items():
            if not picture.lstrip().startswith("<svg") or not alt.strip():
                raise ValueError(
                    f"expected an SVG document and a description for {label!r}, "
                    f"got {picture[:20]!r} and {alt!r}"
                )
        drawings, alts = zip(*pictures.values(), strict=True)
        super().__init__(
            title=title,
            labels=list(pictures),
            pictures=list(drawings),
            alts=list(alts),
            index=index,
        )

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return "Slides: run this cell to turn them"

    def still(self) -> str:
        """The drawing that it begins with, as an image of its own, and what it shows."""
        data = base64.b64encode(self.pictures[self.index].encode()).decode()
        alt = self.alts[self.index]
        said = escaped(f"{self.title} {self.labels[self.index]}: {alt}")
        image = f'<img src="data:image/svg+xml;base64,{data}" alt="{html.escape(alt)}">'
        return image + paragraph(said)

    @t.validate("index")
    def _check_index(self, proposal: dict) -> int:
        if not 0 <= proposal["value"] < len(self.pictures):
            raise ValueError(
                f"expected an index from 0 to {len(self.pictures) - 1}, got {proposal['value']}"
            )
        return proposal["value"]
