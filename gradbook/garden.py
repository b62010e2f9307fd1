"""Gardens: nets so small that the fate of each recognizer can be derived, and what feeds them.

A recognizer reads its own patch of the input through incoming weights w and answers through one or
more outgoing weights a. Feature k is a pattern u_k that appears in patch k of a share p_k of all
examples, never two in one example, and the right answer is 1 wherever there is one. On its feature
recognizer k answers r_k = a_k w_k·u_k, and at rest under weight decay λ it is r_k = 1 − λ/p_k, or
dead where p_k < λ (`predictions.survivor`).

A garden is grown by plain stochastic gradient descent, in float64, under a `Diet`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

Batch = tuple[Tensor, Tensor, Tensor]
"""Inputs [n, …], targets [n] or [n, outputs], and the share of each row in the loss [n]."""


@dataclass(frozen=True)
class Diet:
    """What is done to the gradients besides following them.

    Attributes:
        weight_decay: λ: adds λθ to every gradient.
        dropout: Chance of silencing a recognizer for a step (of `Recognizers`).
        noise: Standard deviation of the normal noise added to every entry of every gradient.
        decoupling: Spectral decoupling: adds half this times the mean squared output to the loss.
    """

    weight_decay: float = 0.0
    dropout: float = 0.0
    noise: float = 0.0
    decoupling: float = 0.0

    def __post_init__(self) -> None:
        amounts = (self.weight_decay, self.dropout, self.noise, self.decoupling)
        if min(amounts) < 0 or self.dropout >= 1:
            raise ValueError(f"expected no negative amount and dropout < 1, got {self}")


class Recognizers(nn.Module):
    """K recognizers side by side, and their sum as the output.

    f(x) = Σ_k a_k w_k·x_k, with further outgoing weights multiplied where there are more factors.

    Attributes:
        incoming: w [K, d].
        outgoing: a [factors − 1, K].
        silenced: Chance of leaving a recognizer out in training mode; the rest is scaled up.
    """

    def __init__(
        self,
        recognizers: int,
        patch: int = 1,
        *,
        factors: int = 2,
        scale: float = 0.3,
        dropout: float = 0.0,
        seed: int = 0,
    ) -> None:
        """Draw the weights from a normal distribution.

        Args:
            recognizers: K.
            patch: d.
            factors: Weights that a signal passes, from 2.
            scale: Typical size of ‖w_k‖ and of each outgoing weight at the start.
            dropout: See `Diet`.
            seed: Seed of the weights.
        """
        super().__init__()
        generator = _generator(seed, 0)

        def draw(*shape: int) -> Tensor:
            return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)

        self.incoming = nn.Parameter(draw(recognizers, patch) / math.sqrt(patch))
        self.outgoing = nn.Parameter(draw(factors - 1, recognizers))
        self.silenced = nn.Dropout(dropout)

    def forward(self, patches: Tensor) -> Tensor:
        """Map patches [n, K, d] to outputs [n]."""
        return self.silenced(self.answers(patches)).sum(-1)

    def answers(self, patches: Tensor) -> Tensor:
        """What each recognizer answers to each row [n, K]."""
        return (patches * self.incoming).sum(-1) * self.outgoing.prod(0)


def recognizer_groups(recognizers: int) -> dict[str, dict]:
    """Each recognizer's weights as a group for `probes.dose`."""
    return {
        f"recognizer {k}": {"incoming": k, "outgoing": (slice(None), k)} for k in range(recognizers)
    }


def half_squared(outputs: Tensor, targets: Tensor) -> Tensor:
    """½‖f − y‖² of each row [n]; its slope at f = 0, y = 1 is −1."""
    return (outputs - targets).square().reshape(len(outputs), -1).sum(1) / 2


def logistic(outputs: Tensor, targets: Tensor) -> Tensor:
    """ln(1 + exp(−y f)) of each row [n], y = ±1; its slope at f = 0, y = 1 is −½."""
    return functional.softplus(-outputs * targets).reshape(len(outputs), -1).sum(1)


Loss = Callable[[Tensor, Tensor], Tensor]


def weighted(loss: Loss, shares: Tensor) -> Loss:
    """A loss whose mean over the rows is their mean by shares [n]; for `probes.dose`."""
    return lambda outputs, targets: loss(outputs, targets) * shares * len(shares)


def population(frequencies: Sequence[float] | Tensor) -> Batch:
    """All there is to see where a patch is one number: feature k alone, a share p_k of the time.

    Examples without a feature are left out: their answer is 0 whatever the weights are.

    Args:
        frequencies: p [K], not more than 1 together.

    Returns:
        Patches [K, K, 1], targets [K] of ones, shares p [K].
    """
    shares = torch.as_tensor(frequencies, dtype=torch.float64)
    if (shares < 0).any() or shares.sum() > 1 + 1e-9:
        raise ValueError(
            "expected frequencies from 0 that sum to 1 at most, since no example holds two "
            f"features, got a sum of {shares.sum():g} and a least of {shares.min():g}"
        )
    ones = torch.eye(len(shares), dtype=torch.float64)
    return ones[:, :, None], torch.ones(len(shares), dtype=torch.float64), shares


def sampled(batch: Batch, batch_size: int, seed: int) -> Callable[[int], Batch]:
    """Minibatches of a `population`: how often each feature is among that many examples.

    Args:
        batch: A population; what its shares leave to 1 is examples without a feature.
        batch_size: Examples in a minibatch.
        seed: Seed of the draws.

    Returns:
        Step to minibatch; the steps are to be asked for in order.
    """
    inputs, targets, shares = batch
    generator = _generator(seed, 2)
    chances = torch.cat([shares, (1 - shares.sum()).clamp(min=0)[None]])

    def minibatch(step: int) -> Batch:
        drawn = torch.multinomial(chances, batch_size, replacement=True, generator=generator)
        counts = torch.bincount(drawn, minlength=len(chances))[:-1]
        return inputs, targets, counts / batch_size

    return minibatch


def patterns(recognizers: int, patch: int, seed: int) -> Tensor:
    """A pattern of unit length in a random direction for each recognizer [K, d]."""
    generator = _generator(seed, 1)  # not the weights' own draws, or all would start aligned
    drawn = torch.randn(recognizers, patch, generator=generator, dtype=torch.float64)
    return drawn / drawn.norm(dim=1, keepdim=True)


def examples(
    patterns: Tensor,
    frequencies: Tensor,
    batch_size: int,
    *,
    background: float = 0.0,
    label_noise: float = 0.0,
    seed: int = 0,
) -> Callable[[int], Batch]:
    """Minibatches of examples with patches of d numbers, drawn afresh at every step.

    Args:
        patterns: [K, d].
        frequencies: p [K].
        batch_size: Examples in a minibatch.
        background: Standard deviation of the normal noise in every entry of every patch.
        label_noise: Standard deviation of the normal noise in the targets.
        seed: Seed of the draws.

    Returns:
        Step to minibatch: patches [n, K, d], targets [n], shares 1/n [n].
    """
    count = len(frequencies)
    chances = torch.cat([frequencies, (1 - frequencies.sum()).clamp(min=0)[None]])
    generator = _generator(seed, 2)
    marks = torch.eye(count + 1, count, dtype=torch.float64)
    shares = torch.full((batch_size,), 1 / batch_size, dtype=torch.float64)

    def minibatch(step: int) -> Batch:
        drawn = torch.multinomial(chances, batch_size, replacement=True, generator=generator)
        shown = marks[drawn]  # [n, K]
        patches = shown[..., None] * patterns
        if background:
            noise = torch.randn(patches.shape, generator=generator, dtype=torch.float64)
            patches = patches + background * noise
        targets = shown.sum(1)
        if label_noise:
            noise = torch.randn(batch_size, generator=generator, dtype=torch.float64)
            targets = targets + label_noise * noise
        return patches, targets, shares

    return minibatch


def _generator(seed: int, use: int) -> torch.Generator:
    """A stream of its own for each use of a seed."""
    return torch.Generator().manual_seed(1_000_003 * (seed + 1) + use)


def grow(
    model: nn.Module,
    batches: Callable[[int], Batch],
    watch: Callable[[nn.Module], dict[str, Tensor]],
    *,
    loss: Loss = half_squared,
    diet: Diet | None = None,
    steps: int,
    learning_rate: float,
    every: int,
    seed: int = 0,
) -> tuple[nn.Module, dict[str, Tensor]]:
    """Train a copy of a network by stochastic gradient descent and watch it.

    Args:
        model: Any network; it stays as it was.
        batches: Step, from 1, to minibatch.
        watch: What to record of the network, in evaluation mode.
        loss: Of each row.
        diet: What is done to the gradients; dropout is the model's own.
        steps: How many.
        learning_rate: η.
        every: Steps between two records; the start is the first.
        seed: Seed of gradient noise and of dropout.

    Returns:
        The trained copy, and the records stacked [records, …].

    Raises:
        FloatingPointError: A weight became infinite or nan; names the step.
    """
    diet = diet or Diet()
    model = copy.deepcopy(model)
    parameters = list(model.parameters())
    records = [watch(model.eval())]
    model.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1_000_003 * (seed + 1) + 3)
        for step in range(1, steps + 1):
            inputs, targets, shares = batches(step)
            outputs = model(inputs)
            total = (loss(outputs, targets) * shares).sum()
            if diet.decoupling:
                squares = outputs.square().reshape(len(outputs), -1).sum(1)
                total = total + diet.decoupling / 2 * (squares * shares).sum()
            gradients = torch.autograd.grad(total, parameters)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    pull = gradient + diet.weight_decay * parameter
                    if diet.noise:
                        pull = pull + diet.noise * torch.randn_like(parameter)
                    parameter.sub_(pull, alpha=learning_rate)
            if step % every == 0:
                if not all(parameter.isfinite().all() for parameter in parameters):
                    raise FloatingPointError(
                        f"a weight is infinite or nan at step {step}: lower the learning rate "
                        f"(now {learning_rate})"
                    )
                records.append(watch(model.eval()))
                model.train()
    stacked = {name: torch.stack([one[name] for one in records]) for name in records[0]}
    return model.eval(), stacked
