"""A tracked run as one HTML page that opens offline: data, styles and script are in it."""

from __future__ import annotations

import base64
import json
import os
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from gradbook.track.runs import ROWS, Run, load
from gradbook.widgets.controls import within

FOLDER = Path(__file__).parent
CONTROLS = FOLDER.parent / "widgets"
AT_MOST = 60
"""Records in a page; of a longer run it holds so many, evenly spaced, first and last included."""

ALONE = 12
"""How many of the held rows whose gradients agree least are listed."""

POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
LIMITS = (
    "A dose is of the gradient that the optimizer was given: of one minibatch, clipped if you "
    "clip. It varies from step to step; look at several records.",
    "Under Adam a step is not the gradient: compare what the optimizer's step did.",
    "AdamW takes decay from the weights themselves, in proportion to the step size; Adam with L2 "
    "adds it to the gradient, whose scale it then divides by.",
    "Before a normalization layer the size of a unit's weights changes nothing but how fast they "
    "turn: a growing norm is then no growing answer.",
    "Dead means that not one weight of the group had a gradient at this minibatch. A unit behind "
    "GELU or SiLU is hardly ever dead in this sense, however little it does.",
    "Noise scale and agreement are of the held rows in evaluation mode: without dropout, and with "
    "batch norm's running statistics.",
)


def report(run: Any, path: str | Path = "report.html", *, title: str = "A training run") -> Path:
    """Write a run as a page: which groups are fed, eroded and dead, doses over time, noise, rows.

    Args:
        run: A `Run`, what has one (`Doses`), or the path of a file that `load` reads.
        path: Where to write; what lies there is replaced, at once and whole.
        title: Above it.

    Returns:
        The path.

    Raises:
        TypeError: It is no run.
        ValueError: Nothing was recorded yet.

    Cost: at most `AT_MOST` records of four numbers a group, 16 bytes each record and group, times
    4/3 for text.
    """
    if isinstance(run, str | os.PathLike):
        run = load(Path(run))
    run = run if isinstance(run, Run) else getattr(run, "run", run)
    if not isinstance(run, Run):
        raise TypeError(f"expected a run, its doses or its path, got {type(run).__name__}")
    if not len(run):
        raise ValueError("expected a run with a record at least, got one that holds none yet")
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(_page(run, title), encoding="utf-8")
    unfinished.replace(path)
    return path


def state_of(run: Run, record: int = -1) -> np.ndarray:
    """Which groups are dead (0), eroded (1), fed (2) or still zero (3) at a record [G].

    A group of zeros that has a gradient has no direction yet along which to be fed.
    """
    values = {name: run.values[name][record] for name in ("alive", "norm", "dose", "erosion")}
    moved = np.where(values["norm"] == 0, 3, np.where(values["dose"] > values["erosion"], 2, 1))
    return np.where(values["alive"] == 0, 0, moved)


def layers_of(names: tuple[str, ...]) -> dict[str, list[int]]:
    """Layer to its groups' numbers; a group that is no unit of a layer is its own."""
    found: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        found.setdefault(name.partition("[")[0], []).append(number)
    return found


def _page(run: Run, title: str) -> str:
    shown = np.unique(np.linspace(0, len(run) - 1, min(AT_MOST, len(run))).round().astype(int))
    kept = ("norm", "dose", "erosion", "along", "pull", "alive")
    data = {
        "steps": run.steps[shown].tolist(),
        "layers": layers_of(run.names),
        "groups": len(run.names),
        "values": {name: _packed(run.values[name][shown]) for name in kept},
        "noise": {name: _plain(run.held[name][shown]) for name in ROWS if name in run.held},
        "rows": int(run.about["n"]),
    }
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    script = "\n".join((p / n).read_text("utf-8") for p, n in _SCRIPTS)
    style = (CONTROLS / "controls.css").read_text("utf-8") + within(
        "body", (FOLDER / "page.css").read_text("utf-8")
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body class="gradbook-widget">
<main>
<h1>{escape(title)}</h1>
{_summary(run, len(shown))}
<section id="states"><h2>Which groups are fed, eroded, dead</h2></section>
<section id="times"><h2>Doses over time</h2></section>
{_noise(run)}
{_alone(run)}
<section><h2>What these numbers cannot say</h2>{_list(LIMITS)}</section>
{_left_out(run)}
<footer>Written by gradbook {escape(str(run.about["version"]))}. This page fetches nothing.</footer>
</main>
<script type="application/json" id="run">{text}</script>
<script>
{script}
</script>
</body>
</html>
"""


_SCRIPTS = ((CONTROLS, "controls.js"), (FOLDER, "page.js"))


def _packed(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode()


def _plain(values: np.ndarray) -> list[float | None]:
    """Numbers; None for infinite ones, −1 for nan, since JSON knows neither."""
    return [-1.0 if np.isnan(v) else None if np.isinf(v) else float(v) for v in values]


def _summary(run: Run, shown: int) -> str:
    state = state_of(run)
    counts = [f"<b>{(state == code).sum():,}</b> {word}" for code, word in _STATES]
    zero = f"; {(state == 3).sum():,} are still zero" if (state == 3).any() else ""
    span = f"steps {run.steps[0]:,} to {run.steps[-1]:,}"
    kept = "" if shown == len(run) else f", of which {shown} are shown here"
    count = "a record" if len(run) == 1 else f"{len(run)} records"
    optimizer = escape(str(run.about.get("optimizer", "the optimizer")))
    return (
        f"<p class='lead'>At step {run.steps[-1]:,}, of {len(run.names):,} groups of weights "
        f"{counts[0]}, {counts[1]} and {counts[2]}{zero}.</p>"
        f"<p>{optimizer}, {span}, {count}{kept}.</p>"
    )


_STATES = ((2, "are fed"), (1, "eroded"), (0, "dead"))


def batch_sentence(scale: float, low: float, high: float, rows: int) -> str:
    """What a noise scale says of the batch size, as a sentence."""
    if np.isnan(scale):
        return f"The {rows} held rows have no gradient at all, or could not be measured."
    if np.isinf(low):
        return (
            f"The gradients of the {rows} held rows agree no more than by chance: the noise scale "
            "is beyond what so few rows can measure. Hold more."
        )
    size = "not measurable" if np.isinf(scale) else f"{scale:,.3g} examples"
    if np.isinf(high):
        return (
            f"Noise scale {size}, at least {low:,.3g} (95 % interval; {rows} rows bound it from "
            f"below alone). Batches well below {low:,.3g} lose little per example seen; how large "
            "they may grow before they gain little more, these rows do not say."
        )
    return (
        f"Noise scale {size} (95 % interval from {low:,.3g} to {high:,.3g}). Batches well below "
        f"{low:,.3g} lose little per example seen; beyond {high:,.3g} a larger batch improves a "
        "step little."
    )


def _noise(run: Run) -> str:
    if not run.held:
        return ""
    scale, low, high = (float(run.held[f"noise_{end}"][-1]) for end in ("scale", "low", "high"))
    said = batch_sentence(scale, low, high, int(run.about["n"]))
    return (
        "<section id='noise'><h2>Noise scale, and what it says about the batch size</h2>"
        f"<p class='lead'>At step {run.steps[-1]:,}: {said}</p></section>"
    )


def _alone(run: Run) -> str:
    if not run.held:
        return ""
    told = run.held["agreement"][-1]
    order = [int(row) for row in np.argsort(told) if np.isfinite(told[row])][:ALONE]
    silent = int(np.isnan(told).sum())
    loss = run.held["loss"][-1]
    lines = "".join(
        f"<tr><td>{row}</td><td>{_cosine(told[row])}</td><td>{loss[row]:.3g}</td></tr>"
        for row in order
    )
    note = f" {silent} rows have no gradient." if silent else ""
    return f"""<section><h2>Examples that stand alone</h2>
<p>Held rows whose gradient agrees least with the mean of all others', at step {run.steps[-1]:,}.
With a high loss: a rare picture, or a wrong label. With a low one: a row that is learned, and whose
small gradient points anywhere.{note}</p>
<table><thead><tr><th>Held row</th><th>Cosine with the others' mean</th><th>Loss</th></tr></thead>
<tbody>{lines}</tbody></table></section>"""


def _cosine(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def _left_out(run: Run) -> str:
    if not run.about["left_out"]:
        return ""
    items = [f"<code>{escape(n)}</code>: {escape(w)}" for n, w in run.about["left_out"].items()]
    return (
        f"<details><summary>Layers whose units are not followed</summary>{_list(items)}</details>"
    )


def _list(items: Any) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
