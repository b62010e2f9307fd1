"""Measure what was only confirmed, with kills on the way, and check that they left no trace.

    python tools/endurance.py [--kills 20] [--within 300] [--compare 10] [--seed 0] [experiment ...]

The run of `python -m gradbook evidence run --confirmed` is killed with all its processes at random
moments, once it meets a full disk, and once a Dask worker of its is killed. Each next run goes on
where the last one stopped. At the end, jobs drawn at random are measured by themselves; each has to
be in the results bit for bit.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import confirm
from gradbook.evidence import atlas, engine, registry

COMMAND = [sys.executable, "-m", "gradbook", "evidence", "run"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="experiment", help="default: all")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--within", type=float, default=300, help="seconds to a kill, at most")
    parser.add_argument("--compare", type=int, default=10, help="jobs to measure by themselves")
    parser.add_argument("--seed", type=int, default=0, help="of the moments and of these jobs")
    options = parser.parse_args(arguments)
    chance = random.Random(options.seed)
    names = engine.behind(options.names)
    command = [*COMMAND, "--confirmed", *names]

    killed = sum(kill(command, chance.uniform(0, options.within)) for _ in range(options.kills))
    print(f"killed {killed} times", flush=True)
    if waiting := due(names):
        print("full disk:", full_disk([*COMMAND, "--confirmed", waiting[0]]), flush=True)
        print("Dask:", lose_a_worker(waiting[0], chance.uniform(5, 30)), flush=True)
    if subprocess.run(command).returncode:
        return 1
    jobs = [(name, row) for name in names for row in range(len(registry.experiment(name).JOBS))]
    drawn = chance.sample(jobs, min(options.compare, len(jobs)))
    different = compare(drawn)
    print("\n".join(different) or f"{len(drawn)} jobs are in the results bit for bit")
    return int(bool(different))


def due(names: Sequence[str]) -> list[str]:
    """Those whose results this code has not measured."""
    found = []
    for name in names:
        path = registry.results_file(name)
        shipped = atlas.read(path) if path.exists() else None
        if not shipped or shipped.confirmed or shipped.fingerprint != atlas.fingerprint(name):
            found.append(name)
    return found


def kill(command: Sequence[str], seconds: float) -> bool:
    """Start a command and kill it and its processes; False if it was over before."""
    running = subprocess.Popen(command, start_new_session=True)
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        return True
    return False


def full_disk(command: Sequence[str]) -> str:
    """What a command says that cannot write a file of more than a kilobyte."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))

    told = subprocess.run(command, preexec_fn=limit, stderr=subprocess.PIPE, text=True)
    if not told.returncode:
        raise RuntimeError("expected an error: nothing could be written")
    return next(line for line in told.stderr.splitlines() if "are finished and kept" in line)


def lose_a_worker(name: str, seconds: float) -> str:
    """Measure on two Dask workers, and kill one on the way; returns what became of it."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        command = [*COMMAND, "--confirmed", "--dask", cluster.scheduler_address, name]
        running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            running.wait(seconds)
            return "finished before a worker was killed"
        except subprocess.TimeoutExpired:
            os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
        error = running.communicate()[1]
    return error.strip().splitlines()[-1] if running.returncode else "finished by the others"


def compare(jobs: Sequence[tuple[str, int]]) -> list[str]:
    """Those of these jobs, measured by themselves, whose arrays differ from those in the results.

    Args:
        jobs: Experiments and rows of their results.
    """
    different = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "job.npz"
        for name, row in jobs:
            if confirm.measure(confirm.ROOT, name, row, file).wait():
                different.append(f"{name}, job {row}: could not be measured")
                continue
            rows = {key: array[row] for key, array in atlas.load(name).arrays.items()}
            if arrays := confirm.different(dict(np.load(file)), rows):
                different.append(f"{name}, job {row}: another {', '.join(arrays)}")
    return different


if __name__ == "__main__":
    sys.exit(main())
