"""Does it matter which rows share a minibatch, and in which order? A job is a seed.

From one start the same net is trained again with one thing changed, and compared epoch by epoch
with the first run: nothing (the control), the last bit of every parameter (how far does mere
round-off carry?), the first two minibatches swapped once, the order of the minibatches in every
epoch, and the minibatches themselves.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradbook import models, tasks, training

CONFIG: dict[str, Any] = {
    "rows": [8000, 2000],
    "widths": list(models.FULL_WIDTHS),
    "changes": ["nothing", "last bits", "one swap", "order", "minibatches"],
    "epochs": 8,
    "batch_size": 64,
}
JOBS = tuple(range(10, 20))  # seeds 0 to 9 were the pilot that the predictions were made from


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Drift of each changed run from the first, after each epoch.

    Returns:
        - ``weights`` [changes, epochs + 1]: ‖θ − θ′‖ / ‖θ − θ₀‖, the distance of the two nets over
          the distance the first has come (0 at the start).
        - ``functions`` [changes, epochs + 1]: root mean square difference of the two nets' test
          predictions over the first net's root mean square test error.
        - ``test_loss`` [changes + 1, epochs + 1]: the first run's, then each changed run's.
    """
    train, test = config["rows"]
    task = tasks.character_regression(train=train, test=test, seed=seed)
    model = models.mlp(task.features, tuple(config["widths"]), seed=seed)
    settings = training.TrainConfig(
        epochs=config["epochs"], batch_size=config["batch_size"], seed=seed, checkpoints=None
    )

    def trained(start: nn.Module, batches: training.Batches) -> training.Run:
        return training.train(start, task, settings, batches=batches, progress=False)

    batches = training.shuffled_batches(len(task.train_inputs), config["batch_size"], seed)
    first = trained(model, batches)
    losses, weights, functions = [first.test_loss], [], []
    for change in config["changes"]:
        start = _with_last_bits_changed(model) if change == "last bits" else model
        other = trained(start, _changed(batches, change, task, config, seed))
        drift = [_drift(first, other, task, epoch) for epoch in range(config["epochs"] + 1)]
        weights.append([w for w, _ in drift])
        functions.append([f for _, f in drift])
        losses.append(other.test_loss)
    return {
        "weights": np.array(weights, dtype=np.float32),
        "functions": np.array(functions, dtype=np.float32),
        "test_loss": torch.stack(losses).numpy().astype(np.float32),
    }


def _changed(
    batches: training.Batches, change: str, task: tasks.Task, config: dict[str, Any], seed: int
) -> training.Batches:
    def swapped(epoch: int) -> list[Tensor]:
        parts = list(batches(epoch))
        if epoch == 1:
            parts[0], parts[1] = parts[1], parts[0]
        return parts

    def reordered(epoch: int) -> list[Tensor]:
        parts = list(batches(epoch))
        generator = torch.Generator().manual_seed(7_000_003 * (seed + 1) + epoch)
        return [parts[i] for i in torch.randperm(len(parts), generator=generator).tolist()]

    if change == "minibatches":
        rows = len(task.train_inputs)
        return training.shuffled_batches(rows, config["batch_size"], seed + 1000)
    return {"one swap": swapped, "order": reordered}.get(change, batches)


def _with_last_bits_changed(model: nn.Module) -> nn.Module:
    model = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.nextafter(parameter, torch.full_like(parameter, torch.inf)))
    return model


@torch.no_grad()
def _drift(
    first: training.Run, other: training.Run, task: tasks.Task, epoch: int
) -> tuple[float, float]:
    origin, one, two = (
        nn.utils.parameters_to_vector(run.model_at(e).parameters())
        for run, e in ((first, 0), (first, epoch), (other, epoch))
    )
    if epoch == 0:
        return 0.0, 0.0
    f, g = (run.model_at(epoch)(task.test_inputs) for run in (first, other))
    distance = ((one - two).norm() / (one - origin).norm()).item()
    error = (f - task.test_targets).square().mean().sqrt()
    return distance, ((f - g).square().mean().sqrt() / error).item()
