"""The live examples: train on your own number of examples, with your own share of wrong labels."""

from __future__ import annotations

import html

import ipywidgets
import numpy as np

from gradbook.experiments import spectrum
from gradbook.widgets import Examples
from gradbook.widgets.examples import CURVES

EPOCHS = spectrum.CONFIG["epochs"]
STRENGTHS = {
    "none": [0.0],
    "weight decay": [0.003, 0.01, 0.02, 0.03, 0.05, 0.1],
    "dropout": [0.1, 0.2, 0.35, 0.5, 0.8],
}
SIZES = [5, 10, 20, 30, 50, 70, 100, 150, 200]
"""What can be chosen."""


class ExamplesPanel(ipywidgets.VBox):
    """Choose how many examples, how many wrong labels, a regularizer and a seed; train; explore.

    A training takes seconds.
    """

    def __init__(self) -> None:
        style = {"description_width": "6.5em"}
        wide = ipywidgets.Layout(width="auto", max_width="34em")
        self.size = ipywidgets.SelectionSlider(
            options=SIZES, value=50, description="examples n", style=style, layout=wide
        )
        self.share = ipywidgets.FloatSlider(
            value=0.2,
            min=0,
            max=0.5,
            step=0.05,
            readout_format=".0%",
            description="wrong labels",
            style=style,
            layout=wide,
        )
        self.regularizer = ipywidgets.ToggleButtons(
            options=list(STRENGTHS),
            description="regularizer",
            style={**style, "button_width": "auto"},
        )
        self.strength = ipywidgets.SelectionSlider(
            options=STRENGTHS["none"], description="strength", style=style, layout=wide
        )
        self.seed = ipywidgets.BoundedIntText(
            0, 0, 9999, description="seed", style=style, layout=ipywidgets.Layout(width="14em")
        )
        self.button = ipywidgets.Button(
            description="Train", button_style="primary", icon="play", tooltip="Train the network"
        )
        self.progress = ipywidgets.IntProgress(
            0, 0, len(EPOCHS), description="records", layout=ipywidgets.Layout(width="20em")
        )
        self.message = ipywidgets.HTML("Not trained yet.")
        self.result = ipywidgets.VBox()
        self.regularizer.observe(self._offer, "value")
        self.button.on_click(lambda _: self.train())
        super().__init__(
            [
                self.size,
                self.share,
                self.regularizer,
                self.strength,
                self.seed,
                ipywidgets.HBox([self.button, self.progress]),
                self.message,
                self.result,
            ]
        )

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return "ExamplesPanel: run this cell to train on your own examples"

    def train(self) -> None:
        """Train a network with the chosen settings and show it; what the button does.

        Where that fails, the message says why, and what was shown before stays.
        """
        self.button.disabled = True
        self.progress.value = 0
        self.message.value = "Training …"
        name, strength = self.regularizer.value, self.strength.value
        try:
            found = spectrum.course(
                name,
                strength,
                self.size.value,
                self.share.value,
                [self.seed.value],
                spectrum.CONFIG,
                on_epoch=self._tick,
            )
        except FloatingPointError as error:
            self.message.value = f"Stopped: {html.escape(str(error))}"
        else:
            self.result.children = [
                Examples(
                    {key: values[None] for key, values in found.items()},
                    shares=[self.share.value],
                    sizes=[self.size.value],
                    regularizers={name: [strength]},
                    epochs=EPOCHS,
                    shown=[found["counts"].tolist()],
                    seeds=f"Lines and marks are seed {self.seed.value}.",
                    epoch=len(EPOCHS) - 1,
                )
            ]
            self.message.value = _summary(found["curves"][0, :, -1])
        finally:
            self.button.disabled = False

    def _offer(self, change: dict) -> None:
        options = STRENGTHS[change["new"]]
        self.strength.options = options
        self.strength.value = options[len(options) // 2]

    def _tick(self) -> None:
        self.progress.value += 1


def _summary(curves: np.ndarray) -> str:
    end = dict(zip(CURVES, curves, strict=True))
    learned = "" if np.isnan(end["wrong_error"]) else f"{1 - end['wrong_error']:.0%} of the "
    return (
        f"After {EPOCHS[-1]} epochs the network misses {end['test_error']:.1%} of new examples"
        + (f" and has learned {learned}wrong labels by heart." if learned else ".")
    )
