"""`gradbook.track.Doses` as a callback of Lightning."""

from __future__ import annotations

from typing import Any

from gradbook.track.callbacks import Watching

try:
    from lightning.pytorch import Callback
except ImportError:
    Callback = None


class LightningDoses(Watching, Callback or object):  # type: ignore[misc]
    """Records while a Lightning `Trainer` fits: ``Trainer(callbacks=[LightningDoses(every=100)])``.

    Its arguments are those of `Doses` but the model. Steps are Lightning's ``global_step``, so a
    fit that goes on from a checkpoint goes on in the file. On several devices the first records.

    Attributes:
        doses: The `Doses` of the last fit; its ``run`` is what was recorded.
    """

    def __init__(self, groups: Any = "units", every: Any = 100, **options: Any) -> None:
        """Take over what `Doses` will be given.

        Raises:
            ImportError: Lightning is not installed.
        """
        if Callback is None:
            raise ImportError("this needs Lightning: pip install lightning")
        super().__init__()
        self._will_watch({"groups": groups, "every": every} | options)

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin, at the step that training is at."""
        if trainer.is_global_zero:
            self._begin(pl_module, trainer.global_step)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """End."""
        self._end()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """End where training was stopped."""
        self._end()
