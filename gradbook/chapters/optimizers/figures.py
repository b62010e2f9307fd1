"""Figures of the chapter on optimizers: laws through points, words, times, and early scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from gradbook.chapters.optimizers import closed_forms, curves, effects, tails
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.figures.style import BLUE, COLOURS, GREY, VERMILION, key, label_ends, styled


@styled
def plot_law(
    law: Atlas, settings: Sequence[str], *, simple: bool = False, short: str = "", ax: Axes
) -> Axes:
    """Answers at rest against frequency with the closed forms through the points.

    Args:
        law: The law experiment's results.
        settings: Some of its settings.
        simple: Whether to draw AdamW's law without corrections too, dashed.
        short: What to leave out of the settings' names.
        ax: Where to draw; default new axes.
    """
    p = np.array(law.config["frequencies"])
    for colour, setting in zip(COLOURS, settings, strict=False):
        found = law["answer"][:, effects.row(law, setting)].astype(float)
        mean, low, high = mean_interval(found)
        ax.vlines(p, low, high, color=colour, alpha=0.5, linewidth=3)
        ax.plot(p, mean, "o", color=colour, ms=4, label=setting.replace(short, ""))
        ax.plot(p, effects.predicted(law, setting), color=colour, linewidth=1.2)
        if simple:
            rough = effects.predicted(law, setting, simple=True)
            ax.plot(p, rough, "--", color=colour, linewidth=1)
    ax.legend(frameon=False, fontsize=10, handlelength=0.6, loc="best")
    _by_frequency(ax)
    ax.set(ylabel="answer to the feature", ylim=(-0.03, 1.08))
    return ax


def _by_frequency(ax: Axes) -> None:
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: curves.percent(x)))
    ax.set(xlabel="share of the examples that show the feature, p")


@styled
def plot_shared(shared: Atlas, *, ax: Axes) -> Axes:
    """Answers of a shared layer under AdamW, and n times what one unit would leave.

    Args:
        shared: The shared layer experiment's results.
        ax: Where to draw; default new axes.
    """
    config = shared.config
    p = np.array(config["frequencies"])
    for colour, (at, decay) in zip(COLOURS, enumerate(config["decays"]), strict=False):
        mean, low, high = mean_interval(shared["answer"][:, at].astype(float))
        ax.vlines(p, low, high, color=colour, alpha=0.5, linewidth=3)
        ax.plot(p, mean, "o", color=colour, ms=4, label=f"wd = {decay:g}")
        law = closed_forms.shared_answer(
            p, config["batch_size"], decay, shared["units"][:, at], config["beta2"]
        )
        ax.plot(p, law.mean(0), color=colour, linewidth=1.2)
        alone = closed_forms.adamw_answer(p, config["batch_size"], decay, config["beta2"])
        ax.plot(p, alone, ":", color=colour, linewidth=1)
    ax.legend(frameon=False, fontsize=10, handlelength=0.6, loc="upper left")
    _by_frequency(ax)
    ax.set(ylabel="answer to the feature", ylim=(-0.03, 1.08))
    return ax


@styled
def plot_words(words: Atlas, settings: Sequence[str], *, ax: Axes) -> Axes:
    """Probability of the rule against frequency, eighth by eighth.

    Args:
        words: The rare words experiment's results.
        settings: Some of its settings.
        ax: Where to draw; default new axes.
    """
    x, ends = curves.word_frequencies(words), {}
    ax.axhline(words.config["rule"], color=GREY, linewidth=0.8)
    for colour, setting in zip(COLOURS, settings, strict=False):
        mean, low, high = mean_interval(effects.eighths(words, setting))
        ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(x, mean, "o-", color=colour, ms=4)
        ends[setting] = (x[-1], mean[-1], colour)
    _by_frequency(ax)
    ax.invert_xaxis()
    ax.set(xlabel="frequency of the word", ylabel="probability of the rule", ylim=(0, 1))
    label_ends(ax, ends)
    return ax


@styled
def plot_times(learning: Atlas, *, ax: Axes) -> Axes:
    """Steps until a fact is learned against its frequency, with the closed forms.

    Args:
        learning: The learning times experiment's results.
        ax: Where to draw; default new axes.
    """
    config = learning.config
    p = tails.frequencies(config)[: config["kept"]]
    for at, (colour, kind) in enumerate(zip((BLUE, VERMILION), config["optimizers"], strict=True)):
        learned = learning["learned"][:, at].astype(float)
        there = (learned > 0).all(0)
        ax.plot(p[there], learned[:, there].mean(0), ".", color=colour, ms=4)
        law = closed_forms.learning_time(
            p,
            kind,
            learning_rate=config["rates"][kind],
            start=config["start"],
            batch_size=config["batch_size"],
            beta2=config["beta2"],
        )
        ax.plot(p[there], law[there], color=colour, linewidth=1.2)
    ax.set_yscale("log")
    _by_frequency(ax)
    ax.set(xlabel="frequency of the fact", ylabel="steps until it is learned")
    key(ax, {"SGD": (BLUE, "-"), "Adam": (VERMILION, "-")})
    return ax


@styled
def plot_loss(learning: Atlas, *, by_facts: bool = False, ax: Axes) -> Axes:
    """The loss against steps, or against the number of facts learned.

    Args:
        learning: The learning times experiment's results.
        by_facts: Which.
        ax: Where to draw; default new axes.
    """
    config = learning.config
    step = tails.recorded(config)
    for at, (colour, kind) in enumerate(zip((BLUE, VERMILION), config["optimizers"], strict=True)):
        loss = learning["loss"][:, at].mean(0)
        if by_facts:
            count = learning["count"][:, at].mean(0)
            ax.plot(count[count >= 1], loss[count >= 1], "o", color=colour, ms=3)
            continue
        ax.plot(step, loss, "o", color=colour, ms=3)
        ax.plot(step, effects.predicted_loss(learning, kind), color=colour, linewidth=1.2)
    ax.set(xscale="log", yscale="log", ylabel="loss")
    ax.set_xlabel("facts that are learned" if by_facts else "steps")
    key(ax, {"SGD": (BLUE, "-"), "Adam": (VERMILION, "-")})
    return ax


@styled
def plot_fate(fate: Atlas, seed: int = 0, *, ax: Axes) -> Axes:
    """Each unit's norm at the end against its early dose, in one network.

    Args:
        fate: The early fate experiment's results.
        seed: Which of the networks, from 0.
        ax: Where to draw; default new axes.
    """
    dose, norm = fate["dose"][seed], fate["norm"][seed]
    ax.plot(dose, norm, "o", color=BLUE, ms=4, alpha=0.6, mew=0)
    ax.axvline(0, color=GREY, linewidth=0.8)
    ax.set(
        xlabel=f"mean dose in the first {fate.config['early']} of {fate.config['steps']:,} steps",
        ylabel="norm at the end",
    )
    return ax
