"""Times `gradbook.training.train` against the loop that people write."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median

import joblib
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.timing import figure, obvious_form, one_hot_task, ratio, table, timed
from gradbook import models, tasks, training
from gradbook.evidence import run_jobs


@dataclass(frozen=True)
class Effort:
    """How much is timed.

    Attributes:
        rows: Training rows.
        test_rows: Test rows; as many training rows are evaluated after each epoch.
        epochs: Epochs a run.
        seeds: Runs of a sweep.
        repeats: Times that each is timed, one after another.
    """

    rows: int = 8000
    test_rows: tuple[int, ...] = (2, 2000)
    epochs: int = 5
    seeds: int = 4
    repeats: int = 3


FULL = Effort()
QUICK = Effort(rows=320, test_rows=(2, 80), epochs=1, repeats=1)


def plain_loop(
    model: nn.Sequential, task: tasks.Task, config: training.TrainConfig, loader: DataLoader
) -> tuple[nn.Sequential, list[tuple[float, ...]]]:
    """Adam as it comes, batches from a `DataLoader`; the network and its curves."""
    model = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    loss_of = nn.L1Loss()
    curves = [training.evaluate(model, task, config.loss)]
    for _ in range(config.epochs):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            loss_of(model(x), y).backward()
            nn.utils.clip_grad_norm_(model.parameters(), config.clip)
            optimizer.step()
        curves.append(training.evaluate(model, task, config.loss))
    return model, curves


def by_plain_loop(task: tasks.Task, epochs: int, seed: int) -> None:
    """One run as people write it; `task` holds float one-hot rows."""
    torch.manual_seed(seed)
    model = obvious_form(models.mlp(task.features, seed=seed))
    config = training.TrainConfig(epochs=epochs)
    data = TensorDataset(task.train_inputs, task.train_targets)
    plain_loop(model, task, config, DataLoader(data, config.batch_size, shuffle=True))


def by_gradbook(task: tasks.Task, epochs: int, seed: int) -> None:
    """One run."""
    model = models.mlp(task.features, seed=seed)
    training.train(model, task, training.TrainConfig(epochs=epochs, seed=seed), progress=False)


def report(effort: Effort) -> Iterator[str]:
    """The table in Markdown."""
    rows = [row for test in effort.test_rows for row in _compared(effort, test)]
    header = ["", "the loop: epochs/s", "gradbook: epochs/s", "gradbook is faster by", "to reach"]
    yield (
        f"{table(header, rows)}\n\n"
        "The loop runs its seeds one after another on all threads; gradbook runs them in two\n"
        "processes of one thread, whose start is not in the rate. With 2 test rows evaluation\n"
        "costs nothing, and the steps are compared.\n"
    )


def _compared(effort: Effort, test: int) -> Iterator[list[str]]:
    """Rows of the table: one run, and a sweep."""
    task = tasks.character_regression(train=effort.rows, test=test)
    one_hot, epochs, seeds = one_hot_task(task), effort.epochs, range(effort.seeds)

    def in_processes() -> None:
        run = joblib.delayed(by_gradbook)
        for _ in run_jobs([run(task, epochs, seed) for seed in seeds], processes=2):
            pass

    def one_after_another() -> None:
        for seed in seeds:
            by_plain_loop(one_hot, epochs, seed)

    def start() -> None:
        run = joblib.delayed(by_gradbook)
        for _ in run_jobs([run(task, 0, seed) for seed in range(2)], processes=2):
            pass

    start()
    single = partial(by_plain_loop, one_hot, epochs, 0), partial(by_gradbook, task, epochs, 0)
    sweep = one_after_another, in_processes
    times: list[list[float]] = [[], [], [], []]
    for _ in range(effort.repeats):
        for taken, run in zip(times, itertools.chain(single, sweep), strict=True):
            taken.append(timed(run)[0])
    for name, slow, fast, total, target in (
        ("one run", times[0], times[1], epochs, "2×"),
        (f"{len(seeds)} seeds", times[2], times[3], epochs * len(seeds), "2.5×"),
    ):
        rates = [figure(total / median(taken)) for taken in (slow, fast)]
        yield [
            f"{name}, {test:,} test rows",
            *rates,
            ratio(slow, fast),
            target if test == 2 else "",
        ]
