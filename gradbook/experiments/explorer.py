"""The landscapes of the explorer: fifty minibatches, every epoch, two layers; a job is a net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from gradbook import models, tasks, training
from gradbook.probes.landscape import gradient_landscape
from gradbook.probes.minibatch import (
    drop_roundoff,
    minibatch_gradients,
    responsive_units,
    sample_minibatches,
)

CONFIG: dict[str, Any] = {
    "seed": 0,
    "rows": [8000, 2000],
    "widths": list(models.FULL_WIDTHS),
    "epochs": 20,
    "batch_size": 64,
    "minibatches": 50,
    "radius": 0.05,
    "grid": 7,
    # Parameters, mode and learning rate per regularizer. In front of batch norm a bias has no
    # gradient in training mode, so there it is batch norm's own shift that moves.
    "nets": {
        "none": ["linear", "eval", 1e-4],
        "dropout": ["linear", "train", 1e-4],
        "batch norm": ["norm", "train", 1e-2],
        "batch norm after ReLU": ["norm", "train", 1e-2],
    },
    "layers": [2, 3],
}
JOBS = tuple(CONFIG["nets"])


Units = Sequence[tuple[int, int]]


def measure(
    regularizer: str, config: dict[str, Any], units: Units | None = None
) -> dict[str, np.ndarray]:
    """Landscapes of one net after every epoch.

    Args:
        regularizer: One of `JOBS`.
        config: Like `CONFIG`.
        units: The two units to look at in each layer; default `responsive_units`.

    Returns:
        - ``field`` int8 [E, L, M, G, G, 2] and ``scale`` [E, L, M]: gradient = field/127 · scale.
        - ``centre`` [E, L, M, 2]: the gradient at the net's own parameters.
        - ``units`` [L, 2]: the two units of each layer, see `responsive_units`.
        - ``test_loss``, ``test_r2`` [E].
        - ``offsets`` [G].
    """
    train, test = config["rows"]
    task = tasks.character_regression(train=train, test=test, seed=config["seed"])
    owner, mode, learning_rate = config["nets"][regularizer]
    run = training.train(
        models.mlp(
            task.features, tuple(config["widths"]), regularizer=regularizer, seed=config["seed"]
        ),
        task,
        training.TrainConfig(
            epochs=config["epochs"],
            batch_size=config["batch_size"],
            learning_rate=learning_rate,
            seed=config["seed"],
            checkpoints=None,
        ),
        progress=False,
    )
    rows = sample_minibatches(
        len(task.train_inputs), config["batch_size"], config["minibatches"], config["seed"]
    )
    offsets = grid(config["radius"], config["grid"])
    parameters = [f"{owner}{layer}.bias" for layer in config["layers"]]
    return over_epochs(
        run, task, rows, parameters, offsets, mode=mode, seed=config["seed"], units=units
    )


def grid(radius: float, points: int) -> torch.Tensor:
    """Offsets from −radius to radius, exactly zero in the middle; an odd number of points."""
    half = points // 2
    return torch.arange(-half, half + 1, dtype=torch.float64) * radius / half


def over_epochs(
    run: training.Run,
    task: tasks.Task,
    rows: torch.Tensor,
    parameters: Sequence[str],
    offsets: torch.Tensor,
    *,
    mode: str,
    seed: int,
    units: Units | None = None,
) -> dict[str, np.ndarray]:
    """Landscapes of a run after every epoch, as `measure` returns them; computed in float64."""
    fields, centres = [], []
    if units is None:
        units = [_two_units(run, task, rows, name, mode, seed) for name in parameters]
    for epoch in sorted(run.checkpoints):
        model = run.model_at(epoch)
        for parameter, pair in zip(parameters, units, strict=True):
            landscape = gradient_landscape(
                model,
                task.train_inputs,
                task.train_targets,
                rows,
                parameter,
                offsets=offsets,
                units=pair,
                mode=mode,
                loss=run.config.loss,
                seed=seed,
                dtype=torch.float64,
            )
            gradients = drop_roundoff(landscape.gradients)
            fields.append(gradients)
            centres.append(gradients[:, len(offsets) // 2, len(offsets) // 2])
    shape = (len(run.checkpoints), len(parameters))
    field = torch.stack(fields).unflatten(0, shape)
    scale = field.abs().amax((-3, -2, -1))
    steps = field / scale.clamp(min=1e-300)[..., None, None, None] * 127
    return {
        "field": steps.round().to(torch.int8).numpy(),
        "scale": scale.float().numpy(),
        "centre": torch.stack(centres).unflatten(0, shape).float().numpy(),
        "test_loss": run.test_loss.numpy().astype(np.float32),
        "test_r2": run.test_r2.numpy().astype(np.float32),
        "offsets": offsets.float().numpy(),
        "units": np.array(units),
    }


def _two_units(
    run: training.Run, task: tasks.Task, rows: torch.Tensor, parameter: str, mode: str, seed: int
) -> tuple[int, int]:
    gradients = [
        minibatch_gradients(
            run.model_at(epoch),
            task.train_inputs,
            task.train_targets,
            rows,
            parameter,
            mode=mode,
            loss=run.config.loss,
            seed=seed,
        )
        for epoch in sorted(run.checkpoints)
    ]
    return responsive_units(torch.stack(gradients))
