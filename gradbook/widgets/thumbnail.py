"""Small pictures on cards."""

from __future__ import annotations

import numpy as np

WIDE, TALL = 120, 72
"""Pixels."""


def thumbnail(y: np.ndarray, colour: str, x: np.ndarray | None = None) -> str:
    """A curve as a small picture without words, on whole pixels.

    Args:
        y: Heights from 0 to 1 [n].
        colour: Of the line.
        x: Places from 0 to 1 [n]; default evenly.

    Returns:
        SVG.
    """
    x = np.linspace(0, 1, len(y)) if x is None else x
    points = " ".join(
        f"{round(6 + (WIDE - 12) * a)},{round(TALL - 6 - (TALL - 12) * b)}"
        for a, b in zip(x.tolist(), np.asarray(y).tolist(), strict=True)
    )
    return (
        f'<svg class="thumb" viewBox="0 0 {WIDE} {TALL}" width="{WIDE}" height="{TALL}" '
        f'aria-hidden="true"><polyline points="{points}" fill="none" stroke="{colour}" '
        'stroke-width="4" stroke-linejoin="round"/></svg>'
    )
