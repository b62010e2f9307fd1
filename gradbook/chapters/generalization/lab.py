"""Your own examples, trained in the page: how many, how many wrong labels, how many layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gradbook.chapters.generalization.explorer import CURVES
from gradbook.widgets.lab import Lab, Setting, module_of

REGULARIZERS = ("none", "weight decay", "dropout", "spectral decoupling")
SHOWN = ("errors", "dose of the shared weights", "doses of own patterns", "agreement of gradients")
KEPT = ("general", "right", "wrong", "wrong_error", "test_error")
"""The curves that the page draws."""
NO_COSINE = -128
"""What stands in the agreements where a gradient has no direction."""


class ExamplesLab(Lab):
    """Deep linear networks on examples with one feature for all and a pattern each.

    Regularizer, strength and learning rate may change in mid-training. Behind the live curves lie
    those that the experiment measured at the nearest share, number and strength, of its first seed.
    """

    _esm = module_of(Path(__file__).with_name("lab.js"))

    def __init__(self, results: Any, **values: Any) -> None:
        """Offer the examples.

        Args:
            results: The spectrum experiment's results.
            **values: Where to start: ``examples``, ``wrong``, ``layers``, ``regularizer``,
                ``strength``, ``rate``, ``steps``, ``shown``, ``seed``.
        """
        config = results.config
        runs = [[name, strength] for name, own in config["regularizers"] for strength in own]
        columns = {name: CURVES.index(name) for name in KEPT}
        courses = [
            {
                name: _short(results["curves"][setting, run, 0, column])
                for name, column in columns.items()
            }
            | _agreements(results, setting, run)
            for setting in range(len(results.jobs))
            for run in range(len(runs))
        ]
        start = results.jobs.index("100 examples, 30% wrong") * len(runs)
        missed, epochs = courses[start]["test_error"], config["epochs"]
        super().__init__(
            id="examples",
            title="When does a network learn its wrong labels by heart?",
            settings=[
                Setting("examples", "examples", 100, low=2, high=300, whole=True),
                Setting("wrong", "share of wrong labels", 0.3, low=0, high=0.5),
                Setting("layers", "layers", 2, choices=(1, 2, 3, 4)),
                Setting("regularizer", "regularizer", "none", REGULARIZERS, live=True),
                Setting("strength", "strength", 0.0, low=0, high=10, live=True),
                Setting("rate", "learning rate", 0.1, low=1e-6, high=100, live=True),
                Setting("steps", "steps", epochs[-1], low=10, high=10_000, whole=True),
                Setting("shown", "shown", SHOWN[0], SHOWN),
            ],
            measured={
                "seed": config["seeds"][0],
                "shares": config["shares"],
                "sizes": config["sizes"],
                "most": config["shown"],
                "rate": config["learning_rate"],
                "runs": runs,
                "epochs": epochs,
                "courses": courses,
            },
            label="share",
            still={"new examples missed": (epochs, missed)},
            finding=f"With 100 examples of which 30 have wrong labels, the network misses "
            f"{min(missed):.1%} of new examples at best and {missed[-1]:.0%} after {epochs[-1]} "
            "steps, once it has learned the wrong labels by heart.",
            **values,
        )


def _agreements(results: Any, setting: int, run: int) -> dict[str, list[float | None]]:
    """Mean cosine of a gradient with the mean of all others', of right- and wrong-labelled."""
    codes = results["agreements"][setting, run, :, :, 0].astype(float)
    right, wrong = results["counts"][setting]
    groups = {"agree_right": slice(0, right), "agree_wrong": slice(right, right + wrong)}
    found = {}
    for name, group in groups.items():
        there = codes[:, group] != NO_COSINE
        total, count = np.where(there, codes[:, group], 0).sum(1), there.sum(1)
        none = np.full(len(total), np.nan)
        found[name] = _short(np.divide(total, 127 * count, out=none, where=count > 0))
    return found


def _short(values: np.ndarray) -> list[float | None]:
    """Numbers at the precision of a picture; None where there is none."""
    return [None if np.isnan(value) else float(f"{value:.3g}") for value in values]
