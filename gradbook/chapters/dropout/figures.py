"""Figures of the chapter on dropout and batch norm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from gradbook.chapters.dropout.effects import error_over_none
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.figures.general import plot_bands, plot_field, plot_intervals
from gradbook.figures.style import (
    BLUE,
    COLOURS,
    GREY,
    VERMILION,
    as_svg,
    in_book_style,
    key,
    label_ends,
    styled,
)


@styled
def plot_step_sizes(
    steps: np.ndarray, measured: np.ndarray, linear: np.ndarray, exact: np.ndarray, *, ax: Axes
) -> Axes:
    """The change of an output against the step size: measured, and two predictions.

    Args:
        steps: [n].
        measured: Change of the output [n].
        linear: What the gradient predicts [n].
        exact: What the polynomial in the step predicts [n].
        ax: Where to draw; default new axes.
    """
    ax.plot(steps, linear, "--", color=VERMILION)
    ax.plot(steps, exact, color=BLUE)
    ax.plot(steps, measured, "o", color="black", ms=4.5, mfc="white", zorder=3)
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    ax.set(xlabel="step size ε", ylabel="change of the output")
    marks = {"measured": ("black", "o"), "polynomial": (BLUE, "-"), "gradient": (VERMILION, "--")}
    key(ax, marks)
    return ax


def step_size_slide(
    depth: int, steps: np.ndarray, measured: np.ndarray, linear: np.ndarray, exact: np.ndarray
) -> tuple[str, str]:
    """`plot_step_sizes` as SVG for a widget's slide, and what to say to those who do not see it."""
    drawing = as_svg(plot_step_sizes(steps, measured, linear, exact))
    return drawing, (
        f"depth {depth}: at ε = {steps[-1]:.1f} the output changes by {measured[-1]:.2f}, "
        f"where the gradient predicts {linear[-1]:.2f}."
    )


@styled
def plot_unpredicted(depth: Atlas, scale: float = 1.0, *, ax: Axes) -> Axes:
    """Share of an update's effect that its gradient does not predict, against depth.

    Args:
        depth: The depth experiment's results.
        scale: Of the update, one of the experiment's; 1 is the update that Adam makes.
        ax: Where to draw; default new axes.
    """
    values = 100 * depth["unpredicted"][..., depth.config["scales"].index(scale)]
    times = {0: "first step", 300: "step 300"}
    curves = {
        times[steps]: values[:, 1:, number]
        for number, steps in enumerate(depth.config["steps_before"])
    }
    return plot_bands(
        depth.config["layers"][1:],
        curves,
        xlabel="layers of weights",
        ylabel="not predicted (%)",
        ax=ax,
    )


@styled
def plot_normalization(stages: Mapping[str, np.ndarray], *, ax: Axes) -> Axes:
    """Each unit's mean and standard deviation over the rows, stage by stage.

    A stage at which all units share one mean is drawn as a ring.

    Args:
        stages: Label to values [rows, units].
        ax: Where to draw; default new axes.
    """
    for (label, values), colour in zip(stages.items(), COLOURS, strict=False):
        mean, spread = values.mean(0), values.std(0)
        point = np.ptp(mean) < 1e-3
        look = {"ms": 11, "mfc": "none", "mew": 2} if point else {"ms": 4, "alpha": 0.6, "mew": 0}
        ax.plot(mean, spread, "o", color=colour, label=label, **look, zorder=3 if point else 2)
    ax.legend(
        loc="lower left", bbox_to_anchor=(-0.05, 1), ncols=len(stages), frameon=False,
        handletextpad=0.1, columnspacing=0.8, fontsize=11,
    )  # fmt: skip
    ax.set_yscale("log")
    ax.set(xlabel="mean of a unit over the rows", ylabel="standard deviation")
    return ax


@styled
def plot_tuning(tuning: Atlas, *, ax: Axes) -> Axes:
    """Test loss after the last epoch against the learning rate, a line a network.

    Args:
        tuning: The tuning experiment's results.
        ax: Where to draw; default new axes.
    """
    rates, ends = tuning.config["rates"], {}
    ax.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="test error (L1)")
    losses = tuning["test_loss"][..., -1]
    for number, (name, colour) in enumerate(
        zip(tuning.config["regularizers"], COLOURS, strict=False)
    ):
        mean = losses[:, number].mean(0)
        ax.plot(rates, losses[:, number].T, "o", color=colour, ms=4, mew=0, alpha=0.6)
        ax.plot(rates, mean, color=colour)
        ends[name] = (rates[-1], mean[-1], colour)
    label_ends(ax, ends)
    return ax


def plot_pair(
    offsets: np.ndarray, fields: Mapping[str, np.ndarray], parameters: Sequence[str]
) -> np.ndarray:
    """Landscapes side by side, titled; returns the array of axes.

    Args:
        offsets: [G].
        fields: Title to gradients [G, G, 2].
        parameters: Names of the two parameters.
    """
    with in_book_style():
        axes = plt.subplots(1, len(fields), figsize=(4.8, 2.9), sharey=True)[1]
        for ax, (title, gradients) in zip(axes, fields.items(), strict=True):
            plot_field(offsets, gradients, parameters, ax=ax)
            ax.set_title(title)
        for ax in axes[1:]:
            ax.set_ylabel("")
    return axes


@styled
def plot_replacements(substitutes: Atlas, *, ax: Axes) -> Axes:
    """Test error over that without a regularizer, on two problems where networks overfit.

    Args:
        substitutes: The substitutes experiment's results.
        ax: Where to draw; default new axes.
    """
    rows = {
        f"{problem}: {name}": error_over_none(substitutes, name, problem)
        for problem in ("few rows", "wrong labels")
        for name in substitutes.config["regularizers"][1:]
    }
    return plot_intervals(rows, xlabel="test error over that without a regularizer", at=1, ax=ax)


PLACES = {
    "dropout": (-8, 4, "right"),
    "mask noise": (0, 14, "center"),
    "shared mask": (0, -24, "center"),
}
"""Where a way's name stands that would be written over others: right, up, and its alignment."""


@styled
def plot_stability(stability: Atlas, *, ax: Axes) -> Axes:
    """Misread test digits against instability, a point with 95 % intervals for each way.

    Args:
        stability: The stability experiment's results.
        ax: Where to draw; default new axes.
    """
    normed = ("batch norm", "ghost batches", "wide statistics")
    for number, way in enumerate(stability.config["ways"]):
        colour = VERMILION if way in normed else BLUE
        x, *wide = mean_interval(stability["instability"][:, number].mean(1).astype(float))
        y, *tall = mean_interval(100 * stability["error"][:, number, -1].astype(float))
        ax.plot(wide, [y, y], color=colour, linewidth=2.5, alpha=0.5)
        ax.plot([x, x], tall, color=colour, linewidth=2.5, alpha=0.5)
        ax.plot(x, y, "o", color=colour, ms=6)
        right, up, side = PLACES.get(way, (8, 4, "left"))
        ax.annotate(
            way, (x, y), (right, up), textcoords="offset points", color=colour, ha=side, fontsize=10
        )
    ax.set(
        xlabel="instability: angle between gradients a step apart (rad)",
        ylabel="misread test digits (%)",
        xlim=(0, 1.5),
        ylim=(0, 15),
    )
    return ax
