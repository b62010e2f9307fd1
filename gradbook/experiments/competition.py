"""Does a head start decide the end, or only delay it? A job is a seed.

Three features agree with a label y = ±1 on 90 % of the examples each, independently of each other;
in the redundant settings the second is a copy of the first. One of the first two gets a head start:
it is trained on while the inputs of the others are 0. Then the net is trained on all three. The
gradient is that of all examples there are, so seeds differ in their initial weights alone.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradbook import garden

CONFIG: dict[str, Any] = {
    "settings": [
        "two factors",
        "two factors, redundant",
        "three factors",
        "ReLU",
        "ReLU, redundant",
    ],
    "starts": ["feature 1", "feature 2", "none"],
    "reliability": 0.9,
    "weight_decay": 0.02,
    "learning_rate": 0.2,
    "head_start": 2000,
    "steps": 4000,
    "every": 100,
    "units": 16,
    "three_factor_start": 0.6,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot

ROWS = torch.tensor(list(itertools.product((-1, 1), repeat=4)), dtype=torch.float64)
LABELS, FEATURES = ROWS[:, 0], ROWS[:, 1:]
"""All examples there are: a label and three features, each ±1 [16], [16, 3]."""


def shares(reliability: float, *, redundant: bool = False) -> Tensor:
    """How frequent each of `ROWS` is [16], where features agree with the label so often."""
    agrees = LABELS[:, None] == FEATURES
    each = torch.where(agrees, reliability, 1 - reliability).double()
    if redundant:
        each[:, 1] = (FEATURES[:, 1] == FEATURES[:, 0]).double()
    return each.prod(1) / 2


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Reliance on each feature and accuracy, after the head start and on.

    Returns:
        - ``reliance`` [settings, starts, records + 1, 3]: half of what turning a feature from −1 to
          1 adds to the output, mean over the other features' values.
        - ``accuracy`` [settings, starts, records + 1]: over all examples; a tie counts half.
        - ``step`` [records + 1]: steps since the head start.
    """
    found: dict[str, list] = {"reliance": [], "accuracy": []}
    for setting in config["settings"]:
        runs = [_run(setting, start, seed, config) for start in config["starts"]]
        for name, rows in found.items():
            rows.append(torch.stack([run[name] for run in runs]))
    arrays = {name: torch.stack(rows).numpy().astype(np.float32) for name, rows in found.items()}
    return arrays | {"step": np.arange(0, config["steps"] + 1, config["every"])}


def _run(setting: str, start: str, seed: int, config: dict[str, Any]) -> dict[str, Tensor]:
    model = _network(setting, seed, config)
    whole = shares(config["reliability"], redundant="redundant" in setting)

    def shown(features: Tensor) -> Tensor:
        return features if setting.startswith("ReLU") else features[..., None]

    def watch(model: nn.Module) -> dict[str, Tensor]:
        with torch.no_grad():
            outputs = model(shown(FEATURES)).flatten()
        right = (outputs * LABELS > 0).double() + 0.5 * (outputs == 0)
        reliance = (outputs[:, None] * FEATURES).mean(0)
        return {"reliance": reliance, "accuracy": (whole * right).sum()}

    def train(model: nn.Module, features: Tensor, steps: int, every: int) -> Any:
        return garden.grow(
            model,
            lambda step: (shown(features), LABELS, whole),
            watch,
            loss=lambda outputs, targets: garden.logistic(outputs.flatten(), targets),
            diet=garden.Diet(weight_decay=config["weight_decay"]),
            steps=steps,
            learning_rate=config["learning_rate"],
            every=every,
        )

    if start != "none":
        alone = torch.zeros_like(FEATURES)
        favoured = config["starts"].index(start)
        alone[:, favoured] = FEATURES[:, favoured]
        model, _ = train(model, alone, config["head_start"], config["head_start"])
    return train(model, FEATURES, config["steps"], config["every"])[1]


def _network(setting: str, seed: int, config: dict[str, Any]) -> nn.Module:
    if setting.startswith("two factors"):
        return garden.Recognizers(3, seed=seed)
    if setting == "three factors":
        model = garden.Recognizers(3, factors=3, scale=0.1, seed=seed)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(config["three_factor_start"])
        return model
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        first, second = nn.Linear(3, config["units"]), nn.Linear(config["units"], 1)
    return nn.Sequential(first, nn.ReLU(), second).double()
