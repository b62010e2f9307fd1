"""Times the ways to per-example gradients against each other, one table a quantity."""

from __future__ import annotations

import copy
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import torch

from benchmarks.peers import (
    GRADBOOK,
    QUANTITIES,
    SAME_ROWS,
    TRANSFORMER,
    Problem,
    Transformer,
    Way,
    ways,
)
from benchmarks.timing import (
    figure,
    obvious_form,
    one_hot_rows,
    ratio,
    table,
    timed,
)
from gradbook import models, tasks, training
from gradbook.chapters.own.experiments.costs import peak_memory

TO_REACH = {
    ("Gram matrix", "nngeometry"): "2.5×",
    ("norms", "BackPACK BatchL2Grad"): "1.7×",
    ("noise tests", "cockpit"): "100×",
}


@dataclass(frozen=True)
class Effort:
    """How much is timed.

    Attributes:
        rows: Training rows of the epoch before the probe.
        widths: Units per hidden layer.
        transformer: Units of the transformer's tokens.
        examples: Rows whose gradients are asked for, a table each.
        at_most_held: Ways that hold the gradients get no more rows than this.
        repeats: Times that all ways are timed, one after another.
        at_least: Seconds that a timing fills with calls.
    """

    rows: int = 8000
    widths: tuple[int, ...] = models.FULL_WIDTHS
    transformer: int = 128
    examples: tuple[int, ...] = (64, 256)
    at_most_held: int = 64
    repeats: int = 5
    at_least: float = 0.5


FULL = Effort()
QUICK = Effort(rows=320, transformer=16, examples=(64,), repeats=1, at_least=0.0)
HOLDS = {"the loop", "opacus", "BackPACK BatchGrad", "of held gradients", "cockpit"}


def report(effort: Effort) -> Iterator[str]:
    """One Markdown section a quantity and number of rows."""
    model, task = trained(effort)
    for quantity in QUANTITIES:
        for n in effort.examples:
            problem = problem_of(model, task, n)
            if found := compare(quantity, problem, effort):
                yield f"### {quantity.capitalize()}, n = {n}\n\n{found}\n"

    problem = transformer_of(effort)
    for quantity in TRANSFORMER:
        found = compare(quantity, problem, effort, TRANSFORMER)
        yield f"### {quantity.capitalize()} of a small transformer, n = 64\n\n{found}\n"


def transformer_of(effort: Effort, dtype: torch.dtype = torch.float32) -> Problem:
    """A transformer with as many blocks as there are widths, and 64 rows of random tokens."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Transformer(100, effort.transformer, len(effort.widths)).to(dtype)
        tokens, targets = torch.randint(100, (64, 32)), torch.randn(64, 1, dtype=dtype)
    return Problem(model, tokens, targets, model, tokens)


def trained(effort: Effort) -> tuple[torch.nn.Sequential, tasks.Task]:
    """The network after one epoch, and its task."""
    task = tasks.character_regression(train=effort.rows)
    model = models.mlp(task.features, effort.widths)
    run = training.train(model, task, training.TrainConfig(epochs=1), progress=False)
    return run.model, task


def problem_of(
    model: torch.nn.Sequential,
    task: tasks.Task,
    n: int,
    dtype: torch.dtype = torch.float32,
) -> Problem:
    """The network in both forms, and the first n rows."""
    positions, targets = task.train_inputs[:n], task.train_targets[:n].to(dtype)
    inputs = one_hot_rows(positions, task.features, dtype)
    own = copy.deepcopy(model).to(dtype)
    return Problem(obvious_form(model).to(dtype), inputs, targets, own, positions)


def compare(
    quantity: str,
    problem: Problem,
    effort: Effort,
    known: Mapping[str, Sequence[Way]] | None = None,
) -> str:
    """The table of a quantity; "" where only gradbook is left."""
    few = len(problem.inputs) <= effort.at_most_held
    with warnings.catch_warnings():  # hooks of two packages fire on the first layer's output
        warnings.simplefilter("ignore", UserWarning)
        contenders = [
            (name, run)
            for name, run in ways(quantity, problem, known)
            if few or (name not in HOLDS and quantity != "gradients")
        ]
        if all(name in (GRADBOOK, SAME_ROWS) for name, _ in contenders):
            return ""
        results = {name: run() for name, run in contenders}
        memory = {name: peak_memory(run) for name, run in contenders}
        times = defaultdict(list)
        for _ in range(effort.repeats):
            for name, run in contenders:
                times[name].append(timed(run, effort.at_least)[0])
    expected = results[contenders[0][0]]

    def faster(ours: str, name: str) -> str:
        compared = ours in times and name not in (GRADBOOK, SAME_ROWS)
        return ratio(times[name], times[ours]) if compared else ""

    rows = []
    for name, found in results.items():
        difference = ((found - expected).abs().max() / expected.abs().max()).item()
        rows.append(
            [
                name,
                figure(1000 * median(times[name])),
                faster(GRADBOOK, name),
                TO_REACH.get((quantity, name), ""),
                faster(SAME_ROWS, name),
                figure(memory[name]),
                f"{difference:.0e}" if difference else "0",
            ]
        )
    header = ["way", "milliseconds", "gradbook is faster by", "to reach", "on one-hot rows by"]
    return table([*header, "memory (MB)", "difference from the first"], rows)
