"""What four probes cost in seconds of one core and in memory, against rows and parameters.

A job is a repeat. Times depend on the machine; the chapter's are of one with two shared cores.
"""

from __future__ import annotations

import ctypes
import gc
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from gradbook.chapters.own.networks import network
from gradbook.probes.dose import dose
from gradbook.probes.landscape import gradient_landscape
from gradbook.probes.minibatch import sample_minibatches
from gradbook.probes.per_example import example_gradients, example_gram
from gradbook.probes.units import unit_groups
from gradbook.tasks.digits import digits

CONFIG: dict[str, Any] = {
    "networks": ["convolutional", "transformer"],
    "layers": {"convolutional": "6", "transformer": "block.up"},
    "scales": [1, 4],
    "rows": [32, 128, 512],
    "probes": ["dose", "gram", "gradients", "landscape"],
    "grid": 11,
    "minibatches": 4,
}
JOBS = tuple(range(5))
LOSS = partial(functional.cross_entropy, reduction="none")


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """One repeat.

    Returns:
        - ``parameters`` [networks, scales].
        - ``seconds``, ``megabytes`` [networks, scales, rows, probes]: of one call after a first;
          the most memory above that before it.
    """
    task = digits(train=max(config["rows"]), seed=seed)
    shape = tuple(len(config[name]) for name in ("networks", "scales", "rows", "probes"))
    seconds, megabytes = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    parameters = np.zeros(shape[:2], np.int64)
    grid = config["grid"]
    for a, name in enumerate(config["networks"]):
        for b, scale in enumerate(config["scales"]):
            model = network(name, seed, scale)
            parameters[a, b] = sum(p.numel() for p in model.parameters())
            groups = unit_groups(model, config["layers"][name], inputs=task.train_inputs[:16])
            for c, count in enumerate(config["rows"]):
                inputs, labels = task.train_inputs[:count], task.train_targets[:count].argmax(1)
                rows = sample_minibatches(
                    count, batch_size=16, count=config["minibatches"], seed=seed
                )
                given = (model, inputs, labels)
                bias, offsets = f"{config['layers'][name]}.bias", torch.linspace(-1, 1, grid)
                calls: tuple[Callable[[], object], ...] = (
                    partial(dose, model, groups, inputs, labels, loss=LOSS),
                    partial(example_gram, *given, loss=LOSS),
                    partial(example_gradients, *given, loss=LOSS),
                    partial(gradient_landscape, *given, rows, bias, offsets=offsets, loss=LOSS),
                )
                for d, call in enumerate(calls):
                    seconds[a, b, c, d], megabytes[a, b, c, d] = cost(call)
    return {"parameters": parameters, "seconds": seconds, "megabytes": megabytes}


def cost(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the processor and megabytes (`peak_memory`) of one call after a first."""
    call()
    begin = time.process_time()
    call()
    return time.process_time() - begin, peak_memory(call)


def peak_memory(call: Callable[[], object]) -> float:
    """Megabytes that the process grows by during a call, at most; nan where it is not Linux.

    What was freed before and is still held by malloc goes back to the system first: a call that
    found room there would seem to take nothing.
    """
    marks = Path("/proc/self/clear_refs")
    if not marks.exists():
        return float("nan")
    gc.collect()
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):  # glibc
        libc.malloc_trim(0)
    marks.write_text("5")  # sets the high-water mark back
    before = _status("VmRSS")
    call()
    return _status("VmHWM") - before


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(f"{name}:"))
    return float(line.split()[1]) / 1024
