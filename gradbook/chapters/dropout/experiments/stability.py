"""Does the loss of stability regularize? Stability changed by itself; a job is a seed.

A ReLU network learns digits of which a fifth carry a wrong label, until it has many of them by
heart. Its ways differ in how far the gradient of one minibatch can be foretold:

- *none*;
- *dropout*: every row and step its own mask;
- *shared mask*: one mask a step for all rows; *held mask*: the same, kept for so many steps;
- *mask noise*: the gradient without dropout, plus the difference of the gradients under two masks
  over √2, which is noise of the mean 0 and of exactly the covariance that dropout's masks make;
- *batch norm*: statistics of the minibatch; *ghost batches*: of each fifth of it; *wide
  statistics*: of it and four times as many rows, others at every step.

What is dropped and what is normalized stays the same within each family. *Instability* is the angle
between a minibatch's gradient and the gradient of the same minibatch after the step that follows,
as training would then see it.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gradbook import tasks
from gradbook.tasks.digits import CLASSES, PIXELS, digits
from gradbook.training import shuffled_batches

CONFIG: dict[str, Any] = {
    "ways": [
        "none",
        "dropout",
        "shared mask",
        "held mask",
        "mask noise",
        "batch norm",
        "ghost batches",
        "wide statistics",
    ],
    "widths": [256, 128, 64],
    "train": 1000,
    "wrong": 0.2,
    "dropout_rate": 0.3,
    "held": 20,
    "ghosts": 5,
    "wide": 5,
    "learning_rate": 1e-3,
    "batch_size": 50,
    "epochs": 60,
    "looks": [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60],
}
JOBS = tuple(range(10, 30))  # seeds 0 to 4 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Every way.

    Returns:
        - ``error`` [ways, looks]: share of test digits misread, in evaluation mode.
        - ``fitted`` [ways, looks]: share of training digits given the label that they carry.
        - ``instability`` [ways, looks]: mean angle over the minibatches of an epoch, in radians.
    """
    task = digits(train=config["train"], wrong=config["wrong"], seed=seed)
    found = [Net(way, seed, config).trained(task) for way in config["ways"]]
    return {name: np.array([one[name] for one in found], np.float32) for name in found[0]}


class Net:
    """A ReLU network trained in one of the ways.

    Attributes:
        parameters: Weight and bias of every layer, and γ and β of every norm.
        statistics: Running mean and variance of every norm.
    """

    def __init__(self, way: str, seed: int, config: dict[str, Any]) -> None:
        self.way, self.config = way, config
        self.normed = way in ("batch norm", "ghost batches", "wide statistics")
        self.generator = torch.Generator().manual_seed(1_000_003 * seed + 1)
        self.seed = seed
        widths = [PIXELS, *config["widths"], CLASSES]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            layers = [nn.Linear(*pair) for pair in itertools.pairwise(widths)]
        self.linears = [(layer.weight, layer.bias) for layer in layers]
        ones = [(torch.ones(width), torch.zeros(width)) for width in config["widths"]]
        self.norms = [tuple(part.requires_grad_() for part in pair) for pair in ones]
        self.statistics = [(torch.zeros(width), torch.ones(width)) for width in config["widths"]]
        chosen = [*self.linears, *(self.norms if self.normed else [])]
        self.parameters = [parameter for pair in chosen for parameter in pair]

    def outputs(self, rows: Tensor, masks: list[Tensor] | None = None, groups: int = 0) -> Tensor:
        """Answers [n, 10].

        Args:
            rows: [n, 64].
            masks: Of every hidden layer, or none.
            groups: Into how many parts rows are normalized; 0 takes the running statistics.
        """
        for number, (weight, bias) in enumerate(self.linears):
            rows = functional.linear(rows, weight, bias)
            if number == len(self.linears) - 1:
                return rows
            if self.normed:
                rows = self._normalized(rows, number, groups)
            rows = rows.relu()
            if masks is not None:
                rows = rows * masks[number]
        return rows

    def _normalized(self, rows: Tensor, number: int, groups: int) -> Tensor:
        (scale, shift), (mean, variance) = self.norms[number], self.statistics[number]
        if groups:
            parts = rows.reshape(groups, -1, rows.shape[1])
            now = parts.mean(1, keepdim=True), parts.var(1, correction=0, keepdim=True)
            with torch.no_grad():
                for kept, new in zip((mean, variance), now, strict=True):
                    kept.lerp_(new.mean((0, 1)), 0.1)
            rows = ((parts - now[0]) / (now[1] + 1e-5).sqrt()).reshape(rows.shape)
        else:
            rows = (rows - mean) / (variance + 1e-5).sqrt()
        return scale * rows + shift

    def masks(self, rows: int) -> list[Tensor]:
        """Fresh masks of every hidden layer."""
        rate = self.config["dropout_rate"]
        drawn = [
            torch.rand(rows, width, generator=self.generator) for width in self.config["widths"]
        ]
        return [(one >= rate) / (1 - rate) for one in drawn]

    def gradient(self, task: tasks.Task, chosen: Tensor, step: int) -> list[Tensor]:
        """What a step would follow."""
        count, masks, groups = len(chosen), None, 1
        if self.way == "dropout":
            masks = self.masks(count)
        elif self.way in ("shared mask", "held mask"):
            if self.way == "shared mask" or step % self.config["held"] == 0:
                self.held = self.masks(1)
            masks = self.held
        elif self.way == "ghost batches":
            groups = self.config["ghosts"]
        elif self.way == "wide statistics":
            extra = (self.config["wide"] - 1) * count
            others = torch.randint(len(task.train_inputs), (extra,), generator=self.generator)
            chosen = torch.cat([chosen, others])
        plain = self._gradient(task, chosen, count, masks, groups)
        if self.way != "mask noise":
            return plain
        one, other = (self._gradient(task, chosen, count, self.masks(count), 1) for _ in range(2))
        parts = zip(plain, one, other, strict=True)
        return [g + (a - b) / math.sqrt(2) for g, a, b in parts]

    def _gradient(
        self, task: tasks.Task, chosen: Tensor, count: int, masks: Any, groups: int
    ) -> list[Tensor]:
        outputs = self.outputs(task.train_inputs[chosen], masks, groups)[:count]
        loss = functional.mse_loss(outputs, task.train_targets[chosen[:count]])
        return list(torch.autograd.grad(loss, self.parameters))

    def trained(self, task: tasks.Task) -> dict[str, list[float]]:
        """Train, and look at the network; see `measure`."""
        config = self.config
        optimizer = torch.optim.Adam(self.parameters, lr=config["learning_rate"])
        batches = shuffled_batches(len(task.train_inputs), config["batch_size"], self.seed)
        found: dict[str, list[float]] = {"error": [], "fitted": [], "instability": []}
        step = 0
        for epoch in range(1, config["epochs"] + 1):
            angles = []
            for chosen in batches(epoch):
                gradient = self.gradient(task, chosen, step)
                for parameter, part in zip(self.parameters, gradient, strict=True):
                    parameter.grad = part
                optimizer.step()
                step += 1
                if epoch in config["looks"]:
                    angles.append(self._angle(gradient, task, chosen, step))
            if epoch in config["looks"]:
                found["error"].append(self._missed(task.test_inputs, task.test_targets))
                found["fitted"].append(1 - self._missed(task.train_inputs, task.train_targets))
                found["instability"].append(float(np.mean(angles)))
        return found

    def _angle(self, before: list[Tensor], task: tasks.Task, chosen: Tensor, step: int) -> float:
        """Angle to the next gradient; leaves masks and statistics as they were."""
        state, kept = self.generator.get_state(), [[*pair] for pair in self.statistics]
        held = getattr(self, "held", None)
        self.statistics = [tuple(part.clone() for part in pair) for pair in kept]
        after = self.gradient(task, chosen, step)
        self.generator.set_state(state)
        self.statistics, self.held = [tuple(pair) for pair in kept], held
        one, other = (torch.cat([part.flatten() for part in g]).double() for g in (before, after))
        cosine = one @ other / (one.norm() * other.norm())
        return math.acos(max(-1.0, min(1.0, cosine.item())))

    @torch.no_grad()
    def _missed(self, rows: Tensor, targets: Tensor) -> float:
        return (self.outputs(rows).argmax(1) != targets.argmax(1)).double().mean().item()
