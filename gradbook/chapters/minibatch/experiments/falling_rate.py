"""The chapter's large network, at a tenth of its learning rate after epoch 10. A job is a seed.

Until then it is the network of the experiment `agreement`, whose seeds these are, so that each has
its course under a constant rate beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import models
from gradbook.chapters.minibatch.experiments import recipes

CONFIG: dict[str, Any] = recipes.CONFIG | {
    "widths": list(models.FULL_WIDTHS),
    "recipes": ["falling rate"],
    "learning_rate": 1e-4,
    "epochs": 16,
}
JOBS = tuple(range(10, 20))
UNDEFINED = recipes.UNDEFINED


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Curves over epochs 0 … E of one recipe; see `recipes.measure`."""
    return recipes.measure(seed, config)
