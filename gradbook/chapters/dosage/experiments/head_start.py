"""Outcome over the length of a head start and weight decay; a job is a seed.

As in `competition`, for recognizers side by side with two and with three factors: feature 1 alone
is trained on for a while, then all three. By symmetry the label can be taken as 1 throughout, so a
net is K products, and one array holds a net for every point of the map.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from scipy.special import expit

from gradbook.chapters.dosage.experiments.competition import FEATURES, LABELS, shares
from gradbook.training import gardens

CONFIG: dict[str, Any] = {
    "factors": [2, 3],
    "head_starts": [0, 62, 125, 250, 354, 500, 707, 1000, 1414, 2000],
    "weight_decays": [0.0025, 0.005, 0.007, 0.01, 0.014, 0.02, 0.028, 0.04],
    "reliability": 0.9,
    "learning_rate": 0.4,
    "steps": 3000,
    "every": 10,
    "start": 0.6,
    "spread": 0.05,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot

PATTERNS = FEATURES[LABELS > 0]
"""The eight patterns of three features where the label is 1 [8, 3]."""


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """When, and whether, the second and third feature are learned.

    Returns:
        - ``delay`` [factors, head starts, weight decays]: steps from the end of the head start to
          where the net relies on features 2 and 3 at least half as much as on feature 1; −1 where
          it never does.
        - ``reliance`` [factors, head starts, weight decays, 3]: at the end.
        - ``accuracy`` [factors, head starts, weight decays]: at the end.
    """
    found = [_map(factors, seed, config) for factors in config["factors"]]
    return {name: np.stack([one[name] for one in found]) for name in found[0]}


def _map(factors: int, seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    given, decays = np.meshgrid(config["head_starts"], config["weight_decays"], indexing="ij")
    start = gardens.stream(seed, 0).standard_normal((factors, 3))
    weights = [
        np.broadcast_to(config["start"] + config["spread"] * row, (*given.shape, 3)).copy()
        for row in start
    ]
    of_patterns = 2 * shares(config["reliability"])[LABELS > 0]
    delay = np.full(given.shape, -1)
    for step in range(max(config["head_starts"]) + config["steps"] + 1):
        since = step - given  # steps since the head start ended
        answers = _product(weights)
        if step % config["every"] == 0:
            caught_up = answers[..., 1:].min(-1) > answers[..., 0] / 2
            delay = np.where((delay < 0) & (since >= 0) & caught_up, since, delay)
        visible = np.where((since < 0)[..., None], [1.0, 0.0, 0.0], 1.0)
        slopes = of_patterns * expit(-(visible * answers) @ PATTERNS.T)
        per_answer = visible * (slopes @ PATTERNS)
        rate = np.where(since < config["steps"], config["learning_rate"], 0.0)[..., None]
        pulls = [_product(weights[:i] + weights[i + 1 :]) * per_answer for i in range(factors)]
        for weight, pull in zip(weights, pulls, strict=True):
            weight += rate * (pull - decays[..., None] * weight)
    answers = _product(weights)
    outputs = answers @ PATTERNS.T
    right = (outputs > 1e-9) + 0.5 * (np.abs(outputs) <= 1e-9)
    return {
        "delay": delay,
        "reliance": answers.astype(np.float32),
        "accuracy": (right * of_patterns).sum(-1).astype(np.float32),
    }


def _product(weights: list[np.ndarray]) -> np.ndarray:
    return functools.reduce(np.multiply, weights)
