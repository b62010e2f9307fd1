"""What an early dose says beyond the label's being right, and beyond the loss. A job is a seed.

Data, doses and predictions are those of the experiment `left_out`, on other seeds. The *flag* of an
example is 1 if its label is right. Correlations are by ranks; partial ones are those of what is
left of two rankings when a third (or two) is taken out by least squares.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor

from gradbook.chapters.generalization.experiments import left_out
from gradbook.probes import per_example

CONFIG: dict[str, Any] = {
    **{name: value for name, value in left_out.CONFIG.items() if name not in ("decays", "losses")},
    "losses": [0.9, 0.5],
    "scores": ["dose", "flag", "loss"],
    "fixed": ["flag", "loss", "flag and loss"],
}
JOBS = tuple(range(30, 50))  # the correlation of dose has been seen on 10 to 29
UNDEFINED = ("correlation", "partial")


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Correlations with being predicted when left out.

    Returns:
        - ``correlation`` [data, losses, scores]: of each score; the loss counts as −loss.
        - ``partial`` [data, losses, fixed]: of the dose, with others held fixed.
        Where no label is wrong the flag says nothing: nan.
    """
    found = [_measure(name, seed, config) for name in config["data"]]
    correlations, partials = zip(*found, strict=True)
    return {"correlation": np.array(correlations), "partial": np.array(partials)}


def _measure(name: str, seed: int, config: dict[str, Any]) -> tuple[list, list]:
    inputs, targets, wrong = left_out._data(name, seed, config)
    predicted, _ = left_out._retrained(inputs, targets, 0.0, seed, config)
    correlations, partials = [], []
    for dose, loss in zip(*_doses_and_losses(inputs, targets, seed, config), strict=True):
        scores = {"dose": dose, "flag": 1.0 - wrong, "loss": -loss}
        correlations.append([partial_ranks(scores[s], predicted) for s in config["scores"]])
        held = [[scores[one] for one in names.split(" and ")] for names in config["fixed"]]
        partials.append([partial_ranks(dose, predicted, *others) for others in held])
    return correlations, partials


def partial_ranks(one: np.ndarray, other: np.ndarray, *fixed: np.ndarray) -> float:
    """Rank correlation of two scores, with others held fixed; nan where a score is constant.

    Args:
        one, other: [n].
        fixed: Scores whose ranks are taken out of both by least squares [n] each.
    """
    if any(np.ptp(score) == 0 for score in (one, other, *fixed)):
        return np.nan
    known = np.column_stack([np.ones(len(one)), *map(rankdata, fixed)])
    left = []
    for ranks in (rankdata(one), rankdata(other)):
        left.append(ranks - known @ np.linalg.lstsq(known, ranks, rcond=None)[0])
    size = np.linalg.norm(left[0]) * np.linalg.norm(left[1])
    return float(left[0] @ left[1] / size)


def _doses_and_losses(
    inputs: Tensor, targets: Tensor, seed: int, config: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Doses and losses, each [losses, n], mean over the early networks."""
    count, rate, found = len(inputs), config["learning_rate"], []
    for number in range(config["early_networks"]):
        net = left_out._network(inputs, targets, 100 * seed + 50 + number, config)
        optimizer = torch.optim.SGD(net.parameters(), lr=rate)
        dose, kept, start = torch.zeros(count), [], None
        for _ in range(config["early_steps"]):
            each = left_out._losses(net(inputs), targets)
            loss = each.mean()
            start = start or loss.item()
            now = np.stack([dose.numpy(), each.detach().numpy()])
            while len(kept) < len(config["losses"]) and loss <= config["losses"][len(kept)] * start:
                kept.append(now)
            if len(kept) == len(config["losses"]):
                break
            kernel = per_example.example_gram(net, inputs, targets, loss=left_out._losses)
            dose = dose + rate * (kernel.sum(1) - kernel.diagonal()) / (count - 1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        found.append(np.stack([*kept, *[now] * (len(config["losses"]) - len(kept))]))
    dose, loss = np.moveaxis(np.mean(found, 0), 1, 0)
    return dose, loss
