"""Figures on levelled doses: errors at equal training loss."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.figures.style import COLOURS, styled

LEVELLED_LINEAR = {
    "linear, plain": "plain descent",
    "linear, general rate / n": "shared weight's step divided by n",
    "linear, Adam": "Adam",
    "linear, Adam, turned": "Adam, inputs turned at random",
}
LEVELLED_RELU = {
    "ReLU, plain": "plain descent",
    "ReLU, general rate / n": "shared weights' steps divided by n",
    "ReLU with its outgoing layer fixed, general rate / n": "the same, outgoing layer held fixed",
}
"""Changes of the equal_loss experiment to what they are called in the figure."""


@styled
def plot_levelled(
    equal_loss: Atlas, changes: Mapping[str, str] = LEVELLED_LINEAR, *, ax: Axes
) -> Axes:
    """Errors on fresh examples at equal training loss, for some changes of the doses.

    Args:
        equal_loss: The experiment's results.
        changes: Of the experiment's, to what they are called; `LEVELLED_LINEAR` or `LEVELLED_RELU`.
        ax: Where to draw; default new axes.
    """
    losses = equal_loss.config["losses"]
    place = np.arange(len(losses))
    for colour, (change, text) in zip(COLOURS, changes.items(), strict=False):
        errors = 100 * equal_loss["error"][:, equal_loss.config["changes"].index(change)]
        reached = np.isfinite(errors).all(0)
        mean, low, high = mean_interval(errors[:, reached].astype(float))
        ax.vlines(place[reached], low, high, color=colour, alpha=0.5, linewidth=3)
        ax.plot(place[reached], mean, "o-", color=colour, ms=4, label=text)
    ax.set_xticks(place, [f"{loss:g}" for loss in losses])
    ax.set(xlabel="training loss", ylabel="fresh examples missed (%)", ylim=(-1, 52))
    ax.legend(frameon=False, fontsize=11, loc="upper left", borderaxespad=0)
    return ax
