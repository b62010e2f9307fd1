"""Nets trained on coloured digits: plainly, under cures, and by the schedule of the paper's script.

The script (Pezeshki et al. 2021, `cmnist.py`) trains plainly for some steps. Then the loss becomes
k·(logistic loss + mean ŷ²) with k = 2·10⁻⁵, while Adam goes on with its running means. Controls do
the same without the second term, and with Adam's running means forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradbook import models
from gradbook.chapters.starvation.coloured import PIXELS, coloured
from gradbook.training import ensemble
from gradbook.training.diets import LOGISTIC, Diet, Loss

SCHEDULES = ("schedule", "schedule without decoupling", "schedule, Adam forgets")


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Accuracy under every cure and strength, under `SCHEDULES`, and trained without colours.

    Returns:
        - ``accuracy`` [cures + schedules + 1, records + 1, 3]: in training, on test pictures whose
          colour misleads, and on the same pictures in both colours at half strength.
        - ``step`` [records + 1].
    """
    nets, adam = _nets(seed, config), ensemble.Adam(config["learning_rate"])
    rows, grey = (coloured(seed, train=config["pictures"], grey=grey) for grey in (False, True))
    at = range(0, config["steps"] + 1, config["every"])

    def run(diet: Diet, *, without_colours: bool = False) -> Tensor:
        data = grey if without_colours else rows
        return _train(nets, data, adam, diet, config["steps"], at)[1]

    found = []
    for cure, strengths in config["cures"]:
        named = {"none": "weight_decay", "spectral decoupling": "decoupling"}
        name = named.get(cure, cure.replace(" ", "_"))
        found += [run(Diet(**{name: strength})) for strength in strengths]
    found += _schedules(nets, rows, adam, config)
    found.append(run(Diet(), without_colours=True))
    return {
        "accuracy": torch.stack(found).numpy().astype(np.float32),
        "step": np.array(at),
    }


def _schedules(
    nets: ensemble.Ensemble, rows: Any, adam: ensemble.Adam, config: dict[str, Any]
) -> list[Tensor]:
    delay, every, scale = config["delay"], config["every"], config["scale"]
    rest = config["steps"] - delay
    decoupled = Diet(decoupling=2 * scale)  # scale · mean ŷ²
    before = range(0, delay + 1, every)
    first, start = _train(nets, rows, adam, decoupled, delay, before)
    forgetful = first.copy()
    forgetful.state = {}
    after = range(every, rest + 1, every)
    found = []
    for begun, diet in ((first, decoupled), (first, Diet()), (forgetful, decoupled)):
        _, end = _train(begun, rows, adam, diet, rest, after, loss=scaled(scale))
        found.append(torch.cat([start, end]))
    return found


def scaled(scale: float) -> Loss:
    """The logistic loss times a number, with which Adam's running means do not shrink."""
    return Loss(
        lambda outputs, targets: scale * LOGISTIC.value(outputs, targets),
        lambda outputs, targets: scale * LOGISTIC.slope(outputs, targets),
    )


def _train(
    nets: ensemble.Ensemble,
    rows: Any,
    adam: ensemble.Adam,
    diet: Diet,
    steps: int,
    at: range,
    loss: Loss = LOGISTIC,
) -> tuple[ensemble.Ensemble, Tensor]:
    """Trained nets, and the accuracies of `measure` [records, 3]."""
    trained, records = ensemble.train(
        nets,
        rows.train_inputs,
        rows.train_labels,
        adam,
        steps=steps,
        loss=loss,
        diets=diet,
        watch=_accuracies(rows),
        at=at,
    )
    return trained, records["accuracy"][:, 0]


def _accuracies(rows: Any) -> Callable[[ensemble.Ensemble], dict[str, Tensor]]:
    sets = (
        (rows.train_inputs, rows.train_labels),
        (rows.test_inputs, rows.test_labels),
        (rows.grey_inputs, rows.test_labels),
    )

    def watch(nets: ensemble.Ensemble) -> dict[str, Tensor]:
        right = [nets.outputs(inputs)[..., 0].sign() == labels for inputs, labels in sets]
        return {"accuracy": torch.stack([hits.double().mean(1) for hits in right], 1)}

    return watch


def _nets(seed: int, config: dict[str, Any]) -> ensemble.Ensemble:
    model = models.mlp(2 * PIXELS, (config["units"],), one_hot=False, seed=seed)
    return ensemble.Ensemble([model])
