"""Two moons, trained in the page: own margin, width, regularizer, optimizer and switch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gradbook.widgets.lab import Lab, Setting, module_of

SHOWN = {
    "share of coordinate 2": "share_2",
    "dose of coordinate 2": "dose_2",
    "loss": "loss",
    "accuracy without coordinate 1": "erased",
}
"""What the picture can show, and the curve's name in the experiment."""
REGULARIZERS = ("none", "weight decay", "dropout", "batch norm", "spectral decoupling")


class MoonsLab(Lab):
    """A net of one hidden layer on two moons, trained in the page.

    Regularizer, strength, optimizer and learning rate may change in mid-training; batch norm is a
    layer, and to choose it begins anew. Behind the live curve lies the nearest course that the
    experiment measured, of its first seed.
    """

    _esm = module_of(Path(__file__).with_name("lab.js"))

    def __init__(self, results: Any, **values: Any) -> None:
        """Offer the moons.

        Args:
            results: The boundary experiment's results.
            **values: Where to start: ``margin``, ``width``, ``regularizer``, ``strength``,
                ``optimizer``, ``rate``, ``steps``, ``shown``, ``seed``.
        """
        config = results.config
        curves = np.asarray(results["curves"], float)
        columns = {name: config["curves"].index(name) for name in SHOWN.values()}
        courses, at = [], 0
        for stages in config["courses"]:
            first = stages[1][0] if len(stages) == 2 else -1
            length = sum(epoch > first for epoch in config["epochs"])
            part = curves[:, at : at + length]
            values_of = [
                {name: _short(margin[:, column]) for name, column in columns.items()}
                for margin in part
            ]
            courses.append({"stages": stages, "values": values_of})
            at += length
        margins = [float(margin) for margin in results.jobs]
        plain = courses[0]["values"][margins.index(0.1)]["share_2"]
        super().__init__(
            id="moons",
            title="What lets the second coordinate into the decision?",
            settings=[
                Setting("margin", "margin", 0.1, low=-0.5, high=1),
                Setting("width", "hidden units", 500, low=1, high=4000, whole=True),
                Setting("regularizer", "regularizer", "none", REGULARIZERS, live=True),
                Setting("strength", "strength", 0.0, low=0, high=10, live=True),
                Setting("optimizer", "optimizer", "momentum", ("momentum", "Adam"), live=True),
                Setting("rate", "learning rate", 0.01, low=1e-7, high=100, live=True),
                Setting("steps", "steps", 1000, low=10, high=10_000, whole=True),
                Setting("shown", "shown", "share of coordinate 2", tuple(SHOWN)),
            ],
            measured={
                "seed": config["seeds"][0],
                "margins": margins,
                "epochs": config["epochs"],
                "courses": courses,
            },
            label="share of the decision, coordinate 2",
            still={"none": (config["epochs"], plain)},
            finding=f"At margin 0.1 without a regularizer coordinate 2 carries {plain[-1]:.1%} of "
            f"the decision after {config['epochs'][-1]} steps.",
            **values,
        )


def _short(values: np.ndarray) -> list[float]:
    """Numbers at the precision of a picture."""
    return [float(f"{value:.4g}") for value in values]
