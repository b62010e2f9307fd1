"""What watching a training costs: a recorded step against a plain one, and the steps between."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.peers import Transformer
from benchmarks.timing import figure, table
from gradbook import track
from gradbook.chapters.own.experiments.costs import peak_memory


@dataclass(frozen=True)
class Effort:
    """How much to do.

    Attributes:
        width: Of the transformer; 128 makes a million parameters with five blocks.
        blocks: Of the transformer, and in each of the residual network's three stages.
        rows: In a training step.
        held: Rows whose single gradients are compared at a record.
        every: Steps between records.
        repeats: Pairs of a plain and a recorded step.
    """

    width: int = 128
    blocks: int = 5
    rows: int = 64
    held: int = 32
    every: int = 100
    repeats: int = 15


FULL = Effort()
QUICK = Effort(width=32, blocks=1, rows=8, held=8, repeats=2)


class Residual(nn.Module):
    """Two convolutions behind batch norm, and a skip."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(after), nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.skip = nn.Sequential()
        if stride > 1 or before != after:
            self.skip = nn.Conv2d(before, after, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        inner = functional.relu(self.norm1(self.conv1(x)))
        return functional.relu(self.norm2(self.conv2(inner)) + self.skip(x))


class ResNet(nn.Module):
    """He et al. 2016, section 4.2: three stages of 16, 32 and 64 channels on 32 × 32 pictures."""

    def __init__(self, blocks: int) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        widths = [16] + [16] * blocks + [32] * blocks + [64] * blocks
        pairs = list(pairwise(widths))
        self.stages = nn.Sequential(*(Residual(a, b, 1 + (a != b)) for a, b in pairs))
        self.head = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stages(functional.relu(self.norm(self.first(x))))
        return self.head(x.mean((2, 3)))


@dataclass(frozen=True, eq=False)
class Problem:
    """A network, its optimizer's factory, and rows to train on."""

    name: str
    model: nn.Module
    inputs: Tensor
    targets: Tensor
    loss: str

    def step(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """One step of training."""
        optimizer.zero_grad()
        outputs = model(self.inputs)
        if self.loss == "squared":
            functional.mse_loss(outputs, self.targets).backward()
        else:
            functional.cross_entropy(outputs, self.targets).backward()
        optimizer.step()


def problems(effort: Effort) -> list[Problem]:
    """A transformer on tokens and a residual network on pictures, all of them random."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        n = effort.rows
        tokens, numbers = torch.randint(100, (n, 32)), torch.randn(n, 1)
        pictures, labels = torch.randn(n, 3, 32, 32), torch.randint(10, (n,))
        return [
            Problem("transformer", Transformer(100, effort.width, effort.blocks), tokens, numbers,
                    "squared"),
            Problem("ResNet", ResNet(effort.blocks), pictures, labels, "cross_entropy"),
        ]  # fmt: skip


def held_rows(problem: Problem, effort: Effort) -> track.Held:
    """The held batch."""
    rows = slice(effort.held)
    return track.Held(problem.inputs[rows], problem.targets[rows], problem.loss)


def report(effort: Effort) -> Iterator[str]:
    """One table: a network and what is recorded a line."""
    lines = []
    for problem in problems(effort):
        size = sum(p.numel() for p in problem.model.parameters())
        for what, held in (("doses", None), ("doses and noise", held_rows(problem, effort))):
            found = overhead(problem, held, effort)
            lines.append(
                [
                    f"{problem.name}, {size:,} parameters: {what}",
                    str(found["groups"]),
                    figure(1000 * found["plain"]),
                    figure(found["start"] / found["plain"]),
                    figure(found["recorded"]),
                    f"{100 * found['overhead']:.2f} %",
                    "3 %",
                    f"{1e6 * found['between']:.1f}",
                    figure(found["memory"]),
                ]
            )
    header = ["network: recorded", "groups", "a step (ms)", "the start, in steps"]
    header += [
        "a recorded step, in steps",
        f"overhead at every={effort.every}",
        "to reach",
        "between (µs)",
        "memory (MB)",
    ]
    yield table(header, lines) + "\n"


def overhead(problem: Problem, held: track.Held | None, effort: Effort) -> dict:
    """Times of one network, both ways in turn in one process.

    Returns:
        ``start``, seconds until the groups are found; ``plain``, seconds of a step; ``recorded``,
        median ratio of a recorded step to the plain one beside it; ``between``, seconds that the
        hooks take at a step that is not recorded; ``overhead``, all of it but the start, spread
        over the steps; ``memory`` of a recorded step beyond a plain one; ``groups``.
    """
    model = copy.deepcopy(problem.model)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4)
    began = time.perf_counter()
    few = None if held is not None else problem.inputs[:8]
    doses = track.Doses(model, every=1, held=held, inputs=few)
    start = time.perf_counter() - began

    def plain() -> None:
        problem.step(model, optimizer)

    def recorded() -> None:
        with doses:
            problem.step(model, optimizer)

    for run in (plain, recorded):
        run()
    pairs = [(clock(plain), clock(recorded)) for _ in range(effort.repeats)]
    ratio = median(b / a for a, b in pairs)
    step = median(a for a, _ in pairs)
    memory = peak_memory(recorded) - peak_memory(plain)
    never = track.Doses(model, doses.groups, every=[0], start=1)
    between = _hooks(never, optimizer)
    return {
        "start": start,
        "plain": step,
        "recorded": ratio,
        "between": between,
        "overhead": (ratio - 1) / effort.every + between / step,
        "memory": memory,
        "groups": len(doses.groups),
    }


def clock(run: Callable[[], None]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _hooks(doses: track.Doses, optimizer: torch.optim.Optimizer, calls: int = 1000) -> float:
    """Seconds that both hooks take at a step that is not recorded."""
    with doses:
        start = time.perf_counter()
        for _ in range(calls):
            doses._look_before(optimizer)
            doses._look_after(optimizer)
        return (time.perf_counter() - start) / calls
