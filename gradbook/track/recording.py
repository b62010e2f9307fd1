"""Doses of groups of weights, recorded while a loop of somebody else's trains the network."""

from __future__ import annotations

import math
import warnings
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

import gradbook
from gradbook.probes.checks import whole
from gradbook.probes.reading import Inputs
from gradbook.track.followed import Asked, Followed, chosen, find_groups
from gradbook.track.held import Held
from gradbook.track.optimizers import ascends, decay_shares
from gradbook.track.runs import QUANTITIES, Run, board, load, run_of, scalars
from gradbook.track.storage import Log, packed


class Doses:
    """Records what an optimizer's steps do to groups of a network's weights::

        with track.Doses(model, groups="units", every=100) as doses:
            for inputs, targets in loader:
                ...
                optimizer.step()
        doses.run

    A hook that all optimizers call around their step reads the groups' weights before it, the
    gradients and the weights after it. Nothing is written to network or optimizer, and no random
    number is drawn that training would have drawn. Gradients are those that the optimizer is given:
    summed over accumulated batches, clipped, unscaled, averaged over devices.

    A record that fails is a warning, and training goes on.

    Cost: at the start, of each layer whose units are followed, what `unit_groups` costs; at a
    recorded step some passes over the groups' weights in float64, and, with a held batch, the
    passes of `example_gram` and one forward pass more; at any other step a comparison of two
    numbers. A record takes 32 bytes a group, and is appended to the file at once.

    Limits: sharded parameters (FSDP) are not put together; of several optimizers one is followed;
    ``pull`` is nan for optimizers other than SGD, Adam and AdamW of torch.

    Attributes:
        groups: Name to group.
        left_out: Layer to the reason why its units are not followed.
        step: How many steps the optimizer has made.
    """

    def __init__(
        self,
        model: nn.Module,
        groups: Asked = "units",
        every: int | Sequence[int] = 100,
        *,
        held: Held | tuple | None = None,
        inputs: Inputs | None = None,
        path: str | Path | None = None,
        tensorboard: str | Path | None = None,
        optimizer: torch.optim.Optimizer | None = None,
        start: int | None = None,
    ) -> None:
        """Find the groups, and open the file.

        Args:
            model: The network that is trained.
            groups: ``"units"``, each unit of every linear and convolutional layer whose readers
                can be told; names of such layers; ``"parameters"``, each that learns as one group;
                or groups by name.
            every: A record at each so many-th step, the first included; or the steps themselves.
            held: Rows whose single gradients are compared at each record: a `Held`, or
                (inputs, targets) with integer labels.
            inputs: A few rows to follow units with; by default the first eight held ones, or random
                ones of a form that the network takes.
            path: File to append records to; None keeps them in memory. If it holds a run of the
                same groups, that is gone on with.
            tensorboard: Folder for TensorBoard's curves; None writes none.
            optimizer: Which to follow; by default the first that steps and holds a parameter of
                the network.
            start: Steps already made by the training that goes on; default 0, or, with a file that
                holds a run, the step after its last record.

        Raises:
            TypeError: An argument is of the wrong type.
            ValueError: No group can be followed, or the file holds a run of other groups.
            ImportError: TensorBoard is asked for and not installed.
        """
        if isinstance(held, tuple):
            held = Held(*held)
        if held is not None and not isinstance(held, Held):
            raise TypeError(f"expected held as (inputs, targets), got {type(held).__name__}")
        if optimizer is not None and not isinstance(optimizer, torch.optim.Optimizer):
            raise TypeError(f"expected an optimizer of torch, got {type(optimizer).__name__}")
        self._every = chosen(every)
        self._model, self._held = model, held
        if inputs is None and held is not None:
            inputs = held.few
        self.groups, self.left_out = find_groups(model, groups, inputs)
        self._followed = Followed(model, self.groups)
        self._own = {id(parameter) for parameter in self._followed.parameters}
        self._optimizer = None if optimizer is None else weakref.ref(optimizer)
        self._path = None if path is None else Path(path)
        self.step = self._start(start)
        self._board = None if tensorboard is None else board(tensorboard)
        self._log: Log | None = None
        self._memory: list[bytes] = [] if self._path else [self._head()]
        self._handles: list[Any] = []
        self._before: tuple | None = None
        self._remembered: float | None = None  # steps that the optimizer's first moment holds
        self._warned: set[str] = set()

    def __enter__(self) -> Doses:
        """Begin to record."""
        if self._handles:
            return self
        if self._path:
            fresh = not self._path.exists() or not self._path.stat().st_size
            self._log = Log(self._path)
            self._log.append(self._head() if fresh else packed({"resumed": self.step}, {}))
        self._handles = [
            register_optimizer_step_pre_hook(self._look_before),
            register_optimizer_step_post_hook(self._look_after),
        ]
        return self

    def __exit__(self, *error: object) -> None:
        """Stop recording; the file is whole."""
        for handle in self._handles:
            handle.remove()
        self._handles, self._before = [], None
        if self._log is not None:
            self._log.close()
            self._log = None
        if self._board is not None:
            self._board.flush()

    @property
    def run(self) -> Run:
        """What is recorded so far."""
        return load(self._path) if self._path else run_of(b"".join(self._memory))

    def _head(self) -> bytes:
        about = {
            "every": sorted(self._every) if isinstance(self._every, frozenset) else self._every,
            "left_out": self.left_out,
            "n": len(self._held.targets) if self._held else 0,
            "version": gradbook.__version__,
        }
        return packed({"names": list(self.groups), "about": about}, {})

    def _start(self, start: int | None) -> int:
        known = None
        if self._path and self._path.exists() and self._path.stat().st_size:
            known = load(self._path)
            if known.names != tuple(self.groups):
                raise ValueError(
                    f"expected {self._path} to hold a run of these {len(self.groups)} groups, got "
                    f"{len(known.names)} others: choose another path"
                )
            if known.about["n"] != (len(self._held.targets) if self._held else 0):
                raise ValueError(
                    f"expected the {known.about['n']} held rows that {self._path} was begun with: "
                    "choose another path"
                )
        if start is not None:
            return whole(start, "start", 0)
        return int(known.steps[-1]) + 1 if known is not None and len(known) else 0

    def _due(self) -> bool:
        if isinstance(self._every, int):
            return self.step % self._every == 0
        return self.step in self._every

    def _is_followed(self, optimizer: torch.optim.Optimizer) -> bool:
        if self._optimizer is None:
            parameters = (p for group in optimizer.param_groups for p in group["params"])
            if not any(id(parameter) in self._own for parameter in parameters):
                return False
            self._optimizer = weakref.ref(optimizer)
        return self._optimizer() is optimizer

    def _look_before(self, optimizer: torch.optim.Optimizer, *_: object) -> None:
        if not self._is_followed(optimizer):
            return
        if self._remembered is None:
            self._remembered = math.inf if optimizer.state else 0
        if not self._due():
            return
        try:
            told, rows = self._held.measured(self._model) if self._held else ({}, {})
        except Exception as error:
            self._say("the held batch", error)
            told, rows = {}, {}
        try:
            self._before = self._followed.weights(), told, rows
        except Exception as error:
            self._say("a record", error)

    def _look_after(self, optimizer: torch.optim.Optimizer, *_: object) -> None:
        if not self._is_followed(optimizer):
            return
        self._remembered = (self._remembered or 0) + 1
        before, self._before = self._before, None
        if before is not None:
            try:
                self._record(optimizer, *before)
            except Exception as error:
                self._say("a record", error)
        self.step += 1

    def _record(
        self, optimizer: torch.optim.Optimizer, before: torch.Tensor, told: dict, rows: Any
    ) -> None:
        gradient = self._followed.gradients()
        gradient = -gradient if ascends(optimizer) else gradient
        shares = decay_shares(optimizer, self._followed.parameters, self._remembered or 1)
        found = self._followed.across_a_step(before, gradient, shares)
        values = torch.stack([found[name] for name in QUANTITIES]).float().cpu().numpy()
        arrays = {"values": values}
        arrays |= {name: row.float().numpy() for name, row in rows.items()}
        about = {"optimizer": type(optimizer).__name__}
        record = packed({"step": self.step, "about": about, **told}, arrays)
        if self._log is not None:
            self._log.append(record)
        else:
            self._memory.append(record)
        if self._board is not None:
            for name, value in scalars(dict(zip(QUANTITIES, values, strict=True)), told).items():
                self._board.add_scalar(name, value, self.step)

    def _say(self, what: str, error: Exception) -> None:
        text = f"{what} failed at step {self.step}: {type(error).__name__}: {error}"
        if type(error).__name__ not in self._warned:
            self._warned.add(type(error).__name__)
            warnings.warn(f"{text}; training goes on", stacklevel=4)
