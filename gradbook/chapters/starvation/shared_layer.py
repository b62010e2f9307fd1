"""What a shared hidden layer does to the gradient of a second feature."""

from __future__ import annotations

import torch
from torch import nn

from gradbook import probes
from gradbook.chapters import dosage
from gradbook.training import diets, gardens


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
    labels, frequent = dosage.LABELS[:, None], dosage.shares(reliability)
    inputs, targets = torch.from_numpy(dosage.FEATURES), torch.from_numpy(labels)
    group = {"reads feature 2": {"incoming": (slice(None), 1)}}
    loss = diets.LOGISTIC.weighted(frequent[:, None])
    first_alone = dosage.examples.always((dosage.FEATURES * [1, 0, 0], labels, frequent))

    def gradient(model: nn.Module) -> float:
        return float(probes.dose(model, group, inputs, targets, loss=loss).gradient)

    folds = []
    for seed in range(seeds):
        fresh = gardens.Layer(3, 16, 1, bias=True, seed=seed)
        led, _ = gardens.grow(
            fresh,
            first_alone,
            lambda _: {},
            steps=1000,
            every=1000,
            learning_rate=0.4,
            loss=diets.LOGISTIC,
        )
        folds.append(gradient(fresh) / gradient(led))
    return folds
