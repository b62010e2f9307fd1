"""Two moons, live: how nets fare where the first coordinate misleads, step by step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gradbook import models
from gradbook.chapters.starvation import moons
from gradbook.chapters.starvation.effects import PUSHED
from gradbook.training import ensemble


def misleading(examples: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Of fresh moons pushed into each other, those about which the first coordinate misleads.

    Args:
        examples: How many are drawn; about a tenth of them mislead.

    Returns:
        Points [n, 2] and labels −1 or 1 [n].
    """
    points, labels = moons.moons(99, margin=PUSHED, examples=examples)
    misleads = np.sign(points[:, 0]) == labels
    return points[misleads], labels[misleads]


def right_over_time(seeds: Sequence[int], steps: Sequence[int], *, decoupling: float) -> np.ndarray:
    """Share of the misleading examples that nets have right while they train [seeds, steps].

    Nets in float64, trained otherwise as `moons.training` says.

    Args:
        seeds: Of weights and moons.
        steps: When to look, ascending.
        decoupling: κ of spectral decoupling.
    """
    how = moons.training("spectral decoupling", decoupling)
    points, labels = misleading()
    drawn = zip(*map(moons.moons, seeds), strict=True)
    inputs, targets = (torch.from_numpy(np.stack(part)) for part in drawn)
    nets = [models.mlp(2, how.widths, one_hot=False, seed=seed).double() for seed in seeds]

    def right(members: ensemble.Ensemble) -> dict[str, Tensor]:
        hits = np.sign(moons.judged(members, points)) == labels
        return {"share": torch.from_numpy(hits.mean(1))}

    _, found = ensemble.train(
        ensemble.Ensemble(nets),
        inputs,
        targets,
        how.optimizer,
        steps=max(steps),
        diets=how.diet,
        watch=right,
        at=steps,
    )
    return found["share"].T.numpy()
