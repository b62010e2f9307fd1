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

from gradbook.chapters.dosage import examples
from gradbook.training import diets, gardens

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
    "learning_rate": 0.4,
    "head_start": 1000,
    "steps": 2000,
    "every": 20,
    "units": 16,
    "three_factor_start": 0.6,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot

ROWS = np.array(list(itertools.product((-1.0, 1.0), repeat=4)))
LABELS, FEATURES = ROWS[:, 0], ROWS[:, 1:]
"""All examples there are: a label and three features, each ±1 [16], [16, 3]."""


def shares(reliability: float, *, redundant: bool = False) -> np.ndarray:
    """How frequent each of `ROWS` is [16], where features agree with the label so often."""
    agrees = LABELS[:, None] == FEATURES
    each = np.where(agrees, reliability, 1 - reliability)
    if redundant:
        each[:, 1] = FEATURES[:, 1] == FEATURES[:, 0]
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
    in_layer = isinstance(model, gardens.Layer)
    whole = shares(config["reliability"], redundant="redundant" in setting)
    labels, features, frequent = map(torch.from_numpy, (LABELS, FEATURES, whole))

    def watch(model: nn.Module) -> dict[str, Tensor]:
        outputs = model(features if in_layer else features[..., None]).flatten()
        right = (outputs * labels > 0).double() + 0.5 * (outputs == 0)
        reliance = (outputs[:, None] * features).mean(0)
        return {"reliance": reliance, "accuracy": (frequent * right).sum()}

    def train(model: Any, features: np.ndarray, steps: int, every: int) -> Any:
        rows = (features, LABELS[:, None]) if in_layer else (features[..., None], LABELS)
        return gardens.grow(
            model,
            examples.always((*rows, whole)),
            watch,
            loss=diets.LOGISTIC,
            diet=diets.Diet(weight_decay=config["weight_decay"]),
            steps=steps,
            learning_rate=config["learning_rate"],
            every=every,
        )

    if start != "none":
        alone = np.zeros_like(FEATURES)
        favoured = config["starts"].index(start)
        alone[:, favoured] = FEATURES[:, favoured]
        model, _ = train(model, alone, config["head_start"], config["head_start"])
    return train(model, FEATURES, config["steps"], config["every"])[1]


def _network(
    setting: str, seed: int, config: dict[str, Any]
) -> gardens.Recognizers | gardens.Layer:
    if setting == "three factors":
        mean = config["three_factor_start"]
        return gardens.Recognizers(3, factors=3, scale=0.1, mean=mean, seed=seed)
    if setting.startswith("two factors"):
        return gardens.Recognizers(3, seed=seed)
    return gardens.Layer(3, config["units"], 1, bias=True, seed=seed)
