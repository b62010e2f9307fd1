"""The explorer: gradient landscapes of every minibatch, at the start and now."""

import json
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets as t

INDICES = {
    "regularizer": "regularizers",
    "epoch": "epochs",
    "layer": "layers",
    "minibatch": "minibatches",
}
META = (
    *INDICES.values(),
    "parameters",
    "offsets",
    "batch_size",
    "test_loss",
    "test_r2",
    "loss_label",
)


class Explorer(anywidget.AnyWidget):
    """One minibatch's gradient landscape at the first epoch, beside the one at a chosen epoch.

    The arrays' axes, in this order: R regularizers, E epochs, L layers, M minibatches, G
    offsets of the first parameter, G offsets of the second, 2 components of the gradient. The
    pictures and the numbers are made in the browser from these bytes, so no kernel is needed.

    Attributes:
        meta: Labels and curves, as ``__init__`` describes them.
        field: int8, C order, [R, E, L, M, G, G, 2]; the gradient is ``field / 127 * scale``.
        scale: float32, little endian, [R, E, L, M].
        centre: float32, little endian, [R, E, L, M, 2]: each minibatch's gradient at the
            network's own parameters.
        regularizer: Index into ``meta["regularizers"]``.
        epoch: Index into ``meta["epochs"]``.
        layer: Index into ``meta["layers"]``.
        minibatch: Index from 0 to M - 1.
        playing: Whether the widget is stepping through the minibatches.
        playing_epochs: Whether the widget is stepping through the epochs.
    """

    _esm = Path(__file__).with_name("explorer.js")
    _css = Path(__file__).with_name("explorer.css")

    meta = t.Dict().tag(sync=True)
    field = t.Bytes().tag(sync=True)
    scale = t.Bytes().tag(sync=True)
    centre = t.Bytes().tag(sync=True)
    regularizer = t.Int(0).tag(sync=True)
    epoch = t.Int(0).tag(sync=True)
    layer = t.Int(0).tag(sync=True)
    minibatch = t.Int(0).tag(sync=True)
    playing = t.Bool(False).tag(sync=True)
    playing_epochs = t.Bool(False).tag(sync=True)

    def __init__(
        self,
        meta: dict[str, Any],
        field: np.ndarray,
        scale: np.ndarray,
        centre: np.ndarray,
        **state: int | bool,
    ):
        """Check the arrays against their labels and pack them for the browser.

        Args:
            meta: ``regularizers`` (R dicts of ``name``, ``label``, ``note``), ``epochs`` (E
                numbers), ``layers`` (L dicts of ``label``), ``parameters`` (R x L pairs of
                names), ``offsets`` (G floats, G odd), ``batch_size``, ``minibatches`` (M),
                ``test_loss`` and ``test_r2`` (R x E floats), ``loss_label``. Plain JSON.
            field: int8 [R, E, L, M, G, G, 2].
            scale: Floats [R, E, L, M], finite and not negative.
            centre: Floats [R, E, L, M, 2], finite, in loss per unit of the parameter.
            **state: Where to start: ``regularizer``, ``epoch``, ``layer``, ``minibatch``
                (indices), ``playing``, ``playing_epochs``.

        Raises:
            ValueError: If a part of ``meta`` is missing or of the wrong length, an array's
                shape, type or values do not fit, or an index is out of range.
            TypeError: If ``state`` names something the explorer does not have.
        """
        if unknown := sorted(set(state) - set(self.trait_names())):
            known = ", ".join([*INDICES, "playing", "playing_epochs"])
            raise TypeError(f"Explorer has no state {unknown[0]!r}; it has {known}")
        shape = _check_meta(meta)
        super().__init__(
            meta=meta,
            field=_pack("field", field, "int8", shape),
            scale=_pack("scale", scale, "<f4", shape[:4]),
            centre=_pack("centre", centre, "<f4", (*shape[:4], 2)),
            **state,
        )

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return "Explorer: run this cell to turn it"

    @t.validate(*INDICES)
    def _check_index(self, proposal: dict) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        entries = self.meta.get(INDICES[name], ())
        length = entries if isinstance(entries, int) else len(entries)
        if not 0 <= value < length:
            raise ValueError(
                f"{name} is an index into meta[{INDICES[name]!r}], "
                f"from 0 to {length - 1}, got {value}"
            )
        return value


def _check_meta(meta: dict[str, Any]) -> tuple[int, ...]:
    """Check what ``meta`` holds; returns the field's shape [R, E, L, M, G, G, 2]."""
    if missing := [key for key in META if key not in meta]:
        raise ValueError(f"meta lacks {missing[0]!r}; it needs {', '.join(META)}")
    try:
        json.dumps(meta, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"meta must be plain JSON with finite numbers, since the browser reads it: {error}"
        ) from error
    R, E, L, G = (len(meta[key]) for key in ("regularizers", "epochs", "layers", "offsets"))
    M = meta["minibatches"]
    if min(R, E, L, M) < 1:
        raise ValueError(
            "meta needs at least one regularizer, epoch, layer and minibatch, "
            f"got {R}, {E}, {L} and {M}"
        )
    if G % 2 == 0:
        raise ValueError(
            "meta['offsets'] needs an odd length, so that the network's own parameters are "
            f"its centre, got {G}"
        )
    for key, names in (("regularizers", ("name", "label", "note")), ("layers", ("label",))):
        for i, entry in enumerate(meta[key]):
            if absent := [name for name in names if name not in entry]:
                raise ValueError(f"meta[{key!r}][{i}] lacks {absent[0]!r}, got {entry!r}")
    for key, lengths in (("parameters", (R, L, 2)), ("test_loss", (R, E)), ("test_r2", (R, E))):
        found = np.array(meta[key], dtype=object).shape
        if found != lengths:
            raise ValueError(f"meta[{key!r}] must be lists of lengths {lengths}, got {found}")
    return (R, E, L, M, G, G, 2)


def _pack(name: str, array: np.ndarray, dtype: str, shape: tuple[int, ...]) -> bytes:
    """An array's bytes in C order, after a look at its shape, type and values."""
    array = np.asarray(array)
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape} to fit meta, got {array.shape}")
    if dtype == "int8" and array.dtype != np.int8:
        raise ValueError(f"{name} must be int8, quantized by scale, got {array.dtype}")
    if not (np.isrealobj(array) and np.isfinite(array).all()):
        raise ValueError(f"{name} must be real and finite, got nan, infinity or complex numbers")
    if name == "scale" and (array < 0).any():
        raise ValueError(f"scale must not be negative, got {array.min()}")
    return np.ascontiguousarray(array, dtype=dtype).tobytes()
