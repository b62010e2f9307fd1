"""Outcome over the length of a head start and weight decay; a job is a seed.

As in `competition`, for recognizers side by side with two and with three factors: feature 1 alone
is trained on for a while, then all three. By symmetry the label can be taken as 1 throughout, so a
net is K products, and one array holds a net for every point of the map.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradbook.experiments.competition import FEATURES, LABELS, shares

CONFIG: dict[str, Any] = {
    "factors": [2, 3],
    "head_starts": [0, 125, 177, 250, 354, 500, 707, 1000, 1414, 2000, 2828, 4000],
    "weight_decays": [0.0025, 0.0035, 0.005, 0.007, 0.01, 0.014, 0.02, 0.028, 0.04],
    "reliability": 0.9,
    "learning_rate": 0.2,
    "steps": 20_000,
    "every": 25,
    "start": 0.6,
    "spread": 0.05,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot

PATTERNS = FEATURES[LABELS > 0]
"""The eight patterns of three features where the label is 1 [8, 3]."""


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """When, and whether, the second and third feature are learned.

    Returns:
        - ``delay`` [factors, head starts, weight decays]: steps from the end of the head start to
          where the net relies on features 2 and 3 at least half as much as on feature 1; −1 where
          it never does.
        - ``reliance`` [factors, head starts, weight decays, 3]: at the end.
        - ``accuracy`` [factors, head starts, weight decays]: at the end.
    """
    found = [_map(factors, seed, config) for factors in config["factors"]]
    return {name: np.stack([one[name] for one in found]) for name in found[0]}


def _map(factors: int, seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    decays = torch.tensor(config["weight_decays"], dtype=torch.float64)
    cells = (len(config["head_starts"]), len(decays))
    generator = torch.Generator().manual_seed(1_000_003 * (seed + 1) + factors)
    start = torch.randn(factors, 3, generator=generator, dtype=torch.float64)
    weights = (config["start"] + config["spread"] * start).expand(*cells, factors, 3).clone()
    given = torch.tensor(config["head_starts"])[:, None]  # of each row of cells
    of_patterns = 2 * shares(config["reliability"])[LABELS > 0]
    first, all_three = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]], dtype=torch.float64)
    delay = torch.full(cells, -1, dtype=torch.int64)
    last = max(config["head_starts"]) + config["steps"]
    for step in range(last + 1):
        since = (step - given).expand(cells)  # steps since the head start ended
        if step % config["every"] == 0:
            answers = weights.prod(2)
            caught_up = answers[..., 1:].min(-1).values > answers[..., 0] / 2
            delay = torch.where((delay < 0) & (since >= 0) & caught_up, since, delay)
        visible = torch.where((since < 0)[..., None], first, all_three)
        running = (since < config["steps"])[..., None, None]
        pull = _pull(weights, of_patterns, visible) - decays[:, None, None] * weights
        weights = weights + config["learning_rate"] * pull * running
    answers = weights.prod(2)
    outputs = answers @ PATTERNS.T
    right = (outputs > 1e-9).double() + 0.5 * (outputs.abs() <= 1e-9)
    return {
        "delay": delay.numpy(),
        "reliance": answers.numpy().astype(np.float32),
        "accuracy": (right * of_patterns).sum(-1).numpy().astype(np.float32),
    }


def _pull(weights: Tensor, of_patterns: Tensor, visible: Tensor) -> Tensor:
    """Minus the gradient of the mean logistic loss in weights […, factors, 3].

    Args:
        weights: Of every net.
        of_patterns: How frequent each of `PATTERNS` is [8].
        visible: 1 for the features that a net sees, 0 for inputs that are 0 […, 3].
    """
    answers = visible * weights.prod(-2)
    slopes = of_patterns * torch.sigmoid(-(answers @ PATTERNS.T))
    per_answer = (visible * (slopes @ PATTERNS))[..., None, :]
    others = [
        torch.cat([weights[..., :i, :], weights[..., i + 1 :, :]], -2).prod(-2)
        for i in range(weights.shape[-2])
    ]
    return per_answer * torch.stack(others, -2)
