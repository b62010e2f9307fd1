"""The landscapes of the explorers: fifty minibatches, every epoch, two layers; a job is a view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from gradbook import models, tasks, training
from gradbook.chapters.minibatch.views import MODES, OWNERS
from gradbook.probes import weight_landscape
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
    "learning_rates": {
        "none": 1e-4,
        "dropout": 1e-4,
        "batch norm": 1e-2,
        "batch norm after ReLU": 1e-2,
    },
    # Network, parameters that move, mode: see `views`. A view named like its network is the one
    # that the minibatch chapter shows.
    "views": {
        "none": ["none", "bias", "evaluation"],
        "dropout": ["dropout", "bias", "one mask"],
        "dropout, fresh masks": ["dropout", "bias", "fresh masks"],
        "dropout, evaluation": ["dropout", "bias", "evaluation"],
        "batch norm": ["batch norm", "shift", "training"],
        "batch norm, evaluation": ["batch norm", "shift", "evaluation"],
        "batch norm, bias": ["batch norm", "bias", "training"],
        "batch norm, bias, evaluation": ["batch norm", "bias", "evaluation"],
        "batch norm after ReLU": ["batch norm after ReLU", "shift", "training"],
        "batch norm after ReLU, bias": ["batch norm after ReLU", "bias", "training"],
        "batch norm after ReLU, bias, evaluation": ["batch norm after ReLU", "bias", "evaluation"],
    },
    # In exact arithmetic its gradient is zero: what float32 makes of it is shown.
    "round_off": "batch norm, bias",
    "layers": [2, 3],
}
JOBS = tuple(CONFIG["views"])


Units = Sequence[tuple[int, int]]


def measure(view: str, config: dict[str, Any], units: Units | None = None) -> dict[str, np.ndarray]:
    """Landscapes of one net after every epoch.

    Args:
        view: One of `JOBS`.
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
    network, parameters, look = config["views"][view]
    run = training.train(
        models.mlp(
            task.features, tuple(config["widths"]), regularizer=network, seed=config["seed"]
        ),
        task,
        training.TrainConfig(
            epochs=config["epochs"],
            batch_size=config["batch_size"],
            learning_rate=config["learning_rates"][network],
            seed=config["seed"],
            checkpoints=None,
        ),
        progress=False,
    )
    rows = sample_minibatches(
        len(task.train_inputs), config["batch_size"], config["minibatches"], config["seed"]
    )
    mode, masks = MODES[look]
    return over_epochs(
        run,
        task,
        rows,
        [f"{OWNERS[parameters]}{layer}.bias" for layer in config["layers"]],
        grid(config["radius"], config["grid"]),
        mode=mode,
        masks=masks,
        seed=config["seed"],
        units=units,
        dtype=torch.float32 if view == config["round_off"] else torch.float64,
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
    masks: str = "common",
    units: Units | None = None,
    dtype: torch.dtype = torch.float64,
) -> dict[str, np.ndarray]:
    """Landscapes of a run after every epoch, as `measure` returns them.

    In float64 gradients that are round-off are zero. In float32 they are what autograd makes of
    them, and the two units are those that respond in evaluation mode.
    """
    exact, fields, centres = dtype == torch.float64, [], []
    if units is None:
        respond_in = mode if exact else "eval"
        units = [_two_units(run, task, rows, name, respond_in, seed) for name in parameters]
    for epoch in sorted(run.checkpoints):
        model = run.model_at(epoch)
        for parameter, pair in zip(parameters, units, strict=True):
            at = model.to(dtype), task.train_inputs, task.train_targets.to(dtype), rows
            options = {"units": pair, "mode": mode, "loss": run.config.loss, "seed": seed}
            if exact:
                landscape = gradient_landscape(
                    *at, parameter, offsets=offsets, masks=masks, **options
                )
                gradients = drop_roundoff(landscape.gradients)
            else:
                layer = parameter.removesuffix(".bias")
                gradients = weight_landscape(
                    *at, layer, source=None, offsets=offsets.to(dtype), **options
                ).double()
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
