"""float32 or float64: the gradient of a bias in front of batch norm, computed in the page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import traitlets as t

from gradbook.evidence.atlas import Atlas
from gradbook.widgets.controls import with_controls
from gradbook.widgets.still import Shown, drawn_field, escaped, paragraph

GRID, REACH, TINY = 9, 0.5, 1e-5
PRECISIONS = ("float32", "float64")


def field(data: Mapping, precision: str) -> np.ndarray:
    """The gradient in two biases b in front of a batch norm, over a grid of offsets.

    With z = a + b, ẑ = (z − μ)/s and G = ∂L/∂ẑ, the gradient that reaches row i's z is
    (G − mean G − ẑ mean(G ẑ))/s, and that of b is its sum over the rows: zero, but for rounding.
    Every operation rounds to the precision, sums in the order of the rows.

    Args:
        data: ``inputs`` [n, 2] (a), ``gradients`` [n, 2] (G), ``bias`` [2], ``offsets`` [2, G].
        precision: One of `PRECISIONS`.

    Returns:
        [G, G, 2], float64.
    """
    kind = np.dtype(precision).type
    inputs, gradients = (np.array(data[name], kind) for name in ("inputs", "gradients"))
    columns = [
        [
            _of_bias(inputs[:, k], gradients[:, k], kind(data["bias"][k]) + kind(offset), kind)
            for offset in data["offsets"][k]
        ]
        for k in (0, 1)
    ]
    first, second = np.meshgrid(*columns, indexing="ij")
    return np.stack([first, second], -1).astype(float)


def _of_bias(a: np.ndarray, gradient: np.ndarray, bias: float, kind: type) -> float:
    n = kind(len(a))
    z = a + bias
    mean = _sum(z, kind) / n
    off = z - mean
    scale = np.sqrt(_sum(off * off, kind) / n + kind(TINY))
    hat = off / scale
    total, along = _sum(gradient, kind) / n, _sum(gradient * hat, kind) / n
    return float(_sum((gradient - total - hat * along) / scale, kind))


def _sum(values: np.ndarray, kind: type) -> float:
    total = kind(0)
    for value in values:
        total = total + value
    return total


def sentence(gradients: np.ndarray, precision: str) -> str:
    """How long the longest arrow is."""
    longest = np.linalg.norm(gradients, axis=-1).max()
    return (
        f"In {precision} the longest arrow is {power_of_ten(longest)} long. In exact arithmetic "
        "every arrow is 0."
    )


def power_of_ten(value: float) -> str:
    """The nearest power of ten of a number above 0, 10⁻⁷."""
    raised = f"{np.log10(value):.0f}".translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{raised}"


class Rounding(Shown):
    """The field of a bias that does nothing, in two precisions.

    Attributes:
        meta: What `field` takes.
        precision: Index into `PRECISIONS`.
    """

    _esm = with_controls(Path(__file__).with_name("rounding.js"))
    _css = with_controls(Path(__file__).with_name("fields.css"))

    meta = t.Dict().tag(sync=True)
    precision = t.Int(0).tag(sync=True)

    def __init__(self, data: Mapping, precision: int = 0) -> None:
        """Show a field.

        Args:
            data: What `field` takes.
            precision: Index into `PRECISIONS`.
        """
        super().__init__(meta=dict(data), precision=precision)

    @t.validate("precision")
    def _check_precision(self, proposal: dict) -> int:
        if proposal["value"] not in (0, 1):
            raise ValueError(f"expected precision 0 or 1, got {proposal['value']}")
        return proposal["value"]

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        name = PRECISIONS[self.precision]
        return sentence(field(self.meta, name), name)

    def still(self) -> str:
        """The field that it begins with, and its sentence."""
        text = escaped(repr(self))
        drawn = drawn_field(field(self.meta, PRECISIONS[self.precision]), 30)
        return (
            '<svg viewBox="0 0 330 290" width="330" style="max-width:100%;height:auto" role="img" '
            f'aria-label="{text}">{drawn}</svg>{paragraph(text)}'
        )


def rounding_explorer(in_the_page: Atlas) -> Rounding:
    """Two units of the trained network with batch norm.

    Args:
        in_the_page: The experiment's results.
    """
    inputs = in_the_page["normal_input"][0].astype(float)
    return Rounding(
        {
            "inputs": inputs.round(6).tolist(),
            "gradients": [
                [float(f"{v:.6g}") for v in row]
                for row in in_the_page["normal_gradient"][0].astype(float)
            ],
            "bias": in_the_page["normal_bias"][0].astype(float).round(6).tolist(),
            "offsets": [
                np.linspace(-REACH * s, REACH * s, GRID).round(6).tolist() for s in inputs.std(0)
            ],
        }
    )
