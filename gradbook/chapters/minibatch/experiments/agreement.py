"""Do minibatches agree? Over training, over batch sizes, under two losses; a job is a seed."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradbook import models, tasks, training
from gradbook.probes.gram import (
    gram_noise_scale,
    gram_products,
    product_cosines,
    product_ratio,
)
from gradbook.probes.minibatch import (
    drop_roundoff,
    mean_cosine,
    minibatch_gradients,
    minibatch_means,
    noise_scale,
    opposed_share,
    per_example_gradients,
    predicted_cosine,
    responsive_units,
    sample_minibatches,
)
from gradbook.probes.per_example import example_gram

LAYERS = ("linear2.bias", "linear3.bias")

CONFIG: dict[str, Any] = {
    "rows": [8000, 2000],
    "widths": list(models.FULL_WIDTHS),
    "losses": ["l1", "squared"],
    "epochs": 20,
    "batch_size": 64,
    "minibatches": 50,
    "batch_sizes": [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096],
    "size_epochs": [0, 2, 10, 20],
    "size_minibatches": 100,
}
JOBS = tuple(range(10, 20))  # seeds 0 to 9 were the pilot that the predictions were made from
UNDEFINED = ("pair_cosine", "pair_opposed", "layer_cosine", "layer_opposed")


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Curves over epochs 0 … E for each loss, and the sweep over batch sizes for the first loss.

    Returns:
        - ``pair_cosine``, ``pair_opposed`` [losses, E + 1, 2 layers]: of the gradient in the first
          two biases that respond, see `responsive_units`; ``layer_cosine``, ``layer_opposed``: in
          all biases of the layer; ``zero_share``: minibatches with no gradient in the two.
        - ``units`` [losses, 2 layers, 2]: which two biases.
        - ``positive``, ``error_mean``, ``error_sd`` [losses, E + 1]: share of training rows whose
          prediction is too high, mean and standard deviation of prediction minus target.
        - ``moved``, ``repeated`` [losses, E + 1]: largest change of a parameter by evaluating all
          minibatches, and of their gradients when they are evaluated again.
        - ``train_loss``, ``test_loss``, ``test_r2`` [losses, E + 1].
        - ``size_cosine``, ``size_ratio``, ``size_predicted`` [size epochs, sizes, 3]: mean cosine
          of two minibatches, E⟨g, g′⟩ / E‖g‖², and 1 / (1 + B_simple/B), for the second hidden
          layer's biases, the third's, and all parameters; ``size_noise_scale`` [size epochs, 3].
    """
    train, test = config["rows"]
    task = tasks.character_regression(train=train, test=test, seed=seed)
    rows = sample_minibatches(
        len(task.train_inputs), config["batch_size"], config["minibatches"], seed
    )
    per_loss = []
    for loss in config["losses"]:
        run = training.train(
            models.mlp(task.features, tuple(config["widths"]), seed=seed),
            task,
            training.TrainConfig(
                epochs=config["epochs"],
                batch_size=config["batch_size"],
                loss=loss,
                seed=seed,
                checkpoints=None,
            ),
            progress=False,
        )
        epochs, gradients = zip(
            *(
                _at_epoch(run.model_at(epoch), task, rows, loss)
                for epoch in range(config["epochs"] + 1)
            ),
            strict=True,
        )
        curves = {name: np.array([epoch[name] for epoch in epochs]) for name in epochs[0]}
        curves |= _agreement([torch.stack(layer) for layer in zip(*gradients, strict=True)])
        for name in ("train_loss", "test_loss", "test_r2"):
            curves[name] = getattr(run, name).numpy()
        per_loss.append(curves)
        if loss == config["losses"][0]:
            sizes = [
                _over_sizes(run.model_at(epoch), task, loss, seed, config)
                for epoch in config["size_epochs"]
            ]
    result = {name: np.stack([curves[name] for curves in per_loss]) for name in per_loss[0]}
    result |= {name: np.stack([size[name] for size in sizes]) for name in sizes[0]}
    return {name: values.astype(np.float32) for name, values in result.items()}


def _at_epoch(
    model: nn.Sequential, task: tasks.Task, rows: Tensor, loss: str
) -> tuple[dict[str, float], list[Tensor]]:
    """Numbers about one epoch, and the minibatches' gradients in each layer's biases [M, units]."""
    with torch.no_grad():
        errors = (model(task.train_inputs) - task.train_targets).double()
    exact, targets = model.double(), task.train_targets.double()
    before = copy.deepcopy(exact)
    once, again = (
        [
            minibatch_gradients(exact, task.train_inputs, targets, rows, parameter, loss=loss)
            for parameter in LAYERS
        ]
        for _ in range(2)
    )
    return {
        "positive": (errors > 0).double().mean().item(),
        "error_mean": errors.mean().item(),
        "error_sd": errors.std(correction=0).item(),
        "moved": _largest_change(before.parameters(), exact.parameters()),
        "repeated": _largest_change(once, again),
    }, [drop_roundoff(gradients) for gradients in once]


def _largest_change(before: Iterable[Tensor], after: Iterable[Tensor]) -> float:
    return max((a - b).abs().max().item() for a, b in zip(before, after, strict=True))


def _agreement(layers: list[Tensor]) -> dict[str, np.ndarray]:
    """Curves of agreement from gradients, one tensor a layer [E + 1, M, units]."""
    units = [responsive_units(gradients) for gradients in layers]
    pairs = [g[:, :, list(pair)] for g, pair in zip(layers, units, strict=True)]
    silent = [(g.norm(dim=2) == 0).double().mean(1).tolist() for g in pairs]
    curves: dict[str, Any] = {"units": units, "zero_share": list(zip(*silent, strict=True))}
    for biases, parts in (("layer", layers), ("pair", pairs)):
        at_epochs = list(zip(*parts, strict=True))
        for name, of in (("cosine", mean_cosine), ("opposed", opposed_share)):
            curves[f"{biases}_{name}"] = [[of(g) for g in epoch] for epoch in at_epochs]
    return {name: np.array(values) for name, values in curves.items()}


def _over_sizes(
    model: nn.Sequential, task: tasks.Task, loss: str, seed: int, config: dict[str, Any]
) -> dict[str, np.ndarray]:
    inputs, targets = task.train_inputs, task.train_targets
    sizes = config["batch_sizes"]
    batches = [
        sample_minibatches(len(inputs), size, config["size_minibatches"], seed) for size in sizes
    ]
    found: dict[str, list[Any]] = {"noise_scale": [], "cosine": [], "ratio": [], "predicted": []}
    kernel = example_gram(model, inputs, targets, loss=loss).double()
    exact = model.double()
    for parameter in (*LAYERS, None):
        if parameter is None:
            scale = gram_noise_scale(kernel)
            products = [gram_products(kernel, rows) for rows in batches]
        else:
            each = per_example_gradients(exact, inputs, targets.double(), parameter, loss=loss)
            scale = noise_scale(each)
            means = [drop_roundoff(minibatch_means(each, rows)) for rows in batches]
            products = [mean @ mean.T for mean in means]
        found["noise_scale"].append(scale)
        found["cosine"].append([product_cosines(p).nanmean().item() for p in products])
        found["ratio"].append([product_ratio(p) for p in products])
        found["predicted"].append([predicted_cosine(scale, size, len(inputs)) for size in sizes])
    return {f"size_{name}": np.array(values).T for name, values in found.items()}
