"""Figures of the chapter on generalization: general against private, predicted and measured."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from gradbook.chapters.generalization import closed_forms, effects
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.figures.style import (
    BLUE,
    COLOURS,
    GREEN,
    GREY,
    VERMILION,
    key,
    label_ends,
    styled,
)


@styled
def plot_dose_by_count(dose_by_count: Atlas, *, ax: Axes) -> Axes:
    """The general feature's dose over a private one's against n; lines are predictions.

    Args:
        dose_by_count: The experiment's results.
        ax: Where to draw; default new axes.
    """
    config, ends = dose_by_count.config, {}
    counts = np.array(config["counts"])
    line = np.geomspace(counts[0], counts[-1], 100)
    ax.set(xscale="log", yscale="log", xlabel="examples, n")
    ax.set_ylabel("dose, shared over own")
    ax.axhspan(10, 100, color=GREY, alpha=0.12, linewidth=0)
    for colour, (number, kind) in zip(COLOURS, enumerate(config["networks"]), strict=False):
        predicted = closed_forms.dose_ratio(
            line, kind, units=config["units"], scale=config["scale"], loss_left=config["loss_left"]
        )
        _points(ax, counts, np.log10(dose_by_count["dose"][:, number]), colour, power=True)
        ax.plot(line, predicted, color=colour, linewidth=1.2)
        ends[kind] = (line[-1], predicted[-1], colour)
    label_ends(ax, ends)
    return ax


@styled
def plot_doses(late_memorization: Atlas, *, ax: Axes) -> Axes:
    """Doses in the linear network over steps; white dots are predicted, the line is satiation.

    Args:
        late_memorization: The experiment's results.
        ax: Where to draw; default new axes.
    """
    config, step = late_memorization.config, late_memorization["step"][0]
    count, wrong, rate = config["count"], config["wrong"], config["learning_rate"]
    expected = closed_forms.course(step * rate, count, wrong, rate)
    ax.set(xscale="log", yscale="log", xlabel="steps + 1", ylabel="dose", ylim=(1e-4, 1.5))
    for label, name, colour in (
        ("general", "general_dose", BLUE),
        ("own, wrong label", "wrong_dose", VERMILION),
        ("own, right label", "right_dose", GREEN),
    ):
        mean, low, high = mean_interval(late_memorization[name][:, 0].astype(float))
        ax.fill_between(step + 1, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(step + 1, mean, color=colour, label=label)
        marks = getattr(expected, name)[::6]
        ax.plot(step[::6] + 1, marks, "o", color="black", mfc="white", ms=4)
    ax.axvline(closed_forms.satiation(count, wrong) / rate + 1, color=GREY, linewidth=1, zorder=0)
    ax.legend(frameon=False, fontsize=11, loc="upper right", labelcolor="linecolor")
    return ax


@styled
def plot_fresh(late_memorization: Atlas, what: str = "loss", *, ax: Axes) -> Axes:
    """Loss, or errors, on fresh examples over steps; white dots are predicted.

    Args:
        late_memorization: The experiment's results.
        what: ``"loss"`` or ``"error"``, in percent.
        ax: Where to draw; default new axes.
    """
    config, step = late_memorization.config, late_memorization["step"][0]
    scale, ends = {"loss": 1, "error": 100}[what], {}
    for number, setting in enumerate(config["settings"]):
        if setting == "linear, patterns apart":
            continue
        colour = COLOURS[number - 1]
        values = scale * late_memorization[f"fresh_{what}"][:, number].astype(float)
        mean, low, high = mean_interval(values)
        ax.fill_between(step + 1, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(step + 1, mean, color=colour)
        ends[setting] = (step[-1] + 1, mean[-1], colour)
    predicted = scale * predicted_fresh(late_memorization)[what].mean(0)
    ax.plot(step[::6] + 1, predicted[::6], "o", color="black", mfc="white", ms=4)
    ax.set(xscale="log", xlabel="steps + 1")
    ax.set_ylabel({"loss": "loss on fresh examples", "error": "errors on fresh examples (%)"}[what])
    label_ends(ax, ends)
    return ax


def predicted_fresh(late_memorization: Atlas) -> dict[str, np.ndarray]:
    """`generalizing.fresh_loss` for each seed's patterns: loss and error [seeds, records]."""
    config = late_memorization.config
    time = late_memorization["step"][0] * config["learning_rate"]
    pairs = [
        closed_forms.fresh_loss(time, values, config["dimension"], config["wrong"])
        for values in late_memorization["eigenvalues"]
    ]
    loss, error = map(np.array, zip(*pairs, strict=True))
    return {"loss": loss, "error": error}


@styled
def plot_lag(lag: Atlas, *, ax: Axes) -> Axes:
    """When wrong labels are learned, against n; lines are predictions, dashes a line of slope ½.

    Args:
        lag: The experiment's results.
        ax: Where to draw; default new axes.
    """
    config, ends = lag.config, {}
    counts = np.array(config["counts"])
    ax.set(xscale="log", yscale="log", xlabel="examples, n", ylabel="time until memorized")
    for colour, (number, kind) in zip(COLOURS, enumerate(config["networks"]), strict=False):
        values = lag["private"][:, number]
        _points(ax, counts, np.log10(values), colour, power=True)
        if kind == "ReLU":
            line = values[:, 2].mean() * np.sqrt(counts / counts[2])
        else:
            layers = 1 if kind == "linear" else config["layers"]
            line = predicted_lateness(lag, layers)[:, 1]
        ax.plot(counts, line, "--" if kind == "ReLU" else "-", color=colour, linewidth=1.2)
        ends[kind] = (counts[-1], line[-1], colour)
    ax.set_xticks(counts, counts)
    ax.set_yticks(ticks := [10, 20, 50, 100, 200, 500], ticks)
    ax.minorticks_off()
    label_ends(ax, ends)
    return ax


def predicted_lateness(lag: Atlas, layers: int) -> np.ndarray:
    """`generalizing.lateness` [counts, 2]: of the general feature and of the wrong labels."""
    config = lag.config
    return np.array(
        [
            closed_forms.lateness(count, config["wrong"], layers, scale=config["scale"])
            for count in config["counts"]
        ]
    )


@styled
def plot_one_step(one_step: Atlas, gain: float = 1e-4, *, ax: Axes) -> Axes:
    """What one step gains on the population over what it gains on its n examples.

    Args:
        one_step: The experiment's results.
        gain: The step's gain, one of those measured.
        ax: Where to draw; default new axes.
    """
    config, ends = one_step.config, {}
    sizes = np.array(config["sizes"])
    line = np.geomspace(sizes[0], sizes[-1], 100)
    number = config["gains"].index(gain)
    for colour, (place, moment) in zip(COLOURS, enumerate(config["moments"]), strict=False):
        scale = one_step["noise_scale"][:, place]
        ratio = one_step["others"][:, place, number] / one_step["own"][:, place, number]
        _points(ax, sizes, ratio, colour)
        curve = closed_forms.one_step_ratio(line, scale[:, None]).mean(0)
        ax.plot(line, curve, color=colour, linewidth=1.2)
        label = "at the start" if moment == 0 else f"step {moment:,}"
        ends[label] = (line[-1], curve[-1], colour)
    ax.set(xscale="log", ylim=(-0.05, 1.05), xlabel="examples, n")
    ax.set_ylabel("others' gain over own gain")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    ax.set_xticks([16, 64, 256, 1024, 4096])
    ax.minorticks_off()
    label_ends(ax, ends)
    return ax


@styled
def plot_forgetting(memorizing_decay: Atlas, *, ax: Axes) -> Axes:
    """Answer to wrong labels against weight decay, and the general feature's; lines predicted.

    Args:
        memorizing_decay: The experiment's results.
        ax: Where to draw; default new axes.
    """
    config = memorizing_decay.config
    decays = np.array(config["decays"])[1:]
    line = np.geomspace(decays[0], decays[-1], 200)
    ax.axhline(0, color=GREY, linewidth=1, zorder=0)
    for colour, (number, kind) in zip(COLOURS, enumerate(config["networks"]), strict=False):
        _points(ax, decays, memorizing_decay["answer"][:, number, 1:], colour)
        _points(ax, decays, memorizing_decay["general"][:, number, 1:], colour, mark="s")
        if kind != "ReLU":
            layers = 1 if kind == "linear" else config["layers"]
            ends = [closed_forms.at_rest(λ, config["count"], config["wrong"], layers) for λ in line]
            ax.plot(line, ends, color=colour, linewidth=1.2)
    ax.set(xscale="log", xlabel="weight decay λ", ylabel="answer", ylim=(-0.55, 1.05))
    key(ax, {kind: (c, "-") for kind, c in zip(config["networks"], COLOURS, strict=False)})
    for text, height in (("● to wrong labels", 0.12), ("□ to fresh examples", 0.03)):
        ax.text(0.02, height, text, transform=ax.transAxes, fontsize=11)
    return ax


@styled
def plot_early_dose(left_out: Atlas, *, ax: Axes) -> Axes:
    """Rank correlation of early dose and being predicted, against how early; no weight decay.

    Args:
        left_out: The experiment's results.
        ax: Where to draw; default new axes.
    """
    fallen, ends = 100 * (1 - np.array(left_out.config["losses"])), {}
    ax.axhspan(0.5, 1, color=BLUE, alpha=0.08, linewidth=0)
    ax.axhspan(-1, 0.1, color=VERMILION, alpha=0.08, linewidth=0)
    for colour, data in zip(COLOURS, left_out.config["data"], strict=False):
        mean, low, high = mean_interval(effects.correlation(left_out, data)[:, 0])
        ax.fill_between(fallen, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(fallen, mean, "o-", color=colour, ms=4)
        ends[data] = (fallen[-1], mean[-1], colour)
    ax.set(xlabel="fall of the loss when the dose is read (%)", ylim=(-0.1, 0.9))
    ax.set_ylabel("rank correlation")
    label_ends(ax, ends)
    return ax


def _points(
    ax: Axes,
    x: np.ndarray,
    values: np.ndarray,
    colour: str,
    *,
    power: bool = False,
    mark: str = "o",
) -> None:
    """Means over seeds with their intervals; of powers of ten, drawn as 10 to them."""
    drawn = [10**part if power else part for part in mean_interval(values)]
    ax.vlines(x, *drawn[1:], color=colour, alpha=0.5, linewidth=3)
    ax.plot(x, drawn[0], mark, color=colour, ms=4, mfc="white" if mark == "s" else colour)
