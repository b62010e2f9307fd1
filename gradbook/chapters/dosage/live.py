"""The live garden: grow recognizers of your own frequencies under your own diet."""

from __future__ import annotations

import ipywidgets

from gradbook.chapters.dosage import effects
from gradbook.chapters.dosage.experiments import diets
from gradbook.chapters.dosage.explorer import Garden
from gradbook.widgets.panel import WIDE, LivePanel, strength_of, toggles

EPOCHS = 25
STRENGTHS = {
    "none": [0.0],
    "weight decay": [0.002, 0.005, 0.01, 0.02, 0.05, 0.1],
    "dropout": [0.1, 0.2, 0.35, 0.5, 0.8],
    "gradient noise": [0.005, 0.01, 0.02, 0.05, 0.1],
    "spectral decoupling": [0.1, 0.25, 0.5, 1.0, 2.0],
}
"""What can be chosen."""


class GardenPanel(LivePanel):
    """Choose frequencies, diet, strength and seed; grow; explore.

    A garden takes a second or two.
    """

    def __init__(self) -> None:
        self.frequencies = ipywidgets.Text(
            "0, 0.01, 0.02, 0.05, 0.1, 0.3", description="frequencies", **WIDE
        )
        self.diet = toggles(STRENGTHS, "diet", value="weight decay")
        self.strength = strength_of(self.diet, STRENGTHS)
        super().__init__(
            *(self.frequencies, self.diet, self.strength),
            action="grow a garden",
            unit="epoch",
        )

    def measure(self) -> tuple[Garden, str]:
        """Grow the garden, and count the living."""
        frequencies = _numbers(self.frequencies.value)
        self.expect(range(EPOCHS + 1))
        records = diets.course(
            self.diet.value,
            self.strength.value,
            frequencies,
            self.seed.value,
            diets.CONFIG | {"epochs": EPOCHS},
            on_epoch=self.tick,
        )
        explorer = Garden(
            {name: values.numpy()[None] for name, values in records.items()},
            diets={self.diet.value: [self.strength.value]},
            frequencies=frequencies,
        )
        alive = int((records["answer"][-1] >= effects.ALIVE).sum())
        return explorer, f"Alive after {EPOCHS} epochs: {alive} of {len(frequencies)}"


def _numbers(text: str) -> list[float]:
    try:
        found = [float(part) for part in text.replace(";", ",").split(",") if part.strip()]
    except ValueError as error:
        raise ValueError(f"expected frequencies such as '0.01, 0.1', got {text!r}") from error
    if not 1 <= len(found) <= 12:
        raise ValueError(f"expected 1 to 12 frequencies, got {len(found)}")
    return found
