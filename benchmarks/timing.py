"""What the benchmarks share: a clock, medians, tables, and the machine in one line."""

from __future__ import annotations

import copy
import math
import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import TypeVar

import torch
from torch import Tensor, nn

from gradbook.tasks import Task

T = TypeVar("T")
RESULTS = Path(__file__).with_name("results")


def timed(run: Callable[[], T], at_least: float = 0.0) -> tuple[float, T]:
    """Seconds a call, the mean over as many calls as fill `at_least` seconds; and the result."""
    start, calls = time.perf_counter(), 0
    while True:
        result = run()
        calls += 1
        elapsed = time.perf_counter() - start
        if elapsed >= at_least:
            return elapsed / calls, result


def ratio(slow: Sequence[float], fast: Sequence[float]) -> str:
    """Median over the repeats of slow/fast, both timed in the same repeat, and their range."""
    ratios = [a / b for a, b in zip(slow, fast, strict=True)]
    text = f"{figure(median(ratios))}×"
    return text if len(ratios) == 1 else f"{text} ({figure(min(ratios))}–{figure(max(ratios))})"


def figure(value: float) -> str:
    """A number with three digits, no exponent where it can do without; "" where it is unknown."""
    if math.isnan(value):
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others stand to the right."""
    rule = ["---", *["--:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))


def keep(name: str, text: str) -> None:
    """Put a benchmark's result in the place of the last one."""
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")


def machine() -> str:
    """What the times depend on."""
    facts = [
        f"{os.cpu_count()} cores ({platform.machine()}, {torch.backends.cpu.get_cpu_capability()})",
        f"{torch.get_num_threads()} threads",
        f"torch {torch.__version__}",
        f"Python {platform.python_version()}",
        platform.system(),
    ]
    if hasattr(os, "getloadavg"):
        facts.append(f"load at the start {os.getloadavg()[0]:.1f}")
    return ", ".join(facts)


def obvious_form(model: nn.Sequential) -> nn.Sequential:
    """The same network as people write it: its first layer an `nn.Linear` on float one-hot rows."""
    first = model.linear1
    dense = nn.Linear(first.in_features, first.out_features).to(first.weight.dtype)
    with torch.no_grad():
        dense.weight.copy_(first.weight.T)
        dense.bias.copy_(first.bias)
    model = copy.deepcopy(model)
    model.linear1 = dense
    return model


def one_hot_rows(positions: Tensor, features: int, dtype: torch.dtype) -> Tensor:
    """Positions of ones [n, ones] as float one-hot rows [n, features]."""
    return torch.zeros(len(positions), features, dtype=dtype).scatter_(1, positions, 1)


def one_hot_task(task: Task) -> Task:
    """The task with float one-hot rows."""
    dtype = task.train_targets.dtype
    return Task(
        task.name,
        task.features,
        one_hot_rows(task.train_inputs, task.features, dtype),
        task.train_targets,
        one_hot_rows(task.test_inputs, task.features, dtype),
        task.test_targets,
    )
