"""A trained network small enough for a page to draw its landscape itself. One job: seed 0.

With dropout: what its last layers need to compute the gradient in two biases under any mask. With
batch norm: the inputs of two normalized units and the gradient that reaches them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from gradbook import models, tasks, training

CONFIG: dict[str, Any] = {
    "rows": [2000, 500],
    "widths": [32, 16],
    "epochs": 30,
    "learning_rates": {"dropout": 1e-2, "batch norm": 2e-2},
    "batch_size": 64,
    "dropout_rate": 0.3,
}
JOBS = (0,)


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """The first minibatch of rows in both networks, after training.

    Returns:
        - ``hidden`` [rows, 32]: first hidden layer after the ReLU, no unit dropped.
        - ``weight`` [16, 32], ``bias`` [16], ``out`` [16], ``out_bias``: the layers above.
        - ``target`` [rows].
        - ``normal_input`` [rows, 2]: what reaches two units of the second batch norm, without the
          layer's bias; ``normal_gradient`` [rows, 2]: the loss's gradient behind the
          normalization; ``normal_bias`` [2].
        - ``test_loss`` [networks]: L1, of the two networks, beside that of the mean target.
    """
    train, test = config["rows"]
    task = tasks.character_regression(train=train, test=test, seed=seed)
    nets = {name: _trained(name, task, seed, config) for name in config["learning_rates"]}
    rows = slice(0, config["batch_size"])
    x, y = task.train_inputs[rows], task.train_targets[rows]
    found = {"target": y[:, 0].double().numpy().copy()}
    net = nets["dropout"].eval().double()
    with torch.no_grad():
        found |= {
            "hidden": net.relu1(net.linear1(x)).numpy(),
            "weight": net.linear2.weight.numpy().copy(),
            "bias": net.linear2.bias.numpy().copy(),
            "out": net.output.weight[0].numpy().copy(),
            "out_bias": net.output.bias.numpy().copy(),
        }
    found |= _normalized(nets["batch norm"].train().double(), x, y)
    with torch.no_grad():
        losses = [
            (one.eval().double()(task.test_inputs) - task.test_targets).abs().mean().item()
            for one in nets.values()
        ]
    mean = (task.test_targets - task.train_targets.mean()).abs().mean().item()
    return found | {"test_loss": np.array([*losses, mean])}


def _trained(name: str, task: tasks.Task, seed: int, config: dict[str, Any]) -> nn.Sequential:
    start = models.mlp(
        task.features,
        tuple(config["widths"]),
        regularizer=name,
        dropout_rate=config["dropout_rate"],
        seed=seed,
    )
    how = training.TrainConfig(
        epochs=config["epochs"], learning_rate=config["learning_rates"][name], seed=seed
    )
    return training.train(start, task, how, progress=False).model


def _normalized(net: nn.Sequential, x: torch.Tensor, y: torch.Tensor) -> dict[str, np.ndarray]:
    """Two units of the second norm that many rows reach."""
    before = net.linear2(net.relu1(net.norm1(net.linear1(x))))
    hat = nn.functional.batch_norm(before, None, None, training=True).detach().requires_grad_()
    after = net.relu2(net.norm2.weight * hat + net.norm2.bias)
    (net.output(after) - y).abs().mean().backward()
    units = (hat.grad != 0).sum(0).argsort(descending=True, stable=True)[:2]
    bias = net.linear2.bias.detach()[units]
    return {
        "normal_input": (before.detach()[:, units] - bias).numpy(),
        "normal_gradient": hat.grad[:, units].numpy().copy(),
        "normal_bias": bias.numpy().copy(),
    }
