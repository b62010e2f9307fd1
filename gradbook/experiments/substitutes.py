"""Can dropout and batch norm stand in for each other? A job is a seed.

Two problems on which a network overfits: the character regression from few rows, and handwritten
digits of which a share has a wrong label.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import Any

import numpy as np
import torch
from torch import nn

from gradbook import models, tasks, training
from gradbook.digits import PIXELS, digits

CONFIG: dict[str, Any] = {
    "regularizers": ["none", "dropout", "batch norm", "both"],
    "dropout_rate": 0.3,
    "few": {"rows": [500, 2000], "widths": list(models.FULL_WIDTHS), "epochs": 100},
    "few_rates": {"none": 1e-4, "dropout": 1e-4, "batch norm": 1e-2, "both": 1e-2},
    "digits": {"train": 1000, "wrong": 0.2, "widths": [256, 128, 64], "epochs": 60},
    "digits_rate": 1e-3,
}
JOBS = tuple(range(10, 20))


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Curves over epochs for every regularizer.

    Returns:
        - ``few_train``, ``few_test`` [regularizers, E + 1]: mean absolute error.
        - ``digits_test`` [regularizers, E + 1]: share of the test pictures misread;
          ``digits_train``: squared error on the training labels.
    """
    few, pictures = config["few"], config["digits"]
    train, test = few["rows"]
    task = tasks.character_regression(train=train, test=test, seed=seed)
    task_of_digits = digits(train=pictures["train"], wrong=pictures["wrong"], seed=seed)
    found: dict[str, list[Any]] = {
        name: [] for name in ("few_train", "few_test", "digits_train", "digits_test")
    }
    for regularizer in config["regularizers"]:
        run = training.train(
            _net(task.features, few["widths"], regularizer, config["dropout_rate"], seed),
            task,
            training.TrainConfig(
                epochs=few["epochs"], learning_rate=config["few_rates"][regularizer], seed=seed
            ),
            progress=False,
        )
        found["few_train"].append(run.train_loss.numpy())
        found["few_test"].append(run.test_loss.numpy())
        net = _net(
            PIXELS, pictures["widths"], regularizer, config["dropout_rate"], seed, outputs=10
        )
        run = training.train(
            net,
            task_of_digits,
            training.TrainConfig(
                epochs=pictures["epochs"],
                learning_rate=config["digits_rate"],
                loss="squared",
                clip=None,
                seed=seed,
                checkpoints=None,
            ),
            progress=False,
        )
        found["digits_train"].append(run.train_loss.numpy())
        found["digits_test"].append(
            [_misread(run.model_at(e), task_of_digits) for e in range(pictures["epochs"] + 1)]
        )
    return {name: np.array(values, dtype=np.float32) for name, values in found.items()}


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
