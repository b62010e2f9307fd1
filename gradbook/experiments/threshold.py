"""Who survives weight decay? Recognizers of many frequencies in one net; a job is a seed.

Four settings: recognizers a·b side by side under the squared and under the logistic loss, and a
shared hidden layer of ReLU units with an output for each feature or one output for all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradbook import garden

CONFIG: dict[str, Any] = {
    "settings": ["a·b", "logistic loss", "ReLU, an output each", "ReLU, one output"],
    "weight_decay": 0.01,
    "steps": 10_000,
    "learning_rate": 1.0,
    "batch_size": 64,
    "units": 160,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot

RATIOS = np.unique(
    np.concatenate(
        [np.geomspace(1 / 8, 0.7, 8), np.geomspace(0.7, 2.6, 34), np.geomspace(2.6, 8, 6)]
    ).round(6)
)
"""p/λ of each recognizer: dense where the theories have their thresholds, at 1 and 2."""


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Answers at the end of training.

    Returns:
        - ``ratio`` [K]: p/λ of each recognizer.
        - ``answer`` [settings, K]: what the net answers to the feature, mean over the last fifth
          of training.
    """
    frequencies = torch.from_numpy(config["weight_decay"] * RATIOS)
    answers = [_answers(setting, frequencies, seed, config) for setting in config["settings"]]
    return {"ratio": RATIOS, "answer": np.stack(answers).astype(np.float32)}


def _answers(setting: str, frequencies: Tensor, seed: int, config: dict[str, Any]) -> np.ndarray:
    inputs, targets, shares = garden.population(frequencies)
    count = len(frequencies)
    if setting.startswith("ReLU"):
        each = setting == "ReLU, an output each"
        inputs = inputs[..., 0]
        targets = torch.eye(count).double() if each else targets[:, None]
        model: nn.Module = _layer(count, config["units"], targets.shape[1], seed)
    else:
        model = garden.Recognizers(count, seed=seed)

    def watch(model: nn.Module) -> dict[str, Tensor]:
        with torch.no_grad():
            outputs = model(inputs)
        if outputs.numel() == count:
            return {"answer": outputs.flatten()}
        return {"answer": outputs.diagonal()}

    every = config["steps"] // 50
    _, records = garden.grow(
        model,
        garden.sampled((inputs, targets, shares), config["batch_size"], seed),
        watch,
        loss=garden.logistic if setting == "logistic loss" else garden.half_squared,
        diet=garden.Diet(weight_decay=config["weight_decay"]),
        steps=config["steps"],
        learning_rate=config["learning_rate"],
        every=every,
    )
    return records["answer"][-10:].mean(0).numpy()


def _layer(inputs: int, units: int, outputs: int, seed: int) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        first = nn.Linear(inputs, units, bias=False)
        second = nn.Linear(units, outputs, bias=False)
    return nn.Sequential(first, nn.ReLU(), second).double()
