"""Evidence: run experiments over their seeds, on this machine or on a Dask cluster.

Every job (a seed) runs in a process with one thread, and what it returns depends on nothing but the
seed, so one process, two, and a cluster give the same bits. A finished job is written at once; a
run that was interrupted, at whatever moment, goes on where it stopped. A job that fails does not
stop the others; the error at the end names each.
"""

from __future__ import annotations

import platform
import threading
import traceback
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch
from tqdm.auto import tqdm

import gradbook
from gradbook.evidence import atlas, claims, registry

_ONE_AT_A_TIME = threading.Lock()  # a Dask worker may have threads; a job owns torch's generator


def run(
    name: str,
    *,
    folder: Path | str | None = None,
    processes: int | None = None,
    dask: str | None = None,
    progress: bool = True,
) -> atlas.Atlas:
    """Run an experiment's missing jobs and write its atlas file.

    Args:
        name: One of `registry.experiments`.
        folder: Where the file goes, default the data of its chapter; finished jobs wait in
            ``folder/parts``.
        processes: Jobs at a time on this machine; default one a processor.
        dask: Address of a Dask scheduler, such as ``"tcp://10.0.0.1:8786"``, to run there instead.
        progress: Whether to show a progress bar.

    Raises:
        ValueError: Unknown experiment, no scheduler, or jobs that failed or returned a number that
            is not finite. The message names claims and seeds; what finished is kept.
        RuntimeError: A worker died; what finished is kept.
        OSError: A result could not be written, for example on a full disk; the same.
    """
    experiment = registry.experiment(name)
    jobs, config, code = experiment.JOBS, experiment.CONFIG, atlas.fingerprint(name)
    target = registry.results_file(name) if folder is None else Path(folder) / f"{name}.npz"
    parts = [target.parent / "parts" / f"{name}-{number}.npz" for number in range(len(jobs))]
    waiting = [i for i, path in enumerate(parts) if not _is_done(path, jobs[i], config, code)]
    begun, failed = list[int](), dict[int, str]()

    title = _title(name)  # now: the file of claims may change while this runs

    def tasks() -> Iterator[Any]:
        for number in waiting:
            begun.append(number)
            yield joblib.delayed(_measure)(name, number, jobs[number], config, code)

    def kept() -> str:
        done = sum(_is_done(path, job, config, code) for path, job in zip(parts, jobs, strict=True))
        return f"{done} of {len(jobs)} are finished and kept: run the same command again"

    try:
        results = run_jobs(tasks(), processes=processes, dask=dask)
        for number, arrays, error in tqdm(
            results, desc=name, unit="job", total=len(waiting), disable=not progress
        ):
            begun.remove(number)
            if error:
                failed[number] = error
            else:
                part = atlas.Atlas(name, arrays, config, [jobs[number]], versions(), code)
                _write(part, parts[number], f"{title}, {_job(jobs[number])}", kept)
    except _deaths(dask) as error:
        running = ", ".join(_job(jobs[number]) for number in begun)
        raise RuntimeError(f"{title}: a worker died; it ran one of {running}. {kept()}") from error
    if failed:
        lines = [f"{title}, {_job(jobs[i])}: {failed[i]}" for i in sorted(failed)]
        raise ValueError("\n".join([*lines, kept()]))
    measured = [atlas.read(path) for path in parts]
    arrays = {
        array: np.stack([part.arrays[array] for part in measured]) for array in measured[0].arrays
    }
    result = atlas.Atlas(name, arrays, config, jobs, versions(), code)
    _write(result, target, title, kept)
    for path in (*parts, *parts[0].parent.glob(f"{name}-*.partial")):
        path.unlink()
    return result


def run_jobs(
    tasks: Iterable[Any], *, processes: int | None = None, dask: str | None = None
) -> Iterable[Any]:
    """Run joblib tasks in processes of one thread each; results come as they finish."""
    with _backend(processes, dask):
        parallel = joblib.Parallel(
            return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs"
        )
        yield from parallel(tasks)


@contextmanager
def _backend(processes: int | None, dask: str | None) -> Iterator[None]:
    if dask is None:
        processes = processes or joblib.cpu_count()
        with joblib.parallel_config("loky", n_jobs=processes, inner_max_num_threads=1):
            yield
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise ValueError(
            "running on a cluster needs Dask: install it with `pip install 'gradbook[dask]'`"
        ) from error
    try:
        client = Client(dask, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"expected the address of a Dask scheduler, such as tcp://10.0.0.1:8786, got {dask!r}: "
            f"{error}"
        ) from error
    backend = _dask_backend()(client=client, wait_for_workers_timeout=60)
    with client, joblib.parallel_config(backend):
        yield


def _dask_backend() -> type:
    """joblib's backend for Dask, which by itself never tells of a task that has no result.

    That is one whose workers have died time and again; joblib then waits for ever.
    """
    from joblib._dask import DaskDistributedBackend

    class Backend(DaskDistributedBackend):
        def submit(self, func: Any, callback: Any = None) -> Any:
            def tell(done: Any) -> None:
                if error := done.exception():
                    callback(error)

            future = super().submit(func, callback)
            future.add_done_callback(tell)
            return future

        def retrieve_result_callback(self, out: Any) -> Any:
            if isinstance(out, BaseException):
                raise out
            return super().retrieve_result_callback(out)

    return Backend


def _deaths(dask: str | None) -> tuple[type[Exception], ...]:
    """What is raised when a worker has died."""
    if dask is None:
        return (BrokenExecutor,)
    try:
        from distributed import KilledWorker
    except ImportError:
        return (BrokenExecutor,)
    return (BrokenExecutor, KilledWorker)


def versions() -> dict[str, str]:
    """Versions of what measures."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "gradbook": gradbook.__version__,
    }


def _measure(
    name: str, number: int, job: Any, config: dict[str, Any], code: str
) -> tuple[int, dict[str, np.ndarray], str]:
    """One job, in a worker: its number, its arrays and what went wrong ("" if nothing did)."""
    if atlas.fingerprint(name) != code:
        return number, {}, "this worker has other code: install the same gradbook there"
    experiment = registry.experiment(name)
    with _ONE_AT_A_TIME:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            arrays = experiment.measure(job, config)
        except (ArithmeticError, ValueError) as error:  # these say themselves what is wrong
            return number, {}, str(error)
        except Exception:
            return number, {}, traceback.format_exc()
        finally:
            torch.set_num_threads(threads)  # one process is the caller's own
    for array, values in arrays.items():
        undefined = np.isinf if array in getattr(experiment, "UNDEFINED", ()) else _not_finite
        if values.dtype.kind == "f" and undefined(values).any():
            return number, {}, f"{array} holds numbers that are not finite"
    return number, arrays, ""


def _not_finite(values: np.ndarray) -> np.ndarray:
    return ~np.isfinite(values)


def _is_done(path: Path, job: Any, config: dict[str, Any], code: str) -> bool:
    if not path.exists():
        return False
    try:
        part = atlas.read(path)
    except ValueError:
        return False
    return part.fingerprint == code and part.config == config and list(part.jobs) == [job]


def _write(result: atlas.Atlas, path: Path, what: str, kept: Any) -> None:
    try:
        atlas.write(result, path)
    except OSError as error:
        raise OSError(f"{what}: could not write {path} ({error.strerror}). {kept()}") from error


def _title(name: str) -> str:
    """An experiment and the claims that rest on it."""
    resting = [claim.id for claim in claims.load() if claim.experiment == name]
    return f"experiment {name!r}" + (f" (claims {', '.join(resting)})" if resting else "")


def _job(job: Any) -> str:
    return f"seed {job}" if isinstance(job, int) else f"job {job!r}"


def behind(names: Sequence[str]) -> list[str]:
    """Experiments behind claims or experiments by name; all of them where no name is given.

    Raises:
        ValueError: A name is neither, or a claim has no experiment yet.
    """
    known = {claim.id: claim for claim in claims.load()}
    found = []
    for name in names:
        if name in known:
            if known[name].experiment is None:
                raise ValueError(
                    f"claim {name!r} has no experiment yet: the chapter {known[name].chapter!r} "
                    "will bring it"
                )
            name = known[name].experiment
        elif name not in registry.experiments():
            raise ValueError(
                f"expected a claim of {list(known)} or an experiment of "
                f"{list(registry.experiments())}, got {name!r}"
            )
        if name not in found:
            found.append(name)
    return found or list(registry.experiments())
