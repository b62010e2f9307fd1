"""Is a recognizer at rest fed what decay takes from it? By optimizer; a job is a seed.

Recognizers a·(w·x), each with a pattern of its own, grow on minibatches under weight decay λ. It is
added to the gradient (SGD, Adam) or taken from the weights (AdamW). In the last case a
normalization divides w by its length, a·(w·x)/‖w‖, and the group is w alone. Doses are those of
`gradbook.probes.dose`, −⟨g, w⟩/‖w‖ with g the gradient of a minibatch's loss, averaged over the
end.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.chapters.dosage import examples
from gradbook.chapters.dosage.experiments.own_noise import mover
from gradbook.training import diets, gardens

CONFIG: dict[str, Any] = {
    "optimizers": ["SGD", "Adam", "AdamW", "SGD, before a normalization"],
    "frequencies": [0.32, 0.16, 0.08],
    "patch": 10,
    "label_noise": 0.1,
    "weight_decay": 0.02,
    "rates": {"SGD": 0.05, "Adam": 0.001},
    "batch_size": 64,
    "steps": 20000,
    "rest": 2000,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 4 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Means over the last steps.

    Returns:
        - ``dose``, ``norm`` [optimizers, K]: of each recognizer.
    """
    found = [_run(optimizer, seed, config) for optimizer in config["optimizers"]]
    dose, norm = np.moveaxis(np.array(found), 1, 0)
    return {"dose": dose, "norm": norm}


def _run(optimizer: str, seed: int, config: dict[str, Any]) -> np.ndarray:
    """Doses and norms [2, K]."""
    kind, _, place = optimizer.partition(", ")
    count = len(config["frequencies"])
    move = mover(kind, config["rates"]["SGD" if kind == "SGD" else "Adam"], config["weight_decay"])
    model = gardens.Recognizers(count, config["patch"], seed=seed)
    weights = [parameter.detach().numpy().copy() for parameter in model.parameters()]
    batches = examples.examples(
        examples.patterns(count, config["patch"], seed),
        np.array(config["frequencies"]),
        config["batch_size"],
        label_noise=config["label_noise"],
        seed=seed,
    )
    kept = []
    for step in range(config["steps"]):
        patches, targets, shares = next(batches)

        def slope(f: np.ndarray, y: np.ndarray = targets, n: np.ndarray = shares) -> np.ndarray:
            return diets.HALF_SQUARED.slope(f, y) * n

        if place:
            gradients = normalized_descent(weights, patches, slope)
            groups, pulls = weights[0], gradients[0]
        else:
            gradients = model.descent(weights, patches, slope)
            groups, pulls = (np.hstack([one[0], one[1].T]) for one in (weights, gradients))
        if step >= config["steps"] - config["rest"]:
            norm = np.linalg.norm(groups, axis=1)
            kept.append([-(pulls * groups).sum(1) / norm, norm])
        move(weights, gradients)
    return np.mean(kept, 0)


def normalized_descent(weights: list[np.ndarray], patches: np.ndarray, slope: Any) -> list:
    """Gradients of recognizers a·(w·x)/‖w‖ in w and a; see `gardens.Recognizers.descent`.

    With ŵ = w/‖w‖ the gradient in w is that in ŵ across w, over ‖w‖.
    """
    incoming, outgoing = weights
    norm = np.linalg.norm(incoming, axis=1, keepdims=True)
    unit = incoming / norm
    at_unit, at_outgoing = gardens.Recognizers.descent([unit, outgoing], patches, slope)
    across = at_unit - unit * (at_unit * unit).sum(1, keepdims=True)
    return [across / norm, at_outgoing]
