"""Times `gradbook.training.ensemble.train` against the loop over seeds that people write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.timing import figure, ratio, table, timed
from gradbook import models
from gradbook.training import ensemble


@dataclass(frozen=True)
class Effort:
    """How much is timed.

    Attributes:
        members: Nets.
        rows: Examples; every step takes them all.
        steps: Steps a training.
        repeats: Times that each is timed, one after another.
    """

    members: int = 10
    rows: int = 300
    steps: int = 100
    repeats: int = 7


FULL = Effort()
QUICK = Effort(steps=20, repeats=1)


@dataclass(frozen=True)
class Case:
    """A net and how it is trained.

    Attributes:
        label: Its row in the table.
        inputs, widths: Of the net.
        optimizer: Gradbook's; the loop takes PyTorch's own with the same options.
        target: The ratio to reach.
    """

    label: str
    inputs: int
    widths: tuple[int, ...]
    optimizer: ensemble.Momentum | ensemble.Adam
    target: str


MOMENTUM, ADAM = ensemble.Momentum(0.01, 0.9), ensemble.Adam(1e-3)
CASES = (
    Case("logistic regression, Adam", 3, (), ADAM, "5×"),
    Case("logistic regression, momentum", 3, (), MOMENTUM, "5×"),
    Case("3 → 16 → 1, Adam", 3, (16,), ADAM, "5×"),
    Case("3 → 16 → 1, momentum", 3, (16,), MOMENTUM, "5×"),
    Case("two moons, 2 → 500 → 1, momentum", 2, (500,), MOMENTUM, "4×"),
    Case("two moons, 2 → 500 → 1, Adam", 2, (500,), ADAM, ""),
)


def one_by_one(
    case: Case, start: list[nn.Sequential], inputs: Tensor, targets: Tensor, steps: int
) -> list[nn.Sequential]:
    """Trains each net in place, as people write it."""
    for model in start:
        if isinstance(case.optimizer, ensemble.Adam):
            optimizer = torch.optim.Adam(model.parameters(), lr=case.optimizer.learning_rate)
        else:
            optimizer = torch.optim.SGD(
                model.parameters(),
                lr=case.optimizer.learning_rate,
                momentum=case.optimizer.momentum,
            )
        for _ in range(steps):
            loss = functional.softplus(-targets * model(inputs).squeeze(-1)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return start


def at_once(
    case: Case, start: list[nn.Sequential], inputs: Tensor, targets: Tensor, steps: int
) -> ensemble.Ensemble:
    """Trains all nets side by side."""
    nets = ensemble.Ensemble(start)
    return ensemble.train(nets, inputs, targets, case.optimizer, steps=steps)[0]


def nets(case: Case, members: int) -> list[nn.Sequential]:
    """A net a seed."""
    return [models.mlp(case.inputs, case.widths, one_hot=False, seed=s) for s in range(members)]


def rows(case: Case, number: int) -> tuple[Tensor, Tensor]:
    """Inputs [number, features] and labels ±1 that the nets can learn."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(number, case.inputs, generator=generator)
    return inputs, (inputs[:, 0] + inputs[:, 1].square() > 0.5).float() * 2 - 1


def report(effort: Effort) -> Iterator[str]:
    """The table in Markdown."""
    header = ["", "the loop: steps/s", "gradbook: steps/s", "gradbook is faster by", "to reach"]
    found = []
    for case in CASES:
        times: list[list[float]] = [[], []]
        for _ in range(effort.repeats):
            for taken, way in zip(times, (one_by_one, at_once), strict=True):
                start, data = nets(case, effort.members), rows(case, effort.rows)
                taken.append(timed(partial(way, case, start, *data, effort.steps))[0])
        rates = [figure(effort.steps / median(taken)) for taken in times]
        found.append([case.label, *rates, ratio(*times), case.target])
    yield f"{table(header, found)}\n\nA step is one step of all {effort.members} nets.\n"
