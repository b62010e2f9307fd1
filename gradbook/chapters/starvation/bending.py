"""The boundary on two moons under one choice: which regularizer bends it?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import traitlets as t

from gradbook.chapters.starvation import effects
from gradbook.chapters.starvation.plane import drawn_plane, with_plane
from gradbook.evidence.atlas import Atlas
from gradbook.widgets.measured import in_range
from gradbook.widgets.still import Shown, escaped, paragraph

MARGIN = 0.1
STRENGTHS = {
    "none": 0,
    "weight decay": 0.01,
    "dropout": 0.7,
    "batch norm": 0,
    "spectral decoupling": 0.06,
}
"""What the reader chooses from, at a strength that both experiments have."""
RINGS = 30


class Bending(Shown):
    """Two moons, and where nets under one regularizer or another decide between them.

    Attributes:
        meta: ``grid`` (the ends and the number of points along each coordinate) and ``choices``:
            ``name`` and ``sentence`` of each.
        field: int8, C order, [choices, G₁, G₂]; the answer is ``field / 127 * scale``.
        scale: float32, little endian, [choices].
        points: float32, little endian, [n, 2]: the training examples.
        labels: int8 [n], ±1.
        asked: float32, little endian, [k, 2]: new examples, marked right or wrong.
        answers: int8 [k], their labels.
        choice: Index into ``meta["choices"]``.
    """

    _esm = with_plane("bending.js")
    _css = with_plane("bending.css")

    meta = t.Dict().tag(sync=True)
    field = t.Bytes().tag(sync=True)
    scale = t.Bytes().tag(sync=True)
    points = t.Bytes().tag(sync=True)
    labels = t.Bytes().tag(sync=True)
    asked = t.Bytes().tag(sync=True)
    answers = t.Bytes().tag(sync=True)
    choice = t.Int(0).tag(sync=True)

    def __init__(
        self,
        choices: Mapping[str, str],
        arrays: Mapping[str, np.ndarray],
        grid: list[list[float]],
        choice: int = 0,
    ) -> None:
        """Pack what is drawn.

        Args:
            choices: Name of each choice to what its picture says.
            arrays: ``field``, ``scale``, ``points``, ``labels``, ``asked`` and ``answers``, of the
                shapes above.
            grid: First point, last point and number of points along each coordinate.
            choice: Which is shown first.

        Raises:
            ValueError: The arrays do not fit, or the index is out of range.
        """
        sides = tuple(int(axis[2]) for axis in grid)
        found = {name: np.shape(values) for name, values in arrays.items()}
        n, k = len(arrays["labels"]), len(arrays["answers"])
        expected = {
            "field": (len(choices), *sides),
            "scale": (len(choices),),
            "points": (n, 2),
            "labels": (n,),
            "asked": (k, 2),
            "answers": (k,),
        }
        if found != expected:
            raise ValueError(f"expected arrays of shapes {expected}, got {found}")
        self._drawn = arrays
        packed = {
            name: np.ascontiguousarray(
                arrays[name], "int8" if name in ("field", "labels", "answers") else "<f4"
            ).tobytes()
            for name in expected
        }
        shown = [{"name": name, "sentence": text} for name, text in choices.items()]
        super().__init__(meta={"grid": grid, "choices": shown}, choice=choice, **packed)

    @t.validate("choice")
    def _check_choice(self, proposal: dict) -> int:
        return in_range("choice", proposal["value"], len(self.meta.get("choices", ())))

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return self.meta["choices"][self.choice]["sentence"]

    def still(self) -> str:
        """The boundary of where it starts, among the examples, and what every choice says."""
        said = "<br>".join(escaped(one["sentence"]) for one in self.meta["choices"])
        field, points, labels = (self._drawn[name] for name in ("field", "points", "labels"))
        picture = drawn_plane(field[self.choice], points, labels, self.meta["grid"], repr(self))
        return picture + paragraph(said)


def sentence(cures: Atlas, name: str, strength: float) -> str:
    """What nets under a regularizer have right: like the training examples, and misled."""
    fresh = 100 * effects.of_cure(cures, "fresh", name, strength).mean()
    misled = 100 * effects.misled(cures, name, strength).mean()
    shown = "No regularizer" if name == "none" else name.capitalize()
    strong = f" {strength:g}" if strength else ""
    return (
        f"{shown}{strong}: {fresh:.0f} % right on new examples, "
        f"{misled:.0f} % where coordinate 1 misleads."
    )


def bending_explorer(
    boundary: Atlas, cures: Atlas, misleading: tuple[np.ndarray, np.ndarray], choice: int = 0
) -> Bending:
    """The boundary after 1,000 epochs under five regularizers.

    Args:
        boundary: The boundary experiment's results; its first seed is drawn.
        cures: The cures experiment's results; its means over seeds are said.
        misleading: New examples whose first coordinate misleads, points [n, 2] and labels [n];
            the first `RINGS` are drawn.
        choice: Which is shown first.
    """
    number = list(boundary.jobs).index(MARGIN)
    records = [_last_record(boundary.config, name, at) for name, at in STRENGTHS.items()]
    points, labels = misleading
    return Bending(
        {name: sentence(cures, name, at) for name, at in STRENGTHS.items()},
        {
            "field": boundary["field"][number, records],
            "scale": boundary["scale"][number, records],
            "points": boundary["points"][number],
            "labels": boundary["labels"][number],
            "asked": points[:RINGS],
            "answers": labels[:RINGS],
        },
        [[float(a), float(b), int(n)] for a, b, n in boundary.config["grid"]],
        choice,
    )


def _last_record(config: dict, name: str, strength: float) -> int:
    """Where the last record of a training with one regularizer stands."""
    start = 0
    for course in config["courses"]:
        if course == [[name, float(strength)]]:
            return start + len(config["epochs"]) - 1
        after = config["epochs"].index(course[1][0]) + 1 if len(course) == 2 else 0
        start += len(config["epochs"]) - after
    raise ValueError(f"expected a training of {config['courses']}, got {[name, strength]}")
