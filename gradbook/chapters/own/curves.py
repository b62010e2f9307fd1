"""The chapter's small explorers: batch size, who finds wrong labels, whom decay takes from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gradbook.chapters.own import closed_forms, effects
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.widgets.curves import Axis, Control, Curves, Form, Lines, Points, module_of

BATCHES, SIZES = np.geomspace(1, 4096, 121), np.geomspace(1e-4, 1, 121)
STEPS, EXAMPLES = "steps, of whole gradients'", "examples, of single ones'"
SCORES = {
    "highest loss": "loss",
    "largest gradient": "gradient norm",
    "least agreement": "agreement",
}


class OwnCurves(Curves):
    """Small explorers of the closed forms in ``forms.js``."""

    _esm = module_of(Path(__file__).with_name("forms.js"))


def _batch_lines(s: Mapping[str, Any]) -> Lines:
    return {
        STEPS: (BATCHES, np.asarray(closed_forms.steps_needed(BATCHES, s["scale"]))),
        EXAMPLES: (BATCHES, np.asarray(closed_forms.examples_needed(BATCHES, s["scale"]))),
    }


def _batch_sentence(s: Mapping[str, Any]) -> str:
    return (
        f"Noise scale {s['scale']}: at B = {s['scale']} training takes twice the steps that whole "
        "gradients need, and twice the examples that single ones need."
    )


BATCH = Form("batch", _batch_lines, _batch_sentence)


def batch_explorer(labels: Atlas | None = None) -> Curves:
    """Steps and examples to a loss, under a slider for the noise scale."""
    return OwnCurves(
        BATCH,
        id="batch",
        title="How large a batch?",
        controls=(Control("scale", "Noise scale", (8, 32, 64, 128, 512, 2048), 2),),
        x=Axis("batch size B", 1, 4096, log=True, ticks=(1, 8, 64, 512)),
        y=Axis("times the least", 1, 100, log=True, ticks=(1, 2, 10, 100)),
    )


def _precision_lines(s: Mapping[str, Any]) -> Lines:
    return {
        score: (np.array(s["looked"], float), np.array(of[s["network"]][f"{s['epochs']}"]))
        for score, of in s["means"].items()
    }


def _precision_sentence(s: Mapping[str, Any]) -> str:
    at, epochs = s["looked"].index(50), s["epochs"]

    def found(score: str) -> int:
        return int(100 * s["means"][score][s["network"]][f"{epochs}"][at] + 0.5)

    return (
        f"The {s['network']} network after {epochs} epoch{'s' if epochs > 1 else ''}: of 50 "
        f"pictures looked at, {found('highest loss')} % have wrong labels by loss, "
        f"{found('least agreement')} % by agreement."
    )


PRECISION = Form("precision", _precision_lines, _precision_sentence)


def precision_explorer(labels: Atlas) -> Curves:
    """Precision of three scores against the pictures looked at.

    Args:
        labels: The labels experiment's results.
    """
    config, points = labels.config, list[Points]()
    means: dict[str, dict[str, dict[str, list[float]]]] = {}
    for title, score in SCORES.items():
        means[title] = {}
        for network in config["networks"]:
            means[title][network] = {}
            for epochs in config["epochs"]:
                found = effects.precisions(labels, network, epochs, score)
                mean, low, high = mean_interval(found)
                means[title][network][f"{epochs}"] = [float(f"{v:.4g}") for v in mean]
                when = {"network": network, "epochs": epochs}
                looked = np.array(config["looked_at"])
                points.append(Points("mean of 20 seeds", title, when, looked, mean, low, high))
    return OwnCurves(
        PRECISION,
        id="precision",
        title="Which score finds the wrong labels?",
        controls=(
            Control("network", "Network", config["networks"]),
            Control("epochs", "Epochs", config["epochs"], 3),
        ),
        x=Axis("pictures looked at, of 500", 5, 105, ticks=(10, 30, 50, 80, 100)),
        y=Axis("share of them wrong", 0, 1.05, ticks=(0, 0.25, 0.5, 0.75, 1)),
        points=points,
        fixed={"looked": list(config["looked_at"]), "means": means},
        note="Means of 20 seeds with 95 % intervals. A tenth of all labels is wrong.",
    )


def _decay_lines(s: Mapping[str, Any]) -> Lines:
    kind = s["optimizer"]
    share = closed_forms.decay_share(kind, SIZES, s["rates"][kind], s["decays"][kind])
    return {kind: (SIZES, np.asarray(share))}


def _decay_sentence(s: Mapping[str, Any]) -> str:
    if s["optimizer"] == "Adam, L2":
        return (
            "Adam with decay in the gradient takes ten times the share where gradients are a tenth."
        )
    return f"{s['optimizer']} takes one share from every weight, whatever its gradient."


DECAY = Form("decay", _decay_lines, _decay_sentence)


def decay_explorer(decays: Atlas) -> Curves:
    """What decay takes of a weight in a step, under three optimizers.

    Args:
        decays: The decays experiment's results.
    """
    config = decays.config
    return OwnCurves(
        DECAY,
        id="decay",
        title="From whom does weight decay take?",
        controls=(Control("optimizer", "Optimizer", config["optimizers"], 1),),
        x=Axis(
            "root mean square of a weight's gradient",
            1e-4,
            1,
            log=True,
            ticks=(1e-4, 0.01, 1),
            texts=("10⁻⁴", "10⁻²", "1"),
        ),
        y=Axis(
            "share taken in a step",
            1e-6,
            0.1,
            log=True,
            ticks=(1e-6, 1e-4, 0.01),
            texts=("10⁻⁶", "10⁻⁴", "10⁻²"),
        ),
        fixed={"rates": config["learning_rate"], "decays": config["weight_decay"]},
    )


FORMS = (BATCH, PRECISION, DECAY)
EXPLORERS = {
    "batch": (batch_explorer, "labels"),
    "precision": (precision_explorer, "labels"),
    "decay": (decay_explorer, "decays"),
}
"""Name to what makes it, and the experiment that it is given."""
