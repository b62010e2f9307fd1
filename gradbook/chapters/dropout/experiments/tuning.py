"""Which learning rate suits which regularizer? A job is a pilot seed; no claim rests on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import models, tasks, training

CONFIG: dict[str, Any] = {
    "rows": [8000, 2000],
    "widths": list(models.FULL_WIDTHS),
    "regularizers": list(models.REGULARIZERS),
    "rates": [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2],
    "epochs": 10,
}
JOBS = (0, 1)
UNDEFINED = ("train_loss", "test_loss")


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Losses after every epoch for each regularizer and learning rate.

    Returns:
        ``train_loss``, ``test_loss`` [regularizers, rates, epochs + 1]; nan where training
        diverged.
    """
    train, test = config["rows"]
    task = tasks.character_regression(train=train, test=test, seed=seed)
    shape = (len(config["regularizers"]), len(config["rates"]), config["epochs"] + 1)
    losses = {name: np.full(shape, np.nan, np.float32) for name in ("train_loss", "test_loss")}
    for i, regularizer in enumerate(config["regularizers"]):
        for j, rate in enumerate(config["rates"]):
            settings = training.TrainConfig(epochs=config["epochs"], learning_rate=rate, seed=seed)
            model = models.mlp(
                task.features, tuple(config["widths"]), regularizer=regularizer, seed=seed
            )
            try:
                run = training.train(model, task, settings, progress=False)
            except FloatingPointError:
                continue
            for name, curve in losses.items():
                curve[i, j] = getattr(run, name).numpy()
    return losses
