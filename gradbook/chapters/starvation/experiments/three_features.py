"""Three independent features, each right on 90 % of the examples: doses and votes; a job is a seed.

A sample is drawn, a linear net is trained on feature 1 alone until it rests, and the dose to each
feature is measured by `probes.example_doses`. Features 2 and 3 have a weight too small to matter,
as a recognizer has before it is fed. A sample is how often each of the sixteen rows that there are
is in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from gradbook.chapters import dosage
from gradbook.chapters.dosage import FEATURES, LABELS, shares
from gradbook.probes.dose import example_doses
from gradbook.training import diets, gardens

CONFIG: dict[str, Any] = {
    "losses": ["logistic", "hinge"],
    "networks": ["majority vote", "logistic regression", "ReLU"],
    "reliability": 0.9,
    "examples": 10000,
    "test_examples": 20000,
    "reliances": [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0],
    "beyond_doubt": 20.0,
    "seedling": 1e-9,
    "learning_rate": 0.02,
    "steps": 6000,
    "rest": 200,
    "network_learning_rate": 0.4,
    "network_steps": 3000,
    "units": 16,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot

LOSSES = {
    "logistic": diets.LOGISTIC,
    "hinge": diets.Loss(
        lambda outputs, targets: (1 - outputs * targets).clamp(min=0),
        lambda outputs, targets: -targets * (outputs * targets < 1),
    ),
}


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Doses at given reliances, at rest and beyond doubt; accuracies on a fresh sample.

    Returns:
        - ``dose`` [losses, reliances, 3, 3]: what reinforces each feature, from all examples, from
          those that feature 1 gets right, and from those that it gets wrong; the last two add up.
        - ``at_rest``, ``beyond_doubt`` [losses, 3, 3]: the same, mean over the last steps of
          training on feature 1 alone, and at a reliance where no right example pays.
        - ``reliance`` [losses]: weight of feature 1 at rest, mean over the same steps.
        - ``accuracy`` [networks, 2]: with all three features and with the first alone.
    """
    generator, frequent = gardens.stream(seed, 2), shares(config["reliability"])
    seen, fresh = (
        generator.multinomial(config[examples], frequent) / config[examples]
        for examples in ("examples", "test_examples")
    )
    found: dict[str, list] = {"dose": [], "at_rest": [], "beyond_doubt": [], "reliance": []}
    for loss in config["losses"]:

        def doses(reliance: float, loss: str = loss) -> np.ndarray:
            return _doses(reliance, seen, LOSSES[loss], config["seedling"])

        path = _alone(seen, LOSSES[loss], config)
        found["dose"].append([doses(reliance) for reliance in config["reliances"]])
        found["at_rest"].append(np.mean([doses(reliance) for reliance in path], 0))
        found["beyond_doubt"].append(doses(config["beyond_doubt"]))
        found["reliance"].append(path.mean())
    accuracy = []
    for network in config["networks"]:
        answers = [_answers(network, visible, seen, seed, config) for visible in (3, 1)]
        accuracy.append([fresh @ (LABELS * answer > 0) for answer in answers])
    return {name: np.array(rows) for name, rows in found.items()} | {"accuracy": np.array(accuracy)}


def _doses(reliance: float, seen: np.ndarray, loss: diets.Loss, seedling: float) -> np.ndarray:
    model = nn.Sequential(nn.Linear(3, 1, bias=False), nn.Flatten(0)).double()
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[max(reliance, seedling), seedling, seedling]]))
    rows, labels = torch.from_numpy(FEATURES), torch.from_numpy(LABELS)
    right = FEATURES[:, 0] == LABELS
    found = []
    for feature in range(3):
        group = {"0.weight": (0, feature)}
        of_rows = example_doses(model, group, rows, labels, loss=loss.value).numpy()
        found.append([seen @ (of_rows * part) for part in (1.0, right, ~right)])
    return np.array(found)


def _alone(seen: np.ndarray, loss: diets.Loss, config: dict[str, Any]) -> np.ndarray:
    """Weight of feature 1 over the last steps of training on it alone [rest]."""
    agrees = LABELS * FEATURES[:, 0]
    weight, path = 0.0, []
    for _ in range(config["steps"]):
        weight -= config["learning_rate"] * (seen @ (loss.slope(weight * agrees, 1.0) * agrees))
        path.append(weight)
    return np.array(path[-config["rest"] :])


def _answers(
    network: str, visible: int, seen: np.ndarray, seed: int, config: dict[str, Any]
) -> np.ndarray:
    """What a network that sees so many of the features answers to each row, once trained [16]."""
    features = FEATURES * (np.arange(3) < visible)
    if network == "majority vote":
        return features.sum(1)
    steps, rate = config["network_steps"], config["network_learning_rate"]
    if network == "logistic regression":
        return features @ _logistic_regression(features, seen, steps, rate)
    model, _ = gardens.grow(
        gardens.Layer(3, config["units"], 1, bias=True, seed=seed),
        dosage.examples.always((features, LABELS[:, None], seen)),
        _nothing,
        loss=diets.LOGISTIC,
        steps=steps,
        learning_rate=rate,
        every=steps,
    )
    return model(torch.from_numpy(features)).detach().numpy()[:, 0]


def _logistic_regression(
    features: np.ndarray, seen: np.ndarray, steps: int, rate: float
) -> np.ndarray:
    weights = np.zeros(3)
    for _ in range(steps):
        weights -= rate * features.T @ (seen * diets.LOGISTIC.slope(features @ weights, LABELS))
    return weights


def _nothing(_: nn.Module) -> dict:
    return {}
