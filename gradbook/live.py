"""The live panel: train a small network here and now, and explore its own landscapes."""

from __future__ import annotations

import html

import ipywidgets
import numpy as np

from gradbook import models, probes, tasks, training
from gradbook.experiments.explorer import grid, over_epochs
from gradbook.experiments.views import MODES, OWNERS
from gradbook.widgets import explorer_of
from gradbook.widgets.minibatch import regularizer_view

NETS = {
    "none": ("bias", "evaluation", 5e-3),
    "dropout": ("bias", "one mask", 5e-3),
    "batch norm": ("shift", "training", 2e-2),
    "batch norm after ReLU": ("shift", "training", 2e-2),
}
"""Parameters, mode and learning rate per regularizer; the small net takes larger steps."""

LAYERS = (2, 3)


class MinibatchPanel(ipywidgets.VBox):
    """Choose a regularizer, epochs, batch size and seed; train; explore.

    The network has 128, 64 and 32 hidden units and reads 2,000 rows of the chapter's task, so a
    training takes seconds. The explorer below then shows its landscapes after every epoch.

    Attributes:
        run: The last training run, None before the first.
    """

    def __init__(self) -> None:
        style = {"description_width": "6.5em"}
        wide = ipywidgets.Layout(width="auto", max_width="34em")
        self.run: training.Run | None = None
        self.regularizer = ipywidgets.ToggleButtons(
            options=list(NETS),
            description="regularizer",
            style={**style, "button_width": "auto"},
        )
        self.epochs = ipywidgets.IntSlider(
            10, 1, 30, description="epochs", style=style, layout=wide, continuous_update=False
        )
        self.batch_size = ipywidgets.SelectionSlider(
            options=[8, 16, 32, 64, 128, 256],
            value=64,
            description="batch size",
            style=style,
            layout=wide,
        )
        self.seed = ipywidgets.BoundedIntText(
            0, 0, 9999, description="seed", style=style, layout=ipywidgets.Layout(width="14em")
        )
        self.button = ipywidgets.Button(
            description="Train", button_style="primary", icon="play", tooltip="Train the network"
        )
        self.progress = ipywidgets.IntProgress(
            0, 0, 10, description="epoch", layout=ipywidgets.Layout(width="20em")
        )
        self.message = ipywidgets.HTML("Not trained yet.")
        self.result = ipywidgets.VBox()
        self.button.on_click(lambda _: self.train())
        super().__init__(
            [
                self.regularizer,
                self.epochs,
                self.batch_size,
                self.seed,
                ipywidgets.HBox([self.button, self.progress]),
                self.message,
                self.result,
            ]
        )

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return "MinibatchPanel: run this cell to train a network"

    def train(self) -> None:
        """Train with the chosen settings and show the landscapes; what the button does.

        Where training fails, the message says why, and the result shown before stays.
        """
        self.button.disabled = True
        self.progress.value, self.progress.max = 0, self.epochs.value
        self.message.value = "Training …"
        try:
            self.run, explorer = self._measure()
        except (ValueError, FloatingPointError) as error:
            self.message.value = f"Stopped: {html.escape(str(error))}"
        else:
            self.result.children = [explorer]
            self.message.value = (
                f"Test R² after {self.epochs.value} epochs: {self.run.test_r2[-1]:.2f}"
            )
        finally:
            self.button.disabled = False

    def _measure(self):
        name = self.regularizer.value
        parameters, mode, learning_rate = NETS[name]
        seed, batch_size = self.seed.value, self.batch_size.value
        task = tasks.character_regression(train=2000, test=500, seed=seed)
        run = training.train(
            models.mlp(
                task.features,
                models.SMALL_WIDTHS,
                regularizer=name,
                seed=seed,
            ),
            task,
            training.TrainConfig(
                epochs=self.epochs.value,
                batch_size=batch_size,
                learning_rate=learning_rate,
                seed=seed,
                checkpoints=None,
            ),
            progress=False,
            on_epoch=lambda epoch, _: setattr(self.progress, "value", epoch),
        )
        rows = probes.sample_minibatches(len(task.train_inputs), batch_size, 50, seed)
        arrays = over_epochs(
            run,
            task,
            rows,
            [f"{OWNERS[parameters]}{layer}.bias" for layer in LAYERS],
            grid(0.1, 7),
            mode=MODES[mode][0],
            seed=seed,
        )
        explorer = explorer_of(
            {key: np.stack([values]) for key, values in arrays.items()},
            views=[regularizer_view(name, parameters, mode, learning_rate)],
            facets=["Regularizer"],
            layers=LAYERS,
            batch_size=batch_size,
            epoch=self.epochs.value,
        )
        return run, explorer
