"""Seeds a minute of `gradbook.evidence.engine.run`: one process, two, and two Dask workers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median
from unittest.mock import patch

from benchmarks.timing import figure, ratio, table, timed
from gradbook.chapters.minibatch.experiments import order
from gradbook.evidence import engine


@dataclass(frozen=True)
class Effort:
    """How much is timed.

    Attributes:
        seeds: Jobs of a run.
        rows: Training rows of a job.
        epochs: Epochs of a training.
        repeats: Times that each way is timed, one after another.
    """

    seeds: int = 6
    rows: int = 8000
    epochs: int = 1
    repeats: int = 3


FULL = Effort()
QUICK = Effort(seeds=4, rows=320, epochs=1, repeats=1)


def report(effort: Effort) -> Iterator[str]:
    """The table in Markdown."""
    from distributed import LocalCluster

    config = order.CONFIG | {
        "rows": [effort.rows, 2000],
        "epochs": effort.epochs,
        "changes": ["order"],
    }
    seeds = tuple(range(effort.seeds))
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        patch.object(order, "CONFIG", config),
        patch.object(order, "JOBS", seeds),
    ):
        ways = {
            "one process": {"processes": 1},
            "two processes": {"processes": 2},
            "two Dask workers": {"dask": cluster.scheduler_address},
        }
        for settings in ways.values():  # processes start, and workers import torch, once
            with patch.object(order, "CONFIG", config | {"epochs": 0}):
                _run(settings)
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(effort.repeats):
            for name, settings in ways.items():
                times[name].append(timed(partial(_run, settings))[0])
    rows = []
    for name, taken in times.items():
        rate = figure(60 * effort.seeds / median(taken))
        faster = "" if name == "one process" else ratio(times["one process"], taken)
        rows.append([name, rate, faster])
    yield f"{table(['', 'seeds a minute', 'faster than one process by'], rows)}\n"


def _run(settings: dict) -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine.run("order", folder=folder, progress=False, **settings)
