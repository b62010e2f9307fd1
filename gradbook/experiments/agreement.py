"""Do minibatches agree? Over training, over batch sizes, under two losses; a job is a seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradbook import models, probes, tasks, training

LAYERS = ("linear2.bias", "linear3.bias")

CONFIG: dict[str, Any] = {
    "losses": ["l1", "squared"],
    "epochs": 20,
    "batch_size": 64,
    "minibatches": 50,
    "batch_sizes": [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096],
    "size_epochs": [0, 2, 10, 20],
    "size_minibatches": 200,
}
JOBS = tuple(range(10))


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Curves over epochs 0 … E for each loss, and the sweep over batch sizes for the first loss.

    Returns:
        - ``pair_cosine``, ``pair_opposed`` [losses, E + 1, 2 layers]: of the gradient in the first
          two biases; ``layer_cosine``, ``layer_opposed``: in all biases of the layer;
          ``zero_share``: minibatches with no gradient in the two biases; ``active``: share of rows
          on which the first two units are on.
        - ``positive``, ``error_mean``, ``error_sd`` [losses, E + 1]: share of training rows whose
          prediction is too high, mean and standard deviation of prediction minus target.
        - ``train_loss``, ``test_loss``, ``test_r2`` [losses, E + 1].
        - ``size_cosine``, ``size_ratio``, ``size_predicted`` [size epochs, sizes, 3]: mean cosine
          of two minibatches, E⟨g, g′⟩ / E‖g‖², and 1 / (1 + B_simple/B), for the second hidden
          layer's biases, the third's, and all parameters; ``size_noise_scale`` [size epochs, 3].
    """
    task = tasks.character_regression(seed=seed)
    rows = probes.sample_minibatches(
        len(task.train_inputs), config["batch_size"], config["minibatches"], seed
    )
    per_loss = []
    for loss in config["losses"]:
        run = training.train(
            models.mlp(task.features, seed=seed),
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
        epochs = [
            _at_epoch(run.model_at(epoch), task, rows, loss)
            for epoch in range(config["epochs"] + 1)
        ]
        curves = {name: np.array([epoch[name] for epoch in epochs]) for name in epochs[0]}
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


def _at_epoch(model: nn.Sequential, task: tasks.Task, rows: Tensor, loss: str) -> dict[str, Any]:
    inputs, targets = task.train_inputs, task.train_targets
    found: dict[str, Any] = {}
    for parameter in LAYERS:
        layer = probes.minibatch_gradients(model, inputs, targets, rows, parameter, loss=loss)
        pair = layer[:, :2]
        one = probes.gradient_landscape(
            model, inputs, targets, rows, parameter, offsets=[0.0], loss=loss
        )
        values = {
            "pair_cosine": probes.mean_cosine(pair),
            "pair_opposed": probes.opposed_share(pair),
            "layer_cosine": probes.mean_cosine(layer),
            "layer_opposed": probes.opposed_share(layer),
            "zero_share": (pair.norm(dim=1) == 0).double().mean().item(),
            "active": one.active.mean().item(),
        }
        for name, value in values.items():
            found.setdefault(name, []).append(value)
    with torch.no_grad():
        errors = (model(inputs) - targets).double()
    found["positive"] = (errors > 0).double().mean().item()
    found["error_mean"] = errors.mean().item()
    found["error_sd"] = errors.std(correction=0).item()
    return found


def _over_sizes(
    model: nn.Sequential, task: tasks.Task, loss: str, seed: int, config: dict[str, Any]
) -> dict[str, np.ndarray]:
    inputs, targets = task.train_inputs, task.train_targets
    batches = [
        probes.sample_minibatches(len(inputs), size, config["size_minibatches"], seed)
        for size in config["batch_sizes"]
    ]
    found: dict[str, list[Any]] = {
        "noise_scale": [],
        "cosine": [],
        "ratio": [],
        "predicted": [],
    }
    for parameter in (*LAYERS, None):
        if parameter is None:
            kernel = probes.gram(model, inputs, targets, loss=loss)
            scale = probes.gram_noise_scale(kernel)
            products = [probes.gram_products(kernel, rows) for rows in batches]
        else:
            each = probes.per_example_gradients(model, inputs, targets, parameter, loss=loss)
            scale = probes.noise_scale(each)
            means = [torch.stack([each[row].mean(0) for row in rows]) for rows in batches]
            products = [mean @ mean.T for mean in means]
        found["noise_scale"].append(scale)
        found["cosine"].append([probes.product_cosines(p).nanmean().item() for p in products])
        found["ratio"].append([probes.product_ratio(p) for p in products])
        found["predicted"].append(
            [probes.predicted_cosine(scale, size, len(inputs)) for size in config["batch_sizes"]]
        )
    return {f"size_{name}": np.array(values).T for name, values in found.items()}
