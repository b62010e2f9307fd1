"""The gradients of differently regularized networks over training; a job is a seed.

A *view* is a network, the parameters that move, and a mode; see
`gradbook.chapters.minibatch.views`. In front of batch norm a bias has no gradient in training mode,
so there is no such view; ``precision_norm`` holds what is computed instead.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradbook import models, tasks, training
from gradbook.chapters.minibatch import MODES, OWNERS
from gradbook.probes import layer_passes, weight_landscape
from gradbook.probes.gram import product_cosines
from gradbook.probes.landscape import gradient_landscape
from gradbook.probes.minibatch import drop_roundoff, responsive_units, sample_minibatches
from gradbook.probes.roughness import neighbour_angle, noise_by_source, unpredictability

CONFIG: dict[str, Any] = {
    "rows": [8000, 2000],
    "widths": list(models.FULL_WIDTHS),
    # Of each network the rate with the lowest test loss in the experiment `tuning`.
    "learning_rates": {
        "none": 1e-3,
        "dropout": 3e-4,
        "batch norm": 1e-2,
        "batch norm after ReLU": 3e-3,
    },
    "epochs": 20,
    "batch_size": 64,
    "minibatches": 25,
    "layers": [2, 3],
    "views": {
        "none": ["none", "bias", "evaluation"],
        "none, weights": ["none", "weights", "evaluation"],
        "dropout": ["dropout", "bias", "one mask"],
        "dropout, fresh masks": ["dropout", "bias", "fresh masks"],
        "dropout, evaluation": ["dropout", "bias", "evaluation"],
        "batch norm": ["batch norm", "shift", "training"],
        "batch norm, bias, evaluation": ["batch norm", "bias", "evaluation"],
        "batch norm, weights": ["batch norm", "weights", "training"],
        "batch norm after ReLU": ["batch norm after ReLU", "shift", "training"],
        "batch norm after ReLU, bias": ["batch norm after ReLU", "bias", "training"],
    },
    "probed": [0, 1, 2, 3, 4, 6, 8, 10, 14, 20],
    "radius": 0.05,
    "share": 0.25,
    "grid": 5,
    "rough_minibatches": 5,
    "noise_rows": 500,
}
JOBS = tuple(range(10, 20))
UNDEFINED = ("cosine", "opposed", "angle", "unpredictability", "precision_cosine")


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Curves of every network, and at the probed epochs P agreement and roughness of every view.

    Returns:
        - ``train_loss``, ``test_loss``, ``test_r2`` [networks, E + 1].
        - ``cosine``, ``opposed`` [views, P, layers]: of the gradients of minibatches in all
          parameters of the layer that move.
        - ``angle``, ``unpredictability`` [views, P, layers, 2 radii]: of landscapes around two
          units that respond at those epochs, see `gradbook.probes.roughness`. The grid's radius is
          the config's ``radius``, and then its ``share`` of the units' spread over the rows; with
          fresh masks the first only, nan in place of the second.
        - ``spread`` [views, P, layers]: that spread, a standard deviation.
        - ``precision_norm`` [P, layers, 2]: mean norm of the gradient in the bias before batch
          norm, in float32 and in float64; ``precision_cosine`` [P, layers]: mean cosine of the two.
        - ``example_noise``, ``mask_noise`` [P, layers]: the parts of tr Σ under dropout.
        - ``drift`` [2 networks with batch norm, E + 1, hidden layers, 2]: root mean square of γ − 1
          and of β.
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
    views = _views(runs, task, rows, seed, config)
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


def _views(
    runs: dict[str, training.Run],
    task: tasks.Task,
    rows: Tensor,
    seed: int,
    config: dict[str, Any],
) -> list[dict[str, np.ndarray]]:
    """Every view's numbers [P, layers, …]; views of one network in one mode share their passes."""
    passes = {}
    for network, _, look in config["views"].values():
        mode, _ = MODES[look]
        if (network, mode) not in passes:
            passes[network, mode] = _passes(runs[network], task, rows, mode, seed, config)
    found = []
    for view in config["views"].values():
        network, parameters, look = view
        seen = passes[network, MODES[look][0]]
        layers = []
        for layer in config["layers"]:
            at_layer = seen[f"{OWNERS[parameters]}{layer}"]
            responding = seen[f"norm{layer}"] if network == "batch norm" else at_layer
            units = responsive_units(responding["gradients"])
            layers.append(
                _agreement(at_layer["products" if parameters == "weights" else "gradients"])
                | _roughness(runs[network], task, rows, view, layer, units, at_layer, seed, config)
            )
        found.append({name: np.stack([one[name] for one in layers], 1) for name in layers[0]})
    return found


def _passes(
    run: training.Run,
    task: tasks.Task,
    rows: Tensor,
    mode: str,
    seed: int,
    config: dict[str, Any],
) -> dict[str, dict[str, Tensor]]:
    """What passes at the probed epochs leave at every layer with a bias, by the layer's name.

    ``gradients`` [P, M, units] in the bias; ``products`` [P, M, M] of those in the weights;
    ``spread`` [P, units] of what leaves; ``sent`` [P, n], the root mean square of what enters.
    """
    named = dict(run.model.named_children())
    owners = [owner for owner in ("linear", "norm") if f"{owner}2" in named]
    names = [f"{owner}{layer}" for owner in owners for layer in config["layers"]]
    found: dict[str, dict[str, list[Tensor]]] = {name: {} for name in names}
    for epoch in config["probed"]:
        model, y = run.model_at(epoch).double(), task.train_targets.double()
        seen = layer_passes(model, task.train_inputs, y, rows, names, mode=mode, seed=seed)
        for name, one in seen.items():
            numbers = {
                "gradients": one.bias_gradients(),
                "spread": one.leaving.flatten(0, 1).std(0),
                "sent": one.entering.flatten(0, 1).square().mean(0).sqrt(),
            }
            if isinstance(named[name], nn.Linear):
                numbers["products"] = one.weight_products()
            for key, value in numbers.items():
                found[name].setdefault(key, []).append(value)
    stacked = {
        name: {key: torch.stack(values) for key, values in numbers.items()}
        for name, numbers in found.items()
    }
    for numbers in stacked.values():
        # Over all epochs: at some, all of it is round-off.
        numbers["gradients"] = drop_roundoff(numbers["gradients"])
    return stacked


def _agreement(gradients: Tensor) -> dict[str, np.ndarray]:
    """Mean cosine and share of opposed pairs from gradients or their products [P, M, …]."""
    if gradients.shape[1] != gradients.shape[2]:
        gradients = gradients @ gradients.mT
    cosines = torch.stack([product_cosines(products) for products in gradients])
    apart = (cosines < 0).double().where(~cosines.isnan(), torch.nan)
    return {"cosine": cosines.nanmean(1).numpy(), "opposed": apart.nanmean(1).numpy()}


def _roughness(
    run: training.Run,
    task: tasks.Task,
    rows: Tensor,
    view: list[str],
    layer: int,
    units: tuple[int, int],
    seen: dict[str, Tensor],
    seed: int,
    config: dict[str, Any],
) -> dict[str, np.ndarray]:
    """Roughness of the landscapes around two units, for both radii."""
    _, parameters, look = view
    mode, masks = MODES[look]
    half = config["grid"] // 2
    unit_grid = torch.arange(-half, half + 1, dtype=torch.float64) / half
    spread = seen["spread"][:, list(units)].mean(1)
    fields = []
    for number, epoch in enumerate(config["probed"]):
        radii = config["radius"], config["share"] * spread[number].item()
        for radius in radii[:1] if masks == "fresh" else radii:
            at = run.model_at(epoch).double(), task.train_inputs, task.train_targets.double()
            few = rows[: config["rough_minibatches"]]
            if parameters == "weights":
                source = int(seen["sent"][number].argmax())
                offsets = unit_grid * radius / seen["sent"][number, source]
                field = weight_landscape(
                    *at, few, f"linear{layer}",
                    units=units, source=source, offsets=offsets, mode=mode, seed=seed,
                )  # fmt: skip
            else:
                field = gradient_landscape(
                    *at, few, f"{OWNERS[parameters]}{layer}.bias",
                    units=units, offsets=unit_grid * radius, mode=mode, masks=masks, seed=seed,
                ).gradients  # fmt: skip
            fields.append(field)
    smooth = drop_roundoff(torch.stack(fields))
    numbers = {"angle": neighbour_angle, "unpredictability": unpredictability}
    found = {}
    for name, of in numbers.items():
        values = np.full((len(config["probed"]), 2), np.nan)
        measured = np.array([of(field) for field in smooth]).reshape(len(values), -1)
        values[:, : measured.shape[1]] = measured
        found[name] = values
    return {**found, "spread": spread.numpy()}


def _precision(
    run: training.Run, task: tasks.Task, rows: Tensor, config: dict[str, Any]
) -> dict[str, np.ndarray]:
    """The bias before batch norm, whose gradient is zero, in two precisions."""
    names = [f"linear{layer}" for layer in config["layers"]]
    norms, cosines = [], []
    for epoch in config["probed"]:
        passes = [
            layer_passes(
                run.model_at(epoch).to(dtype),
                task.train_inputs,
                task.train_targets.to(dtype),
                rows,
                names,
                mode="train",
            )
            for dtype in (torch.float32, torch.float64)
        ]
        pairs = [[one[name].bias_gradients().double() for one in passes] for name in names]
        norms.append([[g.norm(dim=1).mean().item() for g in pair] for pair in pairs])
        cosine = partial(nn.functional.cosine_similarity, dim=1, eps=0)
        cosines.append([cosine(*pair).nanmean().item() for pair in pairs])
    return {"precision_norm": np.array(norms), "precision_cosine": np.array(cosines)}


def _noise(
    run: training.Run, task: tasks.Task, seed: int, config: dict[str, Any]
) -> dict[str, np.ndarray]:
    """The parts of the spread of per-example gradients under dropout."""
    alone = torch.arange(config["noise_rows"])[:, None]  # minibatches of one
    names = [f"linear{layer}" for layer in config["layers"]]
    parts = []
    for epoch in config["probed"]:
        model, y = run.model_at(epoch).double(), task.train_targets.double()
        draws = [
            layer_passes(
                model, task.train_inputs, y, alone, names, mode="train", seed=2 * seed + draw
            )
            for draw in range(2)
        ]
        parts.append(
            [noise_by_source(*(draw[name].bias_gradients() for draw in draws)) for name in names]
        )
    examples, masks = np.moveaxis(np.array(parts), -1, 0)
    return {"example_noise": examples, "mask_noise": masks}


def _drift(model: nn.Module) -> list[list[float]]:
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm1d)]
    return [
        [
            (norm.weight - 1).square().mean().sqrt().item(),
            norm.bias.square().mean().sqrt().item(),
        ]
        for norm in norms
    ]
