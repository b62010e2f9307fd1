"""Figures of the transformer: facts and rows by frequency, words of a text, early scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from gradbook.chapters.optimizers import closed_forms, curves, prose
from gradbook.chapters.optimizers import transformer_effects as effects
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.figures.style import COLOURS, GREY, key, label_ends, styled


def _means(shares: np.ndarray) -> np.ndarray:
    """Geometric mean of the frequencies in each eighth [8]."""
    return np.exp(np.log(shares).reshape(8, -1).mean(1))


def _band(ax: Axes, x: np.ndarray, found: np.ndarray, colour: str, mark: str = "o-") -> np.ndarray:
    mean, low, high = mean_interval(found)
    ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
    ax.plot(x, mean, mark, color=colour, ms=4)
    return mean


def _by_frequency(ax: Axes, of: str) -> None:
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    ticks = [tick for tick in (0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4) if low <= tick <= high]
    ax.set_xticks(ticks, [curves.percent(tick) for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.invert_xaxis()
    ax.set_xlabel(f"frequency of the {of}")


@styled
def plot_facts(facts: Atlas, settings: Sequence[str], *, ax: Axes) -> Axes:
    """Probability of the right object by frequency; dashed, the law of weights of their own.

    Args:
        facts: The transformer's experiment on facts.
        settings: Some of its settings.
        ax: Where to draw; default new axes.
    """
    x, ends = _means(effects.subject_shares(facts)), {}
    for colour, setting in zip(COLOURS, settings, strict=False):
        mean = _band(ax, x, effects.fact_eighths(facts, setting), colour)
        ax.plot(x, effects.own_weights_law(facts, setting), "--", color=colour, linewidth=1)
        ends[setting.replace("AdamW, ", "")] = (x[-1], mean[-1], colour)
    _by_frequency(ax, "subject")
    ax.set(ylabel="probability of the right object", ylim=(0, 1.03))
    label_ends(ax, ends)
    return ax


@styled
def plot_rows(facts: Atlas, settings: Sequence[str], *, ax: Axes) -> Axes:
    """Norms of the embedding's rows by frequency, the closed form, and what pushes would leave.

    The dotted line goes as the push of one recognizer does, from the most common eighth on.

    Args:
        facts: The transformer's experiment on facts.
        settings: Some of its settings with decay under AdamW.
        ax: Where to draw; default new axes.
    """
    shares, ends = effects.subject_shares(facts), {}
    x = _means(shares)
    for colour, setting in zip(COLOURS, settings, strict=False):
        one = effects.told(facts, setting)
        mean = _band(ax, x, effects.norm_eighths(facts, setting), colour, "o")
        ax.plot(x, np.full(8, effects.row_law(facts, setting)), color=colour, linewidth=1.2)
        push = closed_forms.push(x, one["batch"], 0.999)
        ax.plot(x, mean[0] * push / push[0], ":", color=colour, linewidth=1)
        ends[setting.replace("AdamW, ", "")] = (x[-1], mean[-1], colour)
    _by_frequency(ax, "subject")
    ax.set(ylabel="norm of the subject's row", ylim=(0, None))
    label_ends(ax, ends)
    return ax


@styled
def plot_text(text: Atlas, settings: Sequence[str], *, ax: Axes) -> Axes:
    """What decay adds to the log-loss by frequency: on the text that was learned, and on kept one.

    Args:
        text: The transformer's experiment on a text.
        settings: Some of its settings with decay.
        ax: Where to draw; default new axes.
    """
    x, ends = _means(prose.vocabulary(text.config["words"])[1]), {}
    ax.axhline(0, color=GREY, linewidth=0.8)
    for colour, setting in zip(COLOURS, settings, strict=False):
        for part, mark in (("learned", "o-"), ("held", "o--")):
            rise = effects.text_losses(text, setting, part)
            rise = rise - effects.text_losses(text, effects.CONTROL, part)
            mean = _band(ax, x, rise, colour, mark)
            label = f"{setting}, {part}".replace("AdamW, ", "").replace("held", "kept")
            ends[label] = (x[-1], mean[-1], colour)
    _by_frequency(ax, "word")
    ax.set(ylabel="rise of the log-loss by decay (nats)")
    label_ends(ax, ends)
    return ax


@styled
def plot_course(text: Atlas, *, ax: Axes) -> Axes:
    """The log-loss of the rarest eighth of the words in kept paragraphs, step by step.

    Args:
        text: The transformer's experiment on a text.
        ax: Where to draw; default new axes.
    """
    every = text.config["every"]
    for colour, setting in zip(COLOURS, text.config["settings"], strict=False):
        course = effects.text_course(text, setting)
        _band(ax, every * np.arange(1, course.shape[1] + 1), course, colour)
    ax.axhline(text["alone"][:, -1].mean(), color=GREY, linewidth=0.8)
    ax.set(xlabel="steps", ylabel="log-loss of the rarest eighth (nats)")
    names = (name.replace("AdamW, ", "") for name in text.config["settings"])
    key(ax, {name: (colour, "-") for name, colour in zip(names, COLOURS, strict=False)})
    return ax
