"""How much later than the general feature are wrong labels learned, by n? A job is a seed.

A fifth of the labels is wrong, the patterns are one-hot; see `memorizing`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook.chapters.generalization import memorizing
from gradbook.chapters.generalization.examples import draw

CONFIG: dict[str, Any] = {
    "networks": ["linear", "deep linear", "ReLU"],
    "counts": [25, 50, 100, 200, 400, 800],
    "layers": 2,
    "units": 32,
    "scale": 0.2,
    "wrong": 0.2,
    "learning_rate": 0.1,
    "steps": {"linear": [8, 1.0], "deep linear": [55, 0.5], "ReLU": [85, 0.5]},
    "every": 2,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Times in steps times learning rate.

    Returns:
        - ``general`` [networks, counts]: until the mean answer to fresh examples, times their
          class, is half of 1 − 2ρ.
        - ``private`` [networks, counts]: until the answers to wrongly labelled examples lie, on
          average, 1 − ρ further towards the label than those to fresh ones, half of the way.
    """
    found = [
        [_times(kind, n, seed, config) for n in config["counts"]] for kind in config["networks"]
    ]
    general, private = np.moveaxis(np.array(found), -1, 0)
    return {"general": general, "private": private}


def _times(kind: str, count: int, seed: int, config: dict[str, Any]) -> tuple[float, float]:
    wrong, rate = config["wrong"], config["learning_rate"]
    examples = draw(count, wrong=wrong, fresh=50, seeds=[seed])
    networks = memorizing.networks(
        kind,
        examples,
        layers=config["layers"],
        units=config["units"],
        scale=config["scale"],
        seeds=[seed],
    )
    mistaken = examples.wrong

    def watch(step, networks, found, fed, private_fed) -> dict[str, Any]:  # type: ignore[no-untyped-def]
        answers = memorizing.outputs(networks, examples) * examples.labels
        fresh = memorizing.outputs(networks, examples, fresh=True) * examples.fresh_truth
        return {"general": [fresh.mean()], "private": [answers[mistaken].mean() + fresh.mean()]}

    factor, power = config["steps"][kind]
    steps = list(range(0, math.ceil(factor * count**power), config["every"]))
    seen = memorizing.train(networks, examples, watch, at=steps, learning_rate=rate)[1]
    goals = {"general": (1 - 2 * wrong) / 2, "private": 1 - wrong}
    return tuple(_crossing(steps, seen[name][0], goal) * rate for name, goal in goals.items())


def _crossing(steps: list[int], values: np.ndarray, goal: float) -> float:
    """Where values first pass a goal, between records; nan where they do not."""
    after = int((values >= goal).argmax())
    if values[after] < goal or after == 0:
        return math.nan
    return float(np.interp(goal, values[after - 1 : after + 1], steps[after - 1 : after + 1]))
