"""The source's own pictures, at the settings that its published files suggest. A job is a seed.

The plain pictures are the dropout network in evaluation mode; each arrow is one forward pass, so
dropout draws new masks at every point; in training means epoch 10. Nothing says where batch norm
stood or in which mode, so every place and mode in which a bias has a gradient is looked at.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from gradbook import models, tasks, training
from gradbook.chapters.dropout.experiments import nets
from gradbook.probes.minibatch import sample_minibatches

CONFIG: dict[str, Any] = nets.CONFIG | {
    "learning_rates": {
        name: rate for name, rate in nets.CONFIG["learning_rates"].items() if name != "none"
    },
    "epochs": 10,
    "views": {
        "dropout, evaluation": ["dropout", "bias", "evaluation"],
        "dropout, fresh masks": ["dropout", "bias", "fresh masks"],
        "batch norm, bias, evaluation": ["batch norm", "bias", "evaluation"],
        "batch norm after ReLU, bias": ["batch norm after ReLU", "bias", "training"],
        "batch norm after ReLU, bias, evaluation": ["batch norm after ReLU", "bias", "evaluation"],
    },
    "probed": [0, 10],
}
JOBS = tuple(range(20, 30))  # seeds 10 to 19 of `nets` were the pilot
UNDEFINED = ("cosine", "opposed", "angle", "unpredictability")


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """What the experiment `nets` measures of its views, at the start and after ten epochs.

    Returns:
        ``cosine``, ``opposed``, ``angle``, ``unpredictability`` and ``spread`` by view, probed
        epoch and layer; ``train_loss`` [networks, E + 1].
    """
    train, test = config["rows"]
    task = tasks.character_regression(train=train, test=test, seed=seed)
    runs = {
        name: training.train(
            models.mlp(task.features, tuple(config["widths"]), regularizer=name, seed=seed),
            task,
            training.TrainConfig(
                epochs=config["epochs"],
                batch_size=config["batch_size"],
                learning_rate=rate,
                seed=seed,
                checkpoints=tuple(config["probed"]),
            ),
            progress=False,
        )
        for name, rate in config["learning_rates"].items()
    }
    rows = sample_minibatches(train, config["batch_size"], config["minibatches"], seed)
    views = nets._views(runs, task, rows, seed, config)
    found = {name: np.array([view[name] for view in views]) for name in views[0]}
    found["train_loss"] = torch.stack([run.train_loss for run in runs.values()]).numpy()
    return {name: values.astype(np.float32) for name, values in found.items()}
