"""Can a hidden unit's fate be read after 2 % of training? Digits; a job is a seed.

One hidden ReLU layer is trained by gradient descent with decay. A unit is its incoming weights,
its bias and its outgoing weights. After the first steps units are ranked, by the dose that they got
until then and by rival scores, and the ranks are compared with those of their norms at the end and
of what their removal costs then. As a lottery ticket, the best by each score are trained alone,
from the weights that they began with.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor
from torch.nn import functional

from gradbook.tasks.digits import CLASSES, PIXELS, digits

CONFIG: dict[str, Any] = {
    "scores": ["dose", "norm", "growth", "SNIP", "initial norm"],
    "tickets": ["dose", "SNIP", "random"],
    "units": 256,
    "kept": 8,
    "train": 1000,
    "weight_decay": 0.003,
    "learning_rate": 0.1,
    "batch_size": 64,
    "steps": 3000,
    "early": 60,
}
JOBS = tuple(range(10, 30))  # seeds from 900 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Rank correlations and tickets.

    Returns:
        - ``of_norm``, ``of_worth`` [scores]: Spearman's correlation of a score after the early
          steps with the norm at the end, and with the rise of the test loss when the unit is
          removed then.
        - ``worth_by_norm`` [1]: of the norm at the end with that rise.
        - ``ticket`` [tickets]: test accuracy of the chosen units trained alone; `full` [1] of all.
        - ``dose``, ``norm`` [units]: early doses and norms at the end, for a picture.
    """
    task = digits(train=config["train"], seed=seed)
    generator = torch.Generator().manual_seed(seed)
    start = _weights(config["units"], generator)
    saliency = _saliency(start, task.train_inputs, task.train_targets)
    trained, early, doses = _train(start, task, seed, config, watch=config["early"])
    before, then, after = (_norms(weights) for weights in (start, early, trained))
    scores = {
        "dose": doses,
        "norm": then,
        "growth": then - before,
        "SNIP": saliency,
        "initial norm": before,
        "random": torch.rand(config["units"], generator=generator),
    }
    worth = _worth(trained, task.test_inputs, task.test_targets)
    tickets = []
    for name in config["tickets"]:
        kept = scores[name].argsort(descending=True)[: config["kept"]]
        alone, _, _ = _train(_only(start, kept), task, seed, config)
        tickets.append(_accuracy(alone, task))
    named = [scores[name] for name in config["scores"]]
    return {
        "of_norm": np.array([_spearman(score, after) for score in named]),
        "of_worth": np.array([_spearman(score, worth) for score in named]),
        "worth_by_norm": np.array([_spearman(after, worth)]),
        "ticket": np.array(tickets),
        "full": np.array([_accuracy(trained, task)]),
        "dose": doses.numpy().astype(np.float32),
        "norm": after.numpy().astype(np.float32),
    }


def _weights(units: int, generator: torch.Generator) -> list[Tensor]:
    """Incoming [units, pixels + 1] with the bias last, outgoing [units, classes], offset."""

    def uniform(rows: int, columns: int, fan_in: int) -> Tensor:
        return (2 * torch.rand(rows, columns, generator=generator) - 1) / fan_in**0.5

    return [
        uniform(units, PIXELS + 1, PIXELS),
        uniform(units, CLASSES, units),
        torch.zeros(CLASSES),
    ]


def _train(
    start: list[Tensor], task: Any, seed: int, config: dict[str, Any], watch: int = 0
) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """Weights at the end, after `watch` steps, and mean doses until then."""
    weights = [weight.clone() for weight in start]
    early, doses = weights, torch.zeros(len(weights[0]))
    generator = torch.Generator().manual_seed(seed)
    rows = len(task.train_inputs)
    for step in range(config["steps"]):
        chosen = torch.randint(rows, (config["batch_size"],), generator=generator)
        gradients = _gradients(weights, task.train_inputs[chosen], task.train_targets[chosen])
        if step < watch:
            pull = sum((w * g).sum(1) for w, g in zip(weights[:2], gradients[:2], strict=True))
            doses -= pull / _norms(weights) / watch
        for weight, gradient in zip(weights, gradients, strict=True):
            weight -= config["learning_rate"] * (gradient + config["weight_decay"] * weight)
        if step + 1 == watch:
            early = [weight.clone() for weight in weights]
    return weights, early, doses


def _hidden(weights: list[Tensor], inputs: Tensor) -> Tensor:
    incoming = weights[0]
    return (inputs @ incoming[:, :-1].T + incoming[:, -1]).relu_()


def _gradients(weights: list[Tensor], inputs: Tensor, targets: Tensor) -> list[Tensor]:
    """Of the mean cross-entropy."""
    hidden = _hidden(weights, inputs)
    error = ((hidden @ weights[1] + weights[2]).softmax(1) - targets) / len(inputs)
    below = (error @ weights[1].T) * (hidden > 0)
    read = torch.cat([below.T @ inputs, below.sum(0)[:, None]], 1)
    return [read, hidden.T @ error, error.sum(0)]


def _norms(weights: list[Tensor]) -> Tensor:
    return (weights[0].square().sum(1) + weights[1].square().sum(1)).sqrt()


def _saliency(weights: list[Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
    """SNIP: Σ |g·w| over a unit's weights, of all training pictures (Lee et al. 2019)."""
    gradients = _gradients(weights, inputs, targets)
    return sum((w * g).abs().sum(1) for w, g in zip(weights[:2], gradients[:2], strict=True))


def _worth(weights: list[Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
    """Rise of the loss when a unit is silent [units]."""
    hidden = _hidden(weights, inputs)
    outputs = hidden @ weights[1] + weights[2]
    labels = targets.argmax(1)
    whole = functional.cross_entropy(outputs, labels)
    without = [outputs - hidden[:, [u]] * weights[1][u] for u in range(len(weights[1]))]
    return torch.stack([functional.cross_entropy(one, labels) for one in without]) - whole


def _only(weights: list[Tensor], kept: Tensor) -> list[Tensor]:
    return [weights[0][kept], weights[1][kept], weights[2]]


def _accuracy(weights: list[Tensor], task: Any) -> float:
    guessed = (_hidden(weights, task.test_inputs) @ weights[1] + weights[2]).argmax(1)
    return float((guessed == task.test_targets.argmax(1)).double().mean())


def _spearman(a: Tensor, b: Tensor) -> float:
    return float(np.corrcoef(rankdata(a.numpy()), rankdata(b.numpy()))[0, 1])
