"""The starvation explorer: what a net decides by, and what feeds it, as it trains on two moons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets as t

from gradbook.chapters.starvation.plane import drawn_plane, with_plane
from gradbook.widgets.measured import Measured, choices, in_range
from gradbook.widgets.still import escaped, paragraph, plain

CURVES = (
    "dose_1",
    "dose_2",
    "straight",
    "bent",
    "share_1",
    "share_2",
    "loss",
    "accuracy",
    "erased",
)
"""What is shown of a net beside its decisions, in this order."""

NOTES = {
    "none": ("", "Nothing is added to the logistic loss."),
    "weight decay": ("λ", "λ‖θ‖²/2 is added to the loss: it shrinks every weight."),
    "dropout": ("rate", "Hidden units are silenced at this rate while the net trains."),
    "batch norm": ("", "Each hidden unit is normalized over the batch, here over all examples."),
    "spectral decoupling": ("κ", "κf²/2 is added to each example’s loss: it shrinks answers."),
}
"""Regularizer to the name of its strength and a sentence."""

Course = Sequence[Sequence[Any]]
"""One or two stages: a regularizer and its strength; the second begins with the epoch before it."""


class Boundary(Measured):
    """Decisions in the plane, and the curves of dose, response and reliance beside them.

    A course is a training with one regularizer, or with one and from some epoch on with another. A
    course with a switch has records only after it: until then it is the course without. The arrays'
    axes: M margins; R records, those of all courses one after the other; G₁ and G₂ points of a grid
    along the two coordinates; C `CURVES`. All is drawn in the browser, so no kernel is needed.

    Attributes:
        meta: ``margins``, ``epochs`` (numbers), ``regularizers`` (dicts of ``name``, ``symbol``,
            ``note``, ``strengths``), ``switches`` (epochs), ``thens`` (what trains after one:
            dicts of ``name``, ``strength``, ``note``), ``courses`` (text of indices
            "regularizer,strength" or "regularizer,strength,switch,then" to the index of the first
            epoch and of its record), ``grid`` (the ends and the number of points along each
            coordinate), ``seeds`` (how many the bands span).
        field: int8, C order, [M, R, G₁, G₂]; the net's answer is ``field / 127 * scale``.
        scale: float32, little endian, [M, R].
        curves: float32, little endian, [M, R, C].
        low: The same, smallest over seeds; empty where there is no band.
        high: The same, largest.
        points: float32, little endian, [M, n, 2]: the training examples.
        labels: int8 [M, n], ±1.
        margin: Index into ``meta["margins"]``.
        regularizer: Index into ``meta["regularizers"]``.
        strength: Index into that regularizer's strengths.
        switch: 0 for none, or 1 + an index into ``meta["switches"]``.
        then: Index into ``meta["thens"]``: what trains after the switch.
        epoch: Index into ``meta["epochs"]``.
        playing: Whether the widget is stepping through the epochs.
    """

    _esm = with_plane("explorer.js")
    _css = with_plane("explorer.css")

    field = t.Bytes().tag(sync=True)
    scale = t.Bytes().tag(sync=True)
    curves = t.Bytes().tag(sync=True)
    low = t.Bytes().tag(sync=True)
    high = t.Bytes().tag(sync=True)
    points = t.Bytes().tag(sync=True)
    labels = t.Bytes().tag(sync=True)
    margin = t.Int(0).tag(sync=True)
    regularizer = t.Int(0).tag(sync=True)
    strength = t.Int(0).tag(sync=True)
    switch = t.Int(0).tag(sync=True)
    then = t.Int(0).tag(sync=True)
    epoch = t.Int(0).tag(sync=True)
    playing = t.Bool(False).tag(sync=True)

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray],
        *,
        margins: Sequence[float],
        epochs: Sequence[int],
        courses: Sequence[Course],
        grid: Sequence[Sequence[float]],
        seeds: int = 1,
        **state: int | bool,
    ) -> None:
        """Check the arrays against the courses and pack them for the browser.

        Args:
            arrays: ``field`` int8 [M, R, G₁, G₂]; ``scale`` [M, R], not negative; ``curves``
                [M, R, C]; ``points`` [M, n, 2]; ``labels`` [M, n], ±1; and, where the shown seed is
                one of several, ``low`` and ``high`` [M, R, C]. Finite.
            margins: M.
            epochs: At which there are records, ascending from 0.
            courses: See `Course`. Every switch is at one of the epochs, and every course with one
                begins as a course without.
            grid: First point, last point and number of points, for either coordinate.
            seeds: How many ``low`` and ``high`` are over.
            **state: Where to start: ``margin``, ``regularizer``, …, ``playing``.

        Raises:
            ValueError: A course is not one of these, an array does not fit, or an index is out of
                range.
        """
        meta, records = _describe(courses, list(epochs))
        meta |= {
            "margins": [float(margin) for margin in margins],
            "grid": [[float(a), float(b), int(n)] for a, b, n in grid],
            "seeds": int(seeds),
        }
        json.dumps(meta, allow_nan=False)
        M, R, C = len(margins), records, len(CURVES)
        n = np.shape(arrays.get("labels", np.zeros((0, 0))))[-1]
        shapes = {
            "field": (M, R, *(int(axis[2]) for axis in grid)),
            "scale": (M, R),
            "curves": (M, R, C),
            "points": (M, n, 2),
            "labels": (M, n),
        }
        if "low" in arrays or "high" in arrays:
            shapes |= {"low": (M, R, C), "high": (M, R, C)}
        packed = {name: _pack(name, arrays, shape) for name, shape in shapes.items()}
        super().__init__(meta=meta, **packed, **{"epoch": len(epochs) - 1, **state})

    def still(self) -> str:
        """The boundary that it begins with, among the examples, and the numbers beside it."""
        meta = self.meta
        margin, name = meta["margins"][self.margin], meta["regularizers"][self.regularizer]["name"]
        key = f"{self.regularizer},{self.strength}"
        base, own = meta["courses"][key], None
        when = ""
        if self.switch:
            own = meta["courses"].get(f"{key},{self.switch - 1},{self.then}")
            then = meta["thens"][self.then]
            when = f", from epoch {meta['switches'][self.switch - 1]} on {then['name']}"
        first, start = own if own and self.epoch >= own[0] else base
        record = start + self.epoch - first
        sides = [int(axis[2]) for axis in meta["grid"]]
        margins = len(meta["margins"])
        field = np.frombuffer(self.field, "int8").reshape(margins, -1, *sides)
        points = np.frombuffer(self.points, "<f4").reshape(margins, -1, 2)
        labels = np.frombuffer(self.labels, "int8").reshape(margins, -1)
        curves = np.frombuffer(self.curves, "<f4").reshape(margins, -1, len(CURVES))
        seen = dict(zip(CURVES, curves[self.margin, record].tolist(), strict=True))
        text = (
            f"Two moons, margin {margin:+g}, {plain(name)}{when}, "
            f"epoch {meta['epochs'][self.epoch]}: {100 * seen['accuracy']:.0f} % right, "
            f"{100 * seen['erased']:.0f} % with coordinate 1 erased; "
            f"doses {1000 * seen['dose_1']:.1f} and {1000 * seen['dose_2']:.1f} · 10⁻³."
        )
        m = self.margin
        picture = drawn_plane(field[m, record], points[m], labels[m], meta["grid"], text)
        return picture + paragraph(escaped(text))

    @t.validate("margin", "regularizer", "strength", "switch", "then", "epoch")
    def _check_index(self, proposal: dict) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        several = self.meta.get("regularizers", ())
        length = {
            "margin": len(self.meta.get("margins", ())),
            "regularizer": len(several),
            "strength": max((len(one["strengths"]) for one in several), default=0),
            "switch": 1 + len(self.meta.get("switches", ())),
            "then": max(1, len(self.meta.get("thens", ()))),
            "epoch": len(self.meta.get("epochs", ())),
        }[name]
        return in_range(name, value, length)


def _describe(courses: Sequence[Course], epochs: list[int]) -> tuple[dict[str, Any], int]:
    """What the browser needs to find a record, and how many records there are."""
    if not epochs or epochs[0] != 0 or sorted(set(epochs)) != epochs:
        raise ValueError(f"expected epochs that ascend from 0, got {epochs}")
    if wrong := [course for course in courses if len(course) not in (1, 2)]:
        raise ValueError(f"expected courses of one or two stages, got {wrong[0]!r}")
    if unknown := sorted({stage[-2] for course in courses for stage in course} - set(NOTES)):
        raise ValueError(f"expected regularizers of {list(NOTES)}, got {unknown[0]!r}")
    strengths: dict[str, list[float]] = {}
    for course in courses:
        if len(course) == 1:
            strengths.setdefault(course[0][0], []).append(float(course[0][1]))
    names, known = list(strengths), list(NOTES)
    seconds = [course[1] for course in courses if len(course) == 2]
    switches = sorted({second[0] for second in seconds})
    thens = sorted({tuple(second[1:]) for second in seconds}, key=lambda x: (known.index(x[0]), x))
    if not set(switches) <= set(epochs[:-1]):
        raise ValueError(f"expected switches at epochs of {epochs[:-1]}, got {switches}")
    found: dict[str, list[int]] = {}
    records = 0
    for course in courses:
        name, strength = course[0]
        if strength not in strengths.get(name, ()):
            raise ValueError(
                f"expected also a course [[{name!r}, {strength}]], as {course!r} begins"
            )
        key, first = [names.index(name), strengths[name].index(strength)], 0
        if len(course) == 2:
            key += [switches.index(course[1][0]), thens.index(tuple(course[1][1:]))]
            first = epochs.index(course[1][0]) + 1
        text = ",".join(map(str, key))
        if text in found:
            raise ValueError(f"expected each course once, got {course!r} again")
        found[text] = [first, records]
        records += len(epochs) - first
    return {
        "epochs": epochs,
        "regularizers": choices(strengths, NOTES, "regularizers"),
        "switches": switches,
        "thens": [
            {"name": name, "strength": strength, "note": NOTES[name][1]} for name, strength in thens
        ],
        "courses": found,
    }, records


def _pack(name: str, arrays: Mapping[str, np.ndarray], shape: tuple[int, ...]) -> bytes:
    """An array's bytes in C order, after a look at its shape, type and values."""
    values = np.asarray(arrays.get(name, np.nan))
    small = name in ("field", "labels")
    if values.shape != shape or not np.isfinite(values).all():
        raise ValueError(f"expected finite {name!r} {list(shape)}, got {list(values.shape)}")
    if small and values.dtype != np.int8:
        raise ValueError(f"expected {name!r} as int8, got {values.dtype}")
    if name == "scale" and (values < 0).any():
        raise ValueError(f"expected a scale that is not negative, got {values.min()}")
    if name == "labels" and not np.isin(values, (-1, 1)).all():
        raise ValueError(f"expected labels of -1 and 1, got {np.unique(values)}")
    return np.ascontiguousarray(values, dtype="int8" if small else "<f4").tobytes()


def boundary_explorer(results: Any, **state: int | bool) -> Boundary:
    """The explorer of the shipped atlas: ``boundary_explorer(atlas.load("boundary"))``.

    Args:
        results: The boundary experiment's results.
        **state: Where to start, as for `Boundary`.
    """
    config = results.config
    return Boundary(
        results.arrays,
        margins=results.jobs,
        epochs=config["epochs"],
        courses=config["courses"],
        grid=config["grid"],
        seeds=len(config["seeds"]),
        **state,
    )
