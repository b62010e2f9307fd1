"""How much of one step's gain on its n examples do others share? A job is a seed.

The population is scikit-learn's digits, all of them, a fifth with a wrong label, so that its
gradient and loss are known exactly. Training sets are drawn from it with replacement, and one step
of descent is taken on each from the same weights, at three moments of training.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradbook import models
from gradbook.probes import per_example
from gradbook.tasks import digits

CONFIG: dict[str, Any] = {
    "wrong": 0.2,
    "widths": [32],
    "moments": [0, 100, 1000],
    "learning_rate": 0.5,
    "sizes": [16, 32, 64, 128, 256, 512, 1024, 2048, 4096],
    "draws": 32,
    "gains": [1e-4, 0.03],
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Gains of one step, mean over the draws.

    The step size is such that the training sets' mean loss would fall by a share `gains` of it,
    to first order and on average.

    Returns:
        - ``noise_scale`` [moments]: of the population, B_simple.
        - ``own``, ``others`` [moments, gains, sizes]: fall of the loss on the training set and on
          the population, over the population's loss.
        - ``ratio`` [moments, gains, sizes]: mean over the draws of others/own.
        - ``plug_in`` [moments, sizes]: mean of 1/(1 + B/n) with B from the training set itself.
        - ``loss`` [moments]: of the population.
    """
    task = digits.digits(train=digits.PICTURES - 1, wrong=config["wrong"], seed=seed)
    rows, labels = task.train_inputs.double(), task.train_targets.double()
    widths, outputs = tuple(config["widths"]), labels.shape[1]
    model = models.mlp(rows.shape[1], widths, outputs=outputs, one_hot=False, seed=seed).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=config["learning_rate"])
    generator = torch.Generator().manual_seed(seed)
    found, step = [], 0
    for moment in config["moments"]:
        for _ in range(step, moment):
            optimizer.zero_grad()
            _losses(model(rows), labels).mean().backward()
            optimizer.step()
        step = moment
        found.append(_moment(model, rows, labels, generator, config))
    return {name: np.stack([one[name] for one in found]) for name in found[0]}


def _losses(outputs: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of each row."""
    return -(outputs.log_softmax(-1) * targets).sum(-1)


def _moment(
    model: torch.nn.Module, rows: Tensor, labels: Tensor, generator: torch.Generator, config: Any
) -> dict[str, np.ndarray]:
    gradients = per_example.example_gradients(model, rows, labels, loss=_losses)
    whole, squares = gradients.mean(0), gradients.square().sum(1)
    signal = whole.square().sum()
    noise = squares.mean() - signal
    with torch.no_grad():
        before = _losses(model(rows), labels)
        weights = torch.nn.utils.parameters_to_vector(model.parameters())
        shape = (2, len(config["gains"]), len(config["sizes"]), config["draws"])
        gains, plug_in = torch.zeros(shape), torch.zeros(shape[2:])
        for place, size in enumerate(config["sizes"]):
            expected = signal + noise / size
            for draw in range(config["draws"]):
                chosen = torch.randint(len(rows), (size,), generator=generator)
                shares = torch.bincount(chosen, minlength=len(rows)).double() / size
                own = shares @ gradients
                length = own.square().sum()
                plug_in[place, draw] = 1 / (1 + (shares @ squares / length - 1) / size)
                for number, gain in enumerate(config["gains"]):
                    moved = weights - gain * before.mean() / expected * own
                    torch.nn.utils.vector_to_parameters(moved, model.parameters())
                    fall = before - _losses(model(rows), labels)
                    gains[:, number, place, draw] = torch.stack([shares @ fall, fall.mean()])
        torch.nn.utils.vector_to_parameters(weights, model.parameters())
    own, others = gains.double() / before.mean()
    return {
        "noise_scale": (noise / signal).numpy(),
        "own": own.mean(-1).numpy(),
        "others": others.mean(-1).numpy(),
        "ratio": (others / own).mean(-1).numpy(),
        "plug_in": plug_in.double().mean(-1).numpy(),
        "loss": before.mean().numpy(),
    }
