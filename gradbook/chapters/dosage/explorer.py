"""The garden: what each recognizer is fed and what is taken from it, epoch by epoch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import traitlets as t

from gradbook.widgets.controls import with_controls
from gradbook.widgets.measured import Measured, choices, in_range
from gradbook.widgets.still import escaped, paragraph

ARRAYS = ("norm", "answer", "dose", "pull")
NOTES = {
    "none": ("nothing", "Nothing is added to the gradients. A dose not taken is kept."),
    "weight decay": ("λ", "Decay takes λ‖w‖ from every norm: 1 − λ/p is left of the answer."),
    "dropout": ("rate", "Dropout taxes an answer where it is given: 1 − rate is left of all."),
    "gradient noise": ("ν", "Noise takes nothing on average; what nothing holds walks at random."),
    "spectral decoupling": ("λ", "λf²/2 taxes an answer where it is given: 1/(1 + λ) is left."),
}
"""Diet to the name of its strength and a sentence."""


class Garden(Measured):
    """Recognizers as plants: height is the norm, below it dose against what the diet takes.

    Everything is drawn in the browser from these bytes, so no kernel is needed.

    Attributes:
        meta: ``diets`` (dicts of ``name``, ``symbol``, ``note``, ``strengths``), ``epochs``
            (numbers), ``frequencies`` (of the recognizers' features).
        norm: float32, little endian, C order, [R, E, K]: diets and their strengths one after the
            other, epochs, recognizers.
        answer: The same, what a recognizer answers to its feature, where 1 is right.
        dose: The same, dose less erosion.
        pull: The same, what the diet takes.
        diet: Index into ``meta["diets"]``.
        strength: Index into that diet's strengths.
        epoch: Index into ``meta["epochs"]``.
        playing: Whether the widget is stepping through the epochs.
    """

    _esm = with_controls(Path(__file__).with_name("explorer.js"))
    _css = with_controls(Path(__file__).with_name("explorer.css"))

    norm = t.Bytes().tag(sync=True)
    answer = t.Bytes().tag(sync=True)
    dose = t.Bytes().tag(sync=True)
    pull = t.Bytes().tag(sync=True)
    diet = t.Int(0).tag(sync=True)
    strength = t.Int(0).tag(sync=True)
    epoch = t.Int(0).tag(sync=True)
    playing = t.Bool(False).tag(sync=True)

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray],
        *,
        diets: Mapping[str, Sequence[float]],
        frequencies: Sequence[float],
        **state: int | bool,
    ) -> None:
        """Check the arrays and pack them for the browser.

        Args:
            arrays: ``norm``, ``answer``, ``dose`` and ``pull`` [R, E, K], finite.
            diets: Name of a diet to its strengths; R in all.
            frequencies: [K].
            **state: Where to start: ``diet``, ``strength``, ``epoch``, ``playing``.

        Raises:
            ValueError: A diet is unknown, an array is missing, not finite or of another shape, or
                an index is out of range.
        """
        chosen = choices(diets, NOTES, "diets")
        runs = sum(map(len, diets.values()))
        packed = {}
        for name in ARRAYS:
            values = np.asarray(arrays.get(name, np.nan), dtype="<f4")
            fits = values.ndim == 3 and values.shape[::2] == (runs, len(frequencies))
            if not fits or not np.isfinite(values).all():
                raise ValueError(
                    f"expected finite {name!r} [{runs}, epochs, {len(frequencies)}], "
                    f"got {values.shape}"
                )
            packed[name] = np.ascontiguousarray(values).tobytes()
        epochs = np.asarray(arrays["norm"]).shape[1]
        meta = {
            "diets": chosen,
            "epochs": list(range(epochs)),
            "frequencies": [float(p) for p in frequencies],
        }
        json.dumps(meta, allow_nan=False)
        super().__init__(meta=meta, **packed, **{"epoch": epochs - 1, **state})

    def still(self) -> str:
        """Answers at the epoch that it begins with, a bar each, and a sentence."""
        meta = self.meta
        row = sum(len(d["strengths"]) for d in meta["diets"][: self.diet]) + self.strength
        shape = (-1, len(meta["epochs"]), len(meta["frequencies"]))
        answers = np.frombuffer(self.answer, "<f4").reshape(shape)[row, self.epoch]
        chosen = meta["diets"][self.diet]
        strength = f" {chosen['strengths'][self.strength]:g}" if chosen["symbol"] else ""
        bars = "".join(
            f'<rect x="{40 + 70 * k}" y="{200 - (tall := round(150 * max(float(a), 0.0)))}" '
            f'width="30" height="{tall}" fill="#009e73"/><text x="{55 + 70 * k}" y="222" '
            f'text-anchor="middle" fill="currentColor">{100 * p:g} %</text>'
            for k, (a, p) in enumerate(zip(answers, meta["frequencies"], strict=True))
        )
        text = (
            f"{chosen['name'].capitalize()}{strength}, epoch {meta['epochs'][self.epoch]}: what "
            "each recognizer answers to its feature, by the share of the examples that show it: "
            f"{', '.join(f'{max(float(a), 0.0):.2f}' for a in answers)}."
        )
        return (
            '<svg viewBox="0 0 640 230" width="640" style="max-width:100%;height:auto" role="img" '
            f'aria-label="{escaped(text)}">{bars}<path d="M20 200H620" stroke="currentColor"/>'
            f"</svg>{paragraph(escaped(text))}"
        )

    @t.validate("diet", "strength", "epoch")
    def _check_index(self, proposal: dict) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        if name == "epoch":
            length = len(self.meta.get("epochs", ()))
        elif name == "diet":
            length = len(self.meta.get("diets", ()))
        else:
            length = max((len(diet["strengths"]) for diet in self.meta.get("diets", ())), default=0)
        return in_range(name, value, length)


def garden_explorer(results: Any, job: int = 0, **state: int | bool) -> Garden:
    """One network's gardens, of the shipped atlas: ``garden_explorer(atlas.load("diets"))``.

    Args:
        results: The diets experiment's results.
        job: Which network.
        **state: Where to start, as for `Garden`.
    """
    return Garden(
        {name: results[name][job] for name in ARRAYS},
        diets=dict(results.config["diets"]),
        frequencies=results.config["frequencies"],
        **state,
    )
