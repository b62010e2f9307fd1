"""The generalization chapter's closed forms as small explorers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradbook.chapters.generalization import closed_forms, replays
from gradbook.chapters.generalization.replays import NETWORKS, GeneralizationCurves
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.widgets.curves import Axis, Control, Curves, Form, Lines, Points


def _crossing_lines(s: Mapping[str, Any]) -> Lines:
    step = np.arange(s["steps"] + 1)
    found = closed_forms.course(step * s["rate"], s["count"], s["wrong"], s["rate"])
    equal = closed_forms.crossing(s["count"], s["wrong"], s["rate"])
    height = float(np.interp(equal, step, found.wrong_dose))
    return {
        "shared feature": (step, found.general_dose),
        "a wrong label's own": (step, found.wrong_dose),
        "equal": (np.array([equal, equal]), np.array([s["floor"], height])),
    }


def _crossing_sentence(s: Mapping[str, Any]) -> str:
    last = math.ceil(closed_forms.crossing(s["count"], s["wrong"], s["rate"]))
    return (
        f"With n = {s['count']} the shared feature gets more for {last} steps, and then each wrong "
        "label's own feature."
    )


CROSSING = Form("crossing", _crossing_lines, _crossing_sentence)


def crossing_explorer(late: Atlas) -> Curves:
    """The shared feature's dose falls through those of the wrong labels; one slider for n.

    Args:
        late: The late_memorization experiment's results.
    """
    config, step = late.config, late["step"][0]
    shown = np.isin(step, (0, 10, 19, 30, 41, 51, 64, 74, 85, 99, 115))
    points = []
    for line, name in (("shared feature", "general"), ("a wrong label's own", "wrong")):
        values = late[f"{name}_dose"][:, 0, shown].astype(float)
        mean, low, high = mean_interval(values)
        when = {"count": config["count"]}
        points.append(Points("measured", line, when, step[shown], mean, low, high))
    powers = range(-6, 1, 2)
    return GeneralizationCurves(
        CROSSING,
        id="crossing",
        title="Which feature gets the larger dose?",
        controls=(
            Control("count", "Examples n", (10, 30, 100, 300, 1000, 3000, 10_000, 100_000), 2),
        ),
        x=Axis("steps of gradient descent", 0, 120, ticks=(0, 20, 40, 60, 80, 100, 120)),
        y=Axis(
            "dose",
            1e-6,
            1,
            log=True,
            ticks=[10.0**k for k in powers],
            texts=["1" if k == 0 else f"10{str(k).translate(RAISED)}" for k in powers],
        ),
        points=points,
        fixed={
            "wrong": config["wrong"],
            "rate": config["learning_rate"],
            "steps": 120,
            "floor": 1e-6,
        },
    )


RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _ratio_lines(s: Mapping[str, Any]) -> Lines:
    n = np.geomspace(10, 10_000, 61)
    return {kind: (n, closed_forms.dose_ratio(n, kind, units=s["units"])) for kind in NETWORKS}


def _ratio_sentence(s: Mapping[str, Any]) -> str:
    found = [
        float(closed_forms.dose_ratio(np.array(1000.0), kind, units=s["units"]))
        for kind in NETWORKS[1:]
    ]
    deep, relu = (round(ratio / 100) * 100 for ratio in found)
    return (
        "By theory the shared feature of 1000 examples gets 1000 times the dose in a linear "
        f"network, and in a hidden layer of {s['units']} units about {deep} times, "
        f"or {relu} with ReLU."
    )


RATIO = Form("ratio", _ratio_lines, _ratio_sentence)


def ratio_explorer(dose_by_count: Atlas) -> Curves:
    """The shared feature's dose over an own one's, against n, under a slider for the width.

    Args:
        dose_by_count: The experiment's results.
    """
    config = dose_by_count.config
    n, points = np.array(config["counts"], float), []
    for kind in NETWORKS:
        tens = np.log10(dose_by_count["dose"][:, config["networks"].index(kind)].astype(float))
        mean, low, high = (10**part for part in mean_interval(tens))
        points.append(Points("measured", kind, {"units": config["units"]}, n, mean, low, high))
    nodes, weights = np.polynomial.hermite_e.hermegauss(201)
    kept = weights > 1e-20 * weights.max()
    powers, counts = range(1, 7), (10, 100, 1000, 10_000)
    return GeneralizationCurves(
        RATIO,
        id="ratio",
        title="How many times larger is the dose of what all examples share?",
        controls=(Control("units", "Width of the hidden layer", (8, 32, 128, 512), 1, " units"),),
        x=Axis("examples, n", 10, 10_000, log=True, ticks=counts[:-1]),
        y=Axis(
            "dose, shared over own",
            10,
            1e6,
            log=True,
            ticks=[10.0**k for k in powers],
            texts=[f"10{str(k).translate(RAISED)}" for k in powers],
        ),
        points=points,
        fixed={
            "nodes": nodes[kept].tolist(),
            "weights": weights[kept].tolist(),
            "scale": config["scale"],
            "left": config["loss_left"],
        },
        note="Means of 20 seeds with 95 % intervals. Nothing is fitted.",
    )


def _never_lines(s: Mapping[str, Any]) -> Lines:
    step = np.geomspace(1, s["steps"], 121)
    found = closed_forms.course(step * s["rate"], s["count"], 1 - s["right"], s["rate"])
    lines = {
        "answer to a fresh example": (step, found.general),
        "added by a right label's own weight": (step, found.right),
    }
    if s["right"] < 1:
        lines["answer to a wrong label, towards it"] = (step, found.wrong - found.general)
    return lines


def _never_sentence(s: Mapping[str, Any]) -> str:
    end = closed_forms.course(s["steps"] * s["rate"], s["count"], 1 - s["right"], s["rate"])
    if s["right"] == 1:
        return (
            "No label is wrong: the shared feature answers in full, and there is nothing left to "
            f"memorize. Each own weight adds {float(end.right):.2f}."
        )
    steps = round(closed_forms.memorized(s["count"], 1 - s["right"]) / s["rate"] / 10) * 10
    return (
        f"{round(100 * s['right'])} % of the labels are right: the shared feature answers "
        f"{float(end.general):.2f}, each right label's own weight adds {float(end.right):.2f}. "
        f"Wrong labels are memorized after about {steps} steps."
    )


NEVER_WRONG = Form("never_wrong", _never_lines, _never_sentence)


def never_wrong_explorer(late: Atlas) -> Curves:
    """What is memorized as ever fewer labels are wrong.

    Args:
        late: The late_memorization experiment's results.
    """
    config, step = late.config, late["step"][0]
    shown = np.flatnonzero(step >= 1)[::6]
    points = []
    for line, name in (
        ("answer to a fresh example", "general_answer"),
        ("answer to a wrong label, towards it", "wrong_answer"),
    ):
        mean, low, high = mean_interval(late[name][:, 0, shown].astype(float))
        when = {"right": 1 - config["wrong"]}
        points.append(Points("measured", line, when, step[shown], mean, low, high))
    return GeneralizationCurves(
        NEVER_WRONG,
        id="never_wrong",
        title="What is memorized when the shared feature is never wrong?",
        controls=(
            Control("right", "Share of right labels", (0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1), 2),
        ),
        x=Axis("steps", 1, config["steps"], log=True, ticks=(1, 10, 100, 1000)),
        y=Axis("answer", -1, 1, ticks=(-1, -0.5, 0, 0.5, 1)),
        points=points,
        fixed={
            "count": config["count"],
            "rate": config["learning_rate"],
            "steps": config["steps"],
        },
        note="Means of 20 seeds with 95 % intervals, at 0.8 right labels. Nothing is fitted.",
    )


def _one_step_lines(s: Mapping[str, Any]) -> Lines:
    n = np.geomspace(10, 10_000, 61)
    return {SHARE: (n, closed_forms.one_step_ratio(n, s["scale"]))}


def _one_step_sentence(s: Mapping[str, Any]) -> str:
    hundred = 100 * float(closed_forms.one_step_ratio(np.array(100.0), s["scale"]))
    return (
        f"Of what a small step on 100 examples gains on them, others have {hundred:.0f} %. For "
        f"half it takes {s['scale']} examples, for nine tenths {9 * s['scale']}."
    )


SHARE = "share of the gain that others have"
ONE_STEP = Form("one_step", _one_step_lines, _one_step_sentence)


def one_step_explorer(one_step: Atlas) -> Curves:
    """What one step is worth to others, against its examples, under a slider for the noise scale.

    Args:
        one_step: The experiment's results; its points stand at the noise scale, geometric mean
            over seeds, of the moment that they were measured at.
    """
    config = one_step.config
    share = (one_step["others"] / one_step["own"])[:, :, 0].astype(float)
    measured = np.exp(np.log(one_step["noise_scale"]).mean(0)).round().astype(int).tolist()
    points = []
    for place, (moment, scale) in enumerate(zip(config["moments"], measured, strict=True)):
        when, n = {"scale": scale}, np.array(config["sizes"], float)
        points.append(
            Points(f"measured at step {moment}", SHARE, when, n, *mean_interval(share[:, place]))
        )
    scales = sorted([10, 32, 1000, 3160, *measured])
    return GeneralizationCurves(
        ONE_STEP,
        id="one_step",
        title="What is one step worth to examples that it was not taken on?",
        controls=(Control("scale", "Noise scale", scales, scales.index(measured[0])),),
        x=Axis("examples of the step, n", 10, 10_000, log=True, ticks=(10, 100, 1000, 10_000)),
        y=Axis("share of the gain", 0, 1, ticks=(0, 0.25, 0.5, 0.75, 1)),
        points=points,
        note=f"Points: digits, before training ({measured[0]}), after 100 ({measured[1]}) and "
        f"1,000 steps ({measured[2]}); means of 20 seeds with 95 % intervals. Nothing is fitted.",
    )


FORMS = (CROSSING, RATIO, NEVER_WRONG, ONE_STEP, *replays.FORMS)
EXPLORERS = {
    "crossing": (crossing_explorer, "late_memorization"),
    "ratio": (ratio_explorer, "dose_by_count"),
    "never_wrong": (never_wrong_explorer, "late_memorization"),
    "one_step": (one_step_explorer, "one_step"),
    "stopping": (replays.stopping_explorer, "late_memorization"),
    "grokking": (replays.grokking_explorer, "modular_addition"),
}
"""What makes each explorer, and of which experiment's results."""
