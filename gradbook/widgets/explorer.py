"""The explorer: gradient landscapes of every minibatch, two side by side."""

import json
from typing import Any

import numpy as np
import traitlets as t

from gradbook.widgets.controls import with_controls
from gradbook.widgets.still import Shown, escaped, pair_of_fields, paragraph

INDICES = {
    "view": "views",
    "other": "views",
    "epoch": "epochs",
    "layer": "layers",
    "minibatch": "minibatches",
    "cursor": "offsets",
}
"""Which part of ``meta`` a trait points into; the cursor into its grid of points."""

OPTIONAL = ("other", "cursor")
"""Traits that may also be −1: none."""

META = (
    "facets",
    "views",
    "epochs",
    "layers",
    "minibatches",
    "parameters",
    "offsets",
    "batch_size",
    "test_loss",
    "test_r2",
    "loss_label",
    "remark",
)


class Explorer(Shown):
    """One minibatch's gradient landscape, beside the first epoch's or beside another view's.

    A view is a network, two of its parameters and a mode; it has a value in each facet, and the
    reader chooses it facet by facet. The arrays' axes, in this order: V views, E epochs, L layers,
    M minibatches, G offsets of the first parameter, G offsets of the second, 2 components of the
    gradient. The pictures and the numbers are made in the browser from these bytes, so no kernel
    is needed.

    Attributes:
        meta: Labels and curves, as ``__init__`` describes them.
        field: int8, C order, [V, E, L, M, G, G, 2]; the gradient is ``field / 127 * scale``.
        scale: float32, little endian, [V, E, L, M].
        centre: float32, little endian, [V, E, L, M, 2]: each minibatch's gradient at the
            network's own parameters.
        view: Index into ``meta["views"]``: what the right side shows.
        other: The same for the left side, which then shows the chosen epoch too; or −1, and the
            left side shows the right side's view at the first epoch.
        epoch: Index into ``meta["epochs"]``.
        layer: Index into ``meta["layers"]``.
        minibatch: Index from 0 to M − 1.
        cursor: The marked grid point, i·G + j for the i-th first and the j-th second offset, or
            −1 for none.
        playing: Whether the widget is stepping through the minibatches.
        playing_epochs: Whether the widget is stepping through the epochs.
    """

    _esm = with_controls(
        "explorer.js", "explorer_numbers", "explorer_pictures", "explorer_controls"
    )
    _css = with_controls("explorer.css")

    meta = t.Dict().tag(sync=True)
    field = t.Bytes().tag(sync=True)
    scale = t.Bytes().tag(sync=True)
    centre = t.Bytes().tag(sync=True)
    view = t.Int(0).tag(sync=True)
    other = t.Int(-1).tag(sync=True)
    epoch = t.Int(0).tag(sync=True)
    layer = t.Int(0).tag(sync=True)
    minibatch = t.Int(0).tag(sync=True)
    cursor = t.Int(-1).tag(sync=True)
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
            meta: ``facets`` (F titles), ``views`` (V dicts of ``name``, ``label``, ``note`` and
                ``facets``, the view's value in each, "" where the facet does not apply; no two
                views alike in all), ``epochs`` (E numbers), ``layers`` (L dicts of ``label``),
                ``parameters`` (V x L pairs of names), ``offsets`` (G floats, G odd),
                ``batch_size``, ``minibatches`` (M), ``test_loss`` and ``test_r2`` (V x E floats),
                ``loss_label``, ``remark`` (a last sentence for the legend, or ""). Plain JSON.
            field: int8 [V, E, L, M, G, G, 2].
            scale: Floats [V, E, L, M], finite and not negative.
            centre: Floats [V, E, L, M, 2], finite, in loss per unit of the parameter.
            **state: Where to start: ``view``, ``other``, ``epoch``, ``layer``, ``minibatch``,
                ``cursor`` (indices), ``playing``, ``playing_epochs``.

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

    def still(self) -> str:
        """Both sides' fields of the minibatch that it begins with, and a sentence."""
        meta, other = self.meta, self.other if self.other >= 0 else self.view
        epochs = (self.epoch if self.other >= 0 else 0, self.epoch)
        V, E, L, M, G = (
            meta["minibatches"] if name == "minibatches" else len(meta[name])
            for name in ("views", "epochs", "layers", "minibatches", "offsets")
        )
        field = np.frombuffer(self.field, np.int8).reshape(V, E, L, M, G, G, 2)
        sides = list(zip((other, self.view), epochs, strict=True))
        fields = [field[v, e, self.layer, self.minibatch] / 127 for v, e in sides]
        names = [f"{meta['views'][v]['label']}, epoch {meta['epochs'][e]}" for v, e in sides]
        text = (
            f"Gradients of one minibatch in two parameters of the "
            f"{meta['layers'][self.layer]['label']}, over a grid of offsets. "
            f"Left: {names[0]}. Right: {names[1]}."
        )
        return pair_of_fields(fields, names, text) + paragraph(escaped(text))

    @t.validate(*INDICES)
    def _check_index(self, proposal: dict) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        entries = self.meta.get(INDICES[name], ())
        length = entries if isinstance(entries, int) else len(entries)
        what = f"an index into meta[{INDICES[name]!r}]"
        if name == "cursor":
            length, what = length**2, "a point of the grid"
        first, none = (-1, ", or -1 for none") if name in OPTIONAL else (0, "")
        if not first <= value < length:
            raise ValueError(f"{name} is {what}, from 0 to {length - 1}{none}, got {value}")
        return value


def _check_meta(meta: dict[str, Any]) -> tuple[int, ...]:
    """Check what ``meta`` holds; returns the field's shape [V, E, L, M, G, G, 2]."""
    if missing := [key for key in META if key not in meta]:
        raise ValueError(f"meta lacks {missing[0]!r}; it needs {', '.join(META)}")
    try:
        json.dumps(meta, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"meta must be plain JSON with finite numbers, since the browser reads it: {error}"
        ) from error
    V, E, L, G = (len(meta[key]) for key in ("views", "epochs", "layers", "offsets"))
    M = meta["minibatches"]
    if min(V, E, L, M) < 1:
        raise ValueError(
            f"meta needs at least one view, epoch, layer and minibatch, got {V}, {E}, {L} and {M}"
        )
    if G % 2 == 0:
        raise ValueError(
            "meta['offsets'] needs an odd length, so that the network's own parameters are "
            f"its centre, got {G}"
        )
    for key, names in (("views", ("name", "label", "note", "facets")), ("layers", ("label",))):
        for i, entry in enumerate(meta[key]):
            if absent := [name for name in names if name not in entry]:
                raise ValueError(f"meta[{key!r}][{i}] lacks {absent[0]!r}, got {entry!r}")
    _check_facets(meta["facets"], meta["views"])
    for key, lengths in (("parameters", (V, L, 2)), ("test_loss", (V, E)), ("test_r2", (V, E))):
        found = np.array(meta[key], dtype=object).shape
        if found != lengths:
            raise ValueError(f"meta[{key!r}] must be lists of lengths {lengths}, got {found}")
    return (V, E, L, M, G, G, 2)


def _check_facets(titles: list[str], views: list[dict[str, Any]]) -> None:
    """Check that the facets tell every view from every other."""
    if not titles or len(set(titles)) < len(titles):
        raise ValueError(f"meta['facets'] needs one or more different titles, got {titles!r}")
    seen: dict[tuple[str, ...], int] = {}
    for i, values in enumerate(view["facets"] for view in views):
        if len(values) != len(titles) or not all(isinstance(value, str) for value in values):
            raise ValueError(
                f"meta['views'][{i}]['facets'] needs a text for each of {titles!r}, got {values!r}"
            )
        if (first := seen.setdefault(tuple(values), i)) != i:
            raise ValueError(
                f"meta['views'][{first}] and [{i}] have the same facets {values!r}, so no reader "
                "could choose between them: give them different ones"
            )


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
