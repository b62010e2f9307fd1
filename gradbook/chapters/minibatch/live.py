"""The live panel: train a small network here and now, and explore its own landscapes."""

from __future__ import annotations

import ipywidgets
import numpy as np

from gradbook import models, probes, tasks, training
from gradbook.chapters.minibatch.experiments.explorer import grid, over_epochs
from gradbook.chapters.minibatch.explorer import regularizer_view
from gradbook.chapters.minibatch.views import MODES, OWNERS
from gradbook.widgets.explorer import Explorer
from gradbook.widgets.landscapes import explorer_of
from gradbook.widgets.panel import WIDE, LivePanel, toggles

NETS = {
    "none": ("bias", "evaluation", 5e-3),
    "dropout": ("bias", "one mask", 5e-3),
    "batch norm": ("shift", "training", 2e-2),
    "batch norm after ReLU": ("shift", "training", 2e-2),
}
"""Parameters, mode and learning rate per regularizer; the small net takes larger steps."""

LAYERS = (2, 3)


class MinibatchPanel(LivePanel):
    """Choose a regularizer, epochs, batch size and seed; train; explore.

    The network has 128, 64 and 32 hidden units and reads 2,000 rows of the chapter's task, so a
    training takes seconds. The explorer below then shows its landscapes after every epoch.

    Attributes:
        run: The last training run, None before the first.
    """

    def __init__(self) -> None:
        self.run: training.Run | None = None
        self.regularizer = toggles(NETS, "regularizer")
        self.epochs = ipywidgets.IntSlider(
            10, 1, 30, description="epochs", continuous_update=False, **WIDE
        )
        self.batch_size = ipywidgets.SelectionSlider(
            options=[8, 16, 32, 64, 128, 256], value=64, description="batch size", **WIDE
        )
        super().__init__(
            *(self.regularizer, self.epochs, self.batch_size),
            action="train a network",
            unit="epoch",
        )

    def measure(self) -> tuple[Explorer, str]:
        """Train the small network, and draw its landscapes after every epoch."""
        self.expect(range(1, self.epochs.value + 1))
        name = self.regularizer.value
        parameters, mode, learning_rate = NETS[name]
        seed, batch_size = self.seed.value, self.batch_size.value
        task = tasks.character_regression(train=2000, test=500, seed=seed)
        run = training.train(
            models.mlp(task.features, models.SMALL_WIDTHS, regularizer=name, seed=seed),
            task,
            training.TrainConfig(
                epochs=self.epochs.value,
                batch_size=batch_size,
                learning_rate=learning_rate,
                seed=seed,
                checkpoints=None,
            ),
            progress=False,
            on_epoch=lambda *_: self.tick(),
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
        self.run = run
        return explorer, f"Test R² after {self.epochs.value} epochs: {run.test_r2[-1]:.2f}"
