"""Small explorers: one idea, one or two controls, and a picture that the page computes.

The curves are closed forms, written twice: in Python, where they are tested, and in JavaScript,
where a slider turns them; a test holds the two together. Measured points stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import traitlets as t

from gradbook.widgets.controls import with_controls
from gradbook.widgets.still import Shown, escaped, paragraph

Lines = dict[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Form:
    """A closed form with its sentence.

    Attributes:
        name: Of the function of the same name in the chapter's JavaScript.
        lines: Settings to curves: label to x and y.
        sentence: Settings to what the picture says, as text.
    """

    name: str
    lines: Callable[[Mapping[str, Any]], Lines]
    sentence: Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class Control:
    """What the reader sets.

    Attributes:
        name: Of the setting.
        label: What stands before it.
        values: What it can be; numbers make a slider, texts a row of choices.
        start: Index of the value to begin with.
        unit: Written after a number.
    """

    name: str
    label: str
    values: Sequence[float | str]
    start: int = 0
    unit: str = ""


@dataclass(frozen=True)
class Axis:
    """An axis.

    Attributes:
        label: With unit.
        low: Its lower end.
        high: Its upper end.
        log: Whether it is logarithmic.
        ticks: Where numbers stand.
        texts: What stands there; default the numbers.
    """

    label: str
    low: float
    high: float
    log: bool = False
    ticks: Sequence[float] = ()
    texts: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Points:
    """Measured points, shown where the settings are those of the measurement.

    Attributes:
        label: What was measured.
        line: Label of the line whose colour they have.
        when: Setting to the value under which they are shown; empty for always.
        x: [n].
        mean: [n].
        low: Lower end of the 95 % interval over seeds [n].
        high: Its upper end [n].
    """

    label: str
    line: str
    when: Mapping[str, float | str]
    x: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Curves(Shown):
    """A picture of a closed form under one or two controls.

    Subclasses set ``_esm`` by `module_of`, which adds a chapter's closed forms in JavaScript.

    Attributes:
        meta: ``id``, ``form``, ``title``, ``controls``, ``fixed`` settings, axes ``x`` and ``y``,
            ``points`` and ``note``.
        setting: Index of each control's value.
    """

    _css = with_controls("curves.css")

    meta = t.Dict().tag(sync=True)
    setting = t.List(t.Int()).tag(sync=True)

    def __init__(
        self,
        form: Form,
        *,
        id: str,
        title: str,
        controls: Sequence[Control],
        x: Axis,
        y: Axis,
        points: Sequence[Points] = (),
        fixed: Mapping[str, Any] | None = None,
        note: str = "",
    ) -> None:
        """Show a closed form.

        Args:
            form: Which.
            id: Of the explorer on its page.
            title: The question that it answers.
            controls: One or two.
            x: The horizontal axis.
            y: The vertical axis.
            points: What was measured.
            fixed: Settings that no control changes.
            note: What the points are, HTML.

        Raises:
            ValueError: There are no controls, one has too few values, or starts outside them.
        """
        for control in controls:
            if len(control.values) < 2 or not 0 <= control.start < len(control.values):
                raise ValueError(
                    f"expected two values or more for {control.name!r} and a start among them, "
                    f"got {list(control.values)} and {control.start}"
                )
        if not controls:
            raise ValueError("expected at least one control, got none")
        self._form = form
        super().__init__(
            meta={
                "id": id,
                "form": form.name,
                "title": title,
                "controls": [asdict(c) | {"values": list(c.values)} for c in controls],
                "fixed": dict(fixed or {}),
                "x": asdict(x),
                "y": asdict(y),
                "points": [_packed(measured) for measured in points],
                "note": note,
            },
            setting=[control.start for control in controls],
        )

    @property
    def settings(self) -> dict[str, Any]:
        """Name to value, of the fixed ones too."""
        chosen = {
            control["name"]: control["values"][index]
            for control, index in zip(self.meta["controls"], self.setting, strict=True)
        }
        return self.meta["fixed"] | chosen

    @t.validate("setting")
    def _check_setting(self, proposal: dict) -> list[int]:
        counts = [len(control["values"]) for control in self.meta.get("controls", ())]
        value = proposal["value"]
        inside = len(value) == len(counts) and all(
            0 <= index < count for index, count in zip(value, counts, strict=True)
        )
        if not inside:
            raise ValueError(f"expected indices below {counts}, got {value}")
        return value

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return f"{self.meta['title']} {self._form.sentence(self.settings)}"

    def still(self) -> str:
        """The question, the picture and the sentence of where it starts."""
        sentence = escaped(self._form.sentence(self.settings))
        picture = _drawn(self.meta, self._form.lines(self.settings), self.settings, sentence)
        return paragraph(self.meta["title"], strong=True) + picture + paragraph(sentence)


def module_of(file: Path) -> str:
    """The JavaScript of small explorers, with the closed forms in a chapter's file."""
    return with_controls("curves.js", "numbers").replace("/* FORMS */", file.read_text("utf-8"))


COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


def _packed(points: Points) -> dict[str, Any]:
    numbers = {
        name: [float(f"{v:.5g}") for v in getattr(points, name)]
        for name in ("x", "mean", "low", "high")
    }
    return {"label": points.label, "line": points.line, "when": dict(points.when)} | numbers


def _drawn(meta: Mapping, lines: Lines, settings: Mapping, sentence: str) -> str:
    """The picture as SVG, on whole pixels, so that it is the same everywhere."""

    def place(axis: Mapping, value: np.ndarray, start: int, length: int) -> list[int]:
        scale = np.log if axis["log"] else np.asarray
        low, high = scale(axis["low"]), scale(axis["high"])
        share = (scale(np.asarray(value, float)) - low) / (high - low)
        return [round(start + length * s) for s in np.clip(share, -0.02, 1.02).tolist()]

    shapes = ['<path d="M50 10V240H620" fill="none" stroke="currentColor"/>']
    for colour, (x, y) in zip(COLOURS, lines.values(), strict=False):
        path = " ".join(
            f"{a},{b}"
            for a, b in zip(
                place(meta["x"], x, 50, 570), place(meta["y"], y, 240, -230), strict=True
            )
        )
        shapes.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
    for points in meta["points"]:
        if all(settings[name] == value for name, value in points["when"].items()):
            xs = place(meta["x"], points["x"], 50, 570)
            ys = place(meta["y"], points["mean"], 240, -230)
            shapes += [
                f'<circle cx="{a}" cy="{b}" r="4" fill="{COLOURS[0]}"/>'
                for a, b in zip(xs, ys, strict=True)
            ]
    return (
        '<svg viewBox="0 0 640 280" width="640" style="max-width:100%;height:auto" '
        f'role="img" aria-label="{sentence}">'
        f"{''.join(shapes)}"
        f'<text x="335" y="272" text-anchor="middle" fill="currentColor">'
        f"{escaped(meta['x']['label'])}</text></svg>"
    )
