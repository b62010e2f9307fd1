"""The plane of two moons' coordinates: the explorers' shared text, and its still picture."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gradbook.widgets.controls import with_controls

FOLDER = Path(__file__).parent
SIDE = 320  # of the picture, in pixels
COLOURS = {True: "#12794a", False: "#7f3f98"}


def with_plane(file: str) -> str:
    """The text of a ``.js`` or ``.css`` file of this folder after the controls and the plane."""
    return with_controls(FOLDER / file, str(FOLDER / "plane"))


def drawn_plane(
    field: np.ndarray,
    points: np.ndarray,
    labels: np.ndarray,
    grid: Sequence[Sequence[float]],
    text: str,
) -> str:
    """Examples, and the boundary where the net's answer changes its sign, as SVG on whole pixels.

    Args:
        field: The net's answers, of any scale, on the grid: [G₁, G₂].
        points: [n, 2].
        labels: [n], ±1.
        grid: First point, last point and number of points along each coordinate.
        text: What it shows, for who does not see it.
    """
    (left, right, _), (bottom, top, _) = grid
    scale = SIDE / (right - left)
    marks = "".join(
        f'<circle cx="{round(scale * (x - left))}" cy="{round(scale * (top - y))}" r="2" '
        f'fill="{COLOURS[bool(label > 0)]}"/>'
        for (x, y), label in zip(points, labels, strict=True)
    )
    boundary = []
    for row, above in enumerate((field > 0).T):
        y = round(scale * (top - bottom - row * (top - bottom) / (len(field.T) - 1)))
        for place in np.flatnonzero(above[1:] != above[:-1]).tolist():
            before, after = (float(field[place + i, row]) for i in (0, 1))
            x = (place + before / (before - after)) * (right - left) / (len(above) - 1)
            boundary.append(f"M{round(scale * x)} {y - 7}v14")
    return (
        f'<svg viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" style="max-width:100%;height:auto" '
        f'role="img" aria-label="{html.escape(text)}">{marks}<path d="{"".join(boundary)}" '
        'fill="none" stroke="currentColor" stroke-width="3"/></svg>'
    )
