"""The atlas: measured results on disk, each with its provenance.

One ``.npz`` file an experiment, read without pickle. Beside its arrays a file holds what was run
(configuration, jobs), with which code (a fingerprint of the modules that measured it) and
which versions, and a checksum of the arrays. `load` refuses a file that is damaged, foreign or
older than the code, so that a figure never shows something else than it says. Where the code was
changed and its numbers were not, `tools/confirm.py` renews the fingerprint and says so in the file.

Reading needs numpy alone; `gradbook.evidence.engine` writes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gradbook.evidence import fingerprint as fingerprints
from gradbook.evidence import registry

FORMAT = 1


@dataclass(frozen=True, eq=False)
class Atlas:
    """One experiment's results.

    Attributes:
        name: The experiment.
        arrays: Name to array; every array's first axis runs over the jobs.
        config: What was run.
        jobs: What the first axis stands for, such as the seeds.
        versions: Python, numpy, torch and gradbook when it was measured.
        fingerprint: Of the code that measured it, or gave the same bits later.
        confirmed: For each such later code the jobs that were measured with it, and the
            fingerprint before.
    """

    name: str
    arrays: Mapping[str, np.ndarray]
    config: Mapping[str, Any]
    jobs: Sequence[Any]
    versions: Mapping[str, str]
    fingerprint: str
    confirmed: Sequence[Mapping[str, Any]] = ()

    def __getitem__(self, array: str) -> np.ndarray:
        if array not in self.arrays:
            raise KeyError(f"{self.name} holds {sorted(self.arrays)}, not {array!r}")
        return self.arrays[array]


def load(name: str, folder: Path | str | None = None) -> Atlas:
    """Read one experiment's results.

    Args:
        name: The experiment.
        folder: Where the file lies; default the data of its chapter.

    Raises:
        FileNotFoundError: There is no such file; the message says how to make it.
        ValueError: The file is damaged, foreign, or was measured by other code.
    """
    shipped = registry.results_file(name) if folder is None else Path(folder) / f"{name}.npz"
    atlas = read(shipped)
    again = f"measure it again with `python -m gradbook evidence run {name}`"
    if atlas.name != name:
        raise ValueError(f"expected the results of {name!r}, got those of {atlas.name!r}: {again}")
    if atlas.fingerprint != fingerprint(name):
        raise ValueError(f"the results of {name!r} were measured by other code: {again}")
    return atlas


def read(path: Path) -> Atlas:
    """Read a results file, whichever code measured it; raises as `load`."""
    if not path.exists():
        raise FileNotFoundError(
            f"expected results in {path}: measure them with "
            f"`python -m gradbook evidence run {path.stem}`"
        )
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except Exception as error:  # zipfile, zlib and numpy raise half a dozen kinds
        raise ValueError(f"{path} is damaged ({error}): restore or rebuild it") from error
    try:
        record = json.loads(str(arrays.pop("provenance")))
        version = record.pop("format")
    except (AttributeError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is no file of this atlas: it has no provenance") from error
    if version != FORMAT:
        raise ValueError(f"{path} has format {version}, expected {FORMAT}: rebuild it")
    if record.pop("checksum", None) != checksum(arrays):
        raise ValueError(f"{path} is damaged (its checksum differs): restore or rebuild it")
    try:
        return Atlas(arrays=arrays, **record)
    except TypeError as error:
        raise ValueError(f"{path} is no file of this atlas: its provenance differs") from error


def write(atlas: Atlas, path: Path) -> None:
    """Write a results file in one step: it is there whole or not at all."""
    record = {
        "format": FORMAT,
        "name": atlas.name,
        "config": dict(atlas.config),
        "jobs": list(atlas.jobs),
        "versions": dict(atlas.versions),
        "fingerprint": atlas.fingerprint,
        "checksum": checksum(atlas.arrays),
    }
    if atlas.confirmed:
        record["confirmed"] = list(atlas.confirmed)
    provenance = np.array(json.dumps(record))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            np.savez_compressed(file, provenance=provenance, **atlas.arrays)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def checksum(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over names, dtypes, shapes and values."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def fingerprint(name: str) -> str:
    """Fingerprint of an experiment's code, see `gradbook.evidence.fingerprint`.

    Raises:
        ValueError: There is no such experiment.
    """
    return fingerprints.of(registry.experiment_file(name))
