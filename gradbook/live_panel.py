"""What the live panels share: a button that trains, a progress bar, and what came of it."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets

STYLE = {"description_width": "6.5em"}
WIDE = {"style": STYLE, "layout": {"width": "auto", "max_width": "34em"}}
"""Keywords of a slider or a text."""


class LivePanel(ipywidgets.VBox):
    """Controls above a button; under it the explorer of what was trained last.

    A subclass makes the controls and says in `measure` what the button does.

    Attributes:
        seed: The last of the controls.
        button: Trains.
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
        self._action = action
        self.seed = ipywidgets.BoundedIntText(
            0, 0, 9999, description="seed", style=STYLE, layout=ipywidgets.Layout(width="14em")
        )
        self.button = ipywidgets.Button(
            description=action.split()[0].capitalize(),
            button_style="primary",
            icon="play",
            tooltip=action.capitalize(),
        )
        self.progress = ipywidgets.IntProgress(
            0, 0, 1, description=unit, layout=ipywidgets.Layout(width="20em")
        )
        self.message = ipywidgets.HTML("Not trained yet.")
        self.result = ipywidgets.VBox()
        self.button.on_click(lambda _: self.train())
        line = ipywidgets.HBox([self.button, self.progress])
        super().__init__([*controls, self.seed, line, self.message, self.result])

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return f"{type(self).__name__}: run this cell to {self._action}"

    def train(self) -> None:
        """Train with the chosen settings and show the explorer; what the button does.

        Where that fails, the message says why, and the result shown before stays.
        """
        self.button.disabled = True
        self.message.value = "Training …"
        try:
            explorer, told = self.measure()
        except (ValueError, FloatingPointError) as error:
            self.message.value = f"Stopped: {html.escape(str(error))}"
        else:
            self.result.children = [explorer]
            self.message.value = told
        finally:
            self.button.disabled = False

    def measure(self) -> tuple[ipywidgets.DOMWidget, str]:
        """Train: the explorer, and a line of text on how it went."""
        raise NotImplementedError

    def expect(self, ticks: int) -> None:
        """Set the progress bar to 0 of so many."""
        self.progress.value, self.progress.max = 0, ticks

    def tick(self) -> None:
        """Move the progress bar by one."""
        self.progress.value += 1


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
