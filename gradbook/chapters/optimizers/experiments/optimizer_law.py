"""Who survives under which optimizer? Recognizers a·b of many frequencies; a job is a seed.

All settings are trained side by side: each is a row of the same arrays. Recognizer k has two
weights, its feature is in a share p_k of the examples, no example holds two, and the right answer
is 1. A minibatch is the number of its examples that show each feature.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.training.gardens import stream

CONFIG: dict[str, Any] = {
    "settings": {
        "SGD": {"kind": "SGD", "decay": 0.01, "rate": 0.1},
        "momentum": {"kind": "momentum", "decay": 0.01, "rate": 0.01},
        "Adam, L2": {"kind": "Adam, L2", "decay": 0.01},
        **{
            f"AdamW, B = {batch}, wd = {decay:g}": {"decay": decay, "batch": batch}
            for batch in (16, 64, 256)
            for decay in (0.1, 0.3, 0.5, 1.0)
        },
        "AdamW, η = 0.003": {"rate": 0.003},
        "AdamW, η = 0.01": {"rate": 0.01},
        "AdamW, β₂ = 0.95": {"beta2": 0.95},
        "AdamW, label noise": {"noise": 1.0},
        "AdamW, loss × 16": {"weight": 16.0},
        "AdamW, warm-up and cosine": {"schedule": "warm-up and cosine"},
        "SignSGD": {"kind": "SignSGD"},
        "SignSGD, L2": {"kind": "SignSGD, L2", "decay": 0.001},
        "Lion": {"kind": "Lion"},
    },
    "default": {
        "kind": "AdamW",
        "decay": 0.3,
        "batch": 64,
        "rate": 0.001,
        "beta2": 0.999,
        "noise": 0.0,
        "weight": 1.0,
        "schedule": "constant",
    },
    "frequencies": (2.0 ** -np.arange(2, 13.25, 0.5)).round(8).tolist(),
    "steps": 100_000,
    "averaged": 50_000,
    "start": [0.5, 0.1],
}
JOBS = tuple(range(10, 30))  # seeds from 900 were the pilot

CHUNK = 500
DECOUPLED = ("AdamW", "SignSGD", "Lion")


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Answers at rest.

    Returns:
        - ``answer`` [settings, K]: ab, mean over the last steps.
    """
    rows = [{**config["default"], **changed} for changed in config["settings"].values()]
    p, steps = np.array(config["frequencies"]), config["steps"]
    generator = stream(seed, 0)
    mean, spread = config["start"]
    weights = mean + spread * generator.standard_normal((2, len(rows), len(p)))
    counts = _counts([row["batch"] for row in rows], p, stream(seed, 2))
    noise = stream(seed, 3)
    move = _mover(rows, weights.shape)
    batch, sigma, weight = (_column(rows, name) for name in ("batch", "noise", "weight"))
    noisy = np.flatnonzero(sigma)
    total = np.zeros(weights.shape[1:])
    first = steps - config["averaged"]
    for step in range(steps):
        shown = next(counts)
        pull = shown * (1 - weights[0] * weights[1])
        for row in noisy:
            drawn = noise.standard_normal(len(p))
            pull[row] += sigma[row] * np.sqrt(shown[row]) * drawn
        move(weights, -(weight / batch) * pull * weights[::-1], step / steps)
        if step >= first:
            total += weights[0] * weights[1]
    return {"answer": (total / config["averaged"]).astype(np.float32)}


def _column(rows: list[dict[str, Any]], name: str) -> np.ndarray:
    return np.array([row[name] for row in rows], float)[:, None]


def _counts(batches: list[int], p: np.ndarray, generator: np.random.Generator) -> Any:
    """How many examples of a minibatch show each feature [rows, K], for ever."""
    sizes = sorted(set(batches))
    which = [sizes.index(batch) for batch in batches]
    chances = np.append(p, 1 - p.sum())
    while True:
        drawn = [generator.multinomial(size, chances, size=CHUNK)[:, :-1] for size in sizes]
        yield from np.stack(drawn, 1).astype(float)[:, which]


def _mover(rows: list[dict[str, Any]], shape: tuple[int, ...]) -> Any:
    """A step of every row's own optimizer, as `torch.optim` takes them; Lion as its paper does."""
    kinds = np.array([row["kind"] for row in rows])

    def of(*names: str) -> np.ndarray:
        return np.isin(kinds, names)[:, None]

    first, second = np.zeros(shape), np.zeros(shape)
    rate, decay, beta2 = (_column(rows, name) for name in ("rate", "decay", "beta2"))
    outside = np.where(of(*DECOUPLED), decay, 0.0)
    inside = decay - outside
    keep = np.select([of("momentum"), of("Lion"), of("SGD")], [0.9, 0.99, 0.0], 0.9)
    take = np.select([of("momentum")], [1.0], 1 - keep)
    adam, signs = of("Adam, L2", "AdamW")[:, 0], of("SignSGD", "SignSGD, L2")[:, 0]
    lion = of("Lion")[:, 0]
    planned = np.array([row["schedule"] != "constant" for row in rows])[:, None]
    steps = 0

    def move(weights: np.ndarray, gradient: np.ndarray, done: float) -> None:
        nonlocal steps
        steps += 1
        gradient = gradient + inside * weights
        direction = np.sign(gradient)
        direction[:, lion] = np.sign(0.9 * first[:, lion] + 0.1 * gradient[:, lion])
        first[...] = keep * first + take * gradient
        second[...] = beta2 * second + (1 - beta2) * gradient**2
        plain = ~(signs | lion | adam)
        direction[:, plain] = first[:, plain]
        size = np.sqrt(second[:, adam] / (1 - beta2[adam] ** steps)) + 1e-8
        direction[:, adam] = first[:, adam] / (1 - 0.9**steps) / size
        now = np.where(planned, rate * _schedule(done), rate)
        weights -= now * (direction + outside * weights)

    return move


def _schedule(done: float) -> float:
    """Linear warm-up over a twentieth of training, then half a cosine to 0."""
    return min(done / 0.05, 0.5 + 0.5 * np.cos(np.pi * max(0.0, done - 0.05) / 0.95))
