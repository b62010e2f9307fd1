"""What becomes of an unfed recognizer by the gradients' own noise, by optimizer. A job is a seed.

The setting is that of the experiment `cut_off`: two recognizers a·(w·x) learn from minibatches with
background and noise in the labels, then the first one's feature never appears again, while its
patch goes on to hold background. Nothing is added to the gradients. The gradient of a recognizer
is proportional to its weights, so its noise fades with it where a step is the gradient; Adam
divides by the gradient's size, so its steps do not fade.

Each optimizer trains from the start. Weight decay is added to the gradient, or, by AdamW, taken
from the weights. Ten half-lives of the decay pass after the cut; without decay, as many steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.chapters.dosage import examples
from gradbook.training import diets, gardens

CONFIG: dict[str, Any] = {
    "optimizers": ["SGD", "SGD, no decay", "Adam", "Adam, no decay", "AdamW"],
    "recognizers": 2,
    "patch": 20,
    "frequency": 0.15,
    "background": 0.3,
    "label_noise": 0.5,
    "weight_decay": 0.02,
    "rates": {"SGD": 0.1, "Adam": 0.01},
    "batch_size": 32,
    "training_steps": 3000,
    "half_lives": 10,
    "records": 50,
}
JOBS = tuple(range(30, 50))  # seeds 0 to 4 were the pilot; SGD's 10 to 29 are those of `cut_off`

Move = Callable[[list[np.ndarray], list[np.ndarray]], None]
"""Moves weights in place, given their gradients."""


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """The starved recognizer's weights after the cut.

    Returns:
        - ``cosine``, ``norm`` [optimizers, records + 1]: of its weights with those at the cut, and
          their length.
        - ``answer`` [optimizers]: to its feature, at the cut.
        - ``step`` [optimizers, records + 1]: steps since the cut.
    """
    found = [_run(optimizer, seed, config) for optimizer in config["optimizers"]]
    return {name: np.array([one[name] for one in found]) for name in found[0]}


def _run(optimizer: str, seed: int, config: dict[str, Any]) -> dict[str, Any]:
    pattern = examples.patterns(config["recognizers"], config["patch"], seed)
    fed = np.full(config["recognizers"], config["frequency"])
    decay = 0.0 if optimizer.endswith("no decay") else config["weight_decay"]
    kind = optimizer.partition(",")[0]
    rate = config["rates"]["SGD" if kind == "SGD" else "Adam"]
    move = mover(kind, rate, decay)
    model = gardens.Recognizers(config["recognizers"], config["patch"], seed=seed)
    weights = [parameter.detach().numpy().copy() for parameter in model.parameters()]

    def batches(frequencies: np.ndarray, number: int) -> Any:
        return examples.examples(
            pattern,
            frequencies,
            config["batch_size"],
            background=config["background"],
            label_noise=config["label_noise"],
            seed=100 * number + seed,
        )

    def train(stream: Any, steps: int) -> None:
        for _ in range(steps):
            patches, targets, shares = next(stream)
            gradients = model.descent(
                weights,
                patches,
                lambda f, y=targets, share=shares: diets.HALF_SQUARED.slope(f, y) * share,
            )
            move(weights, gradients)

    def starved() -> np.ndarray:
        return np.append(weights[0][0], weights[1][:, 0])

    train(batches(fed, 0), config["training_steps"])
    answer = weights[0][0] @ pattern[0] * weights[1][:, 0].prod()
    half_life = math.log(2) / (rate * config["weight_decay"])
    every = round(config["half_lives"] * half_life / config["records"])
    cut = fed.copy()
    cut[0] = 0
    path, after = [starved()], batches(cut, 2)
    for _ in range(config["records"]):
        train(after, every)
        path.append(starved())
    norm = np.linalg.norm(path, axis=1)
    return {
        "cosine": path @ path[0] / norm / norm[0],
        "norm": norm,
        "answer": answer,
        "step": every * np.arange(config["records"] + 1),
    }


def mover(kind: str, rate: float, decay: float) -> Move:
    """Steps of SGD, Adam or AdamW, as `torch.optim` takes them.

    Args:
        kind: ``"SGD"`` or ``"Adam"``, which add λθ to the gradient, or ``"AdamW"``, which takes
            ηλθ from the weights.
        rate: η.
        decay: λ.
    """
    means: list[Any] = []
    steps = 0

    def move(weights: list[np.ndarray], gradients: list[np.ndarray]) -> None:
        nonlocal steps
        steps += 1
        if not means:
            means.extend([np.zeros_like(weight), np.zeros_like(weight)] for weight in weights)
        for weight, gradient, mean in zip(weights, gradients, means, strict=True):
            if kind == "AdamW":
                weight *= 1 - rate * decay
            else:
                gradient = gradient + decay * weight
            if kind == "SGD":
                weight -= rate * gradient
                continue
            mean[0] = 0.9 * mean[0] + 0.1 * gradient
            mean[1] = 0.999 * mean[1] + 0.001 * gradient**2
            size = np.sqrt(mean[1] / (1 - 0.999**steps)) + 1e-8
            weight -= rate * mean[0] / (1 - 0.9**steps) / size

    return move
