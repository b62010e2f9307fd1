"""From which share of the pairs on does the rule win? The race again, with fewer pairs shown.

One decay for each optimizer, the strongest of the race; a job is a seed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.chapters.optimizers.experiments import grokking_race

CONFIG: dict[str, Any] = {
    **grokking_race.CONFIG,
    "decays": {"GD": [0.002], "AdamW": [2.0]},
    "shares": [0.2, 0.26, 0.32, 0.4],
}
JOBS = tuple(range(20))  # seeds from 1000 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """The arrays of `grokking_race.measure`, in these settings."""
    return grokking_race.measure(seed, config)
