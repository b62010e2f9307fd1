"""What the feature that is relied on takes, beside the others, at one moment. A job is a seed.

The post's example as in the experiment `three_features`: a sample is how often each of the sixteen
rows is in it, a linear net relies on feature 1 alone, and doses are those of
`gradbook.probes.example_doses`. Training on feature 1 is looked at where it begins, where its
weight has come half of the way, and at rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from gradbook.chapters.dosage import FEATURES, LABELS, shares
from gradbook.chapters.starvation.experiments.three_features import LOSSES
from gradbook.probes.dose import example_doses
from gradbook.training import gardens

CONFIG: dict[str, Any] = {
    "losses": ["logistic", "hinge"],
    "moments": ["at the start", "half way", "at rest"],
    "doses": ["net", "reinforcing alone"],
    "reliability": 0.9,
    "examples": 10000,
    "seedling": 1e-9,
    "learning_rate": 0.02,
    "steps": 6000,
    "rest": 200,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 4 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Doses while feature 1 is trained alone.

    Returns:
        - ``dose`` [losses, moments, doses, 3]: to each feature; at rest the mean over the last
          steps, since the hinge's weight trembles about its kink.
        - ``reliance`` [losses, moments]: the weight of feature 1 then.
    """
    frequent = shares(config["reliability"])
    seen = gardens.stream(seed, 2).multinomial(config["examples"], frequent) / config["examples"]
    doses, reliance = [], []
    for loss in config["losses"]:
        path = _path(seen, loss, config)
        rest = path[-config["rest"] :]
        half = path[np.argmax(path >= rest.mean() / 2)]
        looks = {"at the start": path[:1], "half way": np.array([half]), "at rest": rest}
        at = [looks[moment] for moment in config["moments"]]
        doses.append([np.mean([_doses(s, seen, loss, config) for s in look], 0) for look in at])
        reliance.append([look.mean() for look in at])
    return {"dose": np.array(doses), "reliance": np.array(reliance)}


def _path(seen: np.ndarray, loss: str, config: dict[str, Any]) -> np.ndarray:
    """Weight of feature 1 before every step of training on it alone [steps + 1]."""
    agrees = LABELS * FEATURES[:, 0]
    path = [0.0]
    for _ in range(config["steps"]):
        slope = LOSSES[loss].slope(path[-1] * agrees, 1.0)
        path.append(path[-1] - config["learning_rate"] * (seen @ (slope * agrees)))
    return np.array(path)


def _doses(reliance: float, seen: np.ndarray, loss: str, config: dict[str, Any]) -> np.ndarray:
    """To each feature, from all examples and from those in which it is right [2, 3]."""
    small = config["seedling"]
    model = nn.Sequential(nn.Linear(3, 1, bias=False), nn.Flatten(0)).double()
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[max(reliance, small), small, small]]))
    rows, labels = torch.from_numpy(FEATURES), torch.from_numpy(LABELS)
    found = []
    for feature in range(3):
        group = {"0.weight": (0, feature)}
        of_rows = example_doses(model, group, rows, labels, loss=LOSSES[loss].value).numpy()
        right = FEATURES[:, feature] == LABELS
        found.append([seen @ of_rows, seen @ (of_rows * right)])
    return np.array(found).T
