"""What a head start costs logistic regression where features are rarely, or never, wrong.

As in `delay`, with three features of one reliability and, in one setting, weight decay; a job is a
seed. Where no feature is ever wrong in training, a head start leaves nothing to learn.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.chapters.dosage import FEATURES, shares
from gradbook.chapters.starvation.experiments.delay import Chain
from gradbook.training import gardens

CONFIG: dict[str, Any] = {
    "settings": {
        "90 %": {"reliability": 0.9, "weight_decay": 0.0},
        "99 %": {"reliability": 0.99, "weight_decay": 0.0},
        "never wrong": {"reliability": 1.0, "weight_decay": 0.0},
        "never wrong, decay": {"reliability": 1.0, "weight_decay": 0.01},
    },
    "head_starts": [3, 10, 30, 100, 300, 1000],
    "examples": 2000,
    "learning_rate": 0.1,
    "steps": 25000,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Steps until the late features outvote the early one.

    Returns:
        ``delay`` [settings, head starts]: steps from the end of the head start to where
        w₂ + w₃ > w₁; −1 where they do not within the steps.
    """
    rows = [_delays(spec, seed, config) for spec in config["settings"].values()]
    return {"delay": np.stack(rows)}


def _delays(spec: dict[str, float], seed: int, config: dict[str, Any]) -> np.ndarray:
    generator = gardens.stream(seed, 2)
    seen = generator.multinomial(config["examples"], shares(spec["reliability"]))
    seen = seen / config["examples"]
    rate, decay = config["learning_rate"], np.array([spec["weight_decay"]])
    net, led = Chain({"widths": [3, 1]}, 1, seed), []
    for step in range(max(config["head_starts"]) + 1):
        if step in config["head_starts"]:
            led.append(net.layers[0])
        net.descend(FEATURES * [1, 0, 0], seen, rate, decay)
    net.layers = [np.concatenate(led)]
    delay = np.full(len(led), -1)
    for step in range(config["steps"] + 1):
        weights = net.layers[0][:, 0]
        outvoted = weights[:, 1] + weights[:, 2] > weights[:, 0]
        delay = np.where((delay < 0) & outvoted, step, delay)
        if (delay >= 0).all():
            break
        net.descend(FEATURES, seen, rate, decay)
    return delay
