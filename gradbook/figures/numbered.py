"""Numbered figures and tables, alike in every notebook and in the book."""

from __future__ import annotations

import html
import io
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes

from gradbook.figures.style import STYLE, in_book_style

COLUMN = (6.0, 3.6)
"""Inches of a figure that fills the column, with letters that can be read on a phone."""


def show(axes: Axes | np.ndarray, number: int, caption: str) -> None:
    """Show a figure with its number and its caption, and close it.

    Two outputs: the picture, whose alternative text is the caption, and the caption as HTML with
    the anchor ``figure-3``. Refer to it as ``[Figure 3](#figure-3)``. The picture is a PNG, or an
    SVG where matplotlib's ``savefig.format`` asks for one.

    Args:
        axes: Axes, or an array of them, of the figure.
        number: On its page, from 1 in order.
        caption: What it shows: the finding first.

    Raises:
        ValueError: The number is below 1 or the caption empty.
    """
    _check("figure", number, caption)
    figure = np.ravel(axes)[0].figure
    if tuple(figure.get_size_inches()) == STYLE["figure.figsize"]:
        figure.set_size_inches(*COLUMN)
    vector = plt.rcParams["savefig.format"] == "svg"
    file = io.BytesIO()
    with in_book_style():
        figure.savefig(file, format="svg" if vector else "png")
    plt.close(figure)
    kind, picture = (
        ("image/svg+xml", file.getvalue().decode()) if vector else ("image/png", file.getvalue())
    )
    display(
        {kind: picture, "text/plain": f"<Figure {number}>"},
        metadata={kind: {"alt": caption}},
        raw=True,
    )
    _say("Figure", number, caption)


def table(rows: Sequence[Mapping[str, object]], number: int, caption: str) -> None:
    """Show a table with its number and its caption.

    Args:
        rows: Column's title to text or number, the same columns in each.
        number: On its page, from 1 in order; the anchor is ``table-3``.
        caption: What it shows: the finding first.

    Raises:
        ValueError: There are no rows, they differ in columns, or the number or the caption is bad.
    """
    _check("table", number, caption)
    if not rows or any(list(row) != list(rows[0]) for row in rows):
        raise ValueError(f"expected rows of the same columns, got {[list(row) for row in rows]}")
    titles = list(rows[0])
    lines = [titles, *([str(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(titles))]
    plain = [
        "  ".join(text.ljust(w) for text, w in zip(line, widths, strict=True)) for line in lines
    ]
    head = "".join(
        f'<th scope="col">{html.escape(text)}</th>' if text else "<td></td>" for text in titles
    )
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in line) + "</tr>"
        for line in lines[1:]
    )
    display(
        {
            "text/html": f'<table class="gradbook-table"><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table>",
            "text/plain": "\n".join(line.rstrip() for line in plain),
        },
        raw=True,
    )
    _say("Table", number, caption)


def _check(what: str, number: int, caption: str) -> None:
    if number < 1 or not caption.strip():
        raise ValueError(
            f"expected a {what}'s number from 1 and a caption, got {number}, {caption!r}"
        )


def _say(what: str, number: int, caption: str) -> None:
    anchor = f"{what.lower()}-{number}"
    text = html.escape(caption, quote=False)
    display(
        {
            "text/html": f'<p class="gradbook-caption" id="{anchor}">'
            f"<strong>{what} {number}.</strong> {text}</p>",
            "text/plain": f"{what} {number}. {caption}",
        },
        raw=True,
    )
