"""Figures of two moons and of coloured digits: decisions, cures, and what is unlearned."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from gradbook.chapters.starvation import effects
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.figures.style import (
    BLUE,
    COLOURS,
    GREY,
    VERMILION,
    in_book_style,
    key,
    label_ends,
    styled,
)

SIDES = LinearSegmentedColormap.from_list("sides", ["#f0b48a", "#fbf1ea", "#e6f0f8", "#9cc6e0"])
"""Class −1 to class 1, palest where the decision is undecided."""

STRENGTH = {
    "weight decay": "weight decay {:g}",
    "dropout": "dropout {:g}",
    "Adam": "Adam, step size {:g}",
    "deeper": "{:g} hidden layers of 100",
    "wider": "{:,.0f} hidden units",
    "spectral decoupling": "spectral decoupling {:g}",
    "margin": "trained with margin {:g}",
    "none": "none",
    "batch norm": "batch norm",
}


def plot_decisions(
    moons: Atlas, settings: Sequence[str], *, columns: int = 2, reach: float = 2.0
) -> np.ndarray:
    """Decision functions averaged over seeds, with zero lines; returns the array of axes.

    Blue is class 1 and orange class −1, pale where the output is near 0; each panel has its own
    scale. The points are one seed's examples.

    Args:
        moons: The moons experiment's results.
        settings: Some of its jobs.
        columns: Panels in a row.
        reach: The grid goes from minus this to this.
    """
    rows = -(-len(settings) // columns)
    with in_book_style():
        size = (4.8, 5.2 * rows / columns)
        axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")[1]
        for ax, setting in zip(axes.flat, settings, strict=False):
            _decision(ax, moons, setting, reach)
        for ax in axes[-1]:
            ax.set_xlabel("coordinate 1")
        for ax in axes[:, 0]:
            ax.set_ylabel("coordinate 2")
    return axes


def _decision(ax: Axes, moons: Atlas, setting: str, reach: float) -> None:
    number = list(moons.jobs).index(setting)
    decision = moons["decision"][number].astype(float).T  # second coordinate upwards
    line = np.linspace(-reach, reach, len(decision))
    bound = np.quantile(np.abs(decision), 0.9)
    ax.contourf(line, line, decision, np.linspace(-bound, bound, 11), cmap=SIDES, extend="both")
    ax.contour(line, line, decision, [0], colors="black", linewidths=1.6)
    inputs, labels = moons["inputs"][number].astype(float), moons["labels"][number]
    for label, colour, mark in ((1, BLUE, "o"), (-1, VERMILION, "^")):
        ax.plot(*inputs[labels == label].T, mark, color=colour, ms=2.2, mew=0)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ax.set_aspect("equal")
    ax.set_title(setting, fontsize=12)


@styled
def plot_cures(cures: Atlas, *, ax: Axes) -> Axes:
    """Accuracy on the examples about which the first coordinate misleads, cure by cure.

    Triangles: accuracy on fresh examples like the training examples.

    Args:
        cures: The cures experiment's results.
        ax: Where to draw; default new axes.
    """
    rows = [(cure, s) for cure, strengths in cures.config["cures"] for s in strengths]
    labels = []
    for place, (cure, strength) in enumerate(rows):
        colour = {"spectral decoupling": BLUE, "margin": GREY}.get(cure, VERMILION)
        mean, low, high = mean_interval(100 * effects.misled(cures, cure, strength))
        fresh = 100 * effects.of_cure(cures, "fresh", cure, strength).mean()
        ax.plot(fresh, place, "v", color=GREY, ms=4, mfc="white", clip_on=False)
        ax.hlines(place, low, high, color=colour, alpha=0.5, linewidth=3)
        ax.plot(mean, place, "o", color=colour, ms=4)
        labels.append(cure_label(cure, strength))
    ax.set_yticks(range(len(rows)), labels, fontsize=10)
    ax.set(xlabel="accuracy (%)", xlim=(0, 102), ylim=(len(rows) - 0.4, -0.6))
    ax.figure.set_size_inches(4.8, 5.8)
    key(ax, {"misled": (VERMILION, "o"), "fresh": (GREY, "v")})
    return ax


@styled
def plot_usual_means(cures: Atlas, *, ax: Axes) -> Axes:
    """Right answers where the first coordinate misleads, each cure at its strength, best on top.

    Args:
        cures: The cures experiment's results.
        ax: Where to draw; default new axes.
    """
    chosen = {"none": 0, "batch norm": 0, "deeper": 4, "wider": 2000} | cures.config["chosen"]
    hits = {cure: 100 * effects.misled(cures, cure, strength) for cure, strength in chosen.items()}
    ranked = sorted(hits, key=lambda cure: -hits[cure].mean())
    for place, cure in enumerate(ranked):
        mean, low, high = mean_interval(hits[cure])
        colour = BLUE if cure == "spectral decoupling" else GREY if cure == "none" else VERMILION
        ax.hlines(place, low, high, color=colour, alpha=0.5, linewidth=4)
        ax.plot(mean, place, "o", color=colour, ms=6)
    ax.axvline(50, color=GREY, linewidth=0.8, linestyle=":")
    ax.set_yticks(range(len(ranked)), [cure_label(cure, chosen[cure]) for cure in ranked])
    ax.set(xlabel="right where coordinate 1 misleads (%)", xlim=(0, 102))
    ax.invert_yaxis()
    return ax


def plot_starved_and_outvoted(cures: Atlas) -> np.ndarray:
    """Accuracy with and without spectral decoupling, on two moons and on coloured digits.

    Blue: where the first feature misleads. Grey: on new moons, or on the training digits.

    Args:
        cures: The cures experiment's results; κ is the one chosen on other seeds.
    """
    moons, digits = cures.config["chosen"]["spectral decoupling"], cures.config["digits"]["chosen"]
    with in_book_style():
        axes = plt.subplots(1, 2, figsize=(6.0, 2.4), sharey=True, layout="constrained")[1]
        for place, with_it in enumerate((False, True)):
            kind = "spectral decoupling" if with_it else "none"
            of_moons, of_digits = (moons, digits) if with_it else (0, 0)
            pairs = (
                (
                    effects.of_cure(cures, "fresh", kind, of_moons),
                    effects.misled(cures, kind, of_moons),
                ),
                tuple(
                    effects.digits_course(cures, kind, of_digits, part)[:, -1]
                    for part in ("training", "misleading")
                ),
            )
            for ax, pair in zip(axes, pairs, strict=True):
                for values, colour, mark in zip(pair, (GREY, BLUE), ("v", "o"), strict=True):
                    mean, low, high = mean_interval(100 * values)
                    ax.hlines(place, low, high, color=colour, alpha=0.5, linewidth=4)
                    ax.plot(mean, place, mark, color=colour, ms=6, clip_on=False)
        for ax, title in zip(axes, ("two moons: starved", "digits: outvoted"), strict=True):
            ax.set(xlim=(0, 100), ylim=(1.5, -0.5), xlabel="right (%)")
            ax.set_title(title, fontsize=12)
        axes[0].set_yticks([0, 1], ["plain", "decoupled"])
    return axes


def cure_label(cure: str, strength: float) -> str:
    """A cure at a strength, in words."""
    if cure == "longer":
        return f"{strength:,} steps" if strength else "untrained"
    return STRENGTH[cure].format(strength).replace("-", "−")


@styled
def plot_unlearning(cures: Atlas, runs: dict[str, tuple[str, float]], *, ax: Axes) -> Axes:
    """Test accuracy where the colour misleads, over training.

    Args:
        cures: The cures experiment's results.
        runs: What to call a line, and its cure and strength.
        ax: Where to draw; default new axes.
    """
    step, ends = cures["digits_step"][0], {}
    for colour, (label, run) in zip(COLOURS, runs.items(), strict=False):
        mean, low, high = mean_interval(100 * effects.digits_course(cures, *run))
        ax.fill_between(step, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(step, mean, color=colour)
        ends[label] = (step[-1], mean[-1], colour)
    ax.axvline(cures.config["digits"]["delay"], color=GREY, linewidth=0.8, linestyle=":")
    ax.set(xlabel="steps", ylabel="accuracy (%)", ylim=(0, 80), xlim=(0, step[-1]))
    label_ends(ax, ends)
    return ax
