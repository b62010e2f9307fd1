"""What weight decay takes from each unit under three optimizers, followed by `gradbook.track`.

A job is a seed: of the pictures, the weights and the minibatches.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from gradbook import track
from gradbook.chapters.own.networks import network
from gradbook.tasks.digits import digits

CONFIG: dict[str, Any] = {
    "networks": ["convolutional", "transformer"],
    "optimizers": ["SGD", "Adam, L2", "AdamW"],
    "layers": {"convolutional": "6", "transformer": "block.up"},
    "pictures": 500,
    "learning_rate": {"SGD": 0.1, "Adam, L2": 2e-3, "AdamW": 2e-3},
    "weight_decay": {"SGD": 1e-3, "Adam, L2": 1e-3, "AdamW": 5e-2},
    "batch_size": 50,
    "steps": 400,
    "every": 20,
    "skipped": 200,
}
JOBS = tuple(range(20))  # seeds from 100 were the pilot


def optimizer_of(name: str, parameters: Any, config: dict[str, Any]) -> torch.optim.Optimizer:
    """An optimizer by name."""
    rate, decay = config["learning_rate"][name], config["weight_decay"][name]
    if name == "SGD":
        return torch.optim.SGD(parameters, rate, weight_decay=decay)
    kind = torch.optim.AdamW if name == "AdamW" else torch.optim.Adam
    return kind(parameters, rate, weight_decay=decay)


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Units of one hidden layer, in the second half of a training; 0 for units that stay dead.

    Returns:
        - ``gradient`` [networks, optimizers, units]: root mean square over the records of the norm
          of the gradient in a unit's weights, in loss over weight.
        - ``taken`` [networks, optimizers, units]: mean of decay's pull over the norm: the share of
          a unit's norm that decay takes in a step.
        - ``given`` [networks, optimizers, units]: mean of the share of the norm that gradients
          give in a step.
        - ``error`` [networks, optimizers]: on pictures that were not trained on.
    """
    task = digits(train=config["pictures"], seed=seed)
    inputs, labels = task.train_inputs, task.train_targets.argmax(1)
    found: dict[str, list] = {"gradient": [], "taken": [], "given": [], "error": []}
    for name in config["networks"]:
        for kind in config["optimizers"]:
            model = network(name, seed)
            optimizer = optimizer_of(kind, model.parameters(), config)
            generator = torch.Generator().manual_seed(seed)
            layer = config["layers"][name]
            with track.Doses(model, [layer], config["every"], inputs=inputs[:16]) as doses:
                for _ in range(config["steps"]):
                    rows = torch.randint(len(inputs), (config["batch_size"],), generator=generator)
                    optimizer.zero_grad()
                    functional.cross_entropy(model(inputs[rows]), labels[rows]).backward()
                    optimizer.step()
            run = doses.run
            late = run.steps >= config["skipped"]
            values = {key: array[late].astype(float) for key, array in run.values.items()}
            along = values["dose"] - values["erosion"]
            gradient = np.sqrt((along**2 + values["turning"] ** 2).mean(0))
            alive = gradient > 0
            found["gradient"].append(gradient)
            for key, share in (
                ("taken", values["pull"]),
                ("given", values["along"] + values["pull"]),
            ):
                found[key].append(np.where(alive, (share / values["norm"]).mean(0), 0))
            with torch.no_grad():
                wrong = model(task.test_inputs).argmax(1) != task.test_targets.argmax(1)
            found["error"].append(wrong.double().mean().item())
    shape = (len(config["networks"]), len(config["optimizers"]))
    return {
        key: np.array(values, np.float32).reshape(*shape, *np.shape(values)[1:])
        for key, values in found.items()
    }
