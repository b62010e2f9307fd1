"""Modular addition in a small network: the general solution, memory, and the dose of each.

For numbers a and b from 0 to p − 1 the network scores every answer c,

    f(a, b) = V (U_a + W_b)²,

the square entry by entry, U, W and V [p, units]. It learns a + b mod p from the squared loss
½‖f − e_c‖², e_c being 1 at the right answer and 0 elsewhere (Gromov 2023). Every term of f is a
product of three weights, so ⟨w, ∇F⟩ = 3F for whatever is linear in the scores (Euler), and under
descent on L + λ‖w‖²/2 with a small step η such an F changes by

    ΔF/η = dose − decay,   dose = −⟨∇L, ∇F⟩,   decay = 3λF.

With F = ‖w‖ of a group of weights, which is of degree 1, this is the dose of `gradbook.probes`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

Weights = tuple[Tensor, Tensor]
"""U over W [2p, units], and V [p, units]."""


@dataclass(frozen=True, eq=False)
class Table:
    """All pairs of numbers and their answers, some of them for training.

    Attributes:
        inputs: One-hot a beside one-hot b [p², 2p].
        answers: One-hot [p², p].
        seen, unseen: Rows for training, and the others.
    """

    inputs: Tensor
    answers: Tensor
    seen: Tensor
    unseen: Tensor

    @property
    def p(self) -> int:
        return self.answers.shape[1]


def table(p: int, share: float, *, seed: int, shuffled: bool = False) -> Table:
    """The table of addition modulo p.

    Args:
        p: Odd, from 3.
        share: Of the pairs for training.
        seed: Of their choice, and of the shuffling.
        shuffled: Whether the answers are dealt out at random: each as often as before, but no rule.

    Raises:
        ValueError: p is even, or the share not inside (0, 1).
    """
    if p < 3 or p % 2 == 0 or not 0 < share < 1:
        raise ValueError(f"expected odd p from 3 and a share inside (0, 1), got {p} and {share}")
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(p * p, generator=generator)
    a, b = torch.arange(p).repeat_interleave(p), torch.arange(p).repeat(p)
    answers = (a + b) % p
    if shuffled:
        answers = answers[torch.randperm(p * p, generator=generator)]
    one_hot = torch.eye(p)
    count = round(share * p * p)
    inputs = torch.cat([one_hot[a], one_hot[b]], 1)
    return Table(inputs, one_hot[answers], order[:count], order[count:])


def draw(p: int, units: int, *, scale: float, seed: int) -> Weights:
    """Normal weights of this standard deviation."""
    generator = torch.Generator().manual_seed(seed)
    first, last = torch.randn(3 * p, units, generator=generator).mul_(scale).split([2 * p, p])
    return first.clone(), last.clone()


def scores(weights: Weights, inputs: Tensor) -> Tensor:
    """f [n, p]."""
    first, last = weights
    return (inputs @ first).square() @ last.T


def gradient(weights: Weights, inputs: Tensor, slopes: Tensor) -> Weights:
    """∇ Σ slopes·f in the weights; with slopes (f − e_c)/n [n, p] that of the mean loss."""
    first, last = weights
    read = inputs @ first
    errors = slopes @ last
    return inputs.T @ (2 * read * errors), slopes.T @ read.square()


def train(
    weights: Weights,
    data: Table,
    *,
    learning_rate: float,
    weight_decay: float,
    steps: int,
    every: int,
) -> list[Weights]:
    """Gradient descent on all seen pairs; the weights after 0, every, 2·every, … steps.

    Raises:
        FloatingPointError: A weight is no longer finite.
    """
    inputs, answers = data.inputs[data.seen], data.answers[data.seen]
    kept = [weights]
    for step in range(1, steps + 1):
        slopes = (scores(weights, inputs) - answers) / len(inputs)
        found = gradient(weights, inputs, slopes)
        weights = tuple(
            (1 - learning_rate * weight_decay) * weight - learning_rate * change
            for weight, change in zip(weights, found, strict=True)
        )
        if step % every == 0:
            if not all(weight.isfinite().all() for weight in weights):
                raise FloatingPointError(
                    f"a weight is not finite at step {step}: lower the step size {learning_rate}"
                )
            kept.append(weights)
    return kept


def margin_slopes(answers: Tensor) -> Tensor:
    """What the mean margin weighs scores with [n, p].

    A margin is the right answer's score less the mean of the others: 0 for a network that says
    nothing, 1 for one that is right.
    """
    p = answers.shape[1]
    return (answers - (1 - answers) / (p - 1)) / len(answers)


def waves(weights: Weights, frequencies: Tensor) -> Weights:
    """The part of each unit's weights that is a wave of its frequency in a, in b and in c.

    Args:
        weights: U over W, and V.
        frequencies: k of cos(2πkx/p) for each unit [units], from 1.
    """
    last = weights[1]
    onto = _projections(len(last)).to(last)[frequencies]  # [units, p, p]
    return tuple(
        torch.einsum("uxy,gyu->gxu", onto, weight.reshape(-1, *last.shape)).reshape(weight.shape)
        for weight in weights
    )


def strongest(weights: Weights) -> Tensor:
    """Frequency from 1 that holds most of each unit's squared weights [units]."""
    first, last = weights
    blocks = torch.cat([first.reshape(-1, *last.shape), last[None]])
    power = torch.einsum("kxy,gyu,gxu->ku", _projections(len(last)).to(last), blocks, blocks)
    return power[1:].argmax(0) + 1


def _projections(p: int) -> Tensor:
    """Onto waves of frequency 0 to (p − 1)/2 [frequencies, p, p]."""
    x, k = torch.arange(p), torch.arange((p + 1) // 2)
    turns = (k[:, None, None] * (x[:, None] - x) % p).double() / p
    onto = 2 / p * (2 * math.pi * turns).cos()
    onto[0] /= 2
    return onto


def inner(first: Weights, second: Weights) -> float:
    """Inner product of two sets of weights."""
    return sum((a * b).sum().item() for a, b in zip(first, second, strict=True))
