"""Networks that can generalize and memorize: one feature serves all examples, each has its own.

A network reads the general feature t_i = ±1 of example i through weights G, and its private pattern
p_i (see `gradbook.chapters.generalization.examples`) through U:

    z_i = t_i G + p_i U,    f_i = a·φ(… φ(z_i)),    φ the identity (deep linear) or ReLU,

and a linear network is f_i = z_i with one unit. The general recognizer is G; the private recognizer
of example i is what reads its pattern, p_i U: where patterns are one-hot that is row i of U, where
they are random directions the part of U along p_i. Doses are those of `gradbook.probes.dose`.
Gradients are written out with NumPy, for many networks at once, one a seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from gradbook.chapters.generalization.examples import Examples
from gradbook.training.diets import HALF_SQUARED, Diet, Loss
from gradbook.training.gardens import stream


@dataclass(frozen=True, eq=False)
class Networks:
    """One network a seed.

    Attributes:
        general: G [seeds, units].
        private: U [seeds, dimension, units].
        layers: Further layers: hidden ones [seeds, units, units], then a [seeds, units, 1]; none in
            a linear network.
        relu: Whether φ is ReLU.
    """

    general: np.ndarray
    private: np.ndarray
    layers: tuple[np.ndarray, ...] = ()
    relu: bool = False

    @property
    def weights(self) -> tuple[np.ndarray, ...]:
        """All of them, in order."""
        return (self.general, self.private, *self.layers)

    def holding(self, weights: Sequence[np.ndarray]) -> Networks:
        """The same networks with other weights."""
        return replace(self, general=weights[0], private=weights[1], layers=tuple(weights[2:]))


def networks(
    kind: str,
    examples: Examples,
    *,
    layers: int = 2,
    units: int = 32,
    scale: float = 0.5,
    seeds: Sequence[int] = (0,),
) -> Networks:
    """Draw networks.

    Args:
        kind: ``"linear"``, all weights 0; or ``"deep linear"`` or ``"ReLU"``, normal weights.
        examples: Those of the same seeds.
        layers: Layers of weights, from 2; a linear network has one.
        units: Width of every hidden layer.
        scale: Typical length of the weights that leave an input or enter a unit.
        seeds: One network each.

    Raises:
        ValueError: Unknown kind, or too few layers.
    """
    if kind == "linear":
        shape = (len(seeds), examples.dimension, 1)
        return Networks(np.zeros((len(seeds), 1)), np.zeros(shape))
    if kind not in ("deep linear", "ReLU") or layers < 2:
        raise ValueError(
            'expected "linear", or "deep linear" or "ReLU" with at least 2 layers, got '
            f"{kind!r} with {layers}"
        )
    shapes = [(units,), (examples.dimension, units), *[(units, units)] * (layers - 2), (units, 1)]
    generators = [stream(seed, 0) for seed in seeds]
    drawn = [np.stack([g.standard_normal(shape) for g in generators]) for shape in shapes]
    general, private, *others = (scale / np.sqrt(units) * weights for weights in drawn)
    return Networks(general, private, tuple(others), relu=kind == "ReLU")


def outputs(networks: Networks, examples: Examples, *, fresh: bool = False) -> np.ndarray:
    """f [seeds, n], or of the fresh examples [seeds, fresh]."""
    return _forward(networks, examples, fresh=fresh)[-1][..., 0]


@dataclass(frozen=True, eq=False)
class Gradients:
    """Gradient of the mean loss, and what makes it up.

    Attributes:
        weights: As `Networks.weights`.
        dose: Of the general recognizer, what its gradient adds to its length a step of 1: dose
            minus erosion, q = −⟨g, w⟩/‖w‖; ‖g‖ where w = 0, since that is where it will point
            [seeds].
        private_dose: The same of every private recognizer [seeds, n].
        square: Squared length of every example's own gradient, ‖g_i‖² [seeds, n].
        along: Its product with the mean gradient, ⟨g_i, ḡ⟩ [seeds, n].
    """

    weights: tuple[np.ndarray, ...]
    dose: np.ndarray
    private_dose: np.ndarray
    square: np.ndarray
    along: np.ndarray

    @property
    def agreement(self) -> np.ndarray:
        """Cosine of each example's gradient with the mean one of all others; nan where it is 0."""
        count = self.square.shape[1]
        rest = (count * self.along - self.square) / (count - 1)
        total = self.along.mean(1, keepdims=True)  # ‖ḡ‖²
        size = (count**2 * total - 2 * count * self.along + self.square) / (count - 1) ** 2
        product = np.sqrt(np.maximum(self.square * size, 0))
        return np.divide(rest, product, out=np.full_like(rest, np.nan), where=product > 0)


def gradients(
    networks: Networks,
    examples: Examples,
    *,
    loss: Loss = HALF_SQUARED,
    decoupling: float = 0.0,
    heard: np.ndarray | float = 1.0,
    parts: bool = True,
) -> Gradients:
    """Gradient of the mean loss and the doses, without weight decay.

    Args:
        networks: One a seed.
        examples: Those of the same seeds.
        loss: Of each example.
        decoupling: Spectral decoupling: adds half this times the mean squared output.
        heard: Dropout's mask of the last hidden layer [seeds, n, units].
        parts: Whether to compute `square` and `along` too; empty otherwise.
    """
    count = examples.truth.shape[1]
    hidden = _forward(networks, examples, heard=heard)
    found = hidden[-1][..., 0]
    error = (loss.slope(found, examples.labels) + decoupling * found)[..., None]
    errors = [error]
    for number in range(len(networks.layers), 0, -1):
        error = error @ networks.layers[number - 1].swapaxes(1, 2)
        if number == len(networks.layers):
            error = error * heard
        if networks.relu:
            error = error * (hidden[number - 1] > 0)
        errors.insert(0, error)
    first = errors[0]
    general = np.einsum("sn,snh->sh", examples.truth, first) / count
    private = np.zeros_like(networks.private)
    if examples.patterns is None:
        private[:, :count] = first / count
    else:
        private = examples.patterns.swapaxes(1, 2) @ first / count
    pairs = list(zip(hidden, errors[1:], strict=False))
    later = [h.swapaxes(1, 2) @ e / count for h, e in pairs]
    fed = _read(private, examples)
    square = along = np.empty((0, 0))
    if parts:
        square = 2 * (first**2).sum(-1)
        along = (first * (examples.truth[..., None] * general[:, None] + fed)).sum(-1)
        for (h, e), weights in zip(pairs, later, strict=True):
            square = square + (h**2).sum(-1) * (e**2).sum(-1)
            along = along + ((h @ weights) * e).sum(-1)
    return Gradients(
        weights=(general, private, *later),
        dose=_dose(networks.general, general),
        private_dose=_dose(_read(networks.private, examples), fed),
        square=square,
        along=along,
    )


Watch = Callable[[int, Networks, Gradients, np.ndarray, np.ndarray], dict[str, np.ndarray]]
"""Step, networks, gradients, and the doses (as lengths) that the general recognizer [seeds] and the
private ones [seeds, n] have had until then, to what to record."""


def train(
    networks: Networks,
    examples: Examples,
    watch: Watch,
    *,
    at: Sequence[int],
    learning_rate: float,
    loss: Loss = HALF_SQUARED,
    diet: Diet | None = None,
    seeds: Sequence[int] = (0,),
) -> tuple[Networks, dict[str, np.ndarray]]:
    """Train by gradient descent on all examples and watch.

    Args:
        networks: They stay as they were.
        examples: Those of the same seeds.
        watch: What to record.
        at: Steps after which to record, ascending; the last one ends training.
        learning_rate: η.
        loss: Of each example.
        diet: Weight decay, dropout in the last hidden layer, noise, spectral decoupling.
        seeds: Seeds of noise and of dropout.

    Returns:
        The trained networks, and the records stacked [seeds, records, …].

    Raises:
        ValueError: Dropout in a network without a hidden layer.
        FloatingPointError: A weight is no longer finite.
    """
    diet = diet or Diet()
    if diet.dropout and not networks.layers:
        raise ValueError("expected a network with a hidden layer for dropout, got a linear one")
    weights = [weight.copy() for weight in networks.weights]
    generators = [stream(seed, 3) for seed in seeds]
    wanted, records = set(at), []
    fed, private_fed = np.zeros(len(examples.truth)), np.zeros(examples.truth.shape)
    for step in range(at[-1] + 1):
        now, heard = networks.holding(weights), 1.0
        if diet.dropout:
            shape = (examples.truth.shape[1], weights[0].shape[1])
            drawn = np.stack([generator.random(shape) for generator in generators])
            heard = (drawn >= diet.dropout) / (1 - diet.dropout)
        found = gradients(
            now, examples, loss=loss, decoupling=diet.decoupling, heard=heard, parts=step in wanted
        )
        if step in wanted:
            if not all(np.isfinite(weight).all() for weight in weights):
                raise FloatingPointError(
                    f"a weight is not finite at step {step}: lower the step size {learning_rate}"
                )
            kept = [weight.copy() for weight in weights]
            seen = watch(step, now.holding(kept), found, fed.copy(), private_fed.copy())
            records.append({name: np.array(value) for name, value in seen.items()})
        fed += learning_rate * np.maximum(found.dose, 0)
        private_fed += learning_rate * np.maximum(found.private_dose, 0)
        for weight, gradient in zip(weights, found.weights, strict=True):
            if diet.noise:
                drawn = np.stack([g.standard_normal(weight.shape[1:]) for g in generators])
                gradient = gradient + diet.noise * drawn
            weight -= learning_rate * (gradient + diet.weight_decay * weight)
    stacked = {name: np.stack([one[name] for one in records], 1) for name in records[0]}
    return networks.holding(kept), stacked


def as_module(networks: Networks, seed: int = 0) -> nn.Sequential:
    """The network of one seed, by its place, for `Examples.inputs`; its first layer is ``"0"``."""
    first = np.vstack([networks.general[seed], networks.private[seed]])
    modules: list[nn.Module] = []
    for weights in (first, *(layer[seed] for layer in networks.layers)):
        layer = nn.Linear(*weights.shape, bias=False, dtype=torch.float64)
        layer.weight.data = torch.from_numpy(weights.T.copy())
        modules += [layer, nn.ReLU()] if networks.relu else [layer, nn.Identity()]
    return nn.Sequential(*modules[:-1])


def recognizer_groups(count: int) -> dict[str, dict]:
    """The general recognizer and those of n one-hot patterns, as groups for `probes.dose`."""
    columns = {"general": 0} | {f"private {i}": 1 + i for i in range(count)}
    return {name: {"0.weight": (slice(None), column)} for name, column in columns.items()}


def _forward(
    networks: Networks, examples: Examples, *, fresh: bool = False, heard: np.ndarray | float = 1.0
) -> list[np.ndarray]:
    """Hidden activations [seeds, n, units] layer by layer, and the outputs [seeds, n, 1]."""
    truth = examples.fresh_truth if fresh else examples.truth
    found = [
        truth[..., None] * networks.general[:, None] + _read(networks.private, examples, fresh)
    ]
    for weights in networks.layers:
        hidden = np.maximum(found[-1], 0) if networks.relu else found[-1]
        found[-1] = hidden * heard if weights is networks.layers[-1] else hidden
        found.append(found[-1] @ weights)
    return found


def _read(private: np.ndarray, examples: Examples, fresh: bool = False) -> np.ndarray:
    """p_i U of every example [seeds, n, units]."""
    if examples.patterns is None:
        count = examples.truth.shape[1]
        return private[:, count:] if fresh else private[:, :count]
    return (examples.fresh_patterns if fresh else examples.patterns) @ private


def _dose(weights: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(weights, axis=-1)
    along = -(weights * gradient).sum(-1)
    size = np.linalg.norm(gradient, axis=-1)
    return np.divide(along, length, out=size, where=length > 0)
