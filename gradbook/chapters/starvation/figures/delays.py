"""Figures of the chapter on starvation: doses, delays, and responses that starve."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm

from gradbook.chapters.starvation import closed_forms, effects, theory
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.figures.style import (
    BLUE,
    COLOURS,
    GREEN,
    GREY,
    PURPLE,
    VERMILION,
    key,
    label_ends,
    styled,
)

FOLDS = {
    "number of right examples over wrong ones": "examples, right : wrong",
    "those feature 1 gets right, before over now": "right examples only",
    "per example, a wrong one over a right one": "one wrong : one right",
    "all examples, before over now": "all examples",
    "those feature 1 gets wrong, before over now": "wrong examples only",
}
NAMES = {"own paths": "three in a row"}
"""Networks of the experiment `delay` that a figure calls by another name."""
PALE_TO_BLUE = ListedColormap(
    ["#f0f4f8", "#d3e3ef", "#a9cbe2", "#75aed2", "#3f8dbe", "#0072B2", "#004d7a"]
)


@styled
def plot_reliance(three_features: Atlas, *, ax: Axes) -> Axes:
    """Dose to features 1 and 2 against the reliance on feature 1; closed forms through the points.

    Args:
        three_features: The experiment's results, logistic loss.
        ax: Where to draw; default new axes.
    """
    config = three_features.config
    reliability, reliances = config["reliability"], np.array(config["reliances"])
    line = np.linspace(0, reliances[-1], 300)
    measured = three_features["dose"][:, config["losses"].index("logistic")]
    curves = {
        "to 2, all": (measured[:, :, 1, 0], closed_forms.dose(reliability, line), BLUE),
        "from right": (measured[:, :, 1, 1], closed_forms.dose(reliability, line, "right"), GREEN),
        "from wrong": (
            measured[:, :, 1, 2],
            closed_forms.dose(reliability, line, "wrong"),
            PURPLE,
        ),
        "to 1": (
            measured[:, :, 0, 0],
            closed_forms.dose_of_the_leader(reliability, line),
            VERMILION,
        ),
    }
    ends = {}
    for label, (values, form, colour) in curves.items():
        mean, low, high = mean_interval(values)
        ax.vlines(reliances, low, high, color=colour, alpha=0.5, linewidth=3)
        ax.plot(reliances, mean, "o", color=colour, ms=4)
        ax.plot(line, form, color=colour, linewidth=1.2)
        ends[label] = (line[-1], form[-1], colour)
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    ax.axvline(closed_forms.best_reliance(reliability), color=GREY, linewidth=0.8, zorder=0)
    ax.set(xlabel="reliance on feature 1, s", ylabel="dose")
    label_ends(ax, ends)
    return ax


@styled
def plot_folds(reliability: float = 0.9, largest: float = 4.0, *, ax: Axes) -> Axes:
    """What "times less" comes to against the reliance, under each reading; grey lines at 9 and s*.

    Args:
        reliability: q.
        largest: Reliance at the right end.
        ax: Where to draw; default new axes.
    """
    line, ends = np.linspace(0, largest, 300), {}
    for colour, (name, label) in zip(COLOURS, FOLDS.items(), strict=True):
        fold = closed_forms.READINGS[name](reliability, line)
        ax.plot(line, fold, color=colour)
        ends[label] = (line[-1], min(fold[-1], 30.0), colour)
    ax.axhline(9, color=GREY, linewidth=0.8, zorder=0)
    ax.axvline(closed_forms.best_reliance(reliability), color=GREY, linewidth=0.8, zorder=0)
    ax.set_yscale("log")
    ax.set(xlabel="reliance on feature 1, s", ylabel="times less", ylim=(0.4, 40))
    ax.set_yticks([0.5, 1, 2, 5, 9, 20], ["0.5", "1", "2", "5", "9", "20"])
    ax.minorticks_off()
    label_ends(ax, ends)
    return ax


def predicted_delay(delay: Atlas, network: str) -> np.ndarray:
    """Steps to 97 % that gradient flow predicts [head starts, weight decays]; inf is never.

    Raises:
        ValueError: There is no prediction for the network.
    """
    config = delay.config
    spec = config["networks"][network]
    if spec.get("relu") or (len(spec["widths"]) > 2 and not spec.get("own")):
        raise ValueError(f"expected 'logistic regression' or 'own paths', got {network!r}")
    rate, reliability = config["learning_rate"], config["reliability"]
    factors, start = len(spec["widths"]) - 1, spec.get("start", 0.0)
    found = np.zeros((len(config["head_starts"]), len(config["weight_decays"])))
    for row, head_start in enumerate(config["head_starts"]):
        for column, decay in enumerate(config["weight_decays"]):
            time = rate * head_start
            lead = closed_forms.relied_on(time, reliability, decay, factors=factors, start=start)[0]
            late = start * np.exp(-decay * time)
            found[row, column] = closed_forms.catch_up(
                reliability, lead, decay, factors=factors, late=late
            )
    return found / rate


@styled
def plot_delays(delay: Atlas, *, ax: Axes) -> Axes:
    """Steps to 97 % accuracy against the head start, without decay; white dots are predicted.

    Args:
        delay: The delay experiment's results.
        ax: Where to draw; default new axes.
    """
    head_starts = np.array(delay.config["head_starts"])[1:]
    ends = {}
    for colour, network in zip(COLOURS, delay.config["networks"], strict=False):
        mean, low, high = mean_interval(effects.of_map(delay, "delay", network)[:, 1:, 0])
        ax.fill_between(head_starts, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(head_starts, mean, color=colour)
        ends[NAMES.get(network, network)] = (head_starts[-1], mean[-1], colour)
        if network in ("logistic regression", "own paths"):
            form = predicted_delay(delay, network)[1:, 0]
            ax.plot(head_starts, form, "o", color="black", ms=4, mfc="white")
    ax.set_xscale("log")
    ax.set(xlabel="head start (steps)", ylabel="steps to 97 %")
    label_ends(ax, ends)
    return ax


@styled
def plot_delay_map(delay: Atlas, network: str, *, ax: Axes) -> Axes:
    """Steps to 97 % over head start and weight decay; red where most nets never get there.

    Args:
        delay: The delay experiment's results.
        network: One of its networks.
        ax: Where to draw; default new axes.
    """
    config = delay.config
    steps = effects.of_map(delay, "delay", network)
    arrives = (steps >= 0).mean(0)
    typical = np.ma.median(np.ma.masked_less(steps, 0), axis=0).filled(0)
    colours = PALE_TO_BLUE.with_extremes(bad=VERMILION)
    shown = np.ma.masked_where(arrives <= 0.5, np.maximum(typical, 1))
    ax.pcolormesh(shown, cmap=colours, norm=LogNorm(3, 3000), edgecolors="white", linewidth=0.5)
    for (row, column), share in np.ndenumerate(arrives):
        dark = share <= 0.5 or typical[row, column] > 250
        ax.text(
            column + 0.5,
            row + 0.5,
            f"{typical[row, column]:.0f}" if share > 0.5 else "never",
            ha="center",
            va="center",
            fontsize=9.5,
            color="white" if dark else "black",
        )
    ax.set_xticks(
        np.arange(steps.shape[2]) + 0.5, [f"{decay:g}" for decay in config["weight_decays"]]
    )
    ax.set_yticks(np.arange(steps.shape[1]) + 0.5, config["head_starts"])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="weight decay λ", ylabel="head start (steps)")
    return ax


@styled
def plot_rarely_wrong(rarely_wrong: Atlas, *, ax: Axes) -> Axes:
    """Steps to catch up against the head start, by how often features are wrong; lines predicted.

    Args:
        rarely_wrong: The experiment's results.
        ax: Where to draw; default new axes.
    """
    config = rarely_wrong.config
    rate, head_starts = config["learning_rate"], np.array(config["head_starts"])
    line, ends = np.geomspace(head_starts[0], head_starts[-1], 25), {}
    pairs = zip(COLOURS, config["settings"].items(), strict=False)
    for number, (colour, (name, spec)) in enumerate(pairs):
        form = predicted_catching_up(spec, rate * line) / rate
        ax.plot(line, form, color=colour, linewidth=1.2)
        steps = rarely_wrong["delay"][:, number].astype(float)
        there = (steps >= 0).all(0)
        mean, low, high = mean_interval(steps[:, there])
        ax.vlines(head_starts[there], low, high, color=colour, alpha=0.5, linewidth=3)
        ax.plot(head_starts[there], mean, "o", color=colour, ms=5)
        ends[name] = (line[-1], form[-1], colour)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set(xlabel="head start (steps)", ylabel="steps to catch up")
    label_ends(ax, ends)
    return ax


def predicted_catching_up(spec: dict[str, float], time: np.ndarray) -> np.ndarray:
    """Time to catch up after head starts of some time [t], for a setting of `rarely_wrong`."""
    reliability, decay = spec["reliability"], spec["weight_decay"]
    if reliability == 1 and not decay:
        return closed_forms.catch_up_never_wrong(time)[1]
    leads = closed_forms.relied_on(time, reliability, decay)
    return np.array([closed_forms.catch_up(reliability, lead, decay) for lead in leads])


@styled
def plot_responses(
    strengths: tuple[float, ...] = (2, 3, 4, 5, 6),
    weak: float = 2.0,
    coupling: float = 0.5,
    *,
    weight_decay: float = 0.01,
    decoupling: float = 0.002,
    ax: Axes,
) -> Axes:
    """Responses to two coupled features from the first step to rest, under decay and decoupled.

    Args:
        strengths: s₁, a line each.
        weak: s₂.
        coupling: δ.
        weight_decay: λ of the vermilion lines.
        decoupling: κ of the blue ones.
        ax: Where to draw; default new axes.
    """
    mixing = theory.coupled(coupling)
    time = np.concatenate([[0], np.geomspace(1e-3, 3e4, 300)])
    for strong in strengths:
        pair = (strong, weak)
        decayed = theory.over_time(pair, mixing, time, weight_decay=weight_decay)
        freed = theory.over_time(pair, mixing, time, coefficient=decoupling)
        for path, colour in ((freed, BLUE), (decayed, VERMILION)):
            ax.plot(*path, color=colour, linewidth=1.2)
        ax.plot(*decayed[:, -1], "o", color=VERMILION, ms=6)
        ax.annotate(
            f"{strong:g}",
            decayed[:, -1],
            xytext=(6, -2) if strong > weak else (-13, -3),
            textcoords="offset points",
            color=VERMILION,
            fontsize=11,
        )
    ax.plot(*theory.decoupled(mixing, decoupling), "o", color=BLUE, ms=8)
    ax.set(xlabel="response to the strong feature, Z₁", ylabel="response to the weak one, Z₂")
    ax.set(xlim=(0, 10.2), ylim=(0, 1.9))
    key(ax, {"weight decay": (VERMILION, "-"), "spectral decoupling": (BLUE, "-")})
    return ax
