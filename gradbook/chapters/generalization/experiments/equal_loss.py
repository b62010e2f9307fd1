"""Doses changed and nothing else: errors on fresh examples at equal training loss. A job is a seed.

Data are those of `gradbook.chapters.generalization.optimizers`: a general feature, a fifth of the
labels wrong, private patterns that are random directions. Every step sees all examples.
The changes:

- *plain*: gradient descent;
- *general rate / n*: the same, with the general feature's weights moving n times slower, as if one
  example alone fed them;
- *Adam*: which divides every coordinate's gradient by its own size;
- *Adam, turned*: the same on inputs turned by a random rotation. Descent does not notice a
  rotation; a feature is then no coordinate.

The linear network starts from zero. The ReLU network is that of `memorizing`, and gets the first
two; once more with its outgoing layer fixed, since that layer serves all examples too and its steps
are not levelled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.chapters.generalization import memorizing
from gradbook.chapters.generalization.examples import Examples, draw
from gradbook.training.gardens import stream

CONFIG: dict[str, Any] = {
    "changes": [
        "linear, plain",
        "linear, general rate / n",
        "linear, Adam",
        "linear, Adam, turned",
        "ReLU, plain",
        "ReLU, general rate / n",
        "ReLU with its outgoing layer fixed, plain",
        "ReLU with its outgoing layer fixed, general rate / n",
    ],
    "losses": [0.4, 0.3, 0.1, 0.01],
    "count": 100,
    "wrong": 0.2,
    "dimension": 200,
    "fresh": 1000,
    "rates": {"linear": 1.0, "Adam": 0.02, "ReLU": 0.2},
    "most": {"linear": 4000, "ReLU": 20000},
    "units": 32,
    "scale": 0.5,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 4 were the pilot
UNDEFINED = ("error", "step")

Move = Callable[[list[np.ndarray]], list[np.ndarray]]
"""Gradients of all parameters to the steps taken against them."""


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Each change.

    Returns:
        - ``error`` [changes, losses]: share of fresh examples missed when the training loss is
          first down to it; nan where it is not.
        - ``step`` [changes, losses]: when that is.
    """
    examples = draw(
        config["count"],
        wrong=config["wrong"],
        dimension=config["dimension"],
        fresh=config["fresh"],
        seeds=[seed],
    )
    found = []
    for change in config["changes"]:
        network, _, how = change.partition(", ")
        run = _linear if network == "linear" else _relu
        found.append(run(examples, network, how, seed, config))
    error, step = np.moveaxis(np.array(found), -1, 0)
    return {"error": error, "step": step}


def _linear(examples: Examples, _: str, how: str, seed: int, config: dict[str, Any]) -> np.ndarray:
    rows, labels = examples.inputs(), examples.labels[0]
    fresh = np.column_stack([examples.fresh_truth[0], examples.fresh_patterns[0]])
    if how.endswith("turned"):
        turn = np.linalg.qr(stream(seed, 5).standard_normal((rows.shape[1],) * 2))[0]
        rows, fresh = rows @ turn, fresh @ turn
    weights = np.zeros(rows.shape[1])
    if how.startswith("Adam"):
        move = adam(config["rates"]["Adam"])
    else:
        pace = np.ones(len(weights))
        pace[0] = 1 / len(rows) if how == "general rate / n" else 1
        move = lambda gradients: [config["rates"]["linear"] * pace * gradients[0]]  # noqa: E731

    def look() -> tuple[float, float, list[np.ndarray]]:
        residual = rows @ weights - labels
        missed = (fresh @ weights * examples.fresh_truth[0] < 0).mean()
        return (residual**2).mean() / 2, missed, [residual @ rows / len(rows)]

    return reached(look, [weights], move, config["losses"], config["most"]["linear"])


def _relu(
    examples: Examples, network: str, how: str, seed: int, config: dict[str, Any]
) -> np.ndarray:
    drawn = memorizing.networks(
        "ReLU", examples, units=config["units"], scale=config["scale"], seeds=[seed]
    )
    weights = [weight.copy() for weight in drawn.weights]
    slower = config["count"] if how == "general rate / n" else 1
    outgoing = 0 if network.endswith("fixed") else 1

    def look() -> tuple[float, float, list[np.ndarray]]:
        now = drawn.holding(weights)
        gradients = memorizing.gradients(now, examples, parts=False).weights
        residual = memorizing.outputs(now, examples) - examples.labels
        answers = memorizing.outputs(now, examples, fresh=True) * examples.fresh_truth
        return (residual**2).mean() / 2, (answers < 0).mean(), list(gradients)

    def move(gradients: list[np.ndarray]) -> list[np.ndarray]:
        general, private, last = (config["rates"]["ReLU"] * gradient for gradient in gradients)
        return [general / slower, private, outgoing * last]

    return reached(look, weights, move, config["losses"], config["most"]["ReLU"])


def adam(rate: float) -> Move:
    """Adam's steps for one parameter (Kingma & Ba 2015), as `torch.optim.Adam` takes them."""
    first, second, steps = 0.0, 0.0, 0

    def move(gradients: list[np.ndarray]) -> list[np.ndarray]:
        nonlocal first, second, steps
        (gradient,) = gradients
        steps += 1
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        mean, square = first / (1 - 0.9**steps), second / (1 - 0.999**steps)
        return [rate * mean / (np.sqrt(square) + 1e-8)]

    return move


def reached(
    look: Callable[[], tuple[float, float, list[np.ndarray]]],
    weights: list[np.ndarray],
    move: Move,
    losses: list[float],
    most: int,
) -> np.ndarray:
    """Train in place; errors and steps when the training loss is first down to each value.

    Args:
        look: The training loss, the share of fresh examples missed, and the gradients.
        weights: What is moved.
        move: Gradients to steps.
        losses: Descending.
        most: Steps after which to give up.

    Returns:
        [losses, 2]; nan where a loss is not reached.
    """
    found: list[tuple[float, float]] = []
    for step in range(most + 1):
        loss, missed, gradients = look()
        while len(found) < len(losses) and loss <= losses[len(found)]:
            found.append((missed, step))
        if len(found) == len(losses):
            break
        for weight, taken in zip(weights, move(gradients), strict=True):
            weight -= taken
    return np.array(found + [(np.nan, np.nan)] * (len(losses) - len(found)))
