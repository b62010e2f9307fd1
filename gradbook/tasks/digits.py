"""Handwritten digits with a share of wrong labels, as a `Task`.

The 1,797 pictures of 8 × 8 pixels that scikit-learn ships (Alpaydin & Kaynak 1998, UCI): they need
no download. Targets are one-hot, so that the losses of `gradbook.training` apply.
"""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from torch.nn import functional

from gradbook.tasks import Task

PICTURES, PIXELS, CLASSES = 1797, 64, 10


def digits(*, train: int = 1000, wrong: float = 0.0, seed: int = 0) -> Task:
    """The digits, shuffled and split; some training labels replaced by a wrong one.

    Args:
        train: Training pictures; the others are for testing, with their true labels.
        wrong: Share of the training labels that are replaced, each by one of the nine others.
        seed: Seed of the split and of the wrong labels.

    Returns:
        A task with inputs [pictures, 64] from 0 to 1 and targets [pictures, 10].

    Raises:
        ValueError: No picture would be left for one of the parts, or the share is outside [0, 1].
    """
    if not 0 < train < PICTURES or not 0 <= wrong <= 1:
        raise ValueError(
            f"expected train from 1 to {PICTURES - 1} and wrong from 0 to 1, got {train} and "
            f"{wrong}"
        )
    pictures, labels = (torch.from_numpy(part) for part in load_digits(return_X_y=True))
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(PICTURES, generator=generator)
    inputs, labels = (pictures[order] / 16).float(), labels[order].long()
    shift = torch.randint(1, CLASSES, (train,), generator=generator)
    replaced = torch.randperm(train, generator=generator)[: round(wrong * train)]
    given = labels[:train].clone()
    given[replaced] = (given[replaced] + shift[replaced]) % CLASSES
    targets = [functional.one_hot(part, CLASSES).float() for part in (given, labels[train:])]
    name = f"digits, {wrong:.0%} of the labels wrong"
    return Task(name, PIXELS, inputs[:train], targets[0], inputs[train:], targets[1])
