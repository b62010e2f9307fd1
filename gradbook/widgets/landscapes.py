"""Explorers filled from measured landscapes; what the chapters' explorers share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradbook.widgets.explorer import Explorer

NETWORKS = {
    "none": "none",
    "dropout": "dropout",
    "batch norm": "batch norm before ReLU",
    "batch norm after ReLU": "batch norm after ReLU",
}
"""A network's regularizer in words."""

SYMBOLS = {"bias": "b", "shift": "β"}
LAYERS = {2: "second hidden layer", 3: "third hidden layer"}

BIASES = "The gradient in two biases b of the layer"
SHIFTS = "The gradient in two of batch norm’s shifts β"
OWN = "in training mode: each minibatch is normalized with its own mean and variance."
RUNNING = "in evaluation mode: every minibatch is normalized with the running mean and variance."
ROUNDOFF = (
    "The gradient in two biases b in front of batch norm, in training mode. It is zero in exact "
    "arithmetic, since batch norm subtracts the minibatch’s mean: what is shown is float32 "
    "round-off."
)
NOTES = {
    ("none", "bias", "evaluation"): f"{BIASES}: the first two units that have one at every epoch.",
    ("dropout", "bias", "one mask"): f"{BIASES}, in training mode. Each minibatch keeps one "
    "dropout mask over its whole grid.",
    ("dropout", "bias", "fresh masks"): f"{BIASES}, in training mode. Every point of the grid "
    "draws a dropout mask of its own, so neighbours differ by their masks too.",
    ("dropout", "bias", "evaluation"): f"{BIASES}, in evaluation mode: no unit is dropped.",
    ("batch norm", "shift", "training"): f"{SHIFTS}, {OWN}",
    ("batch norm", "shift", "evaluation"): f"{SHIFTS}, {RUNNING}",
    ("batch norm", "bias", "training"): ROUNDOFF,
    ("batch norm", "bias", "evaluation"): f"{BIASES}, {RUNNING}",
    ("batch norm after ReLU", "shift", "training"): f"{SHIFTS}, {OWN}",
    ("batch norm after ReLU", "bias", "training"): f"{BIASES}, {OWN}",
    ("batch norm after ReLU", "bias", "evaluation"): f"{BIASES}, {RUNNING}",
}
"""What a view shows, by network, parameters and mode."""


@dataclass(frozen=True)
class View:
    """A network, two of its parameters and a mode, as the explorer shows them.

    Attributes:
        name: The view's name among the results' jobs.
        label: What a heading calls it.
        facets: Its value in each of the explorer's facets, "" where one does not apply.
        setting: Network, parameters and mode; a key of `NOTES`.
        learning_rate: The network's.
    """

    name: str
    label: str
    facets: tuple[str, ...]
    setting: tuple[str, str, str]
    learning_rate: float

    @property
    def note(self) -> str:
        """What is differentiated, and how the network was trained."""
        return f"{NOTES[self.setting]} Learning rate {self.learning_rate:g}."

    def parameter(self, unit: int) -> str:
        """A parameter's name, counted from 1: b₁ for unit 0."""
        digits = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
        return f"{SYMBOLS[self.setting[1]]}{unit + 1}".translate(digits)


def explorer_of(
    arrays: Mapping[str, np.ndarray],
    *,
    views: Sequence[View],
    facets: Sequence[str],
    layers: Sequence[int],
    batch_size: int,
    remark: str = "",
    **state: int,
) -> Explorer:
    """An explorer of landscapes measured over epochs.

    Args:
        arrays: ``field`` [V, E, L, M, G, G, 2], ``scale``, ``centre``, ``units`` [V, L, 2],
            ``test_loss``, ``test_r2`` and ``offsets``, as an experiment returns
            them, stacked.
        views: What the arrays' first axis shows.
        facets: Titles of the views' facets.
        layers: Numbers of the hidden layers.
        batch_size: Rows in a minibatch.
        remark: A last sentence for the legend.
        **state: Where to start, as for `Explorer`.
    """
    units = np.asarray(arrays["units"]).tolist()
    meta = {
        "facets": list(facets),
        "views": [
            {"name": v.name, "label": v.label, "note": v.note, "facets": list(v.facets)}
            for v in views
        ],
        "epochs": list(range(arrays["field"].shape[1])),
        "layers": [{"label": LAYERS[layer]} for layer in layers],
        "parameters": [
            [[view.parameter(unit) for unit in pair] for pair in pairs]
            for view, pairs in zip(views, units, strict=True)
        ],
        "offsets": np.asarray(arrays["offsets"])[0].astype(float).round(6).tolist(),
        "batch_size": batch_size,
        "minibatches": arrays["field"].shape[3],
        "test_loss": np.asarray(arrays["test_loss"]).astype(float).round(2).tolist(),
        "test_r2": np.asarray(arrays["test_r2"]).astype(float).round(4).tolist(),
        "loss_label": "test L1",
        "remark": remark,
    }
    return Explorer(meta, arrays["field"], arrays["scale"], arrays["centre"], **state)


def settings_of(results: Any) -> dict[str, tuple[tuple[str, str, str], float]]:
    """Each view's setting and learning rate, in the order of the results' first axis."""
    rates = results.config["learning_rates"]
    settings = {name: tuple(results.config["views"][name]) for name in results.jobs}
    return {name: (setting, rates[setting[0]]) for name, setting in settings.items()}
