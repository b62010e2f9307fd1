"""The live garden: grow recognizers of your own frequencies under your own diet."""

from __future__ import annotations

import html
from collections.abc import Sequence

import ipywidgets
import torch
from torch import Tensor, nn

from gradbook import effects, garden, garden_rows, probes
from gradbook.experiments import diets
from gradbook.widgets import Garden

EPOCHS = 25
STRENGTHS = {
    "none": [0.0],
    "weight decay": [0.002, 0.005, 0.01, 0.02, 0.05, 0.1],
    "dropout": [0.1, 0.2, 0.35, 0.5, 0.8],
    "gradient noise": [0.005, 0.01, 0.02, 0.05, 0.1],
    "spectral decoupling": [0.1, 0.25, 0.5, 1.0, 2.0],
}
"""What can be chosen."""


def balance(
    frequencies: Sequence[float],
    *,
    weight_decay: float,
    learning_rate: float,
    steps: int,
    seed: int = 0,
) -> dict[str, Tensor]:
    """Grow recognizers a·b on the gradient of all examples, and keep the books at every step.

    Args:
        frequencies: p [K].
        weight_decay: λ.
        learning_rate: η.
        steps: How many.
        seed: Of the initial weights.

    Returns:
        ``net`` (dose less erosion), ``decay`` and ``norm`` [steps + 1, K], by `probes.dose`.
    """
    rows = garden_rows.population(frequencies)
    inputs, targets = map(torch.from_numpy, rows[:2])
    groups = garden.recognizer_groups(len(frequencies))
    loss = garden.HALF_SQUARED.weighted(rows[2])

    def watch(model: nn.Module) -> dict[str, Tensor]:
        now = probes.dose(model, groups, inputs, targets, loss=loss, weight_decay=weight_decay)
        return {"net": now.dose - now.erosion, "decay": now.decay, "norm": now.norm}

    return garden.grow(
        garden.Recognizers(len(frequencies), seed=seed),
        garden_rows.always(rows),
        watch,
        diet=garden.Diet(weight_decay=weight_decay),
        steps=steps,
        learning_rate=learning_rate,
        every=1,
    )[1]


class GardenPanel(ipywidgets.VBox):
    """Choose frequencies, diet, strength and seed; grow; explore.

    A garden takes a second or two.
    """

    def __init__(self) -> None:
        style = {"description_width": "6.5em"}
        wide = ipywidgets.Layout(width="auto", max_width="34em")
        self.frequencies = ipywidgets.Text(
            "0, 0.01, 0.02, 0.05, 0.1, 0.3", description="frequencies", style=style, layout=wide
        )
        self.diet = ipywidgets.ToggleButtons(
            options=list(STRENGTHS),
            value="weight decay",
            description="diet",
            style={**style, "button_width": "auto"},
        )
        self.strength = ipywidgets.SelectionSlider(
            options=STRENGTHS["weight decay"],
            value=0.02,
            description="strength",
            style=style,
            layout=wide,
        )
        self.seed = ipywidgets.BoundedIntText(
            0, 0, 9999, description="seed", style=style, layout=ipywidgets.Layout(width="14em")
        )
        self.button = ipywidgets.Button(
            description="Grow", button_style="primary", icon="play", tooltip="Grow the garden"
        )
        self.progress = ipywidgets.IntProgress(
            0, 0, EPOCHS, description="epoch", layout=ipywidgets.Layout(width="20em")
        )
        self.message = ipywidgets.HTML("Not grown yet.")
        self.result = ipywidgets.VBox()
        self.diet.observe(self._offer, "value")
        self.button.on_click(lambda _: self.grow())
        super().__init__(
            [
                self.frequencies,
                self.diet,
                self.strength,
                self.seed,
                ipywidgets.HBox([self.button, self.progress]),
                self.message,
                self.result,
            ]
        )

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return "GardenPanel: run this cell to grow a garden"

    def grow(self) -> None:
        """Grow a garden with the chosen settings and show it; what the button does.

        Where that fails, the message says why, and the garden shown before stays.
        """
        self.button.disabled = True
        self.progress.value = -1
        self.message.value = "Growing …"
        try:
            frequencies = _numbers(self.frequencies.value)
            records = diets.course(
                self.diet.value,
                self.strength.value,
                frequencies,
                self.seed.value,
                diets.CONFIG | {"epochs": EPOCHS},
                on_epoch=self._tick,
            )
            explorer = Garden(
                {name: values.numpy()[None] for name, values in records.items()},
                diets={self.diet.value: [self.strength.value]},
                frequencies=frequencies,
            )
        except (ValueError, FloatingPointError) as error:
            self.message.value = f"Stopped: {html.escape(str(error))}"
        else:
            self.result.children = [explorer]
            alive = int((records["answer"][-1] >= effects.ALIVE).sum())
            self.message.value = f"Alive after {EPOCHS} epochs: {alive} of {len(frequencies)}"
        finally:
            self.button.disabled = False

    def _offer(self, change: dict) -> None:
        options = STRENGTHS[change["new"]]
        self.strength.options = options
        self.strength.value = options[len(options) // 2]

    def _tick(self) -> None:
        self.progress.value += 1


def _numbers(text: str) -> list[float]:
    try:
        found = [float(part) for part in text.replace(";", ",").split(",") if part.strip()]
    except ValueError as error:
        raise ValueError(f"expected frequencies such as '0.01, 0.1', got {text!r}") from error
    if not 1 <= len(found) <= 12:
        raise ValueError(f"expected 1 to 12 frequencies, got {len(found)}")
    return found
