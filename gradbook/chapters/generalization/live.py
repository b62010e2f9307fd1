"""The live examples: train on your own number of examples, with your own share of wrong labels."""

from __future__ import annotations

import ipywidgets
import numpy as np

from gradbook.chapters.generalization.experiments import spectrum
from gradbook.chapters.generalization.explorer import CURVES, Examples
from gradbook.widgets.panel import WIDE, LivePanel, strength_of, toggles

EPOCHS = spectrum.CONFIG["epochs"]
STRENGTHS = {
    "none": [0.0],
    "weight decay": [0.003, 0.01, 0.02, 0.03, 0.05, 0.1],
    "dropout": [0.1, 0.2, 0.35, 0.5, 0.8],
}
SIZES = [5, 10, 20, 30, 50, 70, 100, 150, 200]
"""What can be chosen."""


class ExamplesPanel(LivePanel):
    """Choose how many examples, how many wrong labels, a regularizer and a seed; train; explore.

    A training takes seconds.
    """

    def __init__(self) -> None:
        self.size = ipywidgets.SelectionSlider(
            options=SIZES, value=50, description="examples n", **WIDE
        )
        self.share = ipywidgets.FloatSlider(
            value=0.2,
            min=0,
            max=0.5,
            step=0.05,
            readout_format=".0%",
            description="wrong labels",
            **WIDE,
        )
        self.regularizer = toggles(STRENGTHS, "regularizer")
        self.strength = strength_of(self.regularizer, STRENGTHS)
        super().__init__(
            *(self.size, self.share, self.regularizer, self.strength),
            action="train on your own examples",
            unit="records",
        )

    def measure(self) -> tuple[Examples, str]:
        """Train the network, and count what it misses."""
        name, strength = self.regularizer.value, self.strength.value
        self.expect(EPOCHS)
        found = spectrum.course(
            name,
            strength,
            self.size.value,
            self.share.value,
            [self.seed.value],
            spectrum.CONFIG,
            on_epoch=self.tick,
        )
        explorer = Examples(
            {key: values[None] for key, values in found.items()},
            shares=[self.share.value],
            sizes=[self.size.value],
            regularizers={name: [strength]},
            epochs=EPOCHS,
            shown=[found["counts"].tolist()],
            seeds=f"Lines and marks are seed {self.seed.value}.",
            epoch=len(EPOCHS) - 1,
        )
        return explorer, _summary(found["curves"][0, :, -1])


def _summary(curves: np.ndarray) -> str:
    end = dict(zip(CURVES, curves, strict=True))
    learned = "" if np.isnan(end["wrong_error"]) else f"{1 - end['wrong_error']:.0%} of the "
    return (
        f"After {EPOCHS[-1]} epochs the network misses {end['test_error']:.1%} of new examples"
        + (f" and has learned {learned}wrong labels by heart." if learned else ".")
    )
