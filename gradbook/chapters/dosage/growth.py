"""A garden grown on the gradient of all examples, its books kept on the way."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gradbook import probes
from gradbook.chapters.dosage import examples
from gradbook.training import diets, gardens


def balance(
    frequencies: Sequence[float],
    *,
    weight_decay: float,
    learning_rate: float,
    steps: int,
    every: int = 1,
    seed: int = 0,
) -> dict[str, Tensor]:
    """Grow recognizers a·b on the gradient of all examples, and keep the books.

    Args:
        frequencies: p [K].
        weight_decay: λ.
        learning_rate: η.
        steps: How many.
        every: Steps between two entries; the start is the first.
        seed: Of the initial weights.

    Returns:
        ``net`` (dose less erosion), ``decay`` and ``norm`` [entries, K], by `probes.dose`.
    """
    rows = examples.population(frequencies)
    inputs, targets = map(torch.from_numpy, rows[:2])
    groups = gardens.recognizer_groups(len(frequencies))
    loss = diets.HALF_SQUARED.weighted(rows[2])

    def watch(model: nn.Module) -> dict[str, Tensor]:
        now = probes.dose(model, groups, inputs, targets, loss=loss, weight_decay=weight_decay)
        return {"net": now.dose - now.erosion, "decay": now.decay, "norm": now.norm}

    return gardens.grow(
        gardens.Recognizers(len(frequencies), seed=seed),
        examples.always(rows),
        watch,
        diet=diets.Diet(weight_decay=weight_decay),
        steps=steps,
        learning_rate=learning_rate,
        every=every,
    )[1]
