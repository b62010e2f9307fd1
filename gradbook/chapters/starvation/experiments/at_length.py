"""Cures on two moons at the length of the authors' script, 10,000 epochs. A job is a seed.

Nets, moons and tests are those of the experiment `cures`; every net is looked at on the way.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradbook import models
from gradbook.chapters.starvation import moons
from gradbook.training import ensemble

CONFIG: dict[str, Any] = {
    "cures": [
        ["none", 0],
        ["weight decay", 0.01],
        ["Adam", 0.001],
        ["spectral decoupling", 0.006],
        ["spectral decoupling", 0.6],
    ],
    "epochs": [1000, 2000, 5000, 10000],
    "margin": 0.1,
    "pushed": -0.2,
    "tests": 1000,
}
JOBS = tuple(range(30, 50))  # 10 to 29 have been seen at 1,000 epochs


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Every cure.

    Returns:
        - ``misled`` [cures, epochs]: accuracy on pushed moons where coordinate 1 has the other
          class's sign.
        - ``fresh`` [cures, epochs]: on fresh moons like those trained on.
        - ``carried`` [cures, epochs]: see `moons.carried`.
        - ``loss`` [cures, epochs]: mean training loss, without what a cure adds.
    """
    found = [_run(*cure, seed, config) for cure in config["cures"]]
    return {name: np.array([one[name] for one in found], np.float32) for name in found[0]}


def _run(cure: str, strength: float, seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    how = moons.training(cure, strength)
    seen, labels = moons.moons(seed, margin=config["margin"])
    fresh, pushed = (
        moons.moons(1000 + seed, margin=margin, examples=config["tests"])
        for margin in (config["margin"], config["pushed"])
    )
    misleads = np.sign(pushed[0][:, 0]) == pushed[1]

    def look(nets: ensemble.Ensemble) -> dict[str, Tensor]:
        def margins(inputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
            return moons.judged(nets, inputs)[0] * labels

        side = moons.judged(nets, moons.grid()).reshape(moons.SIDE, moons.SIDE)
        numbers = {
            "misled": (margins(*pushed) > 0)[misleads].mean(),
            "fresh": (margins(*fresh) > 0).mean(),
            "carried": moons.carried(side),
            "loss": np.logaddexp(0, -margins(seen, labels)).mean(),
        }
        return {name: torch.tensor(float(value)) for name, value in numbers.items()}

    net = models.mlp(2, how.widths, one_hot=False, seed=seed)
    _, records = ensemble.train(
        ensemble.Ensemble([net]),
        torch.from_numpy(seen),
        torch.from_numpy(labels),
        how.optimizer,
        steps=max(config["epochs"]),
        diets=how.diet,
        watch=look,
        at=config["epochs"],
        seeds=[seed],
    )
    return {name: values.numpy() for name, values in records.items()}
