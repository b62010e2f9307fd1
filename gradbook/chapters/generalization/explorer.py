"""The examples explorer: who is fed, the general or the private, and which example agrees."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import traitlets as t

from gradbook.widgets.controls import with_controls
from gradbook.widgets.measured import Measured, choices, in_range
from gradbook.widgets.still import escaped, paragraph, plain

CURVES = (
    "general",
    "right",
    "wrong",
    "general_pull",
    "right_pull",
    "wrong_pull",
    "train_error",
    "wrong_error",
    "test_error",
)
"""The dose of the general recognizer and the mean one of private recognizers with right and with
wrong labels; what decay takes from them; shares of examples that are not answered as labelled: of
all examples, of those with wrong labels, of new examples with right ones."""

BARS = ("general recognizer", "own, with a right label", "own, with a wrong label")
"""What a still calls the first three of `CURVES`."""

AGREEMENTS = ("rest", "right", "wrong")
"""Whom an example's gradient is compared with: the mean of all others, the right-labelled, the
wrong-labelled."""

FOLDER = Path(__file__).parent

NOTES = {
    "none": ("", "Nothing is added to the gradients: a dose not taken away is kept."),
    "weight decay": ("λ", "Decay takes λ‖w‖ of every recognizer’s length w, the dashed lines."),
    "dropout": ("rate", "Dropout silences hidden units at random; doses are those of all units."),
}
"""Regularizer to the name of its strength and a sentence."""


class Examples(Measured):
    """One feature that serves all examples, a private one for each, and every example's gradient.

    Everything is drawn in the browser from these bytes, so no kernel is needed. S settings: shares,
    in each the sizes, in each the regularizers and their strengths. E records, M examples at most.
    Floats are little endian, and "bfloat16" is the upper half of a float32.

    Attributes:
        meta: ``shares`` (of wrong labels), ``sizes`` (n), ``regularizers`` (dicts of ``name``,
            ``symbol``, ``note``, ``strengths``), ``epochs`` (E numbers), ``shown`` (S pairs: how
            many right- and wrong-labelled examples are shown, those first), ``seeds`` (a
            sentence).
        curves: float32 [S, 3, 9, E]: the shown seed's, the band's lower and upper ends; `CURVES`.
        doses: bfloat16 [S, E, M]: dose less erosion of the examples' private recognizers.
        agreements: int8 [S, E, M, 3]: 127 times the cosines of an example's gradient, `AGREEMENTS`;
            −128 where there is none.
        answered: One bit an example, [S, E, M bits rounded up to bytes]: answered as labelled.
        share, size, regularizer, epoch: Indices into the parts of ``meta``.
        strength: Index into that regularizer's strengths.
        example: Which of the examples shown.
        playing: Whether the widget is stepping through the epochs.
    """

    _esm = with_controls(FOLDER / "explorer.js", str(FOLDER / "explorer_pictures"))
    _css = with_controls(FOLDER / "explorer.css")

    curves = t.Bytes().tag(sync=True)
    doses = t.Bytes().tag(sync=True)
    agreements = t.Bytes().tag(sync=True)
    answered = t.Bytes().tag(sync=True)
    share = t.Int(0).tag(sync=True)
    size = t.Int(0).tag(sync=True)
    regularizer = t.Int(0).tag(sync=True)
    strength = t.Int(0).tag(sync=True)
    epoch = t.Int(0).tag(sync=True)
    example = t.Int(0).tag(sync=True)
    playing = t.Bool(False).tag(sync=True)

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray],
        *,
        shares: Sequence[float],
        sizes: Sequence[int],
        regularizers: Mapping[str, Sequence[float]],
        epochs: Sequence[int],
        shown: Sequence[Sequence[int]],
        seeds: str,
        **state: int | bool,
    ) -> None:
        """Check the arrays and pack them for the browser.

        Args:
            arrays: ``curves`` [S, 3, 9, E], nan where there is no such thing; ``doses`` [S, E, M];
                ``agreements`` int8 [S, E, M, 3] and ``answered`` bool [S, E, M], as in the
                attributes. What lies behind a setting's examples is not shown.
            shares: Of wrong labels.
            sizes: n.
            regularizers: Name to strengths; with shares and sizes S settings in all.
            epochs: [E].
            shown: Right- and wrong-labelled examples of each setting, S pairs.
            seeds: What the lines and bands stand for.
            **state: Where to start: ``share``, ``size``, ``regularizer``, ``strength``, ``epoch``,
                ``example``, ``playing``.

        Raises:
            ValueError: A regularizer is unknown, an array is missing, not finite or of another
                shape or type, or an index is out of range.
        """
        chosen = choices(regularizers, NOTES, "regularizers")
        settings = len(shares) * len(sizes) * sum(map(len, regularizers.values()))
        examples = np.asarray(arrays.get("doses", np.nan)).shape[-1:]
        lengths = {
            "curves": (settings, 3, len(CURVES), len(epochs)),
            "doses": (settings, len(epochs), *examples),
            "agreements": (settings, len(epochs), *examples, len(AGREEMENTS)),
            "answered": (settings, len(epochs), *examples),
        }
        packed = {}
        for name, expected in lengths.items():
            values, (kind, pack) = np.asarray(arrays.get(name, np.nan)), PACKING[name]
            if values.shape != expected or not np.issubdtype(values.dtype, kind):
                raise ValueError(
                    f"expected {name!r} {list(expected)} of {kind.__name__}, "
                    f"got {list(values.shape)} of {values.dtype}"
                )
            if np.isinf(values).any() or (name == "doses" and np.isnan(values).any()):
                raise ValueError(f"expected finite {name!r}, got nan or infinity")
            packed[name] = pack(values).tobytes()
        if len(shown) != settings or any(not 0 < sum(pair) <= examples[0] for pair in shown):
            raise ValueError(
                f"expected 'shown' to be {settings} pairs that add up to 1 to {examples[0]}, "
                f"got {list(shown)}"
            )
        meta = {
            "shares": [float(share) for share in shares],
            "sizes": [int(size) for size in sizes],
            "regularizers": chosen,
            "epochs": [int(epoch) for epoch in epochs],
            "shown": [[int(right), int(wrong)] for right, wrong in shown],
            "seeds": seeds,
        }
        json.dumps(meta, allow_nan=False)
        super().__init__(meta=meta, **packed, **state)

    def still(self) -> str:
        """The doses at the epoch that it begins with, a bar each, and a sentence."""
        meta = self.meta
        chosen = meta["regularizers"][self.regularizer]
        strengths = [len(each["strengths"]) for each in meta["regularizers"]]
        setting = (self.share * len(meta["sizes"]) + self.size) * sum(strengths)
        setting += sum(strengths[: self.regularizer]) + self.strength
        shape = (-1, 3, len(CURVES), len(meta["epochs"]))
        now = np.frombuffer(self.curves, "<f4").reshape(shape)[setting, 0, :, self.epoch]
        doses = {name: float(dose) for name, dose in zip(BARS, now, strict=False) if dose == dose}
        unit = 300 / max(*doses.values(), 1e-9)
        bars = "".join(
            f'<text x="0" y="{22 + 30 * k}" fill="currentColor">{name}</text>'
            f'<rect x="250" y="{8 + 30 * k}" width="{max(round(unit * dose), 1)}" height="18" '
            'fill="#0072b2"/>'
            for k, (name, dose) in enumerate(doses.items())
        )
        text = (
            f"{meta['sizes'][self.size]} examples, {100 * meta['shares'][self.share]:.0f} % with "
            f"wrong labels, {plain(chosen['name'])}, epoch {meta['epochs'][self.epoch]}. Doses: "
            f"{', '.join(f'{name} {dose:.3f}' for name, dose in doses.items())}."
        )
        return (
            '<svg viewBox="0 0 640 100" width="640" style="max-width:100%;height:auto" role="img" '
            f'aria-label="{escaped(text)}">{bars}</svg>{paragraph(escaped(text))}'
        )

    @t.validate("share", "size", "regularizer", "strength", "epoch", "example")
    def _check_index(self, proposal: dict) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        lengths = {
            "strength": [len(each["strengths"]) for each in self.meta.get("regularizers", ())],
            "example": [sum(pair) for pair in self.meta.get("shown", ())],
        }
        length = max(lengths.get(name, [len(self.meta.get(f"{name}s", ()))]), default=0)
        return in_range(name, value, length)


def halves(values: np.ndarray) -> np.ndarray:
    """Float32 rounded to its upper 16 bits, as uint16: 8 binary digits, all of the range."""
    bits = np.ascontiguousarray(values, dtype="<f4").view("<u4")
    return ((bits + 0x8000) >> 16).astype("<u2")


def whole(codes: np.ndarray) -> np.ndarray:
    """What `halves` stand for, float32."""
    return (np.asarray(codes, dtype="<u4") << 16).view("<f4")


PACKING = {
    "curves": (np.floating, partial(np.ascontiguousarray, dtype="<f4")),
    "doses": (np.floating, halves),
    "agreements": (np.int8, np.ascontiguousarray),
    "answered": (np.bool_, partial(np.packbits, axis=-1)),
}
"""What an array holds, and how it travels."""


def examples_explorer(results: Any, **state: int | bool) -> Examples:
    """The shipped networks: ``examples_explorer(atlas.load("spectrum"))``.

    Args:
        results: The spectrum experiment's results.
        **state: Where to start, as for `Examples`.
    """
    config = results.config
    names = ("curves", "doses", "agreements", "answered")
    regularizers = dict(config["regularizers"])
    runs = sum(map(len, regularizers.values()))
    first, count = config["seeds"][0], len(config["seeds"])
    return Examples(
        {name: results[name].reshape(-1, *results[name].shape[2:]) for name in names},
        shares=config["shares"],
        sizes=config["sizes"],
        regularizers=regularizers,
        epochs=config["epochs"],
        shown=np.repeat(results["counts"], runs, axis=0).tolist(),
        seeds=f"Lines and marks are seed {first}; bands hold all {count} seeds.",
        **state,
    )
