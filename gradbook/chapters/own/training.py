"""A network that is trained on digits in a second, for the chapter's cells to probe."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from gradbook.chapters.own.networks import network
from gradbook.tasks.digits import digits

PICTURES, WRONG, BATCH = 500, 0.1, 50


def pictures(seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """500 digits [500, 64] in float64, their labels, a tenth of them wrong, and which are."""
    given = digits(train=PICTURES, wrong=WRONG, seed=seed)
    truth = digits(train=PICTURES, seed=seed).train_targets.argmax(1)
    labels = given.train_targets.argmax(1)
    return given.train_inputs.double(), labels, labels != truth


def minibatches(count: int, epochs: int, seed: int = 0) -> list[Tensor]:
    """Rows of each minibatch, all rows once an epoch."""
    generator = torch.Generator().manual_seed(seed)
    orders = [torch.randperm(count, generator=generator) for _ in range(epochs)]
    return [rows for order in orders for rows in order.split(BATCH)]


def fit(
    name: str,
    epochs: int = 8,
    *,
    seed: int = 0,
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam,
) -> nn.Module:
    """A network of this chapter, trained on `pictures`, in float64.

    Args:
        name: One of `networks.NETWORKS`.
        epochs: How often it sees each picture.
        seed: Of pictures, weights and minibatches.
        optimizer: What makes the optimizer, from parameters and a step size.
    """
    inputs, labels, _ = pictures(seed)
    model = network(name, seed).double()
    steps = optimizer(model.parameters(), lr=3e-3)
    for rows in minibatches(len(inputs), epochs, seed):
        steps.zero_grad()
        functional.cross_entropy(model(inputs[rows]), labels[rows]).backward()
        steps.step()
    return model
