"""Two problems on which a network overfits, for every regularizer.

The character regression from few rows, and handwritten digits of which a share has a wrong label.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import Any

import numpy as np
import torch
from torch import nn

from gradbook import models, tasks, training
from gradbook.tasks.digits import PIXELS, digits

SETTING: dict[str, Any] = {
    "regularizers": ["none", "dropout", "batch norm", "both"],
    "dropout_rate": 0.3,
    "few": {"rows": [500, 1000], "widths": list(models.FULL_WIDTHS), "epochs": 100},
    "digits": {"train": 1000, "wrong": 0.2, "widths": [256, 128, 64], "epochs": 60},
}
"""What the experiments on these problems share; ``"both"`` is batch norm and dropout."""


def few_rows(
    regularizer: str, rate: float, seed: int, config: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """The character regression from few rows: training and test error over epochs [E + 1]."""
    few = config["few"]
    train, test = few["rows"]
    task = tasks.character_regression(train=train, test=test, seed=seed)
    run = training.train(
        _net(task.features, few["widths"], regularizer, config["dropout_rate"], seed),
        task,
        training.TrainConfig(epochs=few["epochs"], learning_rate=rate, seed=seed),
        progress=False,
    )
    return run.train_loss.numpy(), run.test_loss.numpy()


def wrong_labels(
    regularizer: str, rate: float, seed: int, config: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Digits with wrong labels: training loss and share of misread test pictures [E + 1]."""
    pictures = config["digits"]
    task = digits(train=pictures["train"], wrong=pictures["wrong"], seed=seed)
    rate_of_dropout = config["dropout_rate"]
    run = training.train(
        _net(PIXELS, pictures["widths"], regularizer, rate_of_dropout, seed, outputs=10),
        task,
        training.TrainConfig(
            epochs=pictures["epochs"],
            learning_rate=rate,
            loss="squared",
            clip=None,
            seed=seed,
            checkpoints=None,
        ),
        progress=False,
    )
    misread = [_misread(run.model_at(epoch), task) for epoch in sorted(run.checkpoints)]
    return run.train_loss.numpy(), np.array(misread)


def _net(
    inputs: int, widths: list[int], regularizer: str, rate: float, seed: int, outputs: int = 1
) -> nn.Sequential:
    """A network of `models.mlp`; ``"both"`` is batch norm before the ReLU and dropout behind it."""
    named = "batch norm" if regularizer == "both" else regularizer
    net = models.mlp(
        inputs,
        tuple(widths),
        regularizer=named,
        dropout_rate=rate,
        outputs=outputs,
        one_hot=outputs == 1,
        seed=seed,
    )
    if regularizer != "both":
        return net
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    for name, module in net.named_children():
        modules[name] = copy.deepcopy(module)
        if name.startswith("relu"):
            modules[name.replace("relu", "dropout")] = nn.Dropout(rate)
    return nn.Sequential(modules)


@torch.no_grad()
def _misread(net: nn.Module, task: tasks.Task) -> float:
    read = net.eval()(task.test_inputs).argmax(1)
    return (read != task.test_targets.argmax(1)).double().mean().item()
