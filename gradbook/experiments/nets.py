"""The gradient landscapes of differently regularized networks; a job is a seed.

A *view* is a way to look at one of the networks: which parameters move, in which mode, and, under
dropout, whether a minibatch keeps its masks over the grid. In front of batch norm a bias has no
gradient in training mode, so there is no such view; ``precision_norm`` holds what is computed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradbook import models, tasks, training
from gradbook.probes.landscape import gradient_landscape
from gradbook.probes.minibatch import (
    drop_roundoff,
    mean_cosine,
    minibatch_gradients,
    opposed_share,
    responsive_units,
    sample_minibatches,
)
from gradbook.probes.roughness import neighbour_angle, noise_by_source, unpredictability

CONFIG: dict[str, Any] = {
    "rows": [8000, 2000],
    "widths": list(models.FULL_WIDTHS),
    "learning_rates": {
        "none": 1e-4,
        "dropout": 1e-4,
        "batch norm": 1e-2,
        "batch norm after ReLU": 1e-2,
    },
    "epochs": 20,
    "batch_size": 64,
    "minibatches": 50,
    "layers": [2, 3],
    # View: network, owner of the parameters, mode, masks over the grid.
    "views": {
        "none": ["none", "linear", "eval", "common"],
        "dropout, one mask": ["dropout", "linear", "train", "common"],
        "dropout, fresh masks": ["dropout", "linear", "train", "fresh"],
        "dropout, evaluation": ["dropout", "linear", "eval", "common"],
        "batch norm, shift": ["batch norm", "norm", "train", "common"],
        "batch norm, evaluation": ["batch norm", "linear", "eval", "common"],
        "batch norm after ReLU, bias": ["batch norm after ReLU", "linear", "train", "common"],
    },
    "radius": 0.05,
    "grid": 5,
    "rough_epochs": [0, 2, 5, 10, 20],
    "rough_minibatches": 10,
    "noise_rows": 1000,
}
JOBS = tuple(range(10, 20))
UNDEFINED = ("cosine", "opposed", "angle", "unpredictability", "precision_cosine")


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Curves of every network, agreement under every view, roughness at some epochs.

    Returns:
        - ``train_loss``, ``test_loss``, ``test_r2`` [networks, E + 1].
        - ``cosine``, ``opposed`` [views, E + 1, layers]: of the gradients of minibatches in all
          parameters of the layer that move; ``norm``: their mean norm.
        - ``angle``, ``unpredictability`` [views, rough epochs, layers]: of landscapes around two
          units that respond at those epochs, see `gradbook.probes.roughness`.
        - ``precision_norm`` [rough epochs, layers, 2]: mean norm of the gradient in the bias before
          batch norm, in float32 and in float64; ``precision_cosine`` [rough epochs, layers]: mean
          cosine of the two.
        - ``example_noise``, ``mask_noise`` [rough epochs, layers]: the parts of tr Σ under dropout.
        - ``drift`` [2 networks with batch norm, E + 1, 3 layers, 2]: root mean square of γ − 1 and
          of β.
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
                checkpoints=None,
            ),
            progress=False,
        )
        for name, rate in config["learning_rates"].items()
    }
    rows = sample_minibatches(train, config["batch_size"], config["minibatches"], seed)
    views = [_view(runs[view[0]], task, rows, view, seed, config) for view in _views(config)]
    normed = [run for name, run in runs.items() if name.startswith("batch norm")]
    result = {name: np.array([view[name] for view in views]) for name in views[0]}
    result |= {
        name: torch.stack([getattr(run, name) for run in runs.values()]).numpy()
        for name in ("train_loss", "test_loss", "test_r2")
    }
    result |= _precision(runs["batch norm"], task, rows, config)
    result |= _noise(runs["dropout"], task, seed, config)
    result["drift"] = np.array(
        [[_drift(run.model_at(epoch)) for epoch in sorted(run.checkpoints)] for run in normed]
    )
    return {name: values.astype(np.float32) for name, values in result.items()}


def _views(config: dict[str, Any]) -> list[list[str]]:
    return list(config["views"].values())


def _view(
    run: training.Run,
    task: tasks.Task,
    rows: Tensor,
    view: list[str],
    seed: int,
    config: dict[str, Any],
) -> dict[str, Any]:
    """Agreement after every epoch and roughness at some, for one view."""
    _, owner, mode, masks = view
    found: dict[str, Any] = {
        name: [] for name in ("cosine", "opposed", "norm", "angle", "unpredictability")
    }
    for layer in config["layers"]:
        parameter = f"{owner}{layer}.bias"
        gradients = torch.stack(
            [
                minibatch_gradients(
                    run.model_at(epoch).double(),
                    task.train_inputs,
                    task.train_targets.double(),
                    rows,
                    parameter,
                    mode=mode,
                    seed=seed,
                )
                for epoch in range(config["epochs"] + 1)
            ]
        )
        gradients = drop_roundoff(gradients)  # over all epochs: at some, all of it is round-off
        found["cosine"].append([mean_cosine(g) for g in gradients])
        found["opposed"].append([opposed_share(g) for g in gradients])
        found["norm"].append(gradients.norm(dim=2).mean(1).tolist())
        fields = torch.stack(
            [
                gradient_landscape(
                    run.model_at(epoch),
                    task.train_inputs,
                    task.train_targets,
                    rows[: config["rough_minibatches"]],
                    parameter,
                    offsets=_grid(config),
                    units=responsive_units(gradients[config["rough_epochs"]]),
                    mode=mode,
                    masks=masks,
                    seed=seed,
                    dtype=torch.float64,
                ).gradients
                for epoch in config["rough_epochs"]
            ]
        )
        fields = drop_roundoff(fields)
        found["angle"].append([neighbour_angle(field) for field in fields])
        found["unpredictability"].append([unpredictability(field) for field in fields])
    return {name: np.array(values).T for name, values in found.items()}


def _grid(config: dict[str, Any]) -> Tensor:
    half = config["grid"] // 2
    return torch.arange(-half, half + 1, dtype=torch.float64) * config["radius"] / half


def _precision(
    run: training.Run, task: tasks.Task, rows: Tensor, config: dict[str, Any]
) -> dict[str, np.ndarray]:
    """The bias before batch norm, whose gradient is zero, in two precisions."""
    norms, cosines = [], []
    for epoch in config["rough_epochs"]:
        for layer in config["layers"]:
            single, double = (
                minibatch_gradients(
                    run.model_at(epoch).to(dtype),
                    task.train_inputs,
                    task.train_targets.to(dtype),
                    rows,
                    f"linear{layer}.bias",
                    mode="train",
                ).double()
                for dtype in (torch.float32, torch.float64)
            )
            norms.append([g.norm(dim=1).mean().item() for g in (single, double)])
            cosines.append(nn.functional.cosine_similarity(single, double, dim=1, eps=0).nanmean())
    shape = (len(config["rough_epochs"]), len(config["layers"]))
    return {
        "precision_norm": np.array(norms).reshape(*shape, 2),
        "precision_cosine": np.array([cosine.item() for cosine in cosines]).reshape(shape),
    }


def _noise(
    run: training.Run, task: tasks.Task, seed: int, config: dict[str, Any]
) -> dict[str, np.ndarray]:
    """The parts of the spread of per-example gradients under dropout."""
    alone = torch.arange(config["noise_rows"])[:, None]  # minibatches of one
    parts = []
    for epoch in config["rough_epochs"]:
        for layer in config["layers"]:
            draws = (
                minibatch_gradients(
                    run.model_at(epoch).double(),
                    task.train_inputs,
                    task.train_targets.double(),
                    alone,
                    f"linear{layer}.bias",
                    mode="train",
                    seed=2 * seed + draw,
                )
                for draw in range(2)
            )
            parts.append(noise_by_source(*draws))
    shape = (len(config["rough_epochs"]), len(config["layers"]))
    examples, masks = np.array(parts).T
    return {"example_noise": examples.reshape(shape), "mask_noise": masks.reshape(shape)}


def _drift(model: nn.Module) -> list[list[float]]:
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm1d)]
    return [
        [
            (norm.weight - 1).square().mean().sqrt().item(),
            norm.bias.square().mean().sqrt().item(),
        ]
        for norm in norms
    ]
