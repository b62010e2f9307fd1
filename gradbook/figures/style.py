"""One style for every figure, set around each drawing and never globally.

Lines carry their labels; colours are those of Okabe and Ito, which colour-blind readers can tell
apart. Sizes are for a page that is 390 px wide.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, VERMILION, PURPLE, GREY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#6b6b6b",
)
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE)

STYLE = {
    "figure.figsize": (4.8, 3.4),
    "figure.dpi": 160,
    "figure.constrained_layout.use": True,
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.labelsize": 12,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",
    "svg.hashsalt": "gradbook",
}
"""The book's rcParams."""


@contextmanager
def in_book_style() -> Iterator[None]:
    """The book's style, and then what was there before.

    `plt.rc_context` would put back every parameter, and with them the interactive mode that a
    notebook's backend turns on at the first figure: no figure after it would be shown.
    """
    before = {name: plt.rcParams[name] for name in STYLE}
    plt.rcParams.update(STYLE)
    try:
        yield
    finally:
        plt.rcParams.update(before)


def styled(draw: Callable[..., Axes]) -> Callable[..., Axes]:
    """Draw in the book's style, on new axes where none are given."""

    @functools.wraps(draw)
    def in_style(*args: Any, ax: Axes | None = None, **kwargs: Any) -> Axes:
        with in_book_style():
            if ax is None:
                ax = plt.subplots()[1]
            return draw(*args, ax=ax, **kwargs)

    return in_style


def key(ax: Axes, entries: Mapping[str, tuple[str, str]]) -> None:
    """A line of marks and words above the axes, for what cannot be labelled in place."""
    for label, (colour, mark) in entries.items():
        width = 0.8 if colour == GREY else 1.8
        ax.plot([], [], mark, color=colour, linewidth=width, mfc="white", label=label)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.05, 1),
        ncols=len(entries),
        frameon=False,
        fontsize=11,
        handlelength=1.2,
        columnspacing=1.0,
        handletextpad=0.4,
    )


def label_ends(ax: Axes, ends: Mapping[str, tuple[float, float, str]]) -> None:
    """Write labels right of the lines' ends, pushed apart where they would overlap."""
    if not any(ends):
        return
    scale = np.log10 if ax.get_yscale() == "log" else np.asarray
    back = (lambda y: 10**y) if ax.get_yscale() == "log" else float
    low, high = scale(ax.get_ylim())
    gap = 0.09 * (high - low)
    place = -np.inf
    for label, (x, y, colour) in sorted(ends.items(), key=lambda item: item[1][1]):
        place = max(scale(y), place + gap)
        ax.annotate(
            label,
            (x, back(place)),
            xytext=(5, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            annotation_clip=False,
        )


def as_svg(ax: Axes) -> str:
    """The figure of these axes as an SVG document, the same at every run; closes the figure."""
    file = io.StringIO()
    with in_book_style():
        ax.figure.savefig(file, format="svg", metadata={"Date": None})
    plt.close(ax.figure)
    text = file.getvalue()
    return text[text.index("<svg") :]
