"""What the atlas holds: each experiment is a module with a `CONFIG`, `JOBS` and a `measure`.

``measure(job, config)`` returns a dict of numpy arrays; an atlas file stacks them over the jobs.
A job is one seed (or one network of a comparison) and depends on nothing but its arguments, so jobs
run in separate processes and a build that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import importlib
import platform
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch
from tqdm.auto import tqdm

import gradbook
from gradbook import atlas

NAMES = ("explorer", "agreement", "order")


def build(
    name: str,
    *,
    folder: Path | str = atlas.FOLDER,
    processes: int | None = None,
    progress: bool = True,
) -> atlas.Atlas:
    """Measure one experiment and write its atlas file; finished jobs are not run again.

    Args:
        name: One of `NAMES`.
        folder: Where the file goes; finished jobs wait in ``folder/parts``.
        processes: Jobs at a time, one thread each; default one a processor.
        progress: Whether to show a progress bar.

    Raises:
        ValueError: Unknown experiment, or a job failed or returned an infinite number; the
            message names experiment and job, and the jobs finished before it are kept.
    """
    if name not in NAMES:
        raise ValueError(f"expected an experiment of {list(NAMES)}, got {name!r}")
    experiment = importlib.import_module(f"gradbook.experiments.{name}")
    folder, code = Path(folder), atlas.fingerprint(name)
    parts = [folder / "parts" / f"{name}-{number}.npz" for number in range(len(experiment.JOBS))]
    waiting = [
        number
        for number, path in enumerate(parts)
        if not _is_done(path, experiment.JOBS[number], experiment.CONFIG, code)
    ]
    tasks = [
        joblib.delayed(_measure)(
            name, experiment.JOBS[number], experiment.CONFIG, code, parts[number]
        )
        for number in waiting
    ]
    results = run_jobs(tasks, processes=processes)
    for _ in tqdm(results, desc=name, unit="job", total=len(tasks), disable=not progress):
        pass
    measured = [atlas.read(path) for path in parts]
    arrays = {
        array: np.stack([part.arrays[array] for part in measured]) for array in measured[0].arrays
    }
    result = atlas.Atlas(name, arrays, experiment.CONFIG, experiment.JOBS, versions(), code)
    atlas.write(result, folder / f"{name}.npz")
    for path in parts:
        path.unlink()
    return result


def run_jobs(tasks: Iterable[Any], *, processes: int | None = None) -> Iterable[Any]:
    """Run joblib tasks in processes of one thread each; results come as they finish."""
    processes = processes or joblib.cpu_count()
    with joblib.parallel_config("loky", n_jobs=processes, inner_max_num_threads=1):
        return joblib.Parallel(return_as="generator_unordered")(tasks)


def versions() -> dict[str, str]:
    """Versions of what measures."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "gradbook": gradbook.__version__,
    }


def measure_of(name: str) -> Callable[[Any, dict[str, Any]], dict[str, np.ndarray]]:
    """The function ``measure(job, config)`` of an experiment."""
    return importlib.import_module(f"gradbook.experiments.{name}").measure


def _measure(name: str, job: Any, config: dict[str, Any], code: str, path: Path) -> None:
    torch.set_num_threads(1)
    try:
        arrays = measure_of(name)(job, config)
    except (ArithmeticError, ValueError) as error:
        raise ValueError(f"experiment {name!r}, job {job!r}: {error}") from error
    for array, values in arrays.items():
        if values.dtype.kind == "f" and np.isinf(values).any():
            raise ValueError(f"experiment {name!r}, job {job!r}: {array} holds infinite numbers")
    part = atlas.Atlas(name, arrays, config, [job], versions(), code)
    atlas.write(part, path)


def _is_done(path: Path, job: Any, config: dict[str, Any], code: str) -> bool:
    if not path.exists():
        return False
    try:
        part = atlas.read(path)
    except ValueError:
        return False
    return part.fingerprint == code and part.config == config and list(part.jobs) == [job]
