"""Which weight decay lets the general feature live and no wrong label? A job is a seed.

A fifth of the labels is wrong, the patterns are one-hot; see `memorizing`. An example that
is left out of training is then answered by the general feature alone, as fresh examples are, so a
wrongly labelled example is memorized exactly if it is answered with its wrong label.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.chapters.generalization import memorizing
from gradbook.chapters.generalization.examples import draw
from gradbook.training import diets

CONFIG: dict[str, Any] = {
    "networks": ["linear", "deep linear", "ReLU"],
    "decays": [0.0, 0.003, 0.006, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.4],
    "count": 100,
    "wrong": 0.2,
    "fresh": 100,
    "layers": 2,
    "units": 16,
    "scale": 0.5,
    "learning_rate": 0.2,
    "steps": 2000,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """The networks after training.

    Returns:
        - ``general`` [networks, decays]: mean answer to fresh examples, times their class.
        - ``answer``: mean answer to wrongly labelled examples, towards their label.
        - ``memorized``: share of them that is answered with the wrong label.
        - ``error``: share of errors on fresh examples.
    """
    decays = config["decays"]
    found = [[_end(kind, decay, seed, config) for decay in decays] for kind in config["networks"]]
    names = ("general", "answer", "memorized", "error")
    return dict(zip(names, np.moveaxis(np.array(found), -1, 0), strict=True))


def _end(kind: str, decay: float, seed: int, config: dict[str, Any]) -> tuple[float, ...]:
    examples = draw(config["count"], wrong=config["wrong"], fresh=config["fresh"], seeds=[seed])
    networks = memorizing.networks(
        kind,
        examples,
        layers=config["layers"],
        units=config["units"],
        scale=config["scale"],
        seeds=[seed],
    )
    trained, _ = memorizing.train(
        networks,
        examples,
        lambda *_: {"none": np.zeros(1)},
        at=[config["steps"]],
        learning_rate=config["learning_rate"],
        diet=diets.Diet(weight_decay=decay),
    )
    answers = (memorizing.outputs(trained, examples) * examples.labels)[examples.wrong]
    fresh = memorizing.outputs(trained, examples, fresh=True) * examples.fresh_truth
    error = ((fresh < 0) + 0.5 * (fresh == 0)).mean()
    return fresh.mean(), answers.mean(), (answers > 0).mean(), error
