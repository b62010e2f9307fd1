"""Times the ways to a gradient landscape against each other, one table a case."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median

import torch
from torch import Tensor, nn

from benchmarks.timing import figure, ratio, table, timed
from benchmarks.ways import GRADBOOK, GRADFIELD, LOOP, Case, Problem, Way, loop, masks_of, ways
from gradbook import models, probes, tasks, training
from gradbook.chapters.minibatch.experiments.explorer import grid

RADIUS = 0.05

FAST, BATCH_STATISTICS, ANY_TAIL = {11: 500, 21: 1500}, {11: 400, 21: 800}, {11: 100, 21: 100}
PEER = {11: 200}
_dropout = partial(Case, parameter="linear2.bias", mode="train", regularizer="dropout")
_norm = partial(Case, regularizer="batch norm")
CASES = (
    Case("Second hidden layer, evaluation", "linear2.bias", loop=FAST, gradfield=PEER),
    Case("Third hidden layer, evaluation", "linear3.bias", loop=FAST, gradfield=PEER),
    _dropout("Dropout, one mask over the grid", loop=FAST),
    _dropout("Dropout, fresh masks at every point", masks="fresh", loop={11: 6}),
    _norm("Batch norm β, layer 2, evaluation", "norm2.bias", loop=FAST, gradfield=PEER),
    _norm("Batch norm β, layer 2, training", "norm2.bias", "train", loop=BATCH_STATISTICS),
    _norm("Batch norm β, layer 3, training", "norm3.bias", "train", loop=BATCH_STATISTICS),
    Case("Generic path, ReLU tail", "linear2.bias", options={"prune": False}, loop=ANY_TAIL),
    # Its first two units fall silent in the epoch: nothing could be compared there.
    Case(
        "Generic path, softplus tail",
        "linear2.bias",
        tail="softplus",
        units=(2, 3),
        loop=ANY_TAIL,
    ),
    Case("First hidden layer, evaluation", "linear1.bias", loop=ANY_TAIL),
)


def trained(
    case: Case, task: tasks.Task, widths: tuple[int, ...], dtype: torch.dtype = torch.float32
) -> nn.Sequential:
    """The case's network after one epoch."""
    model = models.mlp(task.features, widths, regularizer=case.regularizer)
    if case.tail == "softplus":
        model.relu3 = nn.Softplus()
    rate = 1e-2 if "norm" in case.regularizer else 1e-4
    config = training.TrainConfig(epochs=1, learning_rate=rate)
    return training.train(model, task, config, progress=False).model.to(dtype)


@dataclass(frozen=True)
class Effort:
    """How much of the work is timed.

    Attributes:
        rows: Training rows of the epoch before the probe.
        minibatches: M, of 64 rows each.
        slow: Minibatches that the slow ways are timed on.
        side: Points a side of the part of the grid that the slow ways are timed on.
        repeats: Times that all ways are timed, one after another.
        at_least: Seconds that a timing fills with calls.
        sizes: Points a side of the whole grid.
    """

    rows: int = 8000
    minibatches: int = 50
    slow: int = 4
    side: int = 6
    repeats: int = 5
    at_least: float = 1.0
    sizes: tuple[int, ...] = (11, 21)


FULL = Effort()
QUICK = Effort(rows=320, minibatches=10, slow=1, side=3, repeats=1, at_least=0.0, sizes=(11,))


def report(effort: Effort) -> Iterator[str]:
    """One Markdown section a case."""
    task = tasks.character_regression(train=effort.rows)
    rows = probes.sample_minibatches(effort.rows, 64, effort.minibatches, seed=0)
    for case in CASES:
        model = trained(case, task, models.FULL_WIDTHS)
        problem = Problem(model, task.train_inputs, task.train_targets, rows)
        yield f"### {case.label}\n\n{compare(case, problem, effort)}\n"


def compare(case: Case, problem: Problem, effort: Effort) -> str:
    """The table of a case."""
    contenders = list(ways(case, problem, effort.slow))
    # With fresh masks every way's time is proportional to the points, gradbook's too.
    sizes = effort.sizes[:1] if case.masks == "fresh" else effort.sizes
    offsets = {size: grid(RADIUS, size) for size in sizes}
    expected = {size: reference(case, problem, offsets[size], effort) for size in sizes}
    times, differences = defaultdict(list), defaultdict(list)
    for repeat in range(effort.repeats):
        for size, way in itertools.product(sizes, contenders):
            run = part(way, problem, offsets[size], effort.side)
            taken, found = timed(run, effort.at_least)
            scale = len(problem.minibatches) / way.minibatches
            scale *= (size / effort.side) ** 2 if way.subgrid else 1
            times[way.name, size].append(scale * taken)
            if repeat == 0 and way.comparable:
                differences[way.name].append(compared(found, expected[size]))
    header = ["way", "timed on"]
    for size in sizes:
        header += [f"G = {size}: seconds", "gradbook is faster by", "to reach"]
    rows = []
    for way in contenders:
        side = f"{effort.side} × {effort.side} of the grid" if way.subgrid else "whole grid"
        cells = [way.name, f"{side}, M = {way.minibatches}"]
        for size in sizes:
            taken = times[way.name, size]
            target = {LOOP: case.loop, GRADFIELD: case.gradfield}.get(way.name, {}).get(size)
            cells += [
                figure(median(taken)),
                "" if way.name == GRADBOOK else ratio(taken, times[GRADBOOK, size]),
                f"{target:,}×" if target else "",
            ]
        rows.append(cells + agreement(differences[way.name]))
    return table([*header, "largest difference", "beyond 10⁻⁴"], rows)


def part(way: Way, problem: Problem, offsets: Tensor, side: int) -> partial[Tensor]:
    """The work that a way is timed on."""
    chosen = offsets[:: (len(offsets) - 1) // (side - 1)] if way.subgrid else offsets
    return partial(way.run, problem.minibatches[: way.minibatches], chosen)


def reference(case: Case, problem: Problem, offsets: Tensor, effort: Effort) -> Tensor:
    """What the loop finds with gradbook's masks, on the part of the work that slow ways do."""
    masks = masks_of(case, problem, effort.slow)
    run = partial(loop, case, problem.in_obvious_form(), masks_at=masks)
    return part(Way(LOOP, run, effort.slow), problem, offsets, effort.side)()


def compared(found: Tensor, expected: Tensor) -> Tensor:
    """Differences on what both hold, relative to the largest entry."""
    stride = (found.shape[1] - 1) // (expected.shape[1] - 1)
    together = min(len(found), len(expected))
    found, expected = found[:together, ::stride, ::stride], expected[:together]
    return ((found - expected).abs() / expected.abs().max()).flatten()


def agreement(differences: list[Tensor]) -> list[str]:
    """Largest difference, and the share of entries that differ by more than 10⁻⁴."""
    if not differences:
        return ["own masks", ""]
    together = torch.cat(differences)
    largest = together.max()
    return [f"{largest:.0e}" if largest else "0", f"{(together > 1e-4).double().mean():.1%}"]
