"""Why does Adam bend the line between two moons? A job is a seed.

Adam divides each weight's step by the root of that weight's own mean squared gradient. Here nets
are trained with Adam as it is, and with one mean for all weights of a layer, the outgoing or the
hidden one, so that within it steps are as different as gradients are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gradbook import models
from gradbook.chapters.starvation import moons
from gradbook.training import ensemble
from gradbook.training.layers import Shape

HIDDEN, OUTGOING = ("linear1.weight", "linear1.bias"), ("output.weight",)
CONFIG: dict[str, Any] = {
    "optimizers": {
        "descent": None,
        "Adam": [],
        "outgoing shared": [*OUTGOING],
        "hidden shared": [*HIDDEN],
        "both shared": [*HIDDEN, *OUTGOING],
    },
    "units": 500,
    "learning_rate": 0.001,
    "steps": 1000,
    "test_margin": -0.2,
    "tests": 1000,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 4 were the pilot


@dataclass(frozen=True, kw_only=True)
class SharedAdam(ensemble.Adam):
    """Adam with one mean squared gradient for all weights of each parameter named.

    Attributes:
        shape: Of the nets.
        shared: Names of parameters.
    """

    shape: Shape
    shared: tuple[str, ...]

    def step(self, weights: Tensor, gradient: Tensor, state: dict[str, Any]) -> None:
        """Move the weights [members, parameters] in place."""
        squares = gradient.square()
        for name in self.shared:
            values = self.shape.named(squares)[name]
            values[:] = values.mean(tuple(range(1, values.ndim)), keepdim=True)
        first = state.setdefault("first", torch.zeros_like(weights))
        second = state.setdefault("second", torch.zeros_like(weights))
        state["steps"] = steps = state.get("steps", 0) + 1
        one, two = self.betas
        first.lerp_(gradient, 1 - one)
        second.lerp_(squares, 1 - two)
        scale = (second / (1 - two**steps)).sqrt_().add_(self.epsilon)
        weights.addcdiv_(first, scale, value=-self.learning_rate / (1 - one**steps))


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Each optimizer, in the order of the configuration.

    A unit *looks along* the coordinate with the larger of its two incoming weights at the start.

    Returns:
        - ``misled`` [optimizers]: accuracy on fresh examples about which the first coordinate
          misleads.
        - ``fresh`` [optimizers]: accuracy on fresh examples like those trained on.
        - ``loss`` [optimizers]: mean training loss.
        - ``moved`` [optimizers, 2]: by how much outgoing weights have changed, mean size over the
          units that look along the first and along the second coordinate.
        - ``pull`` [2]: the same mean of the gradient's size before training.
    """
    net = models.mlp(2, (config["units"],), one_hot=False, seed=seed)
    inputs, labels = (torch.from_numpy(part).float() for part in moons.moons(seed))
    along = [net.linear1.weight.abs().argmax(1) == coordinate for coordinate in (0, 1)]

    def by_direction(sizes: Tensor) -> list[float]:
        return [sizes.abs()[units].mean().item() for units in along]

    fresh, fresh_labels = moons.moons(1000 + seed, examples=config["tests"])
    pushed, pushed_labels = moons.moons(
        1000 + seed, margin=config["test_margin"], examples=config["tests"]
    )
    misleads = np.sign(pushed[:, 0]) == pushed_labels
    found: dict[str, list] = {"misled": [], "fresh": [], "loss": [], "moved": []}
    for shared in config["optimizers"].values():
        nets = ensemble.train(
            ensemble.Ensemble([net]),
            inputs,
            labels,
            moons.MOMENTUM if shared is None else _adam(net, shared, config),
            steps=config["steps"],
        )[0]
        right = np.sign(moons.judged(nets, pushed)[0]) == pushed_labels
        found["misled"].append(right[misleads].mean())
        found["fresh"].append((np.sign(moons.judged(nets, fresh)[0]) == fresh_labels).mean())
        margins = moons.judged(nets, inputs.numpy())[0] * labels.numpy()
        found["loss"].append(np.logaddexp(0, -margins).mean())
        change = nets.parameters()["output.weight"][0, 0] - net.output.weight[0]
        found["moved"].append(by_direction(change.detach()))
    loss = functional.softplus(-labels * net(inputs)[:, 0]).mean()
    (pull,) = torch.autograd.grad(loss, [net.output.weight])
    return {name: np.array(values) for name, values in found.items()} | {
        "pull": np.array(by_direction(pull[0]))
    }


def _adam(net: nn.Sequential, shared: list[str], config: dict[str, Any]) -> SharedAdam:
    return SharedAdam(config["learning_rate"], shape=Shape.of(net), shared=tuple(shared))
