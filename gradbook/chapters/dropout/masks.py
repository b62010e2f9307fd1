"""One mask or fresh masks: a gradient landscape that the page computes, and draws anew."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import traitlets as t

from gradbook.evidence.atlas import Atlas
from gradbook.widgets.controls import with_controls
from gradbook.widgets.still import Shown, escaped, pair_of_fields, paragraph

GRID, REACH = 9, 0.5
"""Points a side, and how far the grid reaches, in standard deviations of the units' inputs."""
DIGITS = 4


def generator(seed: int):  # type: ignore[no-untyped-def]
    """Uniform numbers in [0, 1), the same in Python and in the page: mulberry32."""
    state = seed & 0xFFFFFFFF

    def draw() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        x = state
        x = ((x ^ (x >> 15)) * (x | 1)) & 0xFFFFFFFF
        x ^= (x + ((x ^ (x >> 7)) * (x | 61) & 0xFFFFFFFF)) & 0xFFFFFFFF
        return ((x ^ (x >> 14)) & 0xFFFFFFFF) / 4294967296

    return draw


def field(data: Mapping, seed: int, fresh: bool) -> np.ndarray:
    """Gradients of the L1 loss in two biases over a grid of offsets, under dropout.

    A mask multiplies each unit of both hidden layers, for each row, by 0 or by 1/(1 − r). The first
    grid point is the lowest offset of both; the second bias's offset runs fastest.

    Args:
        data: ``hidden`` [n, 32], ``weight`` [16, 32], ``bias`` [16], ``out`` [16], ``out_bias``,
            ``target`` [n], ``units`` (two numbers), ``offsets`` [2, G] and ``rate``.
        seed: Of the masks.
        fresh: Whether every grid point draws its own masks.

    Returns:
        [G, G, 2].
    """
    hidden, weight, bias, out, target = (
        np.array(data[name]) for name in ("hidden", "weight", "bias", "out", "target")
    )
    draw, keep = generator(seed), 1 - data["rate"]

    def mask(columns: int) -> np.ndarray:
        drawn = [draw() < keep for _ in range(len(hidden) * columns)]
        return np.array(drawn).reshape(-1, columns) / keep

    def masks() -> tuple[np.ndarray, np.ndarray]:
        return mask(hidden.shape[1]), mask(len(bias))

    units, (first, second) = data["units"], data["offsets"]
    held = masks()
    found = np.empty((len(first), len(second), 2))
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            below, above = masks() if fresh else held
            z = (hidden * below) @ weight.T + bias
            z[:, units[0]] += a
            z[:, units[1]] += b
            y = (np.maximum(z, 0) * above) @ out + data["out_bias"]
            sign = np.sign(y - target)
            found[i, j] = [(sign * above[:, k] * (z[:, k] > 0)).mean() * out[k] for k in units]
    return found


def neighbours(gradients: np.ndarray) -> float:
    """Mean angle between neighbouring gradients of a field [G, G, 2], in degrees.

    A point without a gradient (a billionth of the longest or less) has no direction, and its pairs
    do not count.
    """
    lengths = np.linalg.norm(gradients, axis=-1)
    directed = lengths > 1e-9 * lengths.max()
    angles = np.where(directed, np.arctan2(gradients[..., 1], gradients[..., 0]), np.nan)
    turns = np.concatenate([np.diff(angles, axis=axis).ravel() for axis in (0, 1)])
    return float(np.degrees(np.nanmean(np.abs((turns + np.pi) % (2 * np.pi) - np.pi))))


def sentence(one: float, fresh: float) -> str:
    """What the two fields show."""
    return (
        f"Neighbouring arrows differ by {one:.0f}° under one mask and by {fresh:.0f}° where every "
        "arrow draws its own."
    )


class Masks(Shown):
    """Two fields of one minibatch: one mask for all of it, and a fresh one at each arrow.

    Attributes:
        meta: What `field` takes.
        draw: How many times new masks were drawn.
    """

    _esm = with_controls(Path(__file__).with_name("masks.js"), "numbers")
    _css = with_controls(Path(__file__).with_name("fields.css"))

    meta = t.Dict().tag(sync=True)
    draw = t.Int(0).tag(sync=True)

    def __init__(self, data: Mapping, draw: int = 0) -> None:
        """Show a network's two fields.

        Args:
            data: What `field` takes.
            draw: The draw to begin with, 0 or more.

        Raises:
            ValueError: The draw is negative.
        """
        if draw < 0:
            raise ValueError(f"expected a draw from 0 on, got {draw}")
        super().__init__(meta=dict(data), draw=draw)

    def _fields(self) -> tuple[np.ndarray, np.ndarray]:
        one, fresh = (field(self.meta, 2 * self.draw + f, bool(f)) for f in (0, 1))
        return one, fresh

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return sentence(*(neighbours(found) for found in self._fields()))

    def still(self) -> str:
        """Both fields of the first draw, and the sentence."""
        text = repr(self)
        picture = pair_of_fields(self._fields(), ("one mask", "fresh masks"), text)
        return picture + paragraph(escaped(text))


def masks_explorer(in_the_page: Atlas, draw: int = 1) -> Masks:
    """The trained network's two fields, in the biases of the two units that the output weighs most.

    Args:
        in_the_page: The experiment's results.
        draw: The draw to begin with.
    """
    r = {name: in_the_page[name][0].astype(float) for name in ("hidden", "weight", "bias", "out")}
    inputs = r["hidden"] @ r["weight"].T + r["bias"]
    units = np.sort(np.argsort(-np.abs(r["out"]), kind="stable")[:2])
    reach = REACH * inputs[:, units].std(0)
    data = {name: values.round(DIGITS).tolist() for name, values in r.items()}
    return Masks(
        data
        | {
            "out_bias": round(float(in_the_page["out_bias"][0, 0]), DIGITS),
            "target": in_the_page["target"][0].astype(float).tolist(),
            "units": units.tolist(),
            "offsets": [np.linspace(-s, s, GRID).round(DIGITS).tolist() for s in reach],
            "rate": in_the_page.config["dropout_rate"],
        },
        draw=draw,
    )
