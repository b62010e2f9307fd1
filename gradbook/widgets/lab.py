"""The lab: a chapter's training, live in the page, with what was measured behind it in grey.

The engine is built from `lab/`. It is one model that all labs of a kernel share, so that a page
holds its code once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import traitlets as t

from gradbook.widgets.controls import FOLDER, with_controls
from gradbook.widgets.still import Shown, escaped, paragraph

ENGINE = FOLDER / "engine.js"


class Engine(anywidget.AnyWidget):
    """What trains in the page.

    Attributes:
        code: A script that defines `gradbookLab`.
    """

    _esm = "export default {};"

    code = t.Unicode(ENGINE.read_text("utf-8")).tag(sync=True)


@cache
def engine() -> Engine:
    """The one engine of this kernel."""
    return Engine()


@dataclass(frozen=True)
class Setting:
    """What the reader sets.

    Attributes:
        name: Of the setting.
        label: What stands before it.
        start: What it is at first.
        choices: What it can be; none for a number or a text.
        low, high: The smallest and the largest number.
        whole: Whether it is a whole number.
        live: Whether it may change in mid-training.
    """

    name: str
    label: str
    start: float | str
    choices: Sequence[float | str] = ()
    low: float | None = None
    high: float | None = None
    whole: bool = False
    live: bool = False


class Lab(Shown):
    """A training that the reader sets, starts, steps and repeats.

    Subclasses set ``_esm`` by `module_of`, which adds what a chapter trains and draws.

    Attributes:
        meta: ``id``, ``title``, ``settings``, ``measured`` (curves that the chapter ships, as its
            own file reads them), ``label`` (what the picture shows) and ``note``.
        engine: What trains.
        values: Name of each setting to its value; ``seed`` too.
    """

    _css = with_controls("lab.css")

    meta = t.Dict().tag(sync=True)
    engine = t.Instance(Engine).tag(sync=True, **ipywidgets.widget_serialization)
    values = t.Dict().tag(sync=True)

    def __init__(
        self,
        *,
        id: str,
        title: str,
        settings: Sequence[Setting],
        measured: Mapping[str, Any],
        label: str,
        still: Mapping[str, tuple[Sequence[float], Sequence[float]]],
        finding: str,
        axis: str = "",
        note: str = "",
        seed: int = 10,
        **values: Any,
    ) -> None:
        """Offer a training.

        Args:
            id: Of the lab on its page.
            title: The question that it answers.
            settings: From top to bottom; a seed follows them.
            measured: What lies behind the live curve, plain JSON.
            label: Of the vertical axis.
            still: Curves to show where nothing runs: label to steps and values.
            finding: What they say.
            axis: What the still's axes are, if not the label against steps.
            note: What the grey curves are, HTML.
            seed: Of weights and minibatches.
            **values: Where to start, by the settings' names.

        Raises:
            TypeError: There is no such setting.
        """
        starts = {one.name: one.start for one in settings}
        if unknown := sorted(set(values) - set(starts)):
            raise TypeError(f"expected settings of {list(starts)}, got {unknown[0]!r}")
        meta = {
            "id": id,
            "title": title,
            "settings": [asdict(one) for one in settings],
            "measured": measured,
            "label": label,
            "note": note,
        }
        json.dumps(meta, allow_nan=False)
        self._still, self._finding, self._axis = still, finding, axis
        super().__init__(meta=meta, engine=engine(), values=starts | values | {"seed": seed})

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return f"{self.meta['title']} {self._finding}"

    def still(self) -> str:
        """The question, the measured curves and what they say."""
        last = max(max(x) for x, _ in self._still.values())
        top = max(max(y) for _, y in self._still.values())
        low = min(0, *(min(y) for _, y in self._still.values()))
        lines = []
        for x, y in self._still.values():
            points = " ".join(
                f"{round(50 + 570 * a / last)},{round(240 - 225 * (b - low) / (top - low))}"
                for a, b in zip(x, y, strict=True)
            )
            lines.append(f'<polyline points="{points}" fill="none" stroke="#0072b2"/>')
        alt = escaped(self._finding)
        axis = self._axis or f"{self.meta['label']}, step 0 to {last:g}"
        return (
            f"{paragraph(self.meta['title'], strong=True)}"
            '<svg viewBox="0 0 640 280" width="640" style="max-width:100%;height:auto" role="img" '
            f'aria-label="{alt}"><path d="M50 10V240H620" fill="none" stroke="currentColor"/>'
            f'{"".join(lines)}<text x="335" y="272" text-anchor="middle" fill="currentColor">'
            f"{escaped(axis)}</text></svg>{paragraph(alt)}"
        )


def module_of(file: Path) -> str:
    """The JavaScript of a lab, with what a chapter's file trains and draws."""
    shared = with_controls("lab.js", "trainer")
    return shared.replace("/* LAB */", file.read_text("utf-8"))
