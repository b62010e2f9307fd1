"""Does an example's early dose say whether it is predicted when it is left out? A job is a seed.

Small ReLU networks are trained on all examples but a fifth, each fifth in turn, for several splits:
every example is then left out of as many networks as there are splits. An example is *predicted*
if a network that did not see it answers with the label that it was given, right or wrong. Its
*dose* is measured in other networks, which train on everything: what one step after another along
the mean gradient of all other examples takes off its loss, to first order, summed until the mean
loss has fallen to a given share.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from gradbook import models
from gradbook.chapters.generalization.examples import draw
from gradbook.probes import per_example
from gradbook.tasks import digits
from gradbook.training import diets, ensemble, gardens

CONFIG: dict[str, Any] = {
    "data": ["one feature", "two signs", "digits", "digits, wrong labels"],
    "decays": {
        "one feature": [0.0, 0.03],
        "two signs": [0.0, 0.01],
        "digits": [0.0, 0.01],
        "digits, wrong labels": [0.0, 0.01],
    },
    "count": 240,
    "wrong": 0.2,
    "bits": 10,
    "units": 32,
    "folds": 5,
    "splits": 4,
    "learning_rate": 0.1,
    "momentum": 0.9,
    "steps": 500,
    "losses": [0.95, 0.9, 0.8, 0.7, 0.6, 0.5],
    "early_networks": 3,
    "early_steps": 800,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot

UNDEFINED = ("correlation", "correlation_of_right")


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Doses, and what becomes of the examples.

    Returns:
        - ``dose`` [data, losses, n]: mean over the early networks, by the loss's share left.
        - ``predicted`` [data, decays, n]: share of the networks without it that predict it.
        - ``fitted``: of the networks with it.
        - ``wrong`` [data, n]: whether its label is wrong.
        - ``correlation`` [data, decays, losses]: of dose and predicted, by ranks.
        - ``correlation_of_right``: among examples with right labels.
    """
    found = [_measure(name, seed, config) for name in config["data"]]
    return {name: np.stack([one[name] for one in found]) for name in found[0]}


def _measure(name: str, seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    inputs, targets, wrong = _data(name, seed, config)
    dose = _dose(inputs, targets, seed, config)
    ends = [_retrained(inputs, targets, decay, seed, config) for decay in config["decays"][name]]
    predicted, fitted = (np.stack(part).astype(np.float32) for part in zip(*ends, strict=True))

    def correlation(rows: np.ndarray) -> np.ndarray:
        return np.array([[_ranks(d[rows], p[rows]) for d in dose] for p in predicted])

    return {
        "dose": dose.astype(np.float32),
        "predicted": predicted,
        "fitted": fitted,
        "wrong": wrong,
        "correlation": correlation(np.ones_like(wrong)),
        "correlation_of_right": correlation(~wrong),
    }


def _ranks(one: np.ndarray, other: np.ndarray) -> float:
    return np.nan if np.ptp(one) == 0 or np.ptp(other) == 0 else spearmanr(one, other)[0]


def _data(name: str, seed: int, config: dict[str, Any]) -> tuple[Tensor, Tensor, np.ndarray]:
    """Inputs, targets and which labels are wrong."""
    count, wrong = config["count"], config["wrong"]
    if name == "one feature":
        examples = draw(count, wrong=wrong, dimension=count, seeds=[seed])
        inputs, labels = examples.inputs(), examples.labels[0][:, None]
        return torch.from_numpy(inputs).float(), torch.from_numpy(labels).float(), examples.wrong[0]
    if name == "two signs":
        generator = gardens.stream(seed, 2)
        bits = generator.choice([-1.0, 1.0], (count, config["bits"]))
        mistaken = generator.permutation(count) < round(wrong * count)
        labels = bits[:, :1] * bits[:, 1:2] * np.where(mistaken, -1, 1)[:, None]
        inputs = bits / np.sqrt(config["bits"])
        return torch.from_numpy(inputs).float(), torch.from_numpy(labels).float(), mistaken
    right = digits.digits(train=count, seed=seed).train_targets
    given = digits.digits(
        train=count, wrong=wrong if "wrong" in name else 0.0, seed=seed
    ).train_targets
    inputs = digits.digits(train=count, seed=seed).train_inputs
    # Centred: else the first dose is that of the outputs' mean, the same for all examples.
    return inputs, given - 1 / digits.CLASSES, (given != right).any(1).numpy()


def _losses(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs - targets).square().sum(1) / 2


def _network(inputs: Tensor, targets: Tensor, seed: int, config: dict[str, Any]) -> Any:
    widths = (config["units"],)
    return models.mlp(inputs.shape[1], widths, outputs=targets.shape[1], one_hot=False, seed=seed)


def _dose(inputs: Tensor, targets: Tensor, seed: int, config: dict[str, Any]) -> np.ndarray:
    """[losses, n], mean over the early networks."""
    count, rate, found = len(inputs), config["learning_rate"], []
    for number in range(config["early_networks"]):
        net = _network(inputs, targets, 100 * seed + 50 + number, config)
        optimizer = torch.optim.SGD(net.parameters(), lr=rate)
        dose, kept, start = torch.zeros(count), [], None
        for _ in range(config["early_steps"]):
            loss = _losses(net(inputs), targets).mean()
            start = start or loss.item()
            while len(kept) < len(config["losses"]) and loss <= config["losses"][len(kept)] * start:
                kept.append(dose.numpy())
            if len(kept) == len(config["losses"]):
                break
            kernel = per_example.example_gram(net, inputs, targets, loss=_losses)
            dose = dose + rate * (kernel.sum(1) - kernel.diagonal()) / (count - 1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        missing = len(config["losses"]) - len(kept)
        found.append(np.stack([*kept, *[dose.numpy()] * missing]))
    return np.mean(found, 0)


def _retrained(
    inputs: Tensor, targets: Tensor, decay: float, seed: int, config: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Share of the networks without and with an example that answer with its label [n], [n]."""
    count, folds = len(inputs), config["folds"]
    nets, kept = [], []
    left_out = torch.zeros(config["splits"] * folds, count, dtype=torch.bool)
    for split in range(config["splits"]):
        order = gardens.stream(1000 * seed + split, 4).permutation(count)
        for fold in range(folds):
            number = split * folds + fold
            left_out[number, order[fold::folds]] = True
            nets.append(_network(inputs, targets, 100 * seed + split, config))
            kept.append((~left_out[number]).nonzero()[:, 0])
    rows = torch.stack(kept)
    trained, _ = ensemble.train(
        ensemble.Ensemble(nets),
        inputs[rows],
        targets[rows],
        ensemble.Momentum(config["learning_rate"], config["momentum"]),
        steps=config["steps"],
        loss=diets.HALF_SQUARED,
        diets=diets.Diet(weight_decay=decay),
    )
    outputs = trained.outputs(inputs)
    if targets.shape[1] == 1:
        right = (outputs * targets)[..., 0] > 0
    else:
        right = outputs.argmax(-1) == targets.argmax(-1)
    without = (right & left_out).sum(0) / left_out.sum(0)
    within = (right & ~left_out).sum(0) / (~left_out).sum(0)
    return without.numpy(), within.numpy()
