"""Who survives AdamW in a layer that all features share? By decay; a job is a seed.

One hidden ReLU layer reads all features and has an output for each. On an example with feature k
output k is to be 1 and every other 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.training.gardens import stream

CONFIG: dict[str, Any] = {
    "decays": [0.1, 0.3, 1.0, 2.0],
    "frequencies": (0.25 * 2.0 ** -np.arange(0, 11.5, 0.75)).round(8).tolist(),
    "units": 48,
    "batch_size": 64,
    "learning_rate": 0.001,
    "beta2": 0.999,
    "steps": 60_000,
    "averaged": 30_000,
}
JOBS = tuple(range(10, 30))  # seeds from 900 were the pilot

CHUNK = 500


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Answers at rest, and who gives them.

    Returns:
        - ``answer`` [decays, K]: output k to feature k, mean over the last steps.
        - ``units`` [decays, K]: units that are on for the feature and speak for its output.
    """
    p, units = np.array(config["frequencies"]), config["units"]
    count, decay = len(p), np.array(config["decays"])[:, None, None]
    generator, examples = stream(seed, 0), stream(seed, 2)
    shapes = ((count, units), (units, count))
    weights = [
        np.repeat(generator.standard_normal((1, *shape)) / np.sqrt(shape[0]), len(decay), 0)
        for shape in shapes
    ]
    means = [(np.zeros_like(weight), np.zeros_like(weight)) for weight in weights]
    rate, beta2, batch = config["learning_rate"], config["beta2"], config["batch_size"]
    chances, right = np.append(p, 1 - p.sum()), np.eye(count)
    total = np.zeros((len(decay), count))
    for step in range(config["steps"]):
        if step % CHUNK == 0:
            shown = examples.multinomial(batch, chances, size=CHUNK)[:, :-1] / batch
        incoming, outgoing = weights
        hidden = np.maximum(incoming, 0)
        outputs = hidden @ outgoing
        error = (outputs - right) * shown[step % CHUNK][:, None]
        below = (error @ outgoing.mT) * (incoming > 0)
        for weight, gradient, (first, second) in zip(
            weights, (below, hidden.mT @ error), means, strict=True
        ):
            first += 0.1 * (gradient - first)
            second += (1 - beta2) * (gradient**2 - second)
            size = np.sqrt(second / (1 - beta2 ** (step + 1))) + 1e-8
            weight -= rate * (decay * weight + first / (1 - 0.9 ** (step + 1)) / size)
        if step >= config["steps"] - config["averaged"]:
            total += np.diagonal(outputs, axis1=1, axis2=2)
    speaking = (weights[0] > 0) & (weights[1].mT > 0)
    return {
        "answer": (total / config["averaged"]).astype(np.float32),
        "units": speaking.sum(2).astype(np.int32),
    }
