"""What a tracked run recorded, and the files that hold it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gradbook.track.storage import records, unpacked

QUANTITIES = ("norm", "dose", "erosion", "turning", "along", "across", "pull", "alive")
"""What is recorded of a group, with w the weights before a step, ŵ = w/‖w‖, g the gradient that the
optimizer was given and Δ the step that it made::

    norm      ‖w‖                      units of the weights
    dose      max(−⟨g, ŵ⟩, 0)          loss over weight
    erosion   max(⟨g, ŵ⟩, 0)           loss over weight
    turning   part of g at a right angle to w
    along     ⟨Δ, ŵ⟩                   units of the weights, decay included
    across    part of Δ at a right angle to w
    pull      decay's share of −⟨Δ, ŵ⟩; see `gradbook.track.optimizers`
    alive     1 where g ≠ 0, else 0: no example of the minibatch reached a group that is dead

So ‖w′‖² = (norm + along)² + across² but for round-off, at any step size and under every optimizer.
Where ‖w‖ = 0 there is no ŵ: dose, erosion, along and pull are nan, turning is ‖g‖, and across is
‖Δ‖ = ‖w′‖.
"""

ROWS = ("noise_scale", "noise_low", "noise_high", "coherence")
"""What is recorded of a held batch; see `gradbook.track.held`."""


@dataclass(frozen=True, eq=False)
class Run:
    """A run, at T recorded steps, of G groups, with n held rows.

    Attributes:
        names: The groups [G].
        steps: Steps that the optimizer had made before each record [T].
        values: Each of `QUANTITIES` as [T, G], float32; see there.
        held: Each of `ROWS` as [T]; ``agreement`` [T, n], the cosine of each held row's gradient
            with the mean of the others', and ``loss`` [T, n]. Empty without a held batch.
        about: ``optimizer``, ``every``, ``left_out`` (layer to why its units are left out), ``n``,
            ``version``.
    """

    names: tuple[str, ...]
    steps: np.ndarray
    values: Mapping[str, np.ndarray]
    held: Mapping[str, np.ndarray]
    about: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        span = f"steps {self.steps[0]} to {self.steps[-1]}" if len(self) else "nothing yet"
        return f"Run({len(self.names)} groups, {len(self)} records, {span})"

    def save(self, path: str | Path) -> Path:
        """Write it to ``.npz``, or to ``.parquet``: a row for each step and group.

        Raises:
            ValueError: Another ending.
            ImportError: Parquet without pyarrow.
        """
        path = Path(path)
        if path.suffix == ".npz":
            arrays = {f"values/{name}": array for name, array in self.values.items()}
            arrays |= {f"held/{name}": array for name, array in self.held.items()}
            told = json.dumps({"names": self.names, "about": dict(self.about)})
            np.savez_compressed(path, steps=self.steps, told=np.array(told), **arrays)  # type: ignore[arg-type]
            return path
        if path.suffix != ".parquet":
            raise ValueError(f"expected a path that ends in .npz or .parquet, got {path.name!r}")
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError as error:
            raise ImportError("Parquet needs pyarrow: pip install pyarrow, or save .npz") from error
        count = len(self.names)
        columns = {"step": np.repeat(self.steps, count), "group": [*self.names] * len(self)}
        columns |= {name: array.ravel() for name, array in self.values.items()}
        columns |= {name: np.repeat(self.held[name], count) for name in ROWS if name in self.held}
        parquet.write_table(pyarrow.table(columns), path)
        return path

    def to_tensorboard(self, folder: str | Path) -> None:
        """Write its curves for TensorBoard: means over groups, shares of them, and the held batch.

        Raises:
            ImportError: TensorBoard is not installed.
        """
        with board(folder) as writer:
            for record, step in enumerate(self.steps):
                values = {name: array[record] for name, array in self.values.items()}
                held = {name: float(self.held[name][record]) for name in ROWS if name in self.held}
                for name, value in scalars(values, held).items():
                    writer.add_scalar(name, value, int(step))


def scalars(values: Mapping[str, np.ndarray], held: Mapping[str, float]) -> dict[str, float]:
    """What TensorBoard is told of one record: means over groups, shares, and the held batch."""
    fed = values["dose"] - values["erosion"]
    found = {
        f"doses/mean {name}": float(np.nanmean(values[name])) if fed.size else np.nan
        for name in ("norm", "dose", "erosion", "turning", "along", "pull")
        if not np.isnan(values[name]).all()
    }
    found["doses/share alive"] = float(values["alive"].mean())
    found["doses/share eroded"] = float((fed < 0).mean())
    return found | {f"held/{name}": value for name, value in held.items() if np.isfinite(value)}


def board(folder: str | Path) -> Any:
    """A writer for TensorBoard.

    Raises:
        ImportError: TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise ImportError("this needs TensorBoard: pip install tensorboard") from error
    return SummaryWriter(str(folder))


def load(path: str | Path) -> Run:
    """Read a file that `Doses` appended to, while it still does too, or that `Run.save` wrote.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It holds no run.
    """
    path = Path(path)
    if path.suffix == ".npz":
        with np.load(path) as file:
            if "told" not in file:
                raise ValueError(f"expected a run that was saved, got {path}, which holds none")
            told = json.loads(str(file["told"]))
            parts: dict[str, dict[str, np.ndarray]] = {"values": {}, "held": {}}
            for key in file.files:
                part, _, name = key.partition("/")
                if name:
                    parts[part][name] = file[key]
            return Run(tuple(told["names"]), file["steps"], **parts, about=told["about"])
    return run_of(path.read_bytes(), str(path))


def run_of(content: bytes, source: str = "memory") -> Run:
    """The run that a file's bytes hold.

    Raises:
        ValueError: They hold none.
    """
    found = [unpacked(record) for _, record in records(content)]
    if not found or "names" not in found[0][0]:
        raise ValueError(f"expected a run of doses, got {source}, which holds none")
    head = found[0][0]
    kept: dict[int, tuple[dict, dict]] = {}
    about = dict(head["about"])
    for told, arrays in found[1:]:
        if "resumed" in told:  # what came after the state that training went on from is gone
            kept = {step: record for step, record in kept.items() if step < told["resumed"]}
            continue
        about |= told.pop("about", {})
        kept[told["step"]] = told, arrays
    steps = sorted(kept)
    names = tuple(head["names"])
    values = {
        name: np.array([kept[step][1]["values"][row] for step in steps], np.float32).reshape(
            len(steps), len(names)
        )
        for row, name in enumerate(QUANTITIES)
    }
    held: dict[str, np.ndarray] = {}
    if about["n"]:
        nothing = np.full(about["n"], np.nan, np.float32)
        held = {n: np.array([kept[s][0].get(n, np.nan) for s in steps]) for n in ROWS}
        for name in ("agreement", "loss"):
            rows = [kept[step][1].get(name, nothing) for step in steps]
            held[name] = np.array(rows, np.float32).reshape(len(steps), about["n"])
    return Run(names, np.array(steps, np.int64), values, held, about)
