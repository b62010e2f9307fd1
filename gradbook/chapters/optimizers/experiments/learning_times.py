"""How long until a fact is learned, and how the loss falls; a job is a seed.

Facts of frequencies p_k ∝ k^(−2), each with a recognizer a·b of its own, without decay, under
gradient descent and under Adam. The loss is what is not yet answered, Σ p_k (1 − a_k b_k)²/2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.chapters.optimizers.tails import frequencies, recorded
from gradbook.training.gardens import stream

CONFIG: dict[str, Any] = {
    "optimizers": ["SGD", "Adam"],
    "rates": {"SGD": 1.0, "Adam": 0.001},
    "beta2": 0.999,
    "facts": 2000,
    "tail": 1.0,
    "batch_size": 256,
    "start": 0.1,
    "steps": 30_000,
    "records": 61,
    "kept": 500,
}
JOBS = tuple(range(10, 30))  # seeds from 900 were the pilot

CHUNK = 100


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """The course of the loss, and when each fact is learned.

    Returns:
        - ``loss`` [optimizers, records].
        - ``count`` [optimizers, records]: facts that are answered with ½ or more.
        - ``learned`` [optimizers, kept]: the first step after which that fact is, 0 if never.
    """
    found = [_run(kind, seed, config) for kind in config["optimizers"]]
    return {name: np.stack([one[name] for one in found]) for name in found[0]}


def _run(kind: str, seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    p, rate, beta2 = frequencies(config), config["rates"][kind], config["beta2"]
    batch, marks = config["batch_size"], set(recorded(config).tolist())
    generator = stream(seed, 2)
    weights = np.full((2, len(p)), config["start"])
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    learned = np.zeros(len(p), np.int32)
    loss, count = [], []
    for step in range(1, config["steps"] + 1):
        if step % CHUNK == 1:
            drawn = generator.multinomial(batch, p, size=CHUNK) / batch
        answer = weights[0] * weights[1]
        gradient = (drawn[(step - 1) % CHUNK] * (answer - 1)) * weights[::-1]
        if kind == "Adam":
            first += 0.1 * (gradient - first)
            second += (1 - beta2) * (gradient**2 - second)
            size = np.sqrt(second / (1 - beta2**step)) + 1e-8
            gradient = first / (1 - 0.9**step) / size
        weights -= rate * gradient
        if step % 5 == 0 or step in marks:
            answer = weights[0] * weights[1]
            learned[(answer >= 0.5) & (learned == 0)] = step
        if step in marks:
            loss.append(float((p * (1 - answer) ** 2).sum() / 2))
            count.append(int((answer >= 0.5).sum()))
    return {
        "loss": np.array(loss),
        "count": np.array(count, np.int32),
        "learned": learned[: config["kept"]],
    }
