"""Two reasons that the chapter gives as likely, tried. A job is a seed.

*Far targets*: the share of the first update's effect that its gradient does not predict is larger
than later ones, "since the targets are far away, so all weights move together". Then it falls where
the targets' mean is taken away. *Large outputs*: γ of the last norm goes far from 1, "since its
units must carry" large outputs. Then it does not where targets are a hundredth as large.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from gradbook import models, tasks, training
from gradbook.chapters.dropout.experiments import depth

CONFIG: dict[str, Any] = depth.CONFIG | {
    "layers": [2, 4, 8],
    "steps_before": [0],
    "scales": [1.0],
    "targets": ["as they are", "changed"],
    "shrunk": 0.01,
    "norm_rows": 8000,
    "norm_widths": [500, 100, 20],
    "norm_rate": 1e-2,
    "norm_epochs": 2,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 4 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Both, with targets as they are and changed.

    Returns:
        - ``unpredicted`` [targets, layers]: as in the experiment `depth`, first step; the change
          is to take the targets' mean away.
        - ``drift`` [targets, hidden layers]: root mean square of γ − 1 after two epochs; the change
          is to make targets a hundredth as large.
    """
    task = tasks.character_regression(train=config["rows"], test=64, seed=seed)
    inputs = functional.one_hot(task.train_inputs, task.features).sum(1).double()
    targets = task.train_targets.double()
    unpredicted = [
        [depth._one_network(n, inputs, goal, seed, config)[0][0] for n in config["layers"]]
        for goal in (targets, targets - targets.mean())
    ]
    drift = [_drift(scale, seed, config) for scale in (1.0, config["shrunk"])]
    return {"unpredicted": np.array(unpredicted), "drift": np.array(drift)}


def _drift(scale: float, seed: int, config: dict[str, Any]) -> list[float]:
    task = tasks.character_regression(train=config["norm_rows"], test=64, seed=seed)
    model = models.mlp(
        task.features, tuple(config["norm_widths"]), regularizer="batch norm", seed=seed
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=config["norm_rate"])
    batches = training.shuffled_batches(config["norm_rows"], config["batch_size"], seed)
    for epoch in range(1, config["norm_epochs"] + 1):
        for rows in batches(epoch):
            optimizer.zero_grad()
            functional.l1_loss(
                model(task.train_inputs[rows]), scale * task.train_targets[rows]
            ).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.3)
            optimizer.step()
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm1d)]
    return [(norm.weight.detach() - 1).square().mean().sqrt().item() for norm in norms]
