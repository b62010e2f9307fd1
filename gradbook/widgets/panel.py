"""What the live panels share: buttons that train and stop, progress, and what came of it."""

from __future__ import annotations

import html
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets

from gradbook.widgets import background, keys

STYLE = {"description_width": "6.5em"}
WIDE = {"style": STYLE, "layout": {"width": "auto", "max_width": "34em"}}
"""Keywords of a slider or a text."""


class Stopped(Exception):
    """The reader does not want to wait for the end of a training."""


class LivePanel(ipywidgets.VBox):
    """Controls above two buttons; under them the explorer of what was trained last.

    A subclass makes the controls and says in `measure` what training is.

    Attributes:
        seed: The last of the controls.
        button: Trains, beside the notebook's cells.
        stop_button: Ends the training after the epoch it is in.
        progress: How far that is; `measure` moves it.
        message: What came of it, or why it stopped.
        result: Holds the explorer.
    """

    def __init__(self, *controls: ipywidgets.Widget, action: str, unit: str) -> None:
        """Lay the controls out.

        Args:
            controls: From top to bottom; a seed follows them.
            action: What the button does; it says the first word.
            unit: What the progress bar counts.
        """
        self._action, self._controls = action, controls
        self.seed = ipywidgets.BoundedIntText(
            0, 0, 9999, description="seed", style=STYLE, layout=ipywidgets.Layout(width="14em")
        )
        self.button = ipywidgets.Button(
            description=action.split()[0].capitalize(),
            button_style="primary",
            icon="play",
            tooltip=action.capitalize(),
        )
        self.stop_button = ipywidgets.Button(
            description="Stop", icon="stop", tooltip="Stop the training", disabled=True
        )
        self.progress = ipywidgets.IntProgress(
            0, 0, 1, description=unit, layout=ipywidgets.Layout(width="20em")
        )
        self.message = ipywidgets.HTML("Not trained yet.")
        self.result = ipywidgets.VBox()
        self._epochs: Sequence[int] = ()
        self._halted = threading.Event()
        self._ended = threading.Event()
        self.button.on_click(lambda _: self.start())
        self.stop_button.on_click(lambda _: self.stop())
        line = ipywidgets.HBox([self.button, self.stop_button, self.progress])
        unseen = keys.Keys()
        super().__init__([*controls, self.seed, line, self.message, self.result, unseen])
        self.add_class(keys.PANEL)

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return f"{type(self).__name__}: run this cell to {self._action}"

    def start(self) -> None:
        """Train when the notebook's cells have run; what the button does."""
        self._halted.clear()
        self._offer(training=True)
        self.message.value = "Waiting for its turn …"
        self._ended = background.start(self.train, self.stop)

    def wait(self) -> None:
        """Wait for the end of what `start` started."""
        self._ended.wait()

    def stop(self) -> None:
        """End the training after the epoch it is in; what the stop button does."""
        if not self.stop_button.disabled:
            self._halted.set()

    def train(self) -> None:
        """Train with the chosen settings and show the explorer.

        Where that fails or is stopped, the message says so, and the result shown before stays.
        """
        self._offer(training=True)
        self.message.value = "Training …"
        try:
            explorer, told = self.measure()
        except Stopped:
            self.message.value = self._cut_off()
        except KeyboardInterrupt:
            self.message.value = self._cut_off()
            raise
        except Exception as error:
            self.message.value = f"Stopped: {html.escape(str(error) or repr(error))}"
            if not isinstance(error, ValueError | FloatingPointError):
                raise
        else:
            self.result.children = [explorer]
            self.message.value = told
        finally:
            self._offer(training=False)
            self._halted.clear()

    def measure(self) -> tuple[ipywidgets.DOMWidget, str]:
        """Train: the explorer, and a line of text on how it went."""
        raise NotImplementedError

    def expect(self, epochs: Sequence[int]) -> None:
        """Set the progress bar to its start: it is to move after each of these epochs.

        Raises:
            Stopped: The reader asked for it.
        """
        self._epochs = epochs
        self.progress.value, self.progress.max = 0, len(epochs)
        self._go_on()

    def tick(self) -> None:
        """Move the progress bar by one epoch.

        Raises:
            Stopped: The reader asked for it.
        """
        self.progress.value += 1
        self._go_on()

    def _go_on(self) -> None:
        if self._halted.is_set():
            raise Stopped

    def _offer(self, *, training: bool) -> None:
        """A training's settings stay as they are while it runs."""
        for one in (*self._controls, self.seed, self.button):
            one.disabled = training
        self.stop_button.disabled = not training

    def _cut_off(self) -> str:
        done = self._epochs[: self.progress.value]
        where = f"after epoch {done[-1]}" if done and done[-1] else "before the first epoch"
        return f"Stopped {where}; nothing of it is kept."


def toggles(names: Sequence[str], description: str, **options: Any) -> ipywidgets.ToggleButtons:
    """Buttons of which one is chosen."""
    return ipywidgets.ToggleButtons(
        options=list(names),
        description=description,
        style={**STYLE, "button_width": "auto"},
        **options,
    )


def strength_of(
    chosen: ipywidgets.ToggleButtons, strengths: Mapping[str, Sequence[float]]
) -> ipywidgets.SelectionSlider:
    """A slider over the strengths of what is chosen; a choice sets it to the middle one."""
    slider = ipywidgets.SelectionSlider(
        options=strengths[chosen.value], description="strength", **WIDE
    )

    def offer(change: dict | None = None) -> None:
        options = strengths[chosen.value]
        slider.options = options
        slider.value = options[len(options) // 2]

    offer()
    chosen.observe(offer, "value")
    return slider
