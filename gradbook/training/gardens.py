"""Gardens: nets so small that the fate of each recognizer can be derived, and what feeds them.

Recognizer k reads its own patch of the input through incoming weights w and answers through one or
more outgoing weights a. Its feature is a pattern u that appears in patch k of a share p of all
examples, never two in one, and the right answer is 1 wherever there is one. On its feature it
answers a w·u; what becomes of it is derived in `gradbook.chapters.dosage.closed_forms`.

A garden is grown by stochastic gradient descent, in float64, under a `Diet`. Its gradient is
written out with NumPy: at this size an automatic one costs ten times as much. Tests compare them.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from gradbook.training.diets import HALF_SQUARED, Diet, Loss

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Inputs [n, …], targets as the outputs, and the share of each row in the loss [n]."""


class Recognizers(nn.Module):
    """K recognizers side by side, and their sum as the output.

    f(x) = Σ_k a_k w_k·x_k, with further outgoing weights multiplied where there are more factors.

    Attributes:
        incoming: w [K, d].
        outgoing: a [factors − 1, K].
    """

    def __init__(
        self,
        recognizers: int,
        patch: int = 1,
        *,
        factors: int = 2,
        scale: float = 0.3,
        mean: float = 0.0,
        seed: int = 0,
    ) -> None:
        """Draw the weights from a normal distribution.

        Args:
            recognizers: K.
            patch: d.
            factors: Weights that a signal passes, from 2.
            scale: Typical size of ‖w_k‖ and of each outgoing weight at the start.
            mean: Added to every weight.
            seed: Seed of the weights.
        """
        super().__init__()
        generator = stream(seed, 0)

        def draw(*shape: int) -> Tensor:
            return torch.from_numpy(mean + scale * generator.standard_normal(shape))

        self.incoming = nn.Parameter(draw(recognizers, patch) / math.sqrt(patch))
        self.outgoing = nn.Parameter(draw(factors - 1, recognizers))

    def forward(self, patches: Tensor) -> Tensor:
        """Map patches [n, K, d] to outputs [n]."""
        return self.answers(patches).sum(-1)

    def answers(self, patches: Tensor) -> Tensor:
        """What each recognizer answers to each row [n, K]."""
        return (patches * self.incoming).sum(-1) * self.outgoing.prod(0)

    @staticmethod
    def descent(
        weights: Sequence[np.ndarray],
        patches: np.ndarray,
        slope: Callable[[np.ndarray], np.ndarray],
        heard: np.ndarray | float = 1.0,
    ) -> list[np.ndarray]:
        """Gradient in both parameters.

        Args:
            weights: Incoming and outgoing.
            patches: [n, K, d].
            slope: Outputs [n] to derivatives of the whole loss in them [n].
            heard: Dropout's mask [n, K].
        """
        incoming, outgoing = weights
        wide = incoming.shape[1] > 1
        reads = (patches * incoming).sum(-1) if wide else patches[..., 0] * incoming[:, 0]
        whole = outgoing[0] if len(outgoing) == 1 else outgoing.prod(0)
        signals = slope((reads * whole * heard).sum(-1))[:, None] * heard  # [n, K]
        if wide:
            read = np.einsum("nk,nkd->kd", signals, patches)
        else:
            read = (signals * patches[..., 0]).sum(0)[:, None]
        at_outputs = (signals * reads).sum(0)
        if len(outgoing) == 1:
            others = np.ones_like(outgoing)
        else:
            rows = range(len(outgoing))
            others = np.stack([np.delete(outgoing, row, 0).prod(0) for row in rows])
        return [whole[:, None] * read, at_outputs * others]


class Layer(nn.Module):
    """One hidden layer of ReLU units that all read the same inputs: f(x) = A max(W x + b, 0) + c.

    Attributes:
        incoming: W [units, inputs].
        outgoing: A [outputs, units].
        bias: b [units]; absent without biases.
        offset: c [outputs]; absent without biases.
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        outputs: int,
        *,
        scale: float = 1.0,
        bias: bool = False,
        seed: int = 0,
    ) -> None:
        """Draw normal weights of standard deviation scale/√(inputs of their layer).

        Args:
            inputs, units, outputs: How many.
            scale: See above.
            bias: Whether there are biases; they start at 0.
            seed: Seed of the weights.
        """
        super().__init__()
        generator = stream(seed, 0)

        def draw(rows: int, columns: int) -> Tensor:
            drawn = generator.standard_normal((rows, columns))
            return torch.from_numpy(scale * drawn / math.sqrt(columns))

        self.incoming = nn.Parameter(draw(units, inputs))
        self.outgoing = nn.Parameter(draw(outputs, units))
        if bias:
            self.bias = nn.Parameter(torch.zeros(units, dtype=torch.float64))
            self.offset = nn.Parameter(torch.zeros(outputs, dtype=torch.float64))

    def forward(self, inputs: Tensor) -> Tensor:
        """Map inputs [n, inputs] to outputs [n, outputs]."""
        bias, offset = (self.bias, self.offset) if hasattr(self, "bias") else (0, 0)
        return (inputs @ self.incoming.T + bias).relu() @ self.outgoing.T + offset

    @staticmethod
    def descent(
        weights: Sequence[np.ndarray],
        inputs: np.ndarray,
        slope: Callable[[np.ndarray], np.ndarray],
        heard: float = 1.0,
    ) -> list[np.ndarray]:
        """Gradient in all parameters, as in `Recognizers.descent`; slopes are [n, outputs]."""
        incoming, outgoing, *biases = weights
        before = inputs @ incoming.T
        if biases:
            before += biases[0]
        hidden = np.maximum(before, 0)
        outputs = hidden @ outgoing.T
        if biases:
            outputs += biases[1]
        slopes = slope(outputs)
        errors = (slopes @ outgoing) * (before > 0)
        at_biases = [errors.sum(0), slopes.sum(0)] if biases else []
        return [errors.T @ inputs, slopes.T @ hidden, *at_biases]


def recognizer_groups(recognizers: int) -> dict[str, dict]:
    """Each recognizer's weights as a group for `probes.dose`."""
    return {
        f"recognizer {k}": {"incoming": k, "outgoing": (slice(None), k)} for k in range(recognizers)
    }


def grow(
    model: Recognizers | Layer,
    batches: Iterator[Batch],
    watch: Callable[[nn.Module], dict[str, Tensor]],
    *,
    loss: Loss = HALF_SQUARED,
    diet: Diet | None = None,
    steps: int,
    learning_rate: float,
    every: int,
    seed: int = 0,
) -> tuple[nn.Module, dict[str, Tensor]]:
    """Train a copy of a network by stochastic gradient descent and watch it.

    Args:
        model: It stays as it was.
        batches: One a step.
        watch: What to record of the network.
        loss: Of each row.
        diet: What is done to the gradients.
        steps: How many.
        learning_rate: η.
        every: Steps between two records; the start is the first.
        seed: Seed of gradient noise and of dropout.

    Returns:
        The trained copy, and the records stacked [records, …].

    Raises:
        FloatingPointError: A weight is no longer finite.
    """
    diet = diet or Diet()
    model = copy.deepcopy(model)
    weights = [parameter.detach().numpy() for parameter in model.parameters()]  # the same memory
    generator, heard = stream(seed, 3), 1.0

    def record() -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in watch(model).items()}

    records = [record()]
    for step in range(1, steps + 1):
        inputs, targets, shares = next(batches)
        if diet.dropout:
            kept = generator.random(inputs.shape[:2]) >= diet.dropout
            heard = kept / (1 - diet.dropout)

        def slope(outputs: np.ndarray) -> np.ndarray:
            slopes = loss.slope(outputs, targets) + diet.decoupling * outputs  # noqa: B023
            return (slopes.T * shares).T  # noqa: B023

        gradients = model.descent(weights, inputs, slope, heard)
        for weight, gradient in zip(weights, gradients, strict=True):
            if diet.noise:
                gradient = gradient + diet.noise * generator.standard_normal(weight.shape)
            weight -= learning_rate * (gradient + diet.weight_decay * weight)
        if step % every == 0:
            if not all(np.isfinite(weight).all() for weight in weights):
                raise FloatingPointError(
                    f"a weight is not finite at step {step}: lower the step size {learning_rate}"
                )
            records.append(record())
    stacked = {name: torch.stack([one[name] for one in records]) for name in records[0]}
    return model, stacked


def stream(seed: int, use: int) -> np.random.Generator:
    """A stream of its own for each use of a seed: weights 0, patterns 1, examples 2, noise 3."""
    return np.random.default_rng([use, seed])
