"""Handwritten digits, a fifth with wrong labels: whose gradients agree, and who generalizes?

A job is a seed: of the pictures, the wrong labels, the weights and the minibatches. An example
*generalizes* if it is predicted when left out: the network that learns from the four fifths of the
training pictures that it is not in (wrong labels and all) gives it the label that it carries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gradbook.chapters.generalization import rank_statistics
from gradbook.probes.gram import product_ratio
from gradbook.probes.per_example import example_gram
from gradbook.probes.spread import agreement_with_rest, stiffness
from gradbook.tasks.digits import CLASSES, PIXELS, digits

CONFIG: dict[str, Any] = {
    "networks": ["two hidden layers", "convolutional"],
    "populations": ["all", "right label", "wrong label"],
    "scores": ["agreement", "dose", "loss", "gradient norm"],
    "pictures": 500,
    "wrong": 0.2,
    "folds": 5,
    "learning_rate": 3e-3,
    "batch_size": 50,
    "epochs": [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 80],
    "early": [0, 1, 2],
    "neighbours": 10,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot
UNDEFINED = ("area", "correlation", "early_area", "early_correlation", "neighbour_area")


def network(name: str, seed: int) -> nn.Sequential:
    """One of the two networks, with torch's default initial weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if name == "two hidden layers":
            return nn.Sequential(
                nn.Linear(PIXELS, 64),
                nn.ReLU(),
                nn.Linear(64, 64),
                nn.ReLU(),
                nn.Linear(64, CLASSES),
            )
        return nn.Sequential(
            nn.Unflatten(1, (1, 8, 8)),
            nn.Conv2d(1, 16, 3),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * 4, CLASSES),
        )


def losses(outputs: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of each row [n]."""
    return functional.cross_entropy(outputs, labels, reduction="none")


def learn(
    model: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    config: dict[str, Any],
    seed: int,
    watch: Callable[[nn.Module], dict[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """Train a network in place by Adam on minibatches; what `watch` saw after the epochs."""
    optimizer = torch.optim.Adam(model.parameters(), lr=config["learning_rate"], fused=True)
    generator = torch.Generator().manual_seed(seed)
    records = []
    for epoch in range(config["epochs"][-1] + 1):
        for rows in torch.randperm(len(inputs), generator=generator).split(config["batch_size"]):
            if epoch == 0:
                break
            optimizer.zero_grad()
            losses(model(inputs[rows]), labels[rows]).mean().backward()
            optimizer.step()
        if watch is not None and epoch in config["epochs"]:
            records.append(watch(model))
    return records


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Agreement of the training examples' gradients, and how well it predicts who generalizes.

    Populations are all examples, those with the right and those with a wrong label. The *agreement*
    of an example is the cosine of its gradient with the mean of all others', its *dose* their inner
    product: how fast a small step on the others lowers its loss. Scores are these two, minus the
    loss and minus the gradient norm. Early scores are means over the early epochs.

    Returns:
        - ``fitted`` [networks, epochs, populations]: share given the label that they carry.
        - ``test_error`` [networks, epochs]: on pictures with true labels.
        - ``coherence`` [networks, epochs, populations]: E⟨g_i, g_j⟩ over pairs over E‖g‖².
        - ``cosine`` [networks, epochs, populations]: mean over pairs.
        - ``agreement``, ``dose`` [networks, epochs, populations]: means.
        - ``left_out`` [networks, populations]: share predicted when left out.
        - ``area``, ``correlation`` [networks, epochs, scores, populations]: area under the curve
          and rank correlation of a score with being predicted when left out.
        - ``beyond`` [networks, epochs, populations]: rank correlation of agreement with the log
          probability of the label when left out, given loss, gradient norm and label.
        - ``early_area``, ``early_correlation`` [networks, scores, populations].
        - ``tenths`` [networks, populations, 10]: share predicted when left out in each tenth of the
          examples by early agreement.
        - ``neighbour_area`` [networks, populations]: area of a score without a network, the share
          of the nearest pictures that carry the same label.
    """
    task = digits(train=config["pictures"], wrong=config["wrong"], seed=seed)
    truth = digits(train=config["pictures"], seed=seed).train_targets.argmax(1)
    inputs, labels = task.train_inputs, task.train_targets.argmax(1)
    right = (labels == truth).numpy()
    populations = [np.ones_like(right), right, ~right]
    apart = torch.cdist(inputs, inputs).fill_diagonal_(torch.inf)
    near = apart.topk(config["neighbours"], largest=False).indices
    alike = (labels[near] == labels[:, None]).double().mean(1).numpy()

    def watch(model: nn.Module) -> dict[str, Any]:
        kernel = example_gram(model, inputs, labels, loss=losses).double()
        with torch.no_grad():
            outputs = model(inputs)
            test = model(task.test_inputs).argmax(1) != task.test_targets.argmax(1)
        dose = (kernel.sum(1) - kernel.diagonal()) / (len(kernel) - 1)
        within = [kernel[members][:, members] for members in map(torch.from_numpy, populations)]
        norm = kernel.diagonal().sqrt()
        scores = [
            agreement_with_rest(kernel).nan_to_num(),
            dose,
            -losses(outputs, labels),
            -norm,
        ]
        return {
            "scores": torch.stack([score.double() for score in scores]).numpy(),
            "fitted": [(outputs.argmax(1) == labels).numpy()[m].mean() for m in populations],
            "test_error": test.double().mean().item(),
            "coherence": [product_ratio(part) for part in within],
            "cosine": [stiffness(part)[1].item() for part in within],
        }

    found: list[dict[str, np.ndarray]] = []
    for name in config["networks"]:
        records = learn(network(name, seed), inputs, labels, config, seed, watch)
        stacked = {key: np.array([record[key] for record in records]) for key in records[0]}
        chance = _left_out(name, inputs, labels, config, seed)
        found.append(stacked | _predicting(stacked["scores"], chance, labels, populations, config))
        alone = [rank_statistics.area_under_curve(alike[m], chance[1][m]) for m in populations]
        found[-1]["neighbour_area"] = np.array(alone)
        del found[-1]["scores"]
    return {key: np.stack([one[key] for one in found]).astype(np.float32) for key in found[0]}


def _left_out(
    name: str, inputs: Tensor, labels: Tensor, config: dict[str, Any], seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Log probability of each example's label when left out, and whether it is predicted [n]."""
    likely, predicted = np.empty(len(inputs)), np.empty(len(inputs), dtype=bool)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(inputs), generator=generator)
    for fold, rows in enumerate(order.chunk(config["folds"]), start=1):
        others = torch.ones(len(inputs), dtype=torch.bool)
        others[rows] = False
        model = network(name, 1000 * fold + seed)
        learn(model, inputs[others], labels[others], config, 1000 * fold + seed)
        with torch.no_grad():
            outputs = model(inputs[rows])
        likely[rows] = -losses(outputs, labels[rows]).double().numpy()
        predicted[rows] = (outputs.argmax(1) == labels[rows]).numpy()
    return likely, predicted


def _predicting(
    scores: np.ndarray,
    chance: tuple[np.ndarray, np.ndarray],
    labels: Tensor,
    populations: list[np.ndarray],
    config: dict[str, Any],
) -> dict[str, np.ndarray]:
    """How well scores [epochs, scores, n] predict who generalizes."""
    likely, predicted = chance
    early = scores[[config["epochs"].index(epoch) for epoch in config["early"]]].mean(0)

    def each(statistic: Callable, of: np.ndarray) -> np.ndarray:
        found = [[statistic(row[m], predicted[m]) for m in populations] for row in of]
        return np.array(found)

    beyond = [
        [
            rank_statistics.partial_rank_correlation(
                at[0, m], likely[m], at[2:, m], labels.numpy()[m]
            )
            for m in populations
        ]
        for at in scores
    ]
    tenths = []
    for members in populations:
        order = np.argsort(early[0, members], kind="stable")
        tenths.append([predicted[members][part].mean() for part in np.array_split(order, 10)])
    return {
        "agreement": np.array([[at[0, m].mean() for m in populations] for at in scores]),
        "dose": np.array([[at[1, m].mean() for m in populations] for at in scores]),
        "left_out": np.array([predicted[m].mean() for m in populations]),
        "area": np.array([each(rank_statistics.area_under_curve, at) for at in scores]),
        "correlation": np.array([each(rank_statistics.rank_correlation, at) for at in scores]),
        "beyond": np.array(beyond),
        "early_area": each(rank_statistics.area_under_curve, early),
        "early_correlation": each(rank_statistics.rank_correlation, early),
        "tenths": np.array(tenths),
    }
