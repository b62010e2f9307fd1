"""The live explorer of starvation: two moons at your margin, regularizer and switch."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets
import numpy as np

from gradbook.experiments import boundary
from gradbook.widgets import Boundary

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


class BoundaryPanel(ipywidgets.VBox):
    """Choose a margin, a regularizer and a switch to another; train; explore.

    With a switch two nets train from the same weights, one of them without it. A training takes
    some seconds, with dropout or batch norm several.
    """

    def __init__(self) -> None:
        style = {"description_width": "6.5em"}
        wide = ipywidgets.Layout(width="auto", max_width="34em")
        buttons = {**style, "button_width": "auto"}
        self.margin = ipywidgets.FloatSlider(
            0.1, min=-0.2, max=0.3, step=0.05, description="margin", style=style, layout=wide
        )
        self.regularizer = ipywidgets.ToggleButtons(
            options=list(STRENGTHS), description="regularizer", style=buttons
        )
        self.strength = ipywidgets.SelectionSlider(
            options=STRENGTHS["none"], description="strength", style=style, layout=wide
        )
        self.switch = ipywidgets.SelectionSlider(
            options=SWITCHES, value=250, description="switch at", style=style, layout=wide
        )
        self.then = ipywidgets.ToggleButtons(
            options=[name for name in STRENGTHS if name != "batch norm"],
            value="spectral decoupling",
            description="to",
            style=buttons,
        )
        self.then_strength = ipywidgets.SelectionSlider(
            options=STRENGTHS["spectral decoupling"],
            value=0.006,
            description="strength",
            style=style,
            layout=wide,
        )
        self.seed = ipywidgets.BoundedIntText(
            0, 0, 9999, description="seed", style=style, layout=ipywidgets.Layout(width="14em")
        )
        self.button = ipywidgets.Button(
            description="Train", button_style="primary", icon="play", tooltip="Train the network"
        )
        self.progress = ipywidgets.IntProgress(
            0, 0, 1, description="training", layout=ipywidgets.Layout(width="20em")
        )
        self.message = ipywidgets.HTML("Not trained yet.")
        self.result = ipywidgets.VBox()
        self.regularizer.observe(lambda change: _offer(self.strength, change["new"]), "value")
        self.then.observe(lambda change: _offer(self.then_strength, change["new"]), "value")
        self.button.on_click(lambda _: self.train())
        super().__init__(
            [
                self.margin,
                self.regularizer,
                self.strength,
                self.switch,
                self.then,
                self.then_strength,
                self.seed,
                ipywidgets.HBox([self.button, self.progress]),
                self.message,
                self.result,
            ]
        )

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return "BoundaryPanel: run this cell to train a network"

    def train(self) -> None:
        """Train with the chosen settings and show the course; what the button does.

        Where that fails, the message says why, and the explorer shown before stays.
        """
        self.button.disabled = True
        self.message.value = "Training …"
        try:
            config = self._config()
            after = [epoch for epoch in config["epochs"] if epoch > (self._switch or EPOCHS)]
            self.progress.value, self.progress.max = 0, len(config["epochs"]) + len(after)
            arrays = boundary.measure(self.margin.value, config, on_look=self._tick)
            explorer = Boundary(
                {name: values[None] for name, values in arrays.items() if name not in BANDS},
                margins=[self.margin.value],
                epochs=config["epochs"],
                courses=config["courses"],
                grid=config["grid"],
                switch=int(self._switch is not None),
            )
        except (ValueError, FloatingPointError) as error:
            self.message.value = f"Stopped: {html.escape(str(error))}"
        else:
            self.result.children = [explorer]
            self.message.value = _told(config, arrays["curves"])
        finally:
            self.button.disabled = False

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

    def _tick(self) -> None:
        self.progress.value += 1


BANDS = ("low", "high")


def _offer(slider: ipywidgets.SelectionSlider, name: str) -> None:
    slider.options = STRENGTHS[name]
    slider.value = STRENGTHS[name][len(STRENGTHS[name]) // 2]


def _told(config: dict[str, Any], curves: np.ndarray) -> str:
    """What share coordinate 2 carries at the end, with the switch and without."""
    shares = curves[:, config["curves"].index("share_2")]
    told = f"Share that coordinate 2 carries at the end: {100 * shares[-1]:.1f} %"
    if len(config["courses"]) > 1:
        told += f" (without the switch {100 * shares[len(config['epochs']) - 1]:.1f} %)"
    return told
