"""Does a weak recognizer become strong, or is it replaced by a strong one? A job is a seed.

Two nets are trained by gradient descent: recognizers with a patch of their own each, and a shared
hidden layer of ReLU units that all read the same inputs, with one output a feature. The control
never changes a weight: its population is the shared layer's units at the start, and in each
generation units are replaced by copies of others, in proportion to exp(strength · cosine).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradbook.chapters.dosage import examples
from gradbook.training import diets, gardens

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
    "batch_size": 32,
    "steps": 3000,
    "records": 150,
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
        - ``shared_cosine`` [2, units, features]: at the start and at the end.
        - ``shared_norm`` [2, units].
        - ``selection_cosine`` [generations + 1]: mean over features and units of the population.
        - ``selection_ancestors`` [generations + 1]: units of the start with copies left, mean.
        - ``step`` [records + 1].
    """
    basis = examples.patterns(config["inputs"], config["inputs"], seed)
    shared_patterns = np.linalg.qr(basis)[0][: config["features"]]
    every = config["steps"] // config["records"]
    found = _patches(seed, config, every) | _shared(seed, config, every, shared_patterns)
    selection = _selection(found["shared_cosine"][0], seed, config)
    arrays = {name: values.numpy().astype(np.float32) for name, values in found.items()}
    return arrays | selection | {"step": every * np.arange(config["records"] + 1)}


def _grown(
    model: Any, pattern: np.ndarray, shared: bool, watch: Any, every: int, config: Any, seed: int
) -> dict[str, Tensor]:
    return gardens.grow(
        model,
        examples.examples(
            pattern,
            np.full(len(pattern), config["frequency"]),
            config["batch_size"],
            shared=shared,
            background=config["background"],
            seed=seed,
        ),
        watch,
        diet=diets.Diet(weight_decay=config["weight_decay"]),
        steps=config["steps"],
        learning_rate=config["learning_rate"],
        every=every,
    )[1]


def _norm(model: nn.Module) -> Tensor:
    """Of all weights of each recognizer or unit."""
    return (model.incoming.square().sum(1) + model.outgoing.square().sum(0)).sqrt()


def _patches(seed: int, config: dict[str, Any], every: int) -> dict[str, Tensor]:
    count = config["features"]
    pattern = examples.patterns(count, config["inputs"], seed)
    model = gardens.Recognizers(count, config["inputs"], scale=config["scale"], seed=seed)
    shapes = torch.from_numpy(pattern)

    def watch(model: nn.Module) -> dict[str, Tensor]:
        along = (model.incoming * shapes).sum(1).abs()
        return {"patch_cosine": along / model.incoming.norm(dim=1), "patch_norm": _norm(model)}

    incoming, outgoing = model.incoming.detach(), model.outgoing.detach()
    along = (incoming * shapes).sum(1)
    across = (incoming - along[:, None] * shapes).norm(dim=1)
    start = torch.stack([along, across, outgoing[0]], 1)
    records = _grown(model, pattern, False, watch, every, config, seed)
    return records | {"patch_start": start}


def _shared(seed: int, config: dict[str, Any], every: int, pattern: np.ndarray) -> Any:
    model = gardens.Layer(
        config["inputs"], config["units"], config["features"], scale=config["scale"], seed=seed
    )
    shapes = torch.from_numpy(pattern)

    def watch(model: nn.Module) -> dict[str, Tensor]:
        cosine = model.incoming @ shapes.T / model.incoming.norm(dim=1, keepdim=True)
        return {"shared_cosine": cosine, "shared_norm": _norm(model)}

    records = _grown(model, pattern, True, watch, every, config, seed)
    return {name: values[[0, -1]] for name, values in records.items()}


def _selection(cosines: Tensor, seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Copies of units instead of changed units; cosines [units, features] at the start."""
    generator = torch.Generator().manual_seed(seed)
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
