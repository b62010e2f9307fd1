"""Does a weak recognizer become strong, or is it replaced by a strong one? A job is a seed.

Two nets are trained by gradient descent: recognizers with a patch of their own each, and a shared
hidden layer of ReLU units that all read the same inputs, with one output a feature. The control
never changes a weight: its population is the shared layer's units at the start, and in each
generation units are replaced by copies of others, in proportion to exp(strength · cosine).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradbook import garden

CONFIG: dict[str, Any] = {
    "networks": ["a patch each", "shared ReLU layer"],
    "features": 6,
    "inputs": 30,
    "units": 24,
    "frequency": 0.15,
    "background": 0.1,
    "scale": 0.1,
    "weight_decay": 0.01,
    "learning_rate": 0.2,
    "batch_size": 64,
    "steps": 6000,
    "records": 120,
    "generations": 60,
    "selection_strength": 5.0,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Cosines of units with features over training, and over generations of selection.

    Returns:
        - ``patch_cosine`` [records + 1, K]: |cos| of incoming weights and pattern; the sign is
          the outgoing weight's to make good.
        - ``patch_norm`` [records + 1, K]: of all its weights.
        - ``patch_start`` [K, 3]: at the start, its weight along the pattern, the norm of its
          incoming weights across it, and its outgoing weight.
        - ``shared_cosine`` [records + 1, units, features].
        - ``shared_norm`` [records + 1, units].
        - ``selection_cosine`` [generations + 1]: mean over features and units of the population.
        - ``selection_ancestors`` [generations + 1]: units of the start with copies left, mean.
        - ``step`` [records + 1].
    """
    basis = garden.patterns(config["inputs"], config["inputs"], seed)
    shared_patterns = torch.linalg.qr(basis)[0][: config["features"]]
    every = config["steps"] // config["records"]
    found = _patches(seed, config, every) | _shared(seed, config, every, shared_patterns)
    selection = _selection(found.pop("directions"), shared_patterns, seed, config)
    arrays = {name: values.numpy().astype(np.float32) for name, values in found.items()}
    return arrays | selection | {"step": every * np.arange(config["records"] + 1)}


def _grown(model: nn.Module, batches: Any, watch: Any, every: int, config: dict[str, Any]) -> Any:
    return garden.grow(
        model,
        batches,
        watch,
        diet=garden.Diet(weight_decay=config["weight_decay"]),
        steps=config["steps"],
        learning_rate=config["learning_rate"],
        every=every,
    )[1]


def _patches(seed: int, config: dict[str, Any], every: int) -> dict[str, Tensor]:
    count = config["features"]
    pattern = garden.patterns(count, config["inputs"], seed)
    model = garden.Recognizers(count, config["inputs"], scale=config["scale"], seed=seed)
    batches = garden.examples(
        pattern,
        torch.full((count,), config["frequency"], dtype=torch.float64),
        config["batch_size"],
        background=config["background"],
        seed=seed,
    )

    def watch(model: nn.Module) -> dict[str, Tensor]:
        incoming, outgoing = model.incoming.detach(), model.outgoing.detach()
        norm = (incoming.square().sum(1) + outgoing.square().sum(0)).sqrt()
        cosine = (incoming * pattern).sum(1).abs() / incoming.norm(dim=1)
        return {"patch_cosine": cosine, "patch_norm": norm}

    incoming, outgoing = model.incoming.detach(), model.outgoing.detach()
    along = (incoming * pattern).sum(1)
    across = (incoming - along[:, None] * pattern).norm(dim=1)
    start = torch.stack([along, across, outgoing[0]], 1)
    return _grown(model, batches, watch, every, config) | {"patch_start": start}


def _shared(seed: int, config: dict[str, Any], every: int, pattern: Tensor) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1_000_003 * (seed + 1) + 4)
    count, inputs, units = config["features"], config["inputs"], config["units"]
    model = nn.Sequential(
        nn.Linear(inputs, units, bias=False), nn.ReLU(), nn.Linear(units, count, bias=False)
    ).double()
    with torch.no_grad():
        for layer in (model[0], model[2]):
            layer.weight.normal_(generator=generator)
            layer.weight.mul_(config["scale"] / math.sqrt(layer.in_features))

    def watch(model: nn.Module) -> dict[str, Tensor]:
        incoming, outgoing = model[0].weight.detach(), model[2].weight.detach()
        norm = (incoming.square().sum(1) + outgoing.square().sum(0)).sqrt()
        cosine = incoming @ pattern.T / incoming.norm(dim=1, keepdim=True)
        return {"shared_cosine": cosine, "shared_norm": norm}

    marks = torch.eye(count + 1, count, dtype=torch.float64)
    chances = torch.full((count + 1,), config["frequency"], dtype=torch.float64)
    chances[-1] = 1 - chances[:-1].sum()
    rows = config["batch_size"]
    shares = torch.full((rows,), 1 / rows, dtype=torch.float64)

    def batches(step: int) -> garden.Batch:
        shown = marks[torch.multinomial(chances, rows, replacement=True, generator=generator)]
        noise = torch.randn(rows, inputs, generator=generator, dtype=torch.float64)
        return shown @ pattern + config["background"] * noise, shown, shares

    directions = watch(model)["shared_cosine"]
    return _grown(model, batches, watch, every, config) | {"directions": directions}


def _selection(
    cosines: Tensor, pattern: Tensor, seed: int, config: dict[str, Any]
) -> dict[str, np.ndarray]:
    """Copies of units instead of changed units; cosines [units, features] at the start."""
    generator = torch.Generator().manual_seed(1_000_003 * (seed + 1) + 5)
    units, features = cosines.shape
    ancestors = torch.arange(units).repeat(features, 1)  # [features, units]
    means, distinct = [], []
    for _ in range(config["generations"] + 1):
        of_population = cosines.T.gather(1, ancestors)
        means.append(of_population.mean().item())
        distinct.append(np.mean([len(row.unique()) for row in ancestors]))
        fitness = (config["selection_strength"] * of_population).softmax(1)
        chosen = torch.multinomial(fitness, units, replacement=True, generator=generator)
        ancestors = ancestors.gather(1, chosen)
    return {
        "selection_cosine": np.array(means, dtype=np.float32),
        "selection_ancestors": np.array(distinct, dtype=np.float32),
    }
