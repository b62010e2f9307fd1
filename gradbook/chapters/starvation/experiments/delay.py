"""How long a head start delays the other features, and where for ever; a job is a seed.

Feature 1 is trained on alone, the others being 0, and then all three are there. The nets of a map,
one for each head start and weight decay, share their start and are trained in one array. A net is a
chain of layers; those with paths of their own have diagonal ones. Labels and features are a sample:
how often each of the sixteen rows that there are is in it. Accuracy is over all examples there are.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from scipy.special import expit

from gradbook.chapters.dosage import FEATURES, LABELS, shares
from gradbook.training import gardens

CONFIG: dict[str, Any] = {
    "networks": {
        "logistic regression": {"widths": [3, 1]},
        "own paths": {"widths": [3, 3, 3, 1], "own": True, "start": 0.15},
        "deep linear": {"widths": [3, 16, 16, 1]},
        "ReLU": {"widths": [3, 16, 1], "relu": True},
    },
    "head_starts": [0, 30, 100, 300, 1000, 3000],
    "weight_decays": [0.0, 0.001, 0.003, 0.01, 0.03, 0.1],
    "reliability": 0.9,
    "examples": 2000,
    "learning_rate": 0.1,
    "steps": 4000,
    "every": 5,
    "patience": 100,
    "progress": 0.001,
    "silent": 1e-6,
    "goal": 0.97,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """When, and whether, nets learn to listen to all three features.

    Returns:
        - ``delay`` [networks, head starts, weight decays]: steps from the end of the head start to
          where accuracy is 97 % and stays so; −1 where it is not at the end.
        - ``accuracy``, ``stopped`` [networks, head starts, weight decays]: at the end, and where
          training is stopped because the loss over all examples fell by less than 0.001 in the
          last 100 steps.
        - ``stop`` [networks, head starts, weight decays]: when that is, in steps.
    """
    seen = gardens.stream(seed, 2).multinomial(config["examples"], shares(config["reliability"]))
    seen = seen / config["examples"]
    maps = [_map(spec, seen, seed, config) for spec in config["networks"].values()]
    return {name: np.stack([one[name] for one in maps]) for name in maps[0]}


def _map(
    spec: dict[str, Any], seen: np.ndarray, seed: int, config: dict[str, Any]
) -> dict[str, np.ndarray]:
    starts, decays = config["head_starts"], np.array(config["weight_decays"])
    net = Chain(spec, len(decays), seed)
    led = []
    for step in range(max(starts) + 1):
        if step in starts:
            led.append([layer.copy() for layer in net.layers])
        net.descend(FEATURES * [1, 0, 0], seen, config["learning_rate"], decays)
    net.layers = [np.concatenate(layers) for layers in zip(*led, strict=True)]
    decays = np.tile(decays, len(starts))
    everything = shares(config["reliability"])
    right, loss = [], []
    for step in range(config["steps"] + 1):
        if step % config["every"] == 0:
            margins = LABELS * net.outputs(FEATURES)
            silent = np.abs(margins) < config["silent"]
            right.append(np.where(silent, 0.5, margins > 0) @ everything)
            loss.append(np.logaddexp(0, -margins) @ everything)
        net.descend(FEATURES, seen, config["learning_rate"], decays)
    right, loss = np.array(right), np.array(loss)
    below = right < config["goal"]
    arrival = np.where(below.any(0), len(below) - below[::-1].argmax(0), 0)
    ahead = config["patience"] // config["every"]
    stuck = loss[:-ahead] - loss[ahead:] < config["progress"]
    stop = np.where(stuck.any(0), stuck.argmax(0) + ahead, len(loss) - 1)
    found = {
        "delay": np.where(below[-1], -1, config["every"] * arrival),
        "accuracy": right[-1].astype(np.float32),
        "stopped": right[stop, np.arange(right.shape[1])].astype(np.float32),
        "stop": config["every"] * stop,
    }
    return {name: values.reshape(len(starts), -1) for name, values in found.items()}


class Chain:
    """Nets of one shape, trained at once by descent on the mean logistic loss, without biases.

    Attributes:
        layers: Weights of each layer [nets, outputs, inputs].
    """

    def __init__(self, spec: dict[str, Any], nets: int, seed: int) -> None:
        """Start all nets alike, from normal weights of standard deviation 1/√inputs.

        Args:
            spec: ``widths``; ``relu``, whether hidden units are; ``own``, whether each feature has
                a path of its own, of positive weights near ``start``.
            nets: How many.
            seed: Seed of the weights.
        """
        generator, widths = gardens.stream(seed, 0), spec["widths"]
        self.relu, self.own = spec.get("relu", False), spec.get("own", False)
        self.layers = []
        for inputs, outputs in itertools.pairwise(widths):
            drawn = generator.standard_normal((outputs, inputs)) / math.sqrt(inputs)
            if self.own:
                drawn = spec["start"] * (1 + 0.1 * drawn) * self._paths(outputs, inputs)
            elif len(widths) == 2:
                drawn = 0.01 * drawn
            self.layers.append(np.broadcast_to(drawn, (nets, outputs, inputs)).copy())

    def outputs(self, features: np.ndarray) -> np.ndarray:
        """What the nets answer to features [n, 3]: [nets, n]."""
        return self._forward(features)[-1][:, 0]

    def descend(
        self, features: np.ndarray, seen: np.ndarray, rate: float, decays: np.ndarray
    ) -> None:
        """One step of all nets on rows of given shares [n], each net with its decay [nets]."""
        signals = self._forward(features)
        error = -(seen * LABELS) * expit(-LABELS * signals[-1])  # [nets, 1, n]
        for number in reversed(range(len(self.layers))):
            layer, below = self.layers[number], signals[number]
            gradient = error @ np.swapaxes(below, 1, 2)
            if self.own:
                gradient = gradient * self._paths(*layer.shape[1:])
            error = np.swapaxes(layer, 1, 2) @ error
            if self.relu and number:
                error = error * (below > 0)
            self.layers[number] = layer - rate * (gradient + decays[:, None, None] * layer)

    def _forward(self, features: np.ndarray) -> list[np.ndarray]:
        signals = [np.broadcast_to(features.T, (len(self.layers[0]), *features.T.shape))]
        for number, layer in enumerate(self.layers, start=1):
            signal = layer @ signals[-1]
            hidden = self.relu and number < len(self.layers)
            signals.append(np.maximum(signal, 0) if hidden else signal)
        return signals

    @staticmethod
    def _paths(outputs: int, inputs: int) -> np.ndarray:
        return np.ones((1, inputs)) if outputs == 1 else np.eye(inputs)
