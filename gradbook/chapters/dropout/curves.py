"""The chapter's small explorers: many masks a row, and a bias before batch norm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gradbook.chapters.dropout import closed_forms, effects
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.widgets.curves import Axis, Control, Curves, Form, Lines, Points, module_of

ROWS = (-1.4, -0.4, 0.5, 1.3)
"""What a linear layer gives to one unit, for four rows."""
MASKS = (1, 2, 4, 8, 16, 32, 64)


class DropoutCurves(Curves):
    """Small explorers of the closed forms in ``forms.js``."""

    _esm = module_of(Path(__file__).with_name("forms.js"))


def _ratio(s: Mapping[str, Any]) -> float:
    return s["ratios"][s["epochs"].index(s["epoch"])]


def _masks_lines(s: Mapping[str, Any]) -> Lines:
    masks = np.geomspace(1, 64, 121)
    return {"the masks' part": (masks, 100 * closed_forms.masks_share(_ratio(s), masks))}


def _masks_sentence(s: Mapping[str, Any]) -> str:
    one, sixteen = 100 * closed_forms.masks_share(_ratio(s), np.array([1, 16]))
    return (
        f"After {s['epoch']} epochs the masks make {one:.0f} % of the variance with one mask a row,"
        f" {sixteen:.0f} % with 16."
    )


MANY = Form("masks", _masks_lines, _masks_sentence)


def many_masks_explorer(nets: Atlas) -> Curves:
    """The masks' share of a row's gradient variance, averaged over more masks.

    Args:
        nets: The nets experiment's results.
    """
    masks, examples = effects.noise_parts(nets, 2)
    mean, low, high = mean_interval(100 * masks / (masks + examples))
    probed = list(nets.config["probed"])
    points = [
        Points(
            "measured with one mask",
            "the masks' part",
            {"epoch": epoch},
            np.ones(1),
            *(values[number : number + 1] for values in (mean, low, high)),
        )
        for number, epoch in enumerate(probed)
    ]
    ratios = masks.mean(0) / examples.mean(0)
    return DropoutCurves(
        MANY,
        id="many-masks",
        title="How many masks a row until the masks no longer matter?",
        controls=(Control("epoch", "Epoch", tuple(probed), len(probed) - 1),),
        x=Axis(
            "masks averaged over, for each row", 0.9, 70, log=True, ticks=MASKS,
            texts=[str(count) for count in MASKS],
        ),
        y=Axis("part of the variance (%)", 0, 100, ticks=(0, 25, 50, 75, 100)),
        points=points,
        fixed={"epochs": probed, "ratios": [float(f"{v:.5g}") for v in ratios]},
        note="Mean of ten networks with its 95 % interval; the line is the law 1/M.",
    )  # fmt: skip


def _idle_lines(s: Mapping[str, Any]) -> Lines:
    bias = np.linspace(-2, 2, 81)
    found = np.array(
        [closed_forms.normalized(np.array(s["rows"]), b, s["place"], s["mode"]) for b in bias]
    )
    return {f"row {i}": (bias, found[:, i - 1]) for i in range(1, len(s["rows"]) + 1)}


def moved(s: Mapping[str, Any]) -> float:
    """The largest change of an output as the bias goes from −1 to 1."""
    low, high = (
        closed_forms.normalized(np.array(s["rows"]), b, s["place"], s["mode"]) for b in (-1, 1)
    )
    return float(np.abs(high - low).max())


def _idle_sentence(s: Mapping[str, Any]) -> str:
    return (
        f"Batch norm {s['place']}, in {s['mode']} mode: as the bias goes from −1 to 1, an output "
        f"moves by up to {moved(s):.2f}."
    )


IDLE = Form("idle", _idle_lines, _idle_sentence)


def idle_bias_explorer() -> Curves:
    """What batch norm lets through of a bias, before and behind the ReLU, in both modes."""
    return DropoutCurves(
        IDLE,
        id="idle",
        title="Move a bias in front of batch norm. What comes out?",
        controls=(
            Control("place", "Batch norm", closed_forms.PLACES),
            Control("mode", "Mode", closed_forms.MODES),
        ),
        x=Axis("bias v", -2, 2, ticks=(-2, -1, 0, 1, 2)),
        y=Axis("output of batch norm", -4, 4, ticks=(-4, -2, 0, 2, 4)),
        fixed={"rows": list(ROWS)},
        note="One unit, four rows of a minibatch.",
    )


FORMS = (MANY, IDLE)
EXPLORERS = {
    "many-masks": (many_masks_explorer, "nets"),
    "idle": (lambda _: idle_bias_explorer(), "nets"),
}
"""Name to what makes it, and the experiment that it is given."""
