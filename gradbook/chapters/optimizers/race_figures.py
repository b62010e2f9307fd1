"""Figures of the race of the rule with memory: its course, and foretold against measured."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from gradbook.chapters.optimizers import race, race_effects
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.figures.style import BLUE, COLOURS, GREY, VERMILION, key, styled

MARKS = ("o", "s", "^")


@styled
def plot_race(found: Atlas, optimizer: str, decay: float, share: float, *, ax: Axes) -> Axes:
    """Strengths of the rule and of memory over the steps, and what was foretold at step 300.

    Bands are 95 % intervals over the seeds; they end where the first network stops. The dashed
    lines are the equations of the race, from the seeds' mean strengths and doses at step 300.

    Args:
        found: The race experiment's results.
        optimizer, decay, share: One of its settings.
        ax: Where to draw; default new axes.
    """
    chosen, config = race_effects.settings(found, optimizer), found.config
    place = [(d, s) for _, d, s in chosen].index((decay, share))
    number, end = chosen[place][0], config["window"][1]
    apart = config["steps"][optimizer] // config["points"]
    last = int(found["stopped"][:, number].min()) // apart
    at = apart * np.arange(last + 1)
    for side, colour in enumerate((BLUE, VERMILION)):
        course = found["course"][:, number, : last + 1, side].astype(float)
        mean, low, high = mean_interval(course)
        ax.fill_between(at, low, high, color=colour, alpha=0.25, linewidth=0)
        ax.plot(at, mean, "o", color=colour, ms=3)
    strength = found["strength"][:, number, 1].astype(float).mean(0)
    doses = race_effects.relative_doses(found, optimizer)[:, place].mean(0)
    told = race.replay(
        *strength,
        *doses,
        3 * config["rates"][optimizer] * decay,
        push=optimizer,
        steps=int(at[-1]) - end,
    )
    for side, colour in enumerate((BLUE, VERMILION)):
        ax.plot(end + np.arange(len(told)), told[:, side], "--", color=colour, linewidth=1.4)
    ax.axvline(end, color=GREY, linewidth=0.8)
    ax.set(xlabel="step", ylabel="strength (mean margin)", ylim=(0, None), xlim=(0, at[-1]))
    key(ax, {"rule": (BLUE, "-"), "memory": (VERMILION, "-"), "foretold": (GREY, "--")})
    return ax


@styled
def plot_foretold(
    found: Atlas, optimizer: str, account: str = race_effects.DOSES, *, ax: Axes
) -> Axes:
    """The step that was foretold against the measured one, every network a point.

    Open points, on the dotted line, are networks that do not reach half in the steps trained.

    Args:
        found: The race experiment's results.
        optimizer: Which.
        account: What the ratio of relative doses is taken from.
        ax: Where to draw; default new axes.
    """
    config, last = found.config, found.config["steps"][optimizer]
    crossed = race_effects.crossing(found, optimizer)
    told = np.minimum(race_effects.predicted(found, optimizer, account), 5 * last)
    ends = [0.8 * min(crossed.min(), told.min()), 6 * last]
    ax.plot(ends, ends, color=GREY, linewidth=0.8)
    ax.axvline(1.5 * last, color=GREY, linewidth=0.8, linestyle=":")
    for place, (_, decay, share) in enumerate(race_effects.settings(found, optimizer)):
        colour = COLOURS[config["shares"].index(share)]
        mark = MARKS[config["decays"][optimizer].index(decay)]
        there = np.isfinite(crossed[:, place])
        for chosen, x, fill in (
            (there, crossed[:, place], colour),
            (~there, np.full(len(crossed), 1.5 * last), "none"),
        ):
            ax.plot(x[chosen], told[chosen, place], mark, color=colour, mfc=fill, ms=4, alpha=0.6)
    handles = [
        *(
            Line2D([], [], color=colour, marker="o", linestyle="", label=f"{share:.0%} shown")
            for colour, share in zip(COLOURS, config["shares"], strict=False)
        ),
        *(
            Line2D([], [], color=GREY, marker=mark, linestyle="", label=f"decay {decay:g}")
            for mark, decay in zip(MARKS, config["decays"][optimizer], strict=True)
        ),
    ]
    ax.legend(handles=handles, frameon=False, fontsize=9, handletextpad=0.2, loc="upper left")
    ax.set(xscale="log", yscale="log", xlim=(ends[0], 2 * last), ylim=ends)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(FixedLocator([300, 1000, 3000, 10000]))
        axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axis.set_minor_locator(NullLocator())
    ax.set(xlabel="step at which half is right", ylabel="foretold at step 300")
    return ax
