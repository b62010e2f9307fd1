"""Widgets whose output also says in HTML what stands there without JavaScript."""

from __future__ import annotations

import html
from collections.abc import Sequence

import anywidget
import numpy as np


class Shown(anywidget.AnyWidget):
    """A widget with a still.

    The still is the output's ``text/html``. JupyterLab and VS Code prefer the widget to it, GitHub,
    nbconvert and notebooks without a kernel show it; the book's page holds both, and its host takes
    the still away once the widget stands there.
    """

    @property
    def kind(self) -> str:
        """The name under which the book's styles know the still."""
        return type(self).__name__.lower()

    def still(self) -> str:
        """What to show where nothing moves: HTML, the same at every run."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: dict) -> tuple[dict, dict] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        still = f'<div class="gradbook-still" data-kind="{self.kind}">{self.still()}</div>'
        return data | {"text/html": still}, metadata


def paragraph(text: str, strong: bool = False) -> str:
    """A paragraph of HTML; ``text`` is HTML."""
    return f"<p><strong>{text}</strong></p>" if strong else f"<p>{text}</p>"


def listed(items: Sequence[str], ordered: bool = False) -> str:
    """A list of HTML; each item is HTML."""
    tag = "ol" if ordered else "ul"
    return f"<{tag}>{''.join(f'<li>{item}</li>' for item in items)}</{tag}>"


def drawn_field(gradients: np.ndarray, left: int, size: int = 270) -> str:
    """A field as arrows of SVG on whole pixels, the longest filling its cell.

    Args:
        gradients: [G, G, 2]; the first axis runs to the right, the second upward.
        left: Where it begins, in pixels.
        size: Of its sides.
    """
    cell = size // len(gradients)
    unit = 0.9 * cell / max(np.linalg.norm(gradients, axis=-1).max(), 1e-300)
    shapes = []
    for i, j in np.ndindex(gradients.shape[:2]):
        x, y = left + cell * i + cell // 2, size + 15 - cell * j - cell // 2
        dx, dy = (round(unit * float(v)) for v in gradients[i, j])
        shapes.append(
            f'<path d="M{x} {y}l{dx} {-dy}" stroke="#0072b2" stroke-width="2"/>'
            f'<circle cx="{x}" cy="{y}" r="2" fill="#0072b2"/>'
        )
    return "".join(shapes)


def pair_of_fields(fields: Sequence[np.ndarray], names: Sequence[str], text: str) -> str:
    """Two fields side by side with what they are below them, as SVG.

    Args:
        fields: Two, as `drawn_field` takes them.
        names: Of both.
        text: What they show, for who does not see them.
    """
    drawn = "".join(drawn_field(field, 30 + 330 * k) for k, field in enumerate(fields))
    words = "".join(
        f'<text x="{165 + 330 * k}" y="316" text-anchor="middle" fill="currentColor">'
        f"{escaped(name)}</text>"
        for k, name in enumerate(names)
    )
    return (
        '<svg viewBox="0 0 660 320" width="660" style="max-width:100%;height:auto" role="img" '
        f'aria-label="{html.escape(text)}">{drawn}{words}</svg>'
    )


def plain(name: str) -> str:
    """A regularizer's name in a sentence."""
    return "no regularizer" if name == "none" else name


def escaped(text: str) -> str:
    """Text as HTML."""
    return html.escape(text, quote=False)


def checked_id(name: str) -> str:
    """An id under which an answer is kept, ``"page/subject"``.

    Raises:
        ValueError: It has another form.
    """
    page, _, subject = name.partition("/")
    parts = (page, subject)
    if not all(part.replace("-", "").replace("_", "").isalnum() for part in parts):
        raise ValueError(f"expected an id such as 'dosage/threshold', got {name!r}")
    return name
