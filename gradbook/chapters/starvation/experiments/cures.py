"""What makes a net use the feature that another one starves? A job is a seed.

Two moons (Pezeshki et al. 2021, fig. 3): nets are trained where the first coordinate tells the
moons apart, under every cure and strength, and tested on fresh moons, on fresh moons pushed into
each other so that the first coordinate misleads about some examples, and with it erased. Coloured
digits (their table 1): see `coloured_cures`.

``chosen`` are the strengths that were best on pilot seeds where feature 1 misleads, at a margin of
−0.2 or at the end, of those that keep 95 % of plain training's accuracy on examples like those
trained on. The digits' learning rate is the one of 0.001, 0.002 and 0.003 under which the schedule
was best on pilot seeds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.chapters.starvation import moons, schedules

CONFIG: dict[str, Any] = {
    "cures": [
        ["none", [0]],
        ["longer", [0, 10000]],
        ["weight decay", [0.001, 0.01, 0.1]],
        ["dropout", [0.3, 0.7]],
        ["batch norm", [0]],
        ["Adam", [0.0001, 0.001, 0.003]],
        ["deeper", [4]],
        ["wider", [2000]],
        ["spectral decoupling", [0.006, 0.02, 0.06, 0.2, 0.6]],
        ["margin", [-0.1, -0.2]],
    ],
    "chosen": {
        "weight decay": 0.1,
        "dropout": 0.7,
        "Adam": 0.001,
        "longer": 10000,
        "spectral decoupling": 0.6,
    },
    "margin": 0.1,
    "test_margins": [-0.1, -0.2, -0.3],
    "tests": 1000,
    "digits": {
        "pictures": 1000,
        "units": 32,
        "learning_rate": 0.002,
        "steps": 1500,
        "delay": 450,
        "scale": 0.00002,
        "every": 50,
        "cures": [
            ["none", [0]],
            ["weight decay", [0.01]],
            ["spectral decoupling", [0.5, 2.0, 8.0]],
        ],
        "chosen": 2.0,
    },
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot
UNDEFINED = ("carried",)  # of an untrained net nothing is carried


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Each cure at each strength, in the order of the configuration.

    Returns:
        - ``train``, ``fresh``, ``erased`` [cures]: accuracy on the examples trained on, on fresh
          ones like them, and on those with the first coordinate set to 0.
        - ``misled`` [cures, test margins]: accuracy on the fresh examples whose first coordinate
          has the other class's sign.
        - ``shifted`` [cures, test margins]: accuracy on all examples of these moons.
        - ``misleading`` [test margins]: share of examples that it is.
        - ``carried`` [cures]: see `moons.carried`.
        - ``loss``, ``size`` [cures]: mean training loss, and standard deviation of the outputs.
        - what `coloured_cures.measure` returns, its names beginning with ``digits_``.
    """
    fresh_seed, count = 1000 + seed, config["tests"]
    fresh, fresh_labels = moons.moons(fresh_seed, margin=config["margin"], examples=count)
    pushed = [
        moons.moons(fresh_seed, margin=margin, examples=count) for margin in config["test_margins"]
    ]
    misleads = [np.sign(inputs[:, 0]) == labels for inputs, labels in pushed]
    found: dict[str, list] = {}
    for cure, strengths in config["cures"]:
        for strength in strengths:
            how = moons.training(cure, strength)
            nets = moons.trained(how, [seed])

            def right(inputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
                return np.sign(moons.judged(nets, inputs)[0]) == labels  # noqa: B023

            inputs, labels = moons.moons(seed, margin=how.margin)
            shifted = [right(*rows) for rows in pushed]
            margins = moons.judged(nets, inputs)[0] * labels
            side = moons.judged(nets, moons.grid()).reshape(moons.SIDE, moons.SIDE)
            one = {
                "train": (margins > 0).mean(),
                "fresh": right(fresh, fresh_labels).mean(),
                "erased": right(fresh * [0, 1], fresh_labels).mean(),
                "misled": [hits[lies].mean() for hits, lies in zip(shifted, misleads, strict=True)],
                "shifted": [hits.mean() for hits in shifted],
                "carried": moons.carried(side),
                "loss": np.logaddexp(0, -margins).mean(),
                "size": (margins * labels).std(),
            }
            for name, value in one.items():
                found.setdefault(name, []).append(value)
    arrays = {name: np.array(values, np.float32) for name, values in found.items()}
    arrays["misleading"] = np.array([lies.mean() for lies in misleads])
    digits = schedules.measure(seed, config["digits"])
    return arrays | {f"digits_{name}": values for name, values in digits.items()}
