"""Figures of the agreement experiment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from gradbook.chapters.minibatch import closed_forms
from gradbook.chapters.minibatch.effects import agreement_curve, of_loss
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.figures.general import plot_bands
from gradbook.figures.style import BLUE, COLOURS, GREY, key, label_ends, styled


@styled
def plot_learning(agreement: Atlas, loss: str = "l1", *, ax: Axes) -> Axes:
    """Test R² over epochs, from the agreement experiment, for one of its losses."""
    scores = of_loss(agreement, "test_r2", loss)
    ax.axhline(1, color=GREY, linewidth=1, zorder=0)
    plot_bands(np.arange(scores.shape[1]), {"": scores}, xlabel="epoch", ylabel="test R²", ax=ax)
    ax.set_ylim(-3.2, 1.15)
    return ax


@styled
def plot_agreement(
    agreement: Atlas,
    *,
    loss: str = "l1",
    layer: int = 2,
    opposed: bool = False,
    batch_size: int = 64,
    ax: Axes,
) -> Axes:
    """Agreement of 50 minibatches over epochs: seeds, their mean, and what one line predicts.

    Args:
        agreement: The agreement experiment's results.
        loss: One of the experiment's.
        layer: 2 or 3: the hidden layer; two of its biases are meant.
        opposed: Share of opposed pairs instead of the mean cosine.
        batch_size: Of the minibatches measured.
        ax: Where to draw; default new axes.
    """
    measured = agreement_curve(agreement, loss, layer, opposed=opposed)
    predicted = predicted_agreement(agreement, loss, batch_size)[1 if opposed else 0]
    epochs = np.arange(measured.shape[1])
    ax.plot(epochs, measured.T, color=GREY, linewidth=0.6, alpha=0.6)
    plot_bands(
        epochs,
        {"": measured},
        xlabel="epoch",
        ylabel="share of opposed pairs" if opposed else "mean cosine of all pairs",
        ax=ax,
    )
    predicted = np.nanmean(np.where(np.isnan(measured), np.nan, predicted), axis=0)
    ax.plot(epochs, predicted, "o", color="black", ms=4.5, mfc="white", zorder=3)
    ax.set_ylim(-0.05, 0.75 if opposed else 1.1)
    key(
        ax,
        {"mean, 95 % band": (BLUE, "-"), "predicted": ("black", "o"), "one network": (GREY, "-")},
    )
    return ax


def predicted_agreement(
    agreement: Atlas, loss: str = "l1", batch_size: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """Mean cosine and opposed share that one line predicts, each [seeds, epochs + 1]."""
    if loss == "l1":
        share = of_loss(agreement, "positive", loss)
        return closed_forms.vote_agreement(share, batch_size)
    mean, sd = (of_loss(agreement, name, loss) for name in ("error_mean", "error_sd"))
    return closed_forms.mean_agreement(mean, sd, batch_size)


@styled
def plot_batch_sizes(
    agreement: Atlas,
    batch_sizes: Sequence[int],
    epochs: Sequence[int],
    *,
    group: int = 2,
    ax: Axes,
) -> Axes:
    """Mean cosine of two minibatches against batch size: measured bands, predicted lines.

    Args:
        agreement: The agreement experiment's results.
        batch_sizes: [sizes].
        epochs: The epochs that were measured.
        group: 0 and 1 for the biases of the second and third hidden layer, 2 for all parameters.
        ax: Where to draw; default new axes.
    """
    measured = np.asarray(agreement["size_cosine"])[..., group]
    predicted = np.asarray(agreement["size_predicted"])[..., group]
    ends = {}
    for number, (colour, epoch) in enumerate(zip(COLOURS, epochs, strict=False)):
        mean, low, high = mean_interval(measured[:, number])
        ax.vlines(batch_sizes, low, high, color=colour, alpha=0.5, linewidth=3)
        ax.plot(batch_sizes, mean, "o", color=colour, ms=5)
        line = predicted[:, number].mean(0)
        ax.plot(batch_sizes, line, color=colour, linewidth=1.4)
        ends[f"epoch {epoch}"] = (batch_sizes[-1], line[-1], colour)
    ax.set_xscale("log", base=2)
    ax.set_xticks(batch_sizes[::3], [f"{size:,}" for size in batch_sizes[::3]])
    ax.set(xlabel="batch size |B| (rows)", ylabel="cosine of two minibatches", ylim=(-0.05, 1.05))
    label_ends(ax, ends)
    return ax


@styled
def plot_predicted_measured(
    predicted: np.ndarray, measured: np.ndarray, *, minibatches: int = 50, ax: Axes
) -> Axes:
    """Predicted against measured mean cosine, one point each.

    The line is the prediction; the grey area holds 95 % of what that many minibatches would show
    if it were exact.

    Args:
        predicted: Any shape.
        measured: A shape that it broadcasts with.
        minibatches: In each measurement.
        ax: Where to draw; default new axes.
    """
    line = np.linspace(0, 1, 401)
    low, high = closed_forms.sampled_range(line, minibatches)
    ax.fill_between(line, low, high, color=GREY, alpha=0.2, linewidth=0, zorder=0)
    predicted, measured = np.broadcast_arrays(predicted, measured)
    ax.plot(line, line, color=GREY, linewidth=1, zorder=0)
    ax.plot(predicted.ravel(), measured.ravel(), "o", color=BLUE, ms=4, alpha=0.4, mew=0)
    ax.set(xlabel="predicted mean cosine", ylabel="measured mean cosine", aspect="equal")
    return ax


@styled
def plot_drift(values: np.ndarray, labels: Sequence[str], *, ylabel: str, ax: Axes) -> Axes:
    """How far changed runs end from the first, over epochs.

    Args:
        values: [seeds, changes, epochs + 1].
        labels: [changes].
        ylabel: With unit.
        ax: Where to draw; default new axes.
    """
    curves = {label: values[:, number] for number, label in enumerate(labels)}
    ax = plot_bands(np.arange(values.shape[-1]), curves, xlabel="epoch", ylabel=ylabel, ax=ax)
    ax.set_ylim(bottom=0)
    return ax
