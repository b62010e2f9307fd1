"""Digits, a tenth with wrong labels: which scores find them, and does the noise scale's interval
hold the noise scale of all rows?

A job is a seed: of the pictures, the wrong labels, the weights and the minibatches.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn import functional

from gradbook.chapters.own.networks import network
from gradbook.probes.gram import gram_noise_scale
from gradbook.probes.per_example import example_gram
from gradbook.probes.spread import agreement_with_rest
from gradbook.tasks.digits import digits
from gradbook.track.held import noise_interval

CONFIG: dict[str, Any] = {
    "networks": ["convolutional", "transformer"],
    "scores": ["agreement", "loss", "gradient norm"],
    "pictures": 500,
    "wrong": 0.1,
    "learning_rate": 3e-3,
    "batch_size": 50,
    "epochs": [1, 2, 4, 8, 16, 32],
    "looked_at": [10, 20, 30, 40, 50, 60, 80, 100],
    "shown": 16,
    "held": [32, 64, 128],
    "draws": 100,
}
JOBS = tuple(range(20))  # seeds from 100 were the pilot


def losses(outputs: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of each row [n]."""
    return functional.cross_entropy(outputs, labels, reduction="none")


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Precision of three scores, and coverage of the noise scale's 95 % interval.

    A score ranks the pictures that are suspected first: least *agreement* (cosine of a picture's
    gradient with the mean of all others'), highest *loss*, largest *gradient norm*. Intervals are
    of rows drawn with replacement, of which the noise scale of all rows is the truth.

    Returns:
        - ``precision`` [networks, epochs, scores, looked_at]: share of wrong labels among
          the first.
        - ``fitted`` [networks, epochs]: share of the wrong labels that the network gives.
        - ``noise_scale`` [networks, epochs]: of all rows.
        - ``first``, ``mislabelled`` [networks, epochs, scores, shown]: the most suspected pictures'
          numbers in scikit-learn's digits, and whether their labels are wrong.
        - ``covered``, ``bounded`` [networks, epochs, held]: share of the draws whose interval holds
          it, and whose interval has an upper end.
    """
    task = digits(train=config["pictures"], wrong=config["wrong"], seed=seed)
    truth = digits(train=config["pictures"], seed=seed).train_targets.argmax(1)
    inputs, labels = task.train_inputs, task.train_targets.argmax(1)
    wrong = labels != truth
    known = {row.tobytes(): number for number, row in enumerate(load_digits().data / 16)}
    numbers = torch.tensor([known[row.tobytes()] for row in inputs.double().numpy()])
    found: list[dict[str, list]] = []
    for name in config["networks"]:
        model = network(name, seed)
        optimizer = torch.optim.Adam(model.parameters(), config["learning_rate"])
        generator = torch.Generator().manual_seed(seed)
        records: list[dict[str, Any]] = []
        for epoch in range(1, config["epochs"][-1] + 1):
            order = torch.randperm(len(inputs), generator=generator)
            for rows in order.split(config["batch_size"]):
                optimizer.zero_grad()
                losses(model(inputs[rows]), labels[rows]).mean().backward()
                optimizer.step()
            if epoch not in config["epochs"]:
                continue
            with torch.no_grad():
                outputs = model(inputs)
            kernel = example_gram(model, inputs, labels, loss=losses).double()
            suspected = [
                agreement_with_rest(kernel).nan_to_num(nan=1.0),
                -losses(outputs, labels),
                -kernel.diagonal(),
            ]
            first = [s.argsort(stable=True)[: config["shown"]] for s in suspected]
            records.append(
                {
                    "precision": [_precision(s, wrong, config["looked_at"]) for s in suspected],
                    "first": [numbers[rows].tolist() for rows in first],
                    "mislabelled": [wrong[rows].tolist() for rows in first],
                    "fitted": (outputs.argmax(1) == labels)[wrong].double().mean().item(),
                    "noise_scale": gram_noise_scale(kernel),
                    **_intervals(kernel, config, generator),
                }
            )
        found.append({key: [record[key] for record in records] for key in records[0]})
    return {
        key: np.array([one[key] for one in found], np.int16 if key == "first" else np.float32)
        for key in found[0]
    }


def _precision(score: Tensor, wrong: Tensor, looked_at: list[int]) -> list[float]:
    """Share of wrong labels among so many with the lowest scores."""
    order = score.argsort(stable=True)
    return [wrong[order[:count]].double().mean().item() for count in looked_at]


def _intervals(
    kernel: Tensor, config: dict[str, Any], generator: torch.Generator
) -> dict[str, list[float]]:
    """How often intervals of a few rows hold the noise scale of all, and how often they end."""
    truth = gram_noise_scale(kernel)
    covered, bounded = [], []
    for count in config["held"]:
        rows = torch.randint(len(kernel), (config["draws"], count), generator=generator)
        ends = np.array([noise_interval(kernel[draw][:, draw])[1:] for draw in rows])
        covered.append(((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean())
        bounded.append(np.isfinite(ends[:, 1]).mean())
    return {"covered": covered, "bounded": bounded}
