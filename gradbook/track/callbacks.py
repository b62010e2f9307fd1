"""The callbacks' common part: begin where training begins, end where it ends."""

from __future__ import annotations

from typing import Any

from torch import nn

from gradbook.track.recording import Doses


class Watching:
    """Makes a `Doses` once the network is known.

    Attributes:
        doses: What records; None before training begins.
    """

    doses: Doses | None

    def _will_watch(self, options: dict[str, Any]) -> None:
        self._options, self.doses = options, None

    def _begin(self, model: nn.Module, step: int) -> None:
        self._end()
        self.doses = Doses(model, **{"start": step} | self._options)
        self.doses.__enter__()

    def _end(self) -> None:
        if self.doses is not None:
            self.doses.__exit__()
