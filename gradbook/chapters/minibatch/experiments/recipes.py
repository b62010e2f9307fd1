"""Which conclusions on minibatches belong to the recipe? A job is a seed.

The character regression with three hidden layers of 500, 100 and 20 units, trained by recipes that
differ in one thing from the first:

- *constant*: L1 loss, Adam at 10⁻³, gradients clipped. (The chapter's large network has 10⁻⁴, at
  which this one has not learned the rule after 20 epochs.)
- *falling rate*: the same, at a tenth of the rate after epoch 10;
- *squared error*, and *squared error, falling rate*;
- *other fields*: written in 4, 1, 8, 5, 3, 3, 3, 4 and 4 characters, cut on the right where one is
  longer;
- *centred targets*: less the mean training target.
"""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradbook import models, tasks, training
from gradbook.probes.minibatch import (
    drop_roundoff,
    mean_cosine,
    minibatch_gradients,
    opposed_share,
    responsive_units,
    sample_minibatches,
)
from gradbook.tasks.characters import ALPHABET, FIELD_WIDTHS, PADDING

LAYERS = ("linear2.bias", "linear3.bias")

CONFIG: dict[str, Any] = {
    "rows": [8000, 2000],
    "widths": [500, 100, 20],
    "recipes": [
        "constant",
        "falling rate",
        "squared error",
        "squared error, falling rate",
        "other fields",
        "centred targets",
    ],
    "other_fields": [4, 1, 8, 5, 3, 3, 3, 4, 4],
    "learning_rate": 1e-3,
    "falls_after": 10,
    "falls_to": 0.1,
    "epochs": 20,
    "batch_size": 64,
    "clip": 0.3,
    "minibatches": 50,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 4 were the pilot
UNDEFINED = ("pair_cosine", "pair_opposed", "layer_cosine", "layer_opposed")


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Curves over epochs 0 … E.

    Returns:
        - ``layer_cosine``, ``layer_opposed`` [recipes, E + 1, 2 layers]: mean cosine of two
          minibatches and share of opposed pairs, in all biases of the layer; ``pair_cosine``,
          ``pair_opposed``: in the first two that respond; ``zero_share``: minibatches with no
          gradient in these two.
        - ``test_r2`` [recipes, E + 1].
    """
    train, test = config["rows"]
    task = tasks.character_regression(train=train, test=test, seed=seed)
    found = [_curves(recipe, task, seed, config) for recipe in config["recipes"]]
    return {name: np.array([one[name] for one in found], np.float32) for name in found[0]}


def _curves(recipe: str, task: tasks.Task, seed: int, config: dict[str, Any]) -> dict[str, Any]:
    loss = "squared" if recipe.startswith("squared error") else "l1"
    if recipe == "other fields":
        task = with_fields(task, config["other_fields"])
    if recipe == "centred targets":
        mean = task.train_targets.mean()
        task = dataclasses.replace(
            task, train_targets=task.train_targets - mean, test_targets=task.test_targets - mean
        )
    rows = sample_minibatches(
        len(task.train_inputs), config["batch_size"], config["minibatches"], seed
    )
    gradients: list[list[Tensor]] = []
    scores = []

    def look(model: nn.Sequential) -> None:
        exact, targets = copy.deepcopy(model).double(), task.train_targets.double()
        gradients.append(
            [
                minibatch_gradients(exact, task.train_inputs, targets, rows, name, loss=loss)
                for name in LAYERS
            ]
        )
        scores.append(training.run.evaluate(model, task, loss)[3])

    _train(recipe, task, loss, look, seed, config)
    layers = [drop_roundoff(torch.stack(layer)) for layer in zip(*gradients, strict=True)]
    pairs = [layer[..., list(responsive_units(layer))] for layer in layers]
    curves: dict[str, Any] = {"test_r2": scores}
    curves["zero_share"] = np.transpose(
        [(pair.norm(dim=2) == 0).double().mean(1).numpy() for pair in pairs]
    )
    for biases, parts in (("layer", layers), ("pair", pairs)):
        for name, of in (("cosine", mean_cosine), ("opposed", opposed_share)):
            curves[f"{biases}_{name}"] = np.transpose([[of(g) for g in part] for part in parts])
    return curves


def _train(
    recipe: str, task: tasks.Task, loss: str, look: Any, seed: int, config: dict[str, Any]
) -> None:
    """Train a network and look at it before the first epoch and after every one."""
    model = models.mlp(task.features, tuple(config["widths"]), seed=seed)
    parameters = list(model.parameters())
    optimizer = torch.optim.Adam(parameters, lr=config["learning_rate"], fused=True)
    batches = training.shuffled_batches(len(task.train_inputs), config["batch_size"], seed)
    look(model)
    for epoch in range(1, config["epochs"] + 1):
        if recipe.endswith("falling rate") and epoch == config["falls_after"] + 1:
            optimizer.param_groups[0]["lr"] *= config["falls_to"]
        for chosen in batches(epoch):
            outputs = model(task.train_inputs[chosen])
            optimizer.zero_grad()
            training.LOSSES[loss](outputs, task.train_targets[chosen]).backward()
            nn.utils.clip_grad_norm_(parameters, config["clip"])
            optimizer.step()
        look(model)


def with_fields(task: tasks.Task, widths: list[int]) -> tasks.Task:
    """The same rows written in other widths: cut on the right, or padded there.

    Args:
        task: Of `tasks.character_regression`.
        widths: Characters of the nine fields.
    """
    padding = ALPHABET.index(PADDING)
    starts = np.cumsum([0, *FIELD_WIDTHS.values()])[:-1]

    def rewritten(inputs: Tensor) -> Tensor:
        codes = inputs - len(ALPHABET) * torch.arange(inputs.shape[1])
        fields = []
        for start, old, new in zip(starts, FIELD_WIDTHS.values(), widths, strict=True):
            kept = codes[:, start : start + min(old, new)]
            fields.append(nn.functional.pad(kept, (0, max(new - old, 0)), value=padding))
        written = torch.cat(fields, 1)
        return written + len(ALPHABET) * torch.arange(written.shape[1])

    return dataclasses.replace(
        task,
        features=sum(widths) * len(ALPHABET),
        train_inputs=rewritten(task.train_inputs),
        test_inputs=rewritten(task.test_inputs),
        rows=(),
    )
