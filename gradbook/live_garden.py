"""The live garden: grow recognizers of your own frequencies under your own diet."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets
import torch
from torch import Tensor, nn

from gradbook import effects, garden, garden_rows, probes
from gradbook.experiments import competition, diets
from gradbook.live_panel import WIDE, LivePanel, strength_of, toggles
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


def folds_in_a_shared_layer(reliability: float, seeds: int = 10) -> list[float]:
    """How many times smaller feature 2's gradient is once 16 ReLU units have learned feature 1.

    Three features, each right on a share of all examples. Feature 1 is trained alone, the other
    inputs being zero, with logistic loss; then all three are shown. The gradient is that in the
    weights which read feature 2.

    Args:
        reliability: q.
        seeds: How many networks.

    Returns:
        Its length before over its length after, one number a seed.
    """
    labels, frequent = competition.LABELS[:, None], competition.shares(reliability)
    inputs, targets = torch.from_numpy(competition.FEATURES), torch.from_numpy(labels)
    group = {"reads feature 2": {"incoming": (slice(None), 1)}}
    loss = garden.LOGISTIC.weighted(frequent[:, None])
    first_alone = garden_rows.always((competition.FEATURES * [1, 0, 0], labels, frequent))

    def gradient(model: nn.Module) -> float:
        return float(probes.dose(model, group, inputs, targets, loss=loss).gradient)

    folds = []
    for seed in range(seeds):
        fresh = garden.Layer(3, 16, 1, bias=True, seed=seed)
        led, _ = garden.grow(
            fresh,
            first_alone,
            lambda _: {},
            steps=1000,
            every=1000,
            learning_rate=0.4,
            loss=garden.LOGISTIC,
        )
        folds.append(gradient(fresh) / gradient(led))
    return folds


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
        self.expect(EPOCHS + 1)
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
