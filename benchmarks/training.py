"""Times `gradbook.training.train` against the loop that people write."""

from __future__ import annotations

import copy
import math
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import TypeVar

import joblib
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.timing import figure, obvious_form, one_hot_task, ratio, table, timed
from gradbook import models, tasks, training
from gradbook.evidence.engine import run_jobs

T = TypeVar("T")


@dataclass(frozen=True)
class Effort:
    """How much is timed.

    Attributes:
        rows: Training rows.
        test: Test rows.
        epochs: Epochs a run.
        seeds: Runs of a sweep.
        repeats: Times that each is timed, in turn.
    """

    rows: int = 8000
    test: int = 2000
    epochs: int = 5
    seeds: int = 4
    repeats: int = 3


FULL = Effort()
QUICK = Effort(rows=320, test=64, epochs=1, repeats=1)


def plain_loop(
    model: nn.Sequential,
    task: tasks.Task,
    config: training.TrainConfig,
    loader: DataLoader,
    judged: int,
) -> tuple[nn.Sequential, list[tuple[float, ...]]]:
    """Adam as it comes, rows from a `DataLoader`; the network and the curves of `training.Run`.

    After each epoch it is evaluated, `judged` rows at a time; with 0 it is not.
    """
    model = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    loss_of = nn.L1Loss()
    test = len(task.test_inputs)
    splits = [
        DataLoader(TensorDataset(inputs[:test], targets[:test]), judged)
        for inputs, targets in (
            (task.train_inputs, task.train_targets),
            (task.test_inputs, task.test_targets),
        )
        if judged
    ]
    curves = [evaluated(model, splits)]
    for _ in range(config.epochs):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            loss_of(model(x), y).backward()
            if config.clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), config.clip)
            optimizer.step()
        curves.append(evaluated(model, splits))
    return model, curves


@torch.no_grad()
def evaluated(model: nn.Sequential, splits: list[DataLoader]) -> tuple[float, ...]:
    """What `training.evaluate` returns: both mean losses, then both R²."""
    model.eval()
    losses, scores = [], []
    for loader in splits:
        targets = loader.dataset.tensors[1]
        absolute = squared = 0.0
        for x, y in loader:
            errors = model(x) - y
            absolute += errors.abs().sum().item()
            squared += errors.square().sum().item()
        losses.append(absolute / targets.numel())
        scores.append(1 - squared / (targets - targets.mean()).square().sum().item())
    return (*losses, *scores)


def by_plain_loop(
    task: tasks.Task, epochs: int, seed: int, judged: int = 64, clip: float | None = 0.3
) -> None:
    """One run as people write it; `task` holds float one-hot rows."""
    torch.manual_seed(seed)
    model = obvious_form(models.mlp(task.features, seed=seed))
    config = training.TrainConfig(epochs=epochs, clip=clip)
    data = TensorDataset(task.train_inputs, task.train_targets)
    loader = DataLoader(data, config.batch_size, shuffle=True)
    plain_loop(model, task, config, loader, judged)


def by_gradbook(task: tasks.Task, epochs: int, seed: int, clip: float | None = 0.3) -> None:
    """One run."""
    config = training.TrainConfig(epochs=epochs, seed=seed, clip=clip)
    training.train(models.mlp(task.features, seed=seed), task, config, progress=False)


def alone(run: Callable[..., None], effort: Effort, threads: int) -> tuple[float, float]:
    """Seconds of the first training in a process and of the next one, with the rows at hand."""
    torch.set_num_threads(threads)
    task = _task(effort)
    if run not in (by_gradbook, steps_by_gradbook):
        task = one_hot_task(task)
    first, _ = timed(partial(run, task, effort.epochs, 0))
    return first, timed(partial(run, task, effort.epochs, 1))[0]


def by_loop_judged_at_once(task: tasks.Task, epochs: int, seed: int) -> None:
    """The same loop, but a split's rows are evaluated in one piece."""
    by_plain_loop(task, epochs, seed, judged=len(task.test_inputs))


def steps_by_loop(task: tasks.Task, epochs: int, seed: int) -> None:
    """The same loop, but it neither clips nor evaluates."""
    by_plain_loop(task, epochs, seed, judged=0, clip=None)


def steps_by_gradbook(task: tasks.Task, epochs: int, seed: int) -> None:
    """One run without clipping; it always evaluates, so `task` should have few test rows."""
    by_gradbook(task, epochs, seed, clip=None)


def bound(effort: Effort, threads: int) -> float:
    """Seconds of what no run can do without: its steps' products of matrices, and Adam.

    Of each `nn.Linear` the outputs, the errors handed down and the weights' gradient.
    """
    torch.set_num_threads(threads)
    config = training.TrainConfig(clip=None)
    model = models.mlp(_task(effort).features)
    optimizer = training.run._Adam(list(model.parameters()), config)
    gradients = [torch.full_like(p, 1e-3) for p in model.parameters()]
    layers = [
        (m.weight.detach(), *(torch.randn(config.batch_size, n) for n in m.weight.shape))
        for m in model
        if isinstance(m, nn.Linear)
    ]

    def steps() -> None:
        for _ in range(effort.epochs * math.ceil(effort.rows / config.batch_size)):
            for weight, errors, inputs in layers:
                _ = inputs @ weight.T, errors @ weight, errors.T @ inputs
            optimizer.step(gradients)

    return timed(steps)[0]


def report(effort: Effort) -> Iterator[str]:
    """The table in Markdown."""
    in_two_processes(effort, 0)
    pairs: dict[tuple[str, str, int], list[tuple[float, float]]] = {}
    for _ in range(effort.repeats):
        for name, target, epochs, slow, fast in once(effort, torch.get_num_threads()):
            pairs.setdefault((name, target, epochs), []).append((slow, fast))
    rows = []
    for (name, target, epochs), seconds in pairs.items():
        slow, fast = zip(*seconds, strict=True)
        rates = [figure(epochs / median(taken)) for taken in (slow, fast)]
        rows.append([name, *rates, ratio(slow, fast), target])
    header = ["", "the loop: epochs/s", "gradbook: epochs/s", "gradbook is faster by", "to reach"]
    yield (
        f"{table(header, rows)}\n\n"
        "Seeds: the loop runs them one after another on all threads; gradbook runs them in two\n"
        "processes of one thread, whose start is not in the rate. Steps alone: neither clips, and\n"
        "the loop does not evaluate.\n"
    )


def once(effort: Effort, threads: int) -> Iterator[tuple[str, str, int, float, float]]:
    """Name, target, epochs, and seconds by the loop and by gradbook, for each line of the table."""
    for count in sorted({1, threads}):
        loop, whole, ours = (
            in_a_process(alone, run, effort, count)
            for run in (by_plain_loop, by_loop_judged_at_once, by_gradbook)
        )
        least = in_a_process(bound, effort, count)
        bare, our_bare = (
            in_a_process(alone, run, replace(effort, test=2), count)
            for run in (steps_by_loop, steps_by_gradbook)
        )
        for name, target, slow, fast in (
            ("first run", "2×", loop[0], ours[0]),
            ("next run", "2×", loop[1], ours[1]),
            ("next run, all rows evaluated at once", "", whole[1], ours[1]),
            ("bound: next run against products and Adam alone", "", loop[1], least),
            ("first run, steps alone", "", bare[0], our_bare[0]),
            ("next run, steps alone", "", bare[1], our_bare[1]),
        ):
            yield f"{name}; threads: {count}", target, effort.epochs, slow, fast
    loop, whole = (
        in_a_process(one_after_another, run, effort, threads)
        for run in (by_plain_loop, by_loop_judged_at_once)
    )
    ours, _ = timed(partial(in_two_processes, effort, effort.epochs))
    name, epochs = f"{effort.seeds} seeds", effort.epochs * effort.seeds
    yield name, "2.5×", epochs, loop, ours
    yield f"{name}, all rows evaluated at once", "", epochs, whole, ours


def one_after_another(run: Callable[..., None], effort: Effort, threads: int) -> float:
    """Seconds that a loop takes for all seeds, its imports done."""
    torch.set_num_threads(threads)
    task = one_hot_task(_task(effort))
    run(task, 0, 0)
    return sum(timed(partial(run, task, effort.epochs, seed))[0] for seed in range(effort.seeds))


def in_two_processes(effort: Effort, epochs: int) -> None:
    """All seeds by gradbook; with 0 epochs the processes start and import everything."""
    run, task = joblib.delayed(by_gradbook), _task(effort)
    for _ in run_jobs([run(task, epochs, seed) for seed in range(effort.seeds)], processes=2):
        pass


def in_a_process(run: Callable[..., T], *arguments: object) -> T:
    """The result of a call in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return pool.submit(run, *arguments).result()


def _task(effort: Effort) -> tasks.Task:
    return tasks.character_regression(train=effort.rows, test=effort.test)
