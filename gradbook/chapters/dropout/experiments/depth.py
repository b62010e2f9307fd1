"""How much of what an update does to the output does its gradient not predict? A job is a seed.

A gradient predicts the change of the output to first order in the step. What is left comes from
products of changes in different layers, and from ReLUs that switch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gradbook import models, tasks, training

CONFIG: dict[str, Any] = {
    "rows": 2000,
    "width": 256,
    "layers": [1, 2, 3, 4, 6, 8],
    "batch_size": 64,
    "learning_rate": 1e-3,
    "steps_before": [0, 300],
    "scales": [0.1, 0.3, 1.0, 3.0],
}
JOBS = tuple(range(10, 30))


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """One Adam update of ReLU networks with 1, 2, … layers of weights, before and in training.

    Returns:
        ``unpredicted`` [layers, steps before, scales]: ‖Δf − J Δθ‖ / ‖Δf‖ over the minibatch's
        outputs f, where Δθ is the update times the scale and J = ∂f/∂θ; float64.
    """
    task = tasks.character_regression(train=config["rows"], test=64, seed=seed)
    inputs = functional.one_hot(task.train_inputs, task.features).sum(1).double()
    targets = task.train_targets.double()
    unpredicted = [
        _one_network(layers, inputs, targets, seed, config) for layers in config["layers"]
    ]
    return {"unpredicted": np.array(unpredicted, dtype=np.float32)}


def _one_network(
    layers: int, inputs: Tensor, targets: Tensor, seed: int, config: dict[str, Any]
) -> list[list[float]]:
    widths = (config["width"],) * (layers - 1)
    model = models.mlp(inputs.shape[1], widths, one_hot=False, seed=seed).double()
    optimizer = torch.optim.Adam(model.parameters(), lr=config["learning_rate"])
    found, step, epoch = [], 0, 0
    while len(found) < len(config["steps_before"]):
        epoch += 1
        for rows in training.shuffled_batches(len(inputs), config["batch_size"], seed)(epoch):
            before = {name: value.detach().clone() for name, value in model.named_parameters()}
            optimizer.zero_grad()
            functional.l1_loss(model(inputs[rows]), targets[rows]).backward()
            optimizer.step()
            if step in config["steps_before"]:
                update = {n: value.detach() - before[n] for n, value in model.named_parameters()}
                found.append(
                    [_unpredicted(model, before, update, inputs[rows], s) for s in config["scales"]]
                )
            step += 1
    return found


@torch.no_grad()
def _unpredicted(
    model: nn.Module,
    start: dict[str, Tensor],
    update: dict[str, Tensor],
    inputs: Tensor,
    scale: float,
) -> float:
    def outputs(parameters: dict[str, Tensor]) -> Tensor:
        return torch.func.functional_call(model, parameters, (inputs,))

    scaled = {name: value * scale for name, value in update.items()}
    before, predicted = torch.func.jvp(outputs, (start,), (scaled,))
    change = outputs({name: value + scaled[name] for name, value in start.items()}) - before
    return ((change - predicted).norm() / change.norm()).item()
