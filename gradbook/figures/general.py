"""Figures of any measured curves and fields.

A band is the 95 % interval of the mean over seeds (`gradbook.evidence.intervals`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from gradbook.evidence.intervals import mean_interval
from gradbook.figures.style import BLUE, COLOURS, GREY, VERMILION, in_book_style, label_ends, styled


@styled
def plot_bands(
    x: Sequence[float],
    curves: Mapping[str, np.ndarray],
    *,
    xlabel: str,
    ylabel: str,
    log: bool = False,
    ax: Axes,
) -> Axes:
    """Means over seeds with 95 % bands, each line labelled at its right end.

    Args:
        x: [n].
        curves: Label to values [seeds, n].
        xlabel: With unit.
        ylabel: With unit.
        log: Whether the y axis is logarithmic.
        ax: Where to draw; default new axes.
    """
    ends = {}
    if log:
        ax.set_yscale("log")
    for colour, (label, values) in zip(COLOURS, curves.items(), strict=False):
        mean, low, high = mean_interval(values)
        ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(x, mean, color=colour)
        ends[label] = (x[-1], mean[-1], colour)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    label_ends(ax, ends)
    return ax


@styled
def plot_intervals(
    rows: Mapping[str, np.ndarray], *, xlabel: str, at: float | None = None, ax: Axes
) -> Axes:
    """Mean over seeds with its 95 % interval, one row each, the first on top.

    Args:
        rows: Label to values [seeds].
        xlabel: With unit.
        at: Where to draw a line to compare with.
        ax: Where to draw; default new axes.
    """
    if at is not None:
        ax.axvline(at, color=GREY, linewidth=1, zorder=0)
    places = range(len(rows) - 1, -1, -1)
    for place, values in zip(places, rows.values(), strict=True):
        mean, low, high = mean_interval(values)
        ax.plot([low, high], [place, place], color=BLUE, linewidth=2.5, alpha=0.5)
        ax.plot(mean, place, "o", color=BLUE, ms=6)
    ax.set_yticks(places, list(rows))
    ax.tick_params(axis="y", length=0)
    ax.spines.left.set_visible(False)
    ax.set(xlabel=xlabel, ylim=(-0.6, len(rows) - 0.4))
    return ax


@styled
def plot_field(
    offsets: np.ndarray, gradients: np.ndarray, parameters: Sequence[str], *, ax: Axes
) -> Axes:
    """One minibatch's gradient landscape as arrows; the circle marks the network's own place.

    Args:
        offsets: [G].
        gradients: [G, G, 2], first axis along the first parameter.
        parameters: Their two names.
        ax: Where to draw; default new axes.
    """
    offsets, gradients = np.asarray(offsets), np.asarray(gradients)
    _arrows(ax, offsets, gradients, width=0.008)
    ax.plot(0, 0, "o", mfc="none", mec=VERMILION, ms=11, mew=1.8)
    ax.locator_params(nbins=4)
    ax.set(xlabel=f"offset of {parameters[0]}", ylabel=f"offset of {parameters[1]}", aspect="equal")
    return ax


def plot_fields(offsets: np.ndarray, gradients: np.ndarray, *, columns: int = 5) -> np.ndarray:
    """Every minibatch's landscape as a small multiple; returns the array of axes.

    Arrows that point with the mean of all minibatches' centre gradients are blue, against it
    vermilion. Each panel has its own scale.

    Args:
        offsets: [G].
        gradients: [M, G, G, 2].
        columns: Panels in a row.
    """
    offsets, gradients = np.asarray(offsets), np.asarray(gradients)
    middle = int(np.abs(offsets).argmin())
    mean = gradients[:, middle, middle].mean(0)
    rows = -(-len(gradients) // columns)
    with in_book_style():
        axes = plt.subplots(rows, columns, figsize=(4.8, 4.8 * rows / columns), squeeze=False)[1]
        for ax, field in zip(axes.flat, gradients, strict=False):
            _arrows(ax, offsets, field, width=0.02, towards=mean)
        for ax in axes.flat:
            ax.set(xticks=[], yticks=[], aspect="equal")
            ax.spines[:].set_visible(False)
    return axes


def _arrows(
    ax: Axes,
    offsets: np.ndarray,
    field: np.ndarray,
    *,
    width: float,
    towards: np.ndarray | None = None,
) -> None:
    x, y = np.meshgrid(offsets, offsets, indexing="ij")
    longest = np.linalg.norm(field, axis=-1).max()
    step = offsets[1] - offsets[0] if len(offsets) > 1 else 1.0
    scaled = field / longest * step * 0.9 if longest > 0 else field
    colour = np.full(x.shape, BLUE)
    if towards is not None:
        colour[field @ towards < 0] = VERMILION
    ax.quiver(
        x,
        y,
        scaled[..., 0],
        scaled[..., 1],
        color=colour.ravel(),
        angles="xy",
        scale_units="xy",
        scale=1,
        pivot="mid",
        width=width,
    )
    ax.margins(0.15)
