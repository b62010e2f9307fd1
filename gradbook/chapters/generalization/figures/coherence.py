"""Figures on whose gradients agree: digits with wrong labels, and modular addition."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from gradbook.chapters.generalization import effects
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.figures.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    VERMILION,
    key,
    label_ends,
    styled,
)

RIGHT, WRONG = BLUE, VERMILION
GENERAL, MEMORY = BLUE, VERMILION


def _band(ax: Axes, x: np.ndarray, curves: np.ndarray, colour: str, line: str = "-") -> float:
    """Mean over seeds with its 95 % interval; the last mean."""
    mean, low, high = mean_interval(curves)
    ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
    ax.plot(x, mean, line, color=colour)
    return mean[-1]


def _epochs(ax: Axes, digits: Atlas) -> np.ndarray:
    """The digits experiment's epochs as an axis on which the first ones have room."""
    epochs = np.array(digits.config["epochs"], dtype=float)
    ax.set_xscale("function", functions=(lambda x: np.maximum(x, 0) ** 0.4, lambda x: x**2.5))
    ax.set_xticks([0, 1, 2, 4, 8, 16, 32, 80])
    ax.set(xlabel="epochs", xlim=(0, epochs[-1]))
    return epochs


@styled
def plot_coherence(digits: Atlas, network: str, what: str = "coherence", *, ax: Axes) -> Axes:
    """Coherence of right- and of wrong-labelled examples over epochs.

    Args:
        digits: The digit_coherence experiment's results.
        network: One of its networks.
        what: ``"coherence"``, ``"cosine"``, the mean over pairs, or ``"agreement"``, with all
            others.
        ax: Where to draw; default new axes.
    """
    epochs, ends = _epochs(ax, digits), {}
    for population, colour in (("right label", RIGHT), ("wrong label", WRONG)):
        curves = effects.of_population(digits, what, network, population)
        ends[population] = (epochs[-1], _band(ax, epochs, curves, colour), colour)
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    ax.set_ylabel("agreement with the rest" if what == "agreement" else what)
    label_ends(ax, ends)
    return ax


@styled
def plot_foresight(digits: Atlas, network: str, population: str = "all", *, ax: Axes) -> Axes:
    """How well agreement, loss and gradient norm tell at each epoch who is predicted when left out.

    Args:
        digits: The digit_coherence experiment's results.
        network: One of its networks.
        population: One of its populations.
        ax: Where to draw; default new axes.
    """
    epochs, ends = _epochs(ax, digits), {}
    scores = {"agreement": BLUE, "loss": VERMILION, "gradient norm": ORANGE}
    for score, colour in scores.items():
        curves = effects.of_population(digits, "area", network, population, score)
        line = "--" if score == "gradient norm" else "-"
        ends[score] = (epochs[-1], _band(ax, epochs, curves, colour, line), colour)
    neighbours = effects.of_population(digits, "neighbour_area", network, population)
    ax.axhline(neighbours.mean(), color=GREEN, linewidth=1, linestyle=":")
    ends["neighbours"] = (epochs[-1], neighbours.mean(), GREEN)
    ax.axhline(0.5, color=GREY, linewidth=0.8, zorder=0)
    ax.set(ylabel="right order, share of pairs", ylim=(0.45, 1))
    label_ends(ax, ends)
    return ax


@styled
def plot_tenths(digits: Atlas, network: str, *, ax: Axes) -> Axes:
    """Share of examples predicted when left out, in each tenth by early agreement.

    Args:
        digits: The digit_coherence experiment's results.
        network: One of its networks.
        ax: Where to draw; default new axes.
    """
    tenth, ends = np.arange(1, 11), {}
    chosen = digits["tenths"][:, digits.config["networks"].index(network)].astype(float)
    for population, colour in (("all", BLUE), ("right label", GREEN)):
        shares = 100 * chosen[:, digits.config["populations"].index(population)]
        mean, low, high = mean_interval(shares)
        ax.vlines(tenth, low, high, color=colour, alpha=0.5, linewidth=3)
        ax.plot(tenth, mean, "o-", color=colour, ms=4, linewidth=1)
        ends[population] = (tenth[-1] + 0.2, mean[-1], colour)
    ax.set(xlabel="tenth by early agreement", ylabel="predicted when left out (%)")
    ax.set(ylim=(0, 100), xticks=tenth)
    label_ends(ax, ends)
    return ax


@styled
def plot_strengths(modular: Atlas, setting: tuple[str, float], *, ax: Axes) -> Axes:
    """Strength of the general solution and of memory; dots are dose less decay, added up.

    Args:
        modular: The modular_addition experiment's results.
        setting: Answers and weight decay.
        ax: Where to draw; default new axes.
    """
    step, ends = modular["step"][0], {}
    strength = effects.of_setting(modular, "strength", setting)
    summed = effects.added_up(modular, setting).mean(0)
    for number, (name, colour) in enumerate((("general", GENERAL), ("memory", MEMORY))):
        ends[name] = (step[-1], _band(ax, step, strength[..., number], colour), colour)
        some = slice(2, None, 6)
        ax.plot(step[some], summed[some, number], "o", color="black", ms=4, mfc="white")
    unseen = effects.of_setting(modular, "accuracy", setting)[..., 1]
    _band(ax, step, unseen, GREY, "--")
    ax.set(xlabel="steps", ylabel="strength (margin)", ylim=(-0.08, 1.04))
    entries = {"dose − decay, summed": ("black", "o"), "accuracy, unseen": (GREY, "--")}
    key(ax, entries)
    label_ends(ax, ends)
    return ax


@styled
def plot_strength_doses(modular: Atlas, setting: tuple[str, float], *, ax: Axes) -> Axes:
    """Dose of the general solution and of memory, and what decay takes from each.

    Args:
        modular: The modular_addition experiment's results.
        setting: Answers and weight decay.
        ax: Where to draw; default new axes.
    """
    step = modular["step"][0]
    shown = step >= effects.SETTLED
    strength = effects.of_setting(modular, "strength", setting)[:, shown]
    dose = effects.of_setting(modular, "strength_dose", setting)[:, shown]
    ends = {}
    for number, (name, colour) in enumerate((("general", GENERAL), ("memory", MEMORY))):
        last = _band(ax, step[shown], 1000 * dose[..., number], colour)
        _band(ax, step[shown], 3000 * setting[1] * strength[..., number], colour, "--")
        ends[name] = (step[-1], last, colour)
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    ax.set(xlabel="steps", ylabel="thousandths a step")
    key(ax, {"dose": ("black", "-"), "decay": ("black", "--")})
    label_ends(ax, ends)
    return ax
