"""The dosage chapter's small explorers: survival, starved direction, four regularizers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gradbook.chapters.dosage import closed_forms, effects
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.widgets.curves import Axis, Control, Curves, Form, Lines, Points, module_of

OWN, LOGISTIC, SHARED = (
    "own weights",
    "own weights, logistic loss",
    "shared weights, one output",
)
MEASURED = {OWN: "a·b", LOGISTIC: "logistic loss", SHARED: "ReLU, one output"}
"""A network of the explorer to its name in the threshold experiment."""


class DosageCurves(Curves):
    """Small explorers of the closed forms in ``forms.js``."""

    _esm = module_of(Path(__file__).with_name("forms.js"))


def percent(share: float) -> str:
    """A share in per cent, to three digits."""
    if 0 < share < 0.001:
        return "less than 0.1 %"
    return f"{float(f'{100 * share:.3g}'):g} %"


def _survival_lines(s: Mapping[str, Any]) -> Lines:
    if s["network"] == SHARED:
        p = np.array(s["frequencies"])
        return {"answer": (p, closed_forms.sharing(p, s["decay"]))}
    p = np.geomspace(0.00125, 0.08, 301)
    loss = "logistic" if s["network"] == LOGISTIC else "squared"
    return {"answer": (p, closed_forms.survivor(p / s["decay"], loss))}


def _survival_sentence(s: Mapping[str, Any]) -> str:
    if s["network"] == SHARED:
        if np.linalg.norm(s["frequencies"]) > s["decay"]:
            return f"At λ = {s['decay']:g} no feature dies: the rare ones only answer less."
        return f"At λ = {s['decay']:g} all features die together."
    threshold = s["decay"] * (2 if s["network"] == LOGISTIC else 1)
    return f"At λ = {s['decay']:g} a feature seen in fewer than {percent(threshold)} of the " + (
        "examples dies."
    )


SURVIVAL = Form("survival", _survival_lines, _survival_sentence)


def survival_explorer(threshold: Atlas) -> Curves:
    """Who survives, by frequency, under a slider for weight decay.

    Args:
        threshold: The threshold experiment's results.
    """
    decay = threshold.config["weight_decay"]
    p = decay * threshold["ratio"][0].astype(float)
    points = []
    for network, setting in MEASURED.items():
        number = threshold.config["settings"].index(setting)
        mean, low, high = mean_interval(threshold["answer"][:, number].astype(float))
        points.append(
            Points(f"measured at λ = {decay:g}", "answer", {"network": network}, p, mean, low, high)
        )
    return DosageCurves(
        SURVIVAL,
        id="survival",
        title="How often must a feature be seen for its recognizer to live?",
        controls=(
            Control("decay", "Weight decay λ", (0.0025, 0.005, 0.01, 0.02, 0.04), 2),
            Control("network", "Network", tuple(MEASURED)),
        ),
        x=_frequencies(),
        y=Axis("answer to the feature", 0, 2, ticks=(0, 0.5, 1, 1.5, 2)),
        points=points,
        fixed={"frequencies": p.round(8).tolist()},
        note="Means of 20 seeds with 95 % intervals. Nothing is fitted.",
    )


def _frequencies() -> Axis:
    ticks = (0.00125, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08)
    return Axis(
        "share of the examples that show the feature, p",
        0.00125,
        0.08,
        log=True,
        ticks=ticks,
        texts=[percent(v) for v in ticks],
    )


def _starved(s: Mapping[str, Any], step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    size, cosine = closed_forms.starved(
        step,
        s["norm"],
        learning_rate=s["rate"],
        weight_decay=s["decay"],
        noise=s["noise"] * s["measured"],
        dimensions=s["dimensions"],
    )
    return size / s["norm"], cosine


def _starved_lines(s: Mapping[str, Any]) -> Lines:
    step = np.linspace(0, s["steps"], 151)
    size, cosine = _starved(s, step)
    return {"size": (step, size), "direction kept (cosine)": (step, cosine)}


def _starved_sentence(s: Mapping[str, Any]) -> str:
    size, cosine = (float(v[0]) for v in _starved(s, np.array([s["steps"]], float)))
    return f"After {s['steps']} steps: size {percent(size)}, cosine with what it was {cosine:.2f}."


STARVED = Form("starved", _starved_lines, _starved_sentence)


def starved_explorer(cut_off: Atlas) -> Curves:
    """What becomes of a recognizer whose examples are gone, under decay and noise.

    Args:
        cut_off: The cut-off experiment's results.
    """
    config = cut_off.config
    decay, marks = config["weight_decay"], slice(None, None, 5)
    points = []
    for cause, setting in {
        "weight decay": (decay, 0),
        "gradient noise": (0, 1),
        "decay and noise": (decay, 1),
    }.items():
        number = config["causes"].index(cause)
        norm = cut_off["norm"][:, number].astype(float)
        for line, values in {
            "size": norm / norm[:, :1],
            "direction kept (cosine)": cut_off["cosine"][:, number].astype(float),
        }.items():
            mean, low, high = (v[marks] for v in mean_interval(values))
            when = dict(zip(("decay", "noise"), setting, strict=True))
            points.append(
                Points("measured", line, when, cut_off["step"][0][marks], mean, low, high)
            )
    return DosageCurves(
        STARVED,
        id="starved",
        title="Its examples are gone. What is left of the recognizer?",
        controls=(
            Control("decay", "Weight decay λ", (0, decay / 2, decay, 2 * decay), 2),
            Control("noise", "Gradient noise, of its own", (0, 0.5, 1, 2), 2, " ×"),
        ),
        x=Axis("steps since the cut", 0, 3500, ticks=(0, 1000, 2000, 3000)),
        y=Axis("share of what it was", 0, 1.5, ticks=(0, 0.5, 1, 1.5)),
        points=points,
        fixed={
            "norm": float(f"{cut_off['norm'][:, 0, 0].mean():.4g}"),
            "measured": float(f"{cut_off['noise'].mean():.4g}"),
            "rate": config["learning_rate"],
            "dimensions": int(cut_off["dimensions"][0]),
            "steps": int(cut_off["step"][0, -1]),
        },
        note="Means of 20 seeds with 95 % intervals, at λ = 0.02 and its own noise.",
    )


def _diet_lines(s: Mapping[str, Any]) -> Lines:
    p = np.geomspace(0.005, 0.32, 201)
    return {"answer": (p, closed_forms.under_diet(p, s["regularizer"], _strength(s)))}


def _strength(s: Mapping[str, Any]) -> float:
    return s["strengths"][s["regularizer"]][s["level"] - 1]


def _diet_sentence(s: Mapping[str, Any]) -> str:
    strength = _strength(s)
    common, rare = closed_forms.under_diet(np.array([0.32, 0.01]), s["regularizer"], strength)
    return (
        f"{s['regularizer'].capitalize()} {strength:g}: a feature in 32 % of the examples is "
        f"answered with {common:.2f}, one in 1 % with {rare:.2f}."
    )


DIETS = Form("regularizers", _diet_lines, _diet_sentence)


def diets_explorer(diets: Atlas) -> Curves:
    """What four regularizers leave of each answer, by frequency.

    Args:
        diets: The diets experiment's results.
    """
    strengths = {name: list(values) for name, values in diets.config["diets"] if name != "none"}
    p = np.array(diets.config["frequencies"][1:])
    points = []
    for name, values in strengths.items():
        for level, strength in enumerate(values, 1):
            number = effects.diet_number(diets, name, strength)
            mean, low, high = mean_interval(diets["answer"][:, number, -1, 1:].astype(float))
            when = {"regularizer": name, "level": level}
            points.append(Points("measured", "answer", when, p, mean, low, high))
    return DosageCurves(
        DIETS,
        id="regularizers",
        title="Which regularizer asks how often a feature is seen?",
        controls=(
            Control("regularizer", "Regularizer", tuple(strengths)),
            Control("level", "Strength", (1, 2, 3, 4), 2, " of 4"),
        ),
        x=Axis(
            "share of the examples that show the feature, p",
            0.005,
            0.32,
            log=True,
            ticks=p.tolist(),
            texts=[percent(v) for v in p],
        ),
        y=Axis("answer to the feature", 0, 1.25, ticks=(0, 0.25, 0.5, 0.75, 1)),
        points=points,
        fixed={"strengths": strengths},
        note="Means of 20 seeds with 95 % intervals. Nothing is fitted.",
    )


FORMS = (SURVIVAL, STARVED, DIETS)
EXPLORERS = {
    "survival": (survival_explorer, "threshold"),
    "starved": (starved_explorer, "cut_off"),
    "regularizers": (diets_explorer, "diets"),
}
"""Name to what makes it, and the experiment that it is given."""
