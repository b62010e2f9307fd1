"""What the book draws: measured arrays in, Matplotlib axes out.

One style, set around each drawing and never globally. Lines carry their labels; colours are those
of Okabe and Ito, which colour-blind readers can tell apart. Sizes are for a page that is 390 px
wide. A band is the 95 % interval of the mean over seeds (`gradbook.intervals`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from gradbook import predictions
from gradbook.intervals import mean_interval

BLUE, ORANGE, GREEN, VERMILION, PURPLE, GREY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#6b6b6b",
)
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE)

STYLE = {
    "figure.figsize": (4.8, 3.4),
    "figure.dpi": 160,
    "figure.constrained_layout.use": True,
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.labelsize": 12,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",
}
"""The book's rcParams."""

LOSSES = ("l1", "squared")
LAYERS = (2, 3)
"""The agreement experiment's second axis, and the last axis of its curves."""


@contextmanager
def _style() -> Iterator[None]:
    """The book's style, and then what was there before.

    `plt.rc_context` would put back every parameter, and with them the interactive mode that a
    notebook's backend turns on at the first figure: no figure after it would be shown.
    """
    before = {name: plt.rcParams[name] for name in STYLE}
    plt.rcParams.update(STYLE)
    try:
        yield
    finally:
        plt.rcParams.update(before)


def _styled(draw: Callable[..., Axes]) -> Callable[..., Axes]:
    """Draw in the book's style, on new axes where none are given."""

    @functools.wraps(draw)
    def in_style(*args, ax: Axes | None = None, **kwargs) -> Axes:
        with _style():
            if ax is None:
                ax = plt.subplots()[1]
            return draw(*args, ax=ax, **kwargs)

    return in_style


@_styled
def plot_bands(
    x: Sequence[float],
    curves: Mapping[str, np.ndarray],
    *,
    xlabel: str,
    ylabel: str,
    ax: Axes,
) -> Axes:
    """Means over seeds with 95 % bands, each line labelled at its right end.

    Args:
        x: [n].
        curves: Label to values [seeds, n].
        xlabel: With unit.
        ylabel: With unit.
        ax: Where to draw; default new axes.
    """
    ends = {}
    for colour, (label, values) in zip(COLOURS, curves.items(), strict=False):
        mean, low, high = mean_interval(values)
        ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(x, mean, color=colour)
        ends[label] = (x[-1], mean[-1], colour)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    _label_ends(ax, ends)
    return ax


@_styled
def plot_learning(agreement: Mapping[str, np.ndarray], loss: str = "l1", *, ax: Axes) -> Axes:
    """Test R² over epochs, from the agreement experiment, for one of `LOSSES`."""
    scores = _of_loss(agreement, "test_r2", loss)
    ax.axhline(1, color=GREY, linewidth=1, zorder=0)
    plot_bands(np.arange(scores.shape[1]), {"": scores}, xlabel="epoch", ylabel="test R²", ax=ax)
    ax.set_ylim(-3.2, 1.15)
    return ax


@_styled
def plot_field(
    offsets: np.ndarray, gradients: np.ndarray, parameters: Sequence[str], *, ax: Axes
) -> Axes:
    """One minibatch's gradient landscape as arrows; the circle marks the network's own place.

    Args:
        offsets: [G].
        gradients: [G, G, 2], first axis along the first parameter.
        parameters: Their two names.
        ax: Where to draw; default new axes.
    """
    offsets, gradients = np.asarray(offsets), np.asarray(gradients)
    _arrows(ax, offsets, gradients, width=0.008)
    ax.plot(0, 0, "o", mfc="none", mec=VERMILION, ms=11, mew=1.8)
    ax.locator_params(nbins=4)
    ax.set(xlabel=f"offset of {parameters[0]}", ylabel=f"offset of {parameters[1]}", aspect="equal")
    return ax


def plot_fields(offsets: np.ndarray, gradients: np.ndarray, *, columns: int = 5) -> np.ndarray:
    """Every minibatch's landscape as a small multiple; returns the array of axes.

    Arrows that point with the mean of all minibatches' centre gradients are blue, against it
    vermilion. Each panel has its own scale.

    Args:
        offsets: [G].
        gradients: [M, G, G, 2].
        columns: Panels in a row.
    """
    offsets, gradients = np.asarray(offsets), np.asarray(gradients)
    middle = int(np.abs(offsets).argmin())
    mean = gradients[:, middle, middle].mean(0)
    rows = -(-len(gradients) // columns)
    with _style():
        axes = plt.subplots(rows, columns, figsize=(4.8, 4.8 * rows / columns), squeeze=False)[1]
        for ax, field in zip(axes.flat, gradients, strict=False):
            _arrows(ax, offsets, field, width=0.02, towards=mean)
        for ax in axes.flat:
            ax.set(xticks=[], yticks=[], aspect="equal")
            ax.spines[:].set_visible(False)
    return axes


@_styled
def plot_agreement(
    agreement: Mapping[str, np.ndarray],
    *,
    loss: str = "l1",
    layer: int = 2,
    opposed: bool = False,
    batch_size: int = 64,
    ax: Axes,
) -> Axes:
    """Agreement of 50 minibatches over epochs: seeds, their mean, and what one line predicts.

    Args:
        agreement: The agreement experiment's arrays.
        loss: One of `LOSSES`.
        layer: 2 or 3: the hidden layer whose first two biases are meant.
        opposed: Share of opposed pairs instead of the mean cosine.
        batch_size: Of the minibatches measured.
        ax: Where to draw; default new axes.
    """
    measured = measured_agreement(agreement, loss=loss, layer=layer, opposed=opposed)
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
    _key(
        ax,
        {"mean, 95 % band": (BLUE, "-"), "predicted": ("black", "o"), "one network": (GREY, "-")},
    )
    return ax


def measured_agreement(
    agreement: Mapping[str, np.ndarray],
    *,
    loss: str = "l1",
    layer: int = 2,
    opposed: bool = False,
) -> np.ndarray:
    """Mean cosine, or share of opposed pairs, in a layer's first two biases [seeds, epochs + 1].

    Where more than a quarter of the minibatches have no gradient at all, because both units are off
    on nearly every row, too few angles are left: nan. (Ties of a vote make up at most a tenth.)
    """
    measured = _of_loss(agreement, "pair_opposed" if opposed else "pair_cosine", loss)
    silent = _of_loss(agreement, "zero_share", loss) > 0.25
    return np.where(silent, np.nan, measured)[..., LAYERS.index(layer)]


def predicted_agreement(
    agreement: Mapping[str, np.ndarray], loss: str = "l1", batch_size: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """Mean cosine and opposed share that one line predicts, each [seeds, epochs + 1]."""
    if loss == "l1":
        share = _of_loss(agreement, "positive", loss)
        return predictions.vote_agreement(share, batch_size)
    mean, sd = (_of_loss(agreement, name, loss) for name in ("error_mean", "error_sd"))
    return predictions.mean_agreement(mean, sd, batch_size)


@_styled
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
    low, high = predictions.sampled_range(line, minibatches)
    ax.fill_between(line, low, high, color=GREY, alpha=0.2, linewidth=0, zorder=0)
    predicted, measured = np.broadcast_arrays(predicted, measured)
    ax.plot(line, line, color=GREY, linewidth=1, zorder=0)
    ax.plot(predicted.ravel(), measured.ravel(), "o", color=BLUE, ms=4, alpha=0.4, mew=0)
    ax.set(xlabel="predicted mean cosine", ylabel="measured mean cosine", aspect="equal")
    return ax


@_styled
def plot_batch_sizes(
    agreement: Mapping[str, np.ndarray],
    batch_sizes: Sequence[int],
    epochs: Sequence[int],
    *,
    group: int = 2,
    ax: Axes,
) -> Axes:
    """Mean cosine of two minibatches against batch size: measured bands, predicted lines.

    Args:
        agreement: The agreement experiment's arrays.
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
    _label_ends(ax, ends)
    return ax


@_styled
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


def _arrows(
    ax: Axes,
    offsets: np.ndarray,
    field: np.ndarray,
    *,
    width: float,
    towards: np.ndarray | None = None,
) -> None:
    x, y = np.meshgrid(offsets, offsets, indexing="ij")
    longest = np.linalg.norm(field, axis=-1).max()
    step = offsets[1] - offsets[0] if len(offsets) > 1 else 1.0
    scaled = field / longest * step * 0.9 if longest > 0 else field
    colour = np.full(x.shape, BLUE)
    if towards is not None:
        colour[field @ towards < 0] = VERMILION
    ax.quiver(
        x,
        y,
        scaled[..., 0],
        scaled[..., 1],
        color=colour.ravel(),
        angles="xy",
        scale_units="xy",
        scale=1,
        pivot="mid",
        width=width,
    )
    ax.margins(0.15)


def _of_loss(agreement: Mapping[str, np.ndarray], name: str, loss: str) -> np.ndarray:
    if loss not in LOSSES:
        raise ValueError(f"expected a loss of {list(LOSSES)}, got {loss!r}")
    return np.asarray(agreement[name])[:, LOSSES.index(loss)]


def _key(ax: Axes, entries: Mapping[str, tuple[str, str]]) -> None:
    """A line of marks and words above the axes, for what cannot be labelled in place."""
    for label, (colour, mark) in entries.items():
        width = 0.8 if colour == GREY else 1.8
        ax.plot([], [], mark, color=colour, linewidth=width, mfc="white", label=label)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.05, 1),
        ncols=len(entries),
        frameon=False,
        fontsize=11,
        handlelength=1.2,
        columnspacing=1.0,
        handletextpad=0.4,
    )


def _label_ends(ax: Axes, ends: Mapping[str, tuple[float, float, str]]) -> None:
    """Write labels right of the lines' ends, pushed apart where they would overlap."""
    if not any(ends):
        return
    low, high = ax.get_ylim()
    gap = 0.09 * (high - low)
    place = -np.inf
    for label, (x, y, colour) in sorted(ends.items(), key=lambda item: item[1][1]):
        place = max(y, place + gap)
        ax.annotate(
            label,
            (x, place),
            xytext=(5, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            annotation_clip=False,
        )
