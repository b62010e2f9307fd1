"""Groups of digits counted less in the loss: test error at equal training loss. A job is a seed.

A ReLU network learns digits of which a fifth carry a wrong label, by descent with momentum on all
of them. A group is counted ``1 / factor``, the others once, and the weights are scaled to a mean of
1, so that the group's dose is smaller and nothing else is changed. Read are:

- *right labels* counted less: errors on all test digits, when the training loss with every example
  counted once has fallen to a share of what it was;
- *half of the digits*, the pictures of 5 to 9, counted less: errors on test pictures of these, when
  *their own* training loss has fallen so far. They have then learned as much, from a smaller dose.

Plain descent is read at the same two losses.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradbook import models
from gradbook.tasks.digits import CLASSES, PIXELS, digits

CONFIG: dict[str, Any] = {
    "groups": ["right labels", "half of the digits"],
    "losses": ["half left", "a third left"],
    "shares": [0.5, 1 / 3],
    "factor": 16,
    "count": 300,
    "wrong": 0.2,
    "units": 64,
    "learning_rate": 0.2,
    "momentum": 0.9,
    "most": 20000,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 4 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Both groups, plain and counted less.

    Returns:
        - ``error`` [groups, 2, losses]: share of test digits misread, plain and counted less.
        - ``step`` [groups, 2, losses]: when the loss is there.
    """
    task = digits(train=config["count"], wrong=config["wrong"], seed=seed)
    right = digits(train=config["count"], seed=seed).train_targets
    shown, tested = right.argmax(1) >= CLASSES // 2, task.test_targets.argmax(1) >= CLASSES // 2
    every = torch.ones_like(shown), torch.ones_like(tested)
    groups = {
        "right labels": ((task.train_targets == right).all(1), *every),
        "half of the digits": (shown, shown, tested),
    }
    found = []
    for name in config["groups"]:
        group, watched, judged = groups[name]
        for factor in (1, config["factor"]):
            counted = torch.where(group, 1 / factor, 1.0)
            found.append(_run(task, counted / counted.mean(), watched, judged, seed, config))
    error, step = np.moveaxis(np.array(found).reshape(len(groups), 2, -1, 2), -1, 0)
    return {"error": error, "step": step}


def _run(
    task: Any, counted: Tensor, watched: Tensor, judged: Tensor, seed: int, config: dict[str, Any]
) -> np.ndarray:
    """Error and step at each share of the watched examples' loss [losses, 2]."""
    net = models.mlp(PIXELS, (config["units"],), outputs=CLASSES, one_hot=False, seed=seed)
    optimizer = torch.optim.SGD(
        net.parameters(), lr=config["learning_rate"], momentum=config["momentum"]
    )
    targets, start, found = task.train_targets - 1 / CLASSES, None, []
    for step in range(config["most"] + 1):
        losses = (net(task.train_inputs) - targets).square().sum(1) / 2
        now = losses[watched].mean().item()
        start = start or now
        while len(found) < len(config["shares"]) and now <= config["shares"][len(found)] * start:
            with torch.no_grad():
                misread = net(task.test_inputs).argmax(1) != task.test_targets.argmax(1)
            found.append((misread[judged].double().mean().item(), step))
        if len(found) == len(config["shares"]):
            return np.array(found)
        optimizer.zero_grad()
        (losses * counted).mean().backward()
        optimizer.step()
    raise ValueError(f"expected the losses {config['shares']} in {config['most']} steps, got {now}")
