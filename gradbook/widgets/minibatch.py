"""The minibatch chapter's explorer, filled from measured landscapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradbook.widgets.explorer import Explorer

LABELS = {
    "none": "none",
    "dropout": "dropout",
    "batch norm": "batch norm before ReLU",
    "batch norm after ReLU": "batch norm after ReLU",
}
LAYERS = {2: "second hidden layer", 3: "third hidden layer"}
NOTES = {
    "linear eval": "The gradient in two biases b of the layer: the first two units that have one "
    "at every epoch.",
    "linear train": "The gradient in two biases b of the layer, in training mode. Each minibatch "
    "keeps one dropout mask over its whole grid.",
    "norm train": "The gradient in two of batch norm's shifts β, in training mode: each minibatch "
    "is normalized with its own mean and variance.",
}


def minibatch_explorer(results: Any, **state: int) -> Explorer:
    """The explorer of the shipped atlas, ``minibatch_explorer(atlas.load("explorer"))``.

    Args:
        results: The explorer experiment; its jobs are regularizers.
        **state: Where to start, as for `Explorer`.
    """
    nets = {name: results.config["nets"][name] for name in results.jobs}
    return explorer_of(
        results.arrays,
        nets={name: f"{owner} {mode}" for name, (owner, mode, _) in nets.items()},
        notes={name: f"Learning rate {rate:g}." for name, (_, _, rate) in nets.items()},
        layers=results.config["layers"],
        batch_size=results.config["batch_size"],
        **state,
    )


def explorer_of(
    arrays: Mapping[str, np.ndarray],
    *,
    nets: Mapping[str, str],
    notes: Mapping[str, str],
    layers: Sequence[int],
    batch_size: int,
    **state: int,
) -> Explorer:
    """An explorer of landscapes measured over epochs.

    Args:
        arrays: ``field`` [R, E, L, M, G, G, 2], ``scale``, ``centre``, ``units`` [R, L, 2],
            ``test_loss``, ``test_r2`` and ``offsets``, as `gradbook.experiments.explorer` returns
            them, stacked.
        nets: Regularizer to a key of `NOTES`: which parameters in which mode.
        notes: Regularizer to a further sentence.
        layers: Numbers of the hidden layers.
        batch_size: Rows in a minibatch.
        **state: Where to start, as for `Explorer`.
    """
    symbols = {"linear": "b", "norm": "β"}
    subscripts = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    meta = {
        "regularizers": [
            {"name": name, "label": LABELS[name], "note": f"{NOTES[kind]} {notes[name]}"}
            for name, kind in nets.items()
        ],
        "epochs": list(range(arrays["field"].shape[1])),
        "layers": [{"label": LAYERS[layer]} for layer in layers],
        "parameters": [
            [
                [f"{symbols[kind.split()[0]]}{unit + 1}".translate(subscripts) for unit in pair]
                for pair in pairs
            ]
            for kind, pairs in zip(nets.values(), np.asarray(arrays["units"]).tolist(), strict=True)
        ],
        "offsets": np.asarray(arrays["offsets"])[0].astype(float).round(6).tolist(),
        "batch_size": batch_size,
        "minibatches": arrays["field"].shape[3],
        "test_loss": np.asarray(arrays["test_loss"]).astype(float).round(2).tolist(),
        "test_r2": np.asarray(arrays["test_r2"]).astype(float).round(4).tolist(),
        "loss_label": "test L1",
    }
    return Explorer(meta, arrays["field"], arrays["scale"], arrays["centre"], **state)
