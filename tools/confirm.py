"""Give results the fingerprint of code that measures the same: `make confirm`.

Results carry a fingerprint of the code that measured them, and a change of that code asks for
hours of measuring again. Where it made the code faster or plainer and left the numbers alone, a job
can tell: each step of a training builds on the ones before, so that a last bit rounded otherwise
has long changed the leading digits when the job ends.

For every outdated experiment this measures jobs with the code of a git revision, which has to be
the code that measured the file, and with the code here. Where all arrays are equal bit for bit, the
file gets the new fingerprint, and its provenance says which jobs have told and what the fingerprint
was. Otherwise the file stays as it is: run the experiment again.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gradbook.evidence import atlas, registry

ROOT = Path(__file__).parents[1]
MEASURE = """
import sys
import numpy as np
import torch
from gradbook.evidence import registry
torch.set_num_threads(1)
experiment = registry.experiment(sys.argv[1])
np.savez(sys.argv[3], **experiment.measure(experiment.JOBS[int(sys.argv[2])], experiment.CONFIG))
"""
FINGERPRINT = (
    "import sys; from gradbook.evidence import atlas; print(atlas.fingerprint(sys.argv[1]))"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Confirm what can be confirmed; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="experiment", help="default: all outdated ones")
    parser.add_argument("--revision", default="HEAD", help="of the code that measured them")
    parser.add_argument(
        "--jobs", type=int, default=1, help="how many to measure, from the first; 0: all"
    )
    options = parser.parse_args(arguments)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder)
        archive = subprocess.run(
            ["git", "archive", options.revision, "gradbook"], cwd=ROOT, capture_output=True
        )
        if archive.returncode:
            print(f"expected a git revision: {archive.stderr.decode().strip()}", file=sys.stderr)
            return 2
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
            tar.extractall(before, filter="data")
        for name in options.names or _outdated():
            problem = confirm(name, before, options.jobs or None)
            print(f"{name}: {problem or 'confirmed'}", flush=True)
            failed |= bool(problem)
    return int(failed)


def confirm(name: str, before: Path, jobs: int | None) -> str:
    """Stamp an experiment's results, or say why not.

    Args:
        name: One of `registry.experiments()`.
        before: Folder that holds the package as it was.
        jobs: How many jobs to measure; None for all.
    """
    path = registry.results_file(name)
    shipped, module = atlas.read(path), registry.experiment(name)
    known = _python(FINGERPRINT, before, name).communicate()[0].strip()
    if shipped.fingerprint != known:
        return "its results were measured by other code than that of the revision"
    if shipped.config != module.CONFIG or list(shipped.jobs) != list(module.JOBS):
        return "its configuration has changed: run it again"
    chosen = list(module.JOBS)[:jobs]
    for number, job in enumerate(chosen):
        files = [before / f"{name}-{side}.npz" for side in ("before", "here")]
        running = [
            measure(root, name, number, file)
            for root, file in zip((before, ROOT), files, strict=True)
        ]
        if any([process.wait() for process in running]):
            return f"job {job!r} could not be measured"
        if found := different(*(dict(np.load(file)) for file in files)):
            return f"job {job!r} gives another {', '.join(found)}: run it again"
    told = {"fingerprint": shipped.fingerprint, "jobs": chosen}
    stamped = dataclasses.replace(
        shipped, fingerprint=atlas.fingerprint(name), confirmed=[*shipped.confirmed, told]
    )
    atlas.write(stamped, path)
    return ""


def _outdated() -> list[str]:
    read = ((name, atlas.read(registry.results_file(name))) for name in registry.experiments())
    return [name for name, shipped in read if shipped.fingerprint != atlas.fingerprint(name)]


def measure(root: Path, name: str, number: int, file: Path) -> subprocess.Popen[str]:
    """Measure one job with the package below root, in one thread, into a file of its arrays."""
    return _python(MEASURE, root, name, str(number), str(file))


def _python(code: str, root: Path, *arguments: str) -> subprocess.Popen[str]:
    """A Python with the package below root and one thread."""
    environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True)


def different(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Names of arrays that are not the same bit for bit."""

    def bits(arrays: dict[str, Any], name: str) -> tuple | None:
        array = arrays.get(name)
        return None if array is None else (array.dtype, array.shape, array.tobytes())

    return [name for name in sorted({*one, *other}) if bits(one, name) != bits(other, name)]


if __name__ == "__main__":
    sys.exit(main())
