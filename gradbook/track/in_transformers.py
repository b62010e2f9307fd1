"""`gradbook.track.Doses` as a callback of the Hugging Face `Trainer`."""

from __future__ import annotations

from typing import Any

from gradbook.track.callbacks import Watching

try:
    from transformers import TrainerCallback
except ImportError:
    TrainerCallback = None


class TrainerDoses(Watching, TrainerCallback or object):  # type: ignore[misc]
    """Records while a Hugging Face `Trainer` trains: ``Trainer(…, callbacks=[TrainerDoses()])``.

    Its arguments are those of `Doses` but the model. Steps are the `Trainer`'s ``global_step``, so
    a training that goes on from a checkpoint goes on in the file. On several devices the first
    process records. A network that takes its arguments by name has held rows by name, and says
    where its outputs are: ``held=Held({"input_ids": rows}, labels, output=lambda o: o.logits)``.

    Attributes:
        doses: The `Doses` of the last training; its ``run`` is what was recorded.
    """

    def __init__(self, groups: Any = "units", every: Any = 100, **options: Any) -> None:
        """Take over what `Doses` will be given.

        Raises:
            ImportError: Transformers is not installed.
        """
        if TrainerCallback is None:
            raise ImportError("this needs Transformers: pip install transformers accelerate")
        super().__init__()
        self._will_watch({"groups": groups, "every": every} | options)

    def on_train_begin(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Begin, at the step that training is at."""
        if state.is_world_process_zero:
            self._begin(named["model"], state.global_step)

    def on_train_end(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """End."""
        self._end()
