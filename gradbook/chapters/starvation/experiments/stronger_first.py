"""Does a stronger first feature starve the second? A job is a seed.

Logistic regression on a sample of the post's three features, the first one multiplied by a
strength, trained to rest under weight decay. λ stands beside the loss summed over the examples, as
in Pezeshki et al. (2021). The problem is convex, so the place of rest is found by Newton's method.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.chapters.dosage import FEATURES, LABELS, shares
from gradbook.chapters.starvation.closed_forms import weights_at_rest
from gradbook.training import gardens

CONFIG: dict[str, Any] = {
    "decays": [0.1, 1.0, 10.0, 100.0],
    "strengths": [1.0, 1.5, 2.0, 3.0, 4.0, 6.0],
    "reliability": 0.9,
    "examples": 1000,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 4 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Weights at rest.

    Returns:
        ``weights`` [decays, strengths, 3].
    """
    counts = gardens.stream(seed, 2).multinomial(config["examples"], shares(config["reliability"]))
    agrees = FEATURES * LABELS[:, None]
    found = [
        [
            weights_at_rest(agrees * [strength, 1, 1], counts, decay)
            for strength in config["strengths"]
        ]
        for decay in config["decays"]
    ]
    return {"weights": np.array(found)}
