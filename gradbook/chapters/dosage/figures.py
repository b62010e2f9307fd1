"""Figures of the chapter on dose: who lives, who dies, and what was predicted."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.ticker import FuncFormatter

from gradbook.chapters.dosage import closed_forms, effects
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.figures.style import BLUE, COLOURS, GREY, VERMILION, key, label_ends, styled

SHORT = {
    "a·b": "squared loss",
    "logistic loss": "logistic loss",
    "ReLU, an output each": "ReLU, an output each",
    "ReLU, one output": "ReLU, one output",
}


@styled
def plot_survival(threshold: Atlas, settings: tuple[str, ...] | None = None, *, ax: Axes) -> Axes:
    """What recognizers answer at the end against p/λ, and the closed forms through the points.

    Args:
        threshold: The threshold experiment's results.
        settings: Some of its settings; default all.
        ax: Where to draw; default new axes.
    """
    ratio = threshold["ratio"][0]
    line = np.geomspace(ratio[0], ratio[-1], 400)
    decay = threshold.config["weight_decay"]
    forms = {
        "a·b": (line, closed_forms.survivor(line)),
        "logistic loss": (line, closed_forms.survivor(line, "logistic")),
        "ReLU, an output each": (line, closed_forms.survivor(line)),
        "ReLU, one output": (ratio, closed_forms.sharing(decay * ratio, decay)),
    }
    ends = {}
    for number, setting in enumerate(threshold.config["settings"]):
        if settings is not None and setting not in settings:
            continue
        colour = COLOURS[number]
        mean, low, high = mean_interval(threshold["answer"][:, number].astype(float))
        ax.vlines(ratio, low, high, color=colour, alpha=0.5, linewidth=3)
        ax.plot(ratio, mean, "o", color=colour, ms=4)
        ax.plot(*forms[setting], color=colour, linewidth=1.2)
        ends[SHORT[setting]] = (ratio[-1], forms[setting][1][-1], colour)
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}" if x >= 1 else f"1/{1 / x:g}"))
    ax.set(xlabel="frequency over decay, p/λ", ylabel="answer to the feature")
    label_ends(ax, ends)
    return ax


@styled
def plot_starved(cut_off: Atlas, what: str = "norm", *, ax: Axes) -> Axes:
    """Norm, or cosine with its former self, of a recognizer that gets no dose any more.

    White dots are the prediction where there is one.

    Args:
        cut_off: The cut-off experiment's results.
        what: ``"norm"``, as a share of the norm at the cut, or ``"cosine"``.
        ax: Where to draw; default new axes.
    """
    config = cut_off.config
    half_life = closed_forms.half_life(config["learning_rate"], config["weight_decay"])
    step = cut_off["step"][0]
    ends = {}
    for number, (colour, cause) in enumerate(zip(COLOURS, config["causes"], strict=True)):
        curves = cut_off[what][:, number].astype(float)
        scale = curves[:, :1] if what == "norm" else 1.0
        mean, low, high = mean_interval(curves / scale)
        ax.fill_between(step / half_life, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(step / half_life, mean, color=colour)
        ends[cause.replace(" and decay", " + decay")] = (step[-1] / half_life, mean[-1], colour)
        predicted = predicted_starving(cut_off, cause)
        if predicted is not None:
            shown = predicted[("norm", "cosine").index(what)] / scale
            marks = slice(None, None, 5)
            ax.plot(
                (step / half_life)[marks],
                shown.mean(0)[marks],
                "o",
                color="black",
                ms=4,
                mfc="white",
            )
    ax.set(xlabel="half-lives since the cut")
    if what == "norm":
        ax.set_yscale("log", base=2)
        ax.yaxis.set_major_formatter(
            FuncFormatter(lambda y, _: f"1/{1 / y:.0f}" if y < 1 else f"{y:g}")
        )
        ax.set_ylabel("norm over norm at the cut")
    else:
        ax.set_ylabel("cosine with its former self")
    _label(ax, ends, logarithmic=what == "norm")
    return ax


def predicted_starving(cut_off: Atlas, cause: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Norm and cosine that `survival.starved` predicts [seeds, records + 1], where it does."""
    config = cut_off.config
    if cause.startswith("other examples"):
        return None
    number = config["causes"].index(cause)
    return closed_forms.starved(
        cut_off["step"][:1],
        cut_off["norm"][:, number, :1].astype(float),
        learning_rate=config["learning_rate"],
        weight_decay=config["weight_decay"] if "decay" in cause else 0.0,
        noise=cut_off["noise"][:, None] if "noise" in cause else 0.0,
        dimensions=int(cut_off["dimensions"][0]),
    )


@styled
def plot_shaping(shaping: Atlas, *, ax: Axes) -> Axes:
    """Cosine with the feature: of units that descent changes, and of units that are only copied."""
    share = np.linspace(0, 1, shaping["step"].shape[1])
    measured = shaping["patch_cosine"].astype(float).mean(-1)
    predicted = predicted_shaping(shaping)
    selected = shaping["selection_cosine"].astype(float)
    for curves, colour in ((measured, BLUE), (selected, VERMILION)):
        mean, low, high = mean_interval(curves)
        x = np.linspace(0, 1, curves.shape[1])
        ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(x, mean, color=colour)
    ax.plot(share[::3], predicted.mean((0, 1))[::3], "o", color="black", ms=4, mfc="white")
    ax.set(
        xlabel="share of the steps, or of the generations", ylabel="mean cosine with the feature"
    )
    ax.set(xlim=(0, 0.2), ylim=(-0.05, 1.05), xticks=[0, 0.05, 0.1, 0.15, 0.2])
    key(ax, {"descent": (BLUE, "-"), "predicted": ("black", "o"), "selection": (VERMILION, "-")})
    return ax


def predicted_shaping(shaping: Atlas) -> np.ndarray:
    """|cos| with the feature that `survival.shaped` predicts [seeds, K, records + 1]."""
    config = shaping.config
    every = config["steps"] // config["records"]
    return closed_forms.shaped(
        shaping["patch_start"].astype(float),
        config["steps"],
        frequency=config["frequency"],
        weight_decay=config["weight_decay"],
        learning_rate=config["learning_rate"],
        background=config["background"],
    )[..., ::every]


@styled
def plot_competition(competition: Atlas, *, ax: Axes) -> Axes:
    """Accuracy after feature 1's head start: three kinds of network.

    Args:
        competition: The competition experiment's results.
        ax: Where to draw; default new axes.
    """
    step, config = competition["step"][0], competition.config
    ends = {}
    settings = ("two factors", "three factors", "ReLU")
    for colour, setting in zip(COLOURS, settings, strict=False):
        curves = competition["accuracy"][:, config["settings"].index(setting), 0].astype(float)
        mean, low, high = mean_interval(100 * curves)
        ax.fill_between(step, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(step, mean, color=colour)
        ends[setting] = (400, mean[step.tolist().index(400)], colour)
    ax.set(xlabel="steps since the head start", ylabel="accuracy (%)", xlim=(0, 400))
    ax.set_ylim(89, 98)
    label_ends(ax, ends)
    return ax


@styled
def plot_map(head_start: Atlas, factors: int, *, ax: Axes) -> Axes:
    """What becomes of the features that came late, over head start and weight decay.

    With two factors the colour is how long they take; with three, in how many networks they live,
    and the line is the closed form.

    Args:
        head_start: The head-start experiment's results.
        factors: 2 or 3.
        ax: Where to draw; default new axes.
    """
    config = head_start.config
    starts, decays = config["head_starts"], config["weight_decays"]
    delay = head_start["delay"][:, config["factors"].index(factors)].astype(float)
    if factors == 2:
        values = delay.mean(0)
        edges = [0, 20, 40, 80, 160, 320, 640, 1280]
        colours = ListedColormap(
            ["#f0f4f8", "#d3e3ef", "#a9cbe2", "#75aed2", "#3f8dbe", "#0072B2", "#004d7a"]
        )
    else:
        values = (delay >= 0).mean(0)
        edges = [0, 0.05, 0.5, 0.95, 1.001]
        colours = ListedColormap([VERMILION, "#f0b48a", "#9cc6e0", BLUE])
    grid = ax.pcolormesh(
        np.arange(len(decays) + 1),
        np.arange(len(starts) + 1),
        values,
        cmap=colours,
        norm=BoundaryNorm(edges, colours.N),
        edgecolors="white",
        linewidth=0.5,
    )
    ax.set_xticks(np.arange(len(decays))[::2] + 0.5, [f"{decay:g}" for decay in decays][::2])
    ax.set_yticks(np.arange(len(starts)) + 0.5, starts)
    ax.set(xlabel="weight decay λ", ylabel="head start (steps)")
    bar = ax.figure.colorbar(grid, ax=ax, ticks=edges[:-1] if factors == 2 else [0, 0.5, 1])
    bar.set_label("steps to catch up" if factors == 2 else "share that live")
    if factors == 3:
        limit = [
            closed_forms.longest_neglect(
                decay, start=config["start"], learning_rate=config["learning_rate"]
            )
            for decay in decays
        ]
        place = np.interp(limit, starts, np.arange(len(starts)) + 0.5, right=np.nan)
        ax.plot(np.arange(len(decays)) + 0.5, place, "o-", color="black", mfc="white", ms=5)
    return ax


@styled
def plot_diets(diets: Atlas, chosen: dict[str, float], *, ax: Axes) -> Axes:
    """What each recognizer answers at the end, against its frequency, under some diets.

    Args:
        diets: The diets experiment's results.
        chosen: Diet to strength.
        ax: Where to draw; default new axes.
    """
    frequency = np.array(diets.config["frequencies"][1:])
    line = np.geomspace(frequency[0], frequency[-1], 300)
    ends = {}
    for colour, (diet, strength) in zip(COLOURS, chosen.items(), strict=False):
        number = effects.diet_number(diets, diet, strength)
        mean, low, high = mean_interval(diets["answer"][:, number, -1, 1:].astype(float))
        ax.vlines(frequency, low, high, color=colour, alpha=0.5, linewidth=3)
        ax.plot(frequency, mean, "o", color=colour, ms=5)
        predicted = closed_forms.under_diet(line, diet, strength)
        ax.plot(line, predicted, color=colour, linewidth=1.2)
        ends[f"{diet} {strength:g}"] = (frequency[-1], predicted[-1], colour)
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    ax.set_xscale("log", base=2)
    ax.set_xticks(frequency[::2], [f"{100 * p:g} %" for p in frequency[::2]])
    ax.set(xlabel="frequency of the feature, p", ylabel="answer to the feature")
    label_ends(ax, ends)
    return ax


def _label(ax: Axes, ends: dict, *, logarithmic: bool) -> None:
    """`label_ends`, on a logarithmic axis too."""
    if not logarithmic:
        label_ends(ax, ends)
        return
    low, high = np.log(ax.get_ylim())
    place = -np.inf
    for label, (x, y, colour) in sorted(ends.items(), key=lambda item: item[1][1]):
        place = max(np.log(y), place + 0.09 * (high - low))
        ax.annotate(
            label,
            (x, np.exp(place)),
            xytext=(5, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            annotation_clip=False,
        )
