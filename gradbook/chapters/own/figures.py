"""Figures of the chapter on one's own network: measured arrays in, axes out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradbook.chapters.own import effects
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.figures.style import BLUE, COLOURS, GREY, STYLE, VERMILION, styled

LOW = (6.0, 2.8)
"""Inches of a figure that fills the column and leaves the page low."""


def _low(ax: Axes) -> Axes:
    """The same axes, lower where the figure is the book's own."""
    figure = ax.figure
    if isinstance(figure, Figure) and tuple(figure.get_size_inches()) == STYLE["figure.figsize"]:
        figure.set_size_inches(*LOW)
    return ax


@styled
def plot_units(doses: np.ndarray, names: Sequence[str], *, ax: Axes) -> Axes:
    """Which classes feed units (blue) and which take from them (vermilion).

    Args:
        doses: Mean dose less erosion of each unit from the examples of each class [units, classes].
        names: The units'.
        ax: Where to draw; default new axes.
    """
    reach = np.abs(doses).max()
    ax.imshow(doses, cmap="RdBu", vmin=-reach, vmax=reach, aspect="auto")
    ax.set(xlabel="digit that the label says", xticks=range(doses.shape[1]))
    ax.set(ylabel="unit", yticks=range(len(names)), yticklabels=names)
    return _low(ax)


@styled
def plot_intervals(
    rows: Sequence[int], scales: Sequence[tuple[float, float, float]], *, ax: Axes
) -> Axes:
    """Noise scale with its interval against the rows it is estimated from.

    Args:
        rows: How many rows each is from.
        scales: Noise scale, lower and upper end of each; an infinite end is drawn as an arrow.
        ax: Where to draw; default new axes.
    """
    ends = [end for scale in scales for end in scale if np.isfinite(end)]
    top = 4 * max(ends)
    for count, (scale, low, high) in zip(rows, scales, strict=True):
        ax.plot([count, count], [low, min(high, top)], color=BLUE, linewidth=3, alpha=0.5)
        if not np.isfinite(high):
            ax.plot(count, top, "^", color=BLUE, ms=7)
        if np.isfinite(scale):
            ax.plot(count, scale, "o", color=BLUE, ms=5)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xticks(list(rows), [f"{count}" for count in rows])
    ax.minorticks_off()
    ax.set(xlabel="held rows", ylabel="noise scale, examples")
    return _low(ax)


@styled
def plot_precision(labels: Atlas, network: str, *, ax: Axes) -> Axes:
    """Precision of three scores among 50 pictures against the epochs.

    Args:
        labels: The labels experiment's results.
        network: One of its networks.
        ax: Where to draw; default new axes.
    """
    epochs = np.array(labels.config["epochs"])
    names = {"loss": "loss", "gradient norm": "gradient norm", "agreement": "agreement"}
    for colour, (score, name) in zip(COLOURS, names.items(), strict=False):
        found = np.stack([effects.precision(labels, network, e, score) for e in epochs], 1)
        mean, low, high = mean_interval(found)
        ax.vlines(epochs, low, high, color=colour, alpha=0.5, linewidth=3)
        ax.plot(epochs, mean, "o-", color=colour, ms=4, label=name)
    ax.axhline(labels.config["wrong"], color=GREY, linewidth=0.8)
    ax.annotate(
        "in no order",
        (epochs[-1], labels.config["wrong"]),
        color=GREY,
        ha="right",
        xytext=(0, -13),
        textcoords="offset points",
    )
    ax.set_xscale("log")
    ax.set_xticks(epochs, [f"{e}" for e in epochs])
    ax.minorticks_off()
    ax.legend(frameon=False, fontsize=11, handlelength=0.8, loc="upper left")
    ax.set(xlabel="epochs", ylabel="wrong among 50", ylim=(0, 1))
    return _low(ax)


@styled
def plot_landscape(
    losses: np.ndarray, offsets: np.ndarray, labels: Sequence[str], *, ax: Axes
) -> Axes:
    """The loss over two parameters as contours; a cross where the network is.

    Args:
        losses: Of a grid [G, G], the first parameter along the first axis.
        offsets: What is added to both [G].
        labels: The parameters'.
        ax: Where to draw; default new axes.
    """
    drawn = ax.contour(offsets, offsets, losses.T, levels=12, cmap="viridis", linewidths=1.2)
    levels = np.asarray(drawn.levels)
    inside = levels[levels < np.quantile(losses, 0.9)]  # those at the edge are cut
    ax.clabel(drawn, inside, fontsize=9)
    ax.plot(0, 0, "+", color=VERMILION, ms=12, mew=2)
    ax.set(xlabel=f"added to {labels[0]}", ylabel=f"added to\n{labels[1]}")
    return _low(ax)


@styled
def plot_decay(decays: Atlas, network: str, *, ax: Axes) -> Axes:
    """What decay takes of each unit in a step against its gradient, all seeds.

    Args:
        decays: The decays experiment's results.
        network: One of its networks.
        ax: Where to draw; default new axes.
    """
    for colour, optimizer in zip(COLOURS, decays.config["optimizers"], strict=False):
        pairs = effects.alive(decays, network, optimizer)
        gradient, taken = (np.concatenate([pair[k] for pair in pairs]) for k in (0, 1))
        ax.plot(gradient, taken, ".", color=colour, ms=3, alpha=0.5, rasterized=True)
        ax.plot([], [], "o", color=colour, ms=5, label=optimizer)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.legend(frameon=False, fontsize=11, handlelength=0.6, loc="lower left")
    ax.set(xlabel="gradient of a unit, root mean square", ylabel="share of its norm taken")
    return _low(ax)


@styled
def plot_run(steps: np.ndarray, fed: np.ndarray, *, ax: Axes) -> Axes:
    """Summed dose less erosion of each group over a tracked training.

    Args:
        steps: Of the records [T].
        fed: Dose less erosion, summed over the records [T, G].
        ax: Where to draw; default new axes.
    """
    ax.axhline(0, color=GREY, linewidth=0.8)
    for unit in fed.T:
        ax.plot(steps, unit, color=BLUE if unit[-1] > 0 else VERMILION, linewidth=0.8, alpha=0.5)
    ax.set(xlabel="step", ylabel="dose less erosion,\nsummed")
    return _low(ax)
