"""Who survives weight decay? Recognizers of many frequencies in one net; a job is a seed.

Four settings: recognizers a·b side by side under the squared and under the logistic loss, and a
shared hidden layer of ReLU units with an output for each feature or one output for all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradbook.chapters.dosage import examples
from gradbook.training import diets, gardens

CONFIG: dict[str, Any] = {
    "settings": ["a·b", "logistic loss", "ReLU, an output each", "ReLU, one output"],
    "weight_decay": 0.01,
    "steps": 6000,
    "learning_rate": 1.0,
    "batch_size": 64,
    "units": 48,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot

RATIOS = np.unique(
    np.concatenate(
        [np.geomspace(1 / 8, 0.8, 6), np.geomspace(0.8, 2.4, 23), np.geomspace(2.4, 8, 5)]
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
    frequencies = config["weight_decay"] * RATIOS
    answers = [_answers(setting, frequencies, seed, config) for setting in config["settings"]]
    return {"ratio": RATIOS, "answer": np.stack(answers).astype(np.float32)}


def _answers(setting: str, frequencies: np.ndarray, seed: int, config: dict[str, Any]) -> Any:
    inputs, targets, shares = examples.population(frequencies)
    count = len(frequencies)
    if setting.startswith("ReLU"):
        inputs = inputs[..., 0]
        targets = np.eye(count) if setting == "ReLU, an output each" else targets[:, None]
        model: Any = gardens.Layer(count, config["units"], targets.shape[1], seed=seed)
    else:
        model = gardens.Recognizers(count, seed=seed)
    seen = torch.from_numpy(inputs)

    def watch(model: nn.Module) -> dict[str, Tensor]:
        outputs = model(seen)
        return {"answer": outputs.flatten() if outputs.numel() == count else outputs.diagonal()}

    _, records = gardens.grow(
        model,
        examples.sampled((inputs, targets, shares), config["batch_size"], seed),
        watch,
        loss=diets.LOGISTIC if setting == "logistic loss" else diets.HALF_SQUARED,
        diet=diets.Diet(weight_decay=config["weight_decay"]),
        steps=config["steps"],
        learning_rate=config["learning_rate"],
        every=config["steps"] // 50,
    )
    return records["answer"][-10:].mean(0).numpy()
