"""Gradient descent and Adam on the same examples: errors on fresh ones at equal training loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from gradbook.chapters.generalization.examples import Examples, draw

RATES = {"SGD": 1.0, "Adam": 0.02}
"""Optimizers of `torch.optim` and their step sizes."""


def examples(seeds: int = 10, *, fresh: int = 1000) -> Examples:
    """100 examples a seed, a fifth with wrong labels, patterns in 200 dimensions."""
    return draw(100, wrong=0.2, dimension=200, fresh=fresh, seeds=range(seeds))


def errors(
    drawn: Examples, optimizer: str, losses: Sequence[float], *, most: int = 4000
) -> np.ndarray:
    """Share of fresh examples that a linear network gets wrong once its loss is down to a value.

    The network starts from zero. Every step sees all examples, in float64.

    Args:
        drawn: One data set a seed.
        optimizer: One of `RATES`.
        losses: Training losses, each read when it is first reached.
        most: Steps after which to give up; what was not reached is nan.

    Returns:
        [seeds, losses].

    Raises:
        ValueError: The optimizer is not one of `RATES`.
    """
    if optimizer not in RATES:
        raise ValueError(f"expected one of {list(RATES)}, got {optimizer!r}")
    x, y = torch.from_numpy(_rows(drawn.truth, drawn.patterns)), torch.from_numpy(drawn.labels)
    fresh = _rows(drawn.fresh_truth, drawn.fresh_patterns)
    weights = torch.zeros(len(x), x.shape[-1], 1, dtype=x.dtype, requires_grad=True)
    descend = getattr(torch.optim, optimizer)([weights], lr=RATES[optimizer])
    found = np.full((len(x), len(losses)), np.nan)
    for _ in range(most):
        each = ((x @ weights)[..., 0] - y).square().mean(1) / 2
        due = (each.detach().numpy()[:, None] <= np.array(losses)) & np.isnan(found)
        for seed in np.flatnonzero(due.any(1)):
            answers = fresh[seed] @ weights[seed, :, 0].detach().numpy()
            found[seed, due[seed]] = (answers * drawn.fresh_truth[seed] < 0).mean()
        if not np.isnan(found).any():
            break
        weights.grad = None
        each.sum().backward()
        descend.step()
    return found


def fitted_through(drawn: Examples) -> np.ndarray:
    """The same at training loss zero, where descent from zero ends: the least norm [seeds]."""
    x, fresh = _rows(drawn.truth, drawn.patterns), _rows(drawn.fresh_truth, drawn.fresh_patterns)
    weights = np.linalg.pinv(x) @ drawn.labels[..., None]
    return ((fresh @ weights)[..., 0] * drawn.fresh_truth < 0).mean(1)


def _rows(truth: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """(t_i, p_i) [seeds, examples, 1 + dimension]."""
    return np.concatenate([truth[..., None], patterns], -1)
