"""The live explorer of starvation: two moons at your margin, regularizer and switch."""

from __future__ import annotations

from typing import Any

import ipywidgets
import numpy as np

from gradbook.chapters.starvation.experiments import boundary
from gradbook.chapters.starvation.explorer import Boundary
from gradbook.widgets.panel import WIDE, LivePanel, strength_of, toggles

EPOCHS = 1000
SWITCHES = ["never", 50, 100, 250, 500, 750]
STRENGTHS = {
    "none": [0.0],
    "weight decay": [0.001, 0.003, 0.01, 0.03, 0.1],
    "dropout": [0.1, 0.3, 0.5, 0.7, 0.9],
    "batch norm": [0.0],
    "spectral decoupling": [0.0006, 0.002, 0.006, 0.02, 0.06],
}
"""What can be chosen."""


class BoundaryPanel(LivePanel):
    """Choose a margin, a regularizer and a switch to another; train; explore.

    With a switch two nets train from the same weights, one of them without it. A training takes
    some seconds, with dropout or batch norm several.
    """

    def __init__(self) -> None:
        self.margin = ipywidgets.FloatSlider(
            0.1, min=-0.2, max=0.3, step=0.05, description="margin", **WIDE
        )
        self.regularizer = toggles(STRENGTHS, "regularizer")
        self.strength = strength_of(self.regularizer, STRENGTHS)
        self.switch = ipywidgets.SelectionSlider(
            options=SWITCHES, value=250, description="switch at", **WIDE
        )
        others = [name for name in STRENGTHS if name != "batch norm"]
        self.then = toggles(others, "to", value="spectral decoupling")
        self.then_strength = strength_of(self.then, STRENGTHS)
        super().__init__(
            *(self.margin, self.regularizer, self.strength),
            *(self.switch, self.then, self.then_strength),
            action="train a network",
            unit="training",
        )

    def measure(self) -> tuple[Boundary, str]:
        """Train the course, and the one without its switch."""
        config = self._config()
        after = [epoch for epoch in config["epochs"] if epoch > (self._switch or EPOCHS)]
        self.expect(config["epochs"] + after)
        arrays = boundary.measure(self.margin.value, config, on_look=self.tick)
        explorer = Boundary(
            {name: values[None] for name, values in arrays.items() if name not in BANDS},
            margins=[self.margin.value],
            epochs=config["epochs"],
            courses=config["courses"],
            grid=config["grid"],
            switch=int(self._switch is not None),
        )
        return explorer, _summary(config, arrays["curves"])

    @property
    def _switch(self) -> int | None:
        return None if self.switch.value == "never" else self.switch.value

    def _config(self) -> dict[str, Any]:
        first = [self.regularizer.value, self.strength.value]
        courses, epochs = [[first]], set(boundary.CONFIG["epochs"])
        if (at := self._switch) is not None:
            courses.append([first, [at, self.then.value, self.then_strength.value]])
            epochs |= {epoch for epoch in (at, at + 10, at + 25, at + 50) if epoch < EPOCHS}
        epochs = sorted(epoch for epoch in epochs | {EPOCHS} if epoch <= EPOCHS)
        return boundary.CONFIG | {"seeds": [self.seed.value], "courses": courses, "epochs": epochs}


BANDS = ("low", "high")


def _summary(config: dict[str, Any], curves: np.ndarray) -> str:
    """What share coordinate 2 carries at the end, with the switch and without."""
    shares = curves[:, config["curves"].index("share_2")]
    told = f"Share that coordinate 2 carries at the end: {100 * shares[-1]:.1f} %"
    if len(config["courses"]) > 1:
        told += f" (without the switch {100 * shares[len(config['epochs']) - 1]:.1f} %)"
    return told
