"""How much more does a feature get that serves n examples than one that serves one?

All labels are right and all patterns one-hot; see `memorizing`. Training ends when the
loss has fallen to a tenth of what it was at the start. A job is a seed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.chapters.generalization import memorizing
from gradbook.chapters.generalization.examples import draw

CONFIG: dict[str, Any] = {
    "networks": ["linear", "deep linear", "ReLU"],
    "counts": [10, 18, 32, 56, 100, 178, 316, 562, 1000, 1778, 3162, 5623, 10000],
    "layers": 2,
    "units": 32,
    "scale": 0.2,
    "learning_rate": 0.1,
    "most_steps": 200,
    "loss_left": 0.1,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """The general recognizer over the mean private one.

    Returns:
        - ``dose`` [networks, counts]: ratio of the doses summed until the loss is a tenth.
        - ``first`` [networks, counts]: size of the general gradient over the root mean square of
          the private ones, before the first step.
        - ``steps`` [networks, counts]: until the loss is a tenth.
    """
    found = [
        [_ratio(kind, n, seed, config) for n in config["counts"]] for kind in config["networks"]
    ]
    dose, first, steps = np.moveaxis(np.array(found), -1, 0)
    return {"dose": dose, "first": first, "steps": steps}


def _ratio(kind: str, count: int, seed: int, config: dict[str, Any]) -> tuple[float, float, float]:
    examples = draw(count, fresh=0, seeds=[seed])
    networks = memorizing.networks(
        kind,
        examples,
        layers=config["layers"],
        units=config["units"],
        scale=config["scale"],
        seeds=[seed],
    )

    def loss(networks: memorizing.Networks) -> float:
        return float(((memorizing.outputs(networks, examples) - examples.labels) ** 2).mean())

    at_first = memorizing.gradients(networks, examples, parts=False).weights
    private = np.linalg.norm(at_first[1][0], axis=-1)
    first = np.linalg.norm(at_first[0]) / np.sqrt((private**2).mean())
    goal = config["loss_left"] * loss(networks)
    doses, steps = np.zeros(2), 0
    while loss(networks) > goal:
        if steps == config["most_steps"]:
            raise ValueError(f"expected {kind}, n = {count} to learn in {steps} steps")
        networks, seen = memorizing.train(
            networks,
            examples,
            lambda step, nets, found, fed, private_fed: {"fed": [[fed[0], private_fed.mean()]]},
            at=[1],
            learning_rate=config["learning_rate"],
        )
        doses += seen["fed"][0, -1]
        steps += 1
    return doses[0] / doses[1], first, steps
