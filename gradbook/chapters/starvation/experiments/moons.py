"""The decision functions of nets on two moons, averaged over seeds. A job is a setting.

Settings and strengths are those of the paper (Pezeshki et al. 2021, fig. 1 and 3), but for the
deeper net, whose layers are narrower.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.chapters.starvation import moons

CONFIG: dict[str, Any] = {
    "seeds": list(range(10, 20)),
    "settings": {
        "overlapping": ["margin", -0.1],
        "plain": ["none", 0],
        "weight decay": ["weight decay", 0.01],
        "dropout": ["dropout", 0.7],
        "batch norm": ["batch norm", 0],
        "Adam": ["Adam", 0.003],
        "deeper": ["deeper", 4],
        "spectral decoupling": ["spectral decoupling", 0.006],
    },
}
JOBS = tuple(CONFIG["settings"])


def measure(setting: str, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Train the seeds of one setting side by side.

    Returns:
        - ``decision`` [100, 100]: mean output over seeds on `moons.grid`, first coordinate first.
        - ``carried`` [seeds]: see `moons.carried`.
        - ``inputs`` [300, 2], ``labels`` [300]: the first seed's examples.
    """
    how, seeds = moons.training(*config["settings"][setting]), config["seeds"]
    nets = moons.trained(how, seeds)
    decisions = moons.judged(nets, moons.grid()).reshape(-1, moons.SIDE, moons.SIDE)
    inputs, labels = moons.moons(seeds[0], margin=how.margin)
    return {
        "decision": decisions.mean(0).astype(np.float16),
        "carried": moons.carried(decisions).astype(np.float32),
        "inputs": inputs.astype(np.float16),
        "labels": labels.astype(np.int8),
    }
