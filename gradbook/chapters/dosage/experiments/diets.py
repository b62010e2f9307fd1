"""One garden under every diet, epoch by epoch; a job is a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradbook.chapters.dosage import examples
from gradbook.probes.dose import dose
from gradbook.training import diets, gardens

CONFIG: dict[str, Any] = {
    "frequencies": [0.0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32],
    "diets": [
        ["none", [0.0]],
        ["weight decay", [0.005, 0.01, 0.02, 0.05]],
        ["dropout", [0.1, 0.2, 0.35, 0.5]],
        ["gradient noise", [0.01, 0.02, 0.05, 0.1]],
        ["spectral decoupling", [0.1, 0.25, 0.5, 1.0]],
    ],
    "learning_rate": 1.0,
    "batch_size": 64,
    "steps_an_epoch": 80,
    "epochs": 25,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Every recognizer after every epoch, under every diet at every strength.

    Returns:
        ``norm``, ``answer``, ``dose`` and ``pull`` [diets and strengths, epochs + 1, recognizers].
        The answer is that to the recognizer's own feature. The dose, less erosion, is that of all
        examples; the pull is what the diet takes from the norm: minus the slope, along the
        recognizer, of what the diet adds to the expected loss.
    """
    runs = [
        course(name, strength, config["frequencies"], seed, config)
        for name, strengths in config["diets"]
        for strength in strengths
    ]
    return {
        name: torch.stack([run[name] for run in runs]).numpy().astype(np.float16)
        for name in runs[0]
    }


def course(
    name: str,
    strength: float,
    frequencies: Sequence[float],
    seed: int,
    config: dict[str, Any],
    *,
    on_epoch: Callable[[], None] = lambda: None,
) -> dict[str, Tensor]:
    """One garden under one diet.

    Args:
        name: A diet of the configuration.
        strength: Of the diet, in its own unit.
        frequencies: p of each recognizer.
        seed: Of weights, minibatches and noise.
        config: As `CONFIG`.
        on_epoch: Called before the first epoch and after each.

    Returns:
        ``norm``, ``answer``, ``dose`` and ``pull`` [epochs + 1, recognizers].
    """
    diet = diet_of(name, strength)
    everything = examples.population(frequencies)
    inputs, targets = map(torch.from_numpy, everything[:2])
    shares = everything[2]
    groups = gardens.recognizer_groups(len(shares))

    def watch(model: nn.Module) -> dict[str, Tensor]:
        on_epoch()
        fed = dose(model, groups, inputs, targets, loss=diets.HALF_SQUARED.weighted(shares))
        taken = dose(model, groups, inputs, targets, loss=expected_penalty(diet).weighted(shares))
        return {
            "norm": fed.norm,
            "answer": model.answers(inputs).diagonal(),
            "dose": fed.dose - fed.erosion,
            "pull": diet.weight_decay * fed.norm + taken.erosion - taken.dose,
        }

    every = config["steps_an_epoch"]
    return gardens.grow(
        gardens.Recognizers(len(shares), seed=seed),
        examples.sampled(everything, config["batch_size"], seed),
        watch,
        diet=diet,
        steps=every * config["epochs"],
        learning_rate=config["learning_rate"],
        every=every,
        seed=seed,
    )[1]


def diet_of(name: str, strength: float) -> diets.Diet:
    """The diet of a name in `CONFIG`."""
    fields = {
        "weight decay": "weight_decay",
        "dropout": "dropout",
        "gradient noise": "noise",
        "spectral decoupling": "decoupling",
    }
    return diets.Diet(**{fields[name]: strength}) if name in fields else diets.Diet()


def expected_penalty(diet: diets.Diet) -> diets.Loss:
    """What a diet adds to a row's expected half squared error, weight decay left out.

    With one recognizer active a row, dropout at rate q adds q/(1 − q)·f²/2 and spectral decoupling
    by λ adds λ·f²/2; noise adds nothing.
    """
    factor = diet.dropout / (1 - diet.dropout) + diet.decoupling
    return diets.Loss(lambda f, y: factor * f.square() / 2, lambda f, y: factor * f)
