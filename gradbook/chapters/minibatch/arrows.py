"""Fifty minibatches of one network as fifty arrows on one axis, after every epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import traitlets as t

from gradbook.widgets.controls import with_controls
from gradbook.widgets.still import Shown, escaped, paragraph


def on_one_axis(gradients: np.ndarray) -> np.ndarray:
    """Gradients in two parameters as signed lengths along their common axis.

    The axis is the one that the gradients of an epoch lie on best (the first singular vector); it
    points where the axis of the epoch before it does, as far as an axis points.

    Args:
        gradients: [E, M, 2], of E epochs and M minibatches.

    Returns:
        Signed lengths [E, M], the longest of each epoch 1; 0 for a minibatch without gradient.
    """
    signed, before = [], np.array([1.0, 0.0])
    for found in np.asarray(gradients, float):
        axis = np.linalg.svd(found, full_matrices=False)[2][0]
        axis = axis if axis @ before >= 0 else -axis
        lengths = found @ axis
        longest = np.abs(lengths).max()
        signed.append(lengths / longest if longest > 0 else lengths)
        before = axis
    return np.array(signed)


def sentence(epoch: int, arrows: np.ndarray) -> str:
    """How many point each way, and how often two disagree."""
    right, left = int((arrows > 0).sum()), int((arrows < 0).sum())
    pairs = (right + left) * (right + left - 1) / 2
    share = right * left / pairs if pairs else 0.0
    return (
        f"Epoch {epoch}: {right} of {len(arrows)} minibatches point one way, {left} the other. "
        f"Of these pairs {round(100 * share)} % are opposed."
    )


def module_of(name: str) -> str:
    """The JavaScript of a widget of this folder, after that of the controls and of the arrows."""
    controls = with_controls(Path(__file__).with_name("shafts.js"))
    return controls + "\n" + Path(__file__).with_name(name).read_text("utf-8")


def drawn(lengths: np.ndarray, text: str) -> str:
    """Arrows as SVG.

    Args:
        lengths: Signed, at most 1 [M].
        text: What they show, as HTML.
    """
    lines = []
    for m, length in enumerate(lengths):
        colour = "#0072b2" if length > 0 else "#d55e00"
        y = 6 + 5 * m
        lines.append(
            f'<path d="M320 {y}H{round(320 + 290 * float(length))}" stroke="{colour}" '
            'stroke-width="3"/>'
        )
    return (
        '<svg viewBox="0 0 640 260" width="640" style="max-width:100%;height:auto" role="img" '
        f'aria-label="{text}">{"".join(lines)}</svg>'
    )


class Arrows(Shown):
    """Arrows on one axis under one slider.

    Attributes:
        meta: ``epochs`` [E] and ``arrows`` [E][M], signed lengths from −1 to 1.
        epoch: Index into ``meta["epochs"]``.
        playing: Whether the epochs play.
    """

    _esm = module_of("arrows.js")
    _css = with_controls(Path(__file__).with_name("arrows.css"))

    meta = t.Dict().tag(sync=True)
    epoch = t.Int(0).tag(sync=True)
    playing = t.Bool(False).tag(sync=True)

    def __init__(self, arrows: np.ndarray, epoch: int = 0) -> None:
        """Show arrows.

        Args:
            arrows: Signed lengths [E, M], at most 1.
            epoch: The one to begin with.

        Raises:
            ValueError: The shape or a length is another, or there is no such epoch.
        """
        arrows = np.asarray(arrows, float)
        if arrows.ndim != 2 or not (np.abs(arrows) <= 1).all():
            raise ValueError(
                f"expected signed lengths [epochs, minibatches] of at most 1, got {arrows.shape}"
            )
        super().__init__(
            meta={"epochs": list(range(len(arrows))), "arrows": arrows.round(3).tolist()},
            epoch=epoch,
        )

    @t.validate("epoch")
    def _check_epoch(self, proposal: dict) -> int:
        count = len(self.meta.get("epochs", ()))
        if not 0 <= proposal["value"] < count:
            raise ValueError(f"expected an epoch from 0 to {count - 1}, got {proposal['value']}")
        return proposal["value"]

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return sentence(self.epoch, np.array(self.meta["arrows"][self.epoch]))

    def still(self) -> str:
        """The arrows of the epoch that it begins with, and its sentence."""
        text = escaped(repr(self))
        return drawn(self.meta["arrows"][self.epoch], text) + paragraph(text)


def fifty_arrows(explorer: Any, epoch: int = 2) -> Arrows:
    """The network without a regularizer, in two biases of its second hidden layer.

    Args:
        explorer: The explorer experiment's results.
        epoch: The one to begin with.
    """
    centre = explorer["centre"][list(explorer.jobs).index("none"), :, 0]
    return Arrows(on_one_axis(centre), epoch=epoch)
