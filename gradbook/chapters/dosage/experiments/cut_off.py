"""What becomes of a recognizer whose examples are taken away? A job is a seed.

Two recognizers are trained with minibatches, weight decay, noise in the labels and in the
background of every patch. Then the first one's feature never appears again. In the first three
conditions its patch is blank from then on, so that no gradient reaches it but what the condition
adds; in the last two its patch still holds background, as in any other example.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradbook.chapters.dosage import examples
from gradbook.training import diets, gardens

CONFIG: dict[str, Any] = {
    "causes": [
        "weight decay",
        "gradient noise",
        "decay and noise",
        "other examples",
        "other examples and decay",
    ],
    "recognizers": 2,
    "patch": 20,
    "frequency": 0.15,
    "background": 0.3,
    "label_noise": 0.5,
    "weight_decay": 0.02,
    "learning_rate": 0.1,
    "batch_size": 32,
    "training_steps": 3000,
    "half_lives": 10,
    "records": 50,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """The starved recognizer's weights after the cut.

    Returns:
        - ``cosine`` [causes, records + 1]: of its weights with those at the cut.
        - ``norm`` [causes, records + 1]: ‖w‖ of all its weights.
        - ``answer`` [causes, records + 1]: to its feature.
        - ``noise`` []: standard deviation of an entry of its minibatch gradient before the cut,
          which the condition "gradient noise" keeps up.
        - ``dimensions`` []: how many weights it has.
        - ``step`` [records + 1]: steps since the cut.
    """
    pattern = examples.patterns(config["recognizers"], config["patch"], seed)
    shape = torch.from_numpy(pattern[0])
    fed = np.full(config["recognizers"], config["frequency"])
    decay = diets.Diet(weight_decay=config["weight_decay"])

    def batches(frequencies: np.ndarray, background: float, number: int) -> Any:
        return examples.examples(
            pattern,
            frequencies,
            config["batch_size"],
            background=background,
            label_noise=config["label_noise"],
            seed=100 * number + seed,
        )

    def watch(model: nn.Module) -> dict[str, Tensor]:
        answer = model.incoming[0] @ shape * model.outgoing[:, 0].prod()
        return {"weights": _weights(model), "answer": answer}

    model = gardens.Recognizers(config["recognizers"], config["patch"], seed=seed)
    background, rate = config["background"], config["learning_rate"]
    model, _ = gardens.grow(
        model,
        batches(fed, background, 0),
        watch,
        diet=decay,
        steps=config["training_steps"],
        learning_rate=rate,
        every=config["training_steps"],
    )
    noise = _gradient_noise(model, batches(fed, background, 1))
    half_life = math.log(2) / (rate * config["weight_decay"])
    every = round(config["half_lives"] * half_life / config["records"])
    both = diets.Diet(weight_decay=config["weight_decay"], noise=noise)
    conditions = {
        "weight decay": (decay, 0.0),
        "gradient noise": (diets.Diet(noise=noise), 0.0),
        "decay and noise": (both, 0.0),
        "other examples": (diets.Diet(), background),
        "other examples and decay": (decay, background),
    }
    cut = fed.copy()
    cut[0] = 0
    found: dict[str, list] = {"cosine": [], "norm": [], "answer": []}
    for cause in config["causes"]:
        diet, around = conditions[cause]
        _, records = gardens.grow(
            model,
            batches(cut, around, 2),
            watch,
            diet=diet,
            steps=every * config["records"],
            learning_rate=rate,
            every=every,
            seed=seed,
        )
        weights = records["weights"]
        norm = weights.norm(dim=1)
        found["cosine"].append(weights @ weights[0] / norm / norm[0])
        found["norm"].append(norm)
        found["answer"].append(records["answer"])
    arrays = {name: torch.stack(rows).numpy().astype(np.float32) for name, rows in found.items()}
    return arrays | {
        "noise": np.float64(noise),
        "dimensions": np.int64(len(_weights(model))),
        "step": every * np.arange(config["records"] + 1),
    }


def _weights(model: nn.Module) -> Tensor:
    """All weights of the first recognizer."""
    return torch.cat([model.incoming[0], model.outgoing[:, 0]]).detach()


def _gradient_noise(model: gardens.Recognizers, batches: Any, draws: int = 400) -> float:
    """Root mean square, over the first recognizer's weights, of the gradient's deviation."""
    weights = [parameter.detach().numpy() for parameter in model.parameters()]
    gradients = []
    for patches, targets, shares in itertools.islice(batches, draws):
        incoming, outgoing = model.descent(
            weights,
            patches,
            lambda f, y=targets, share=shares: diets.HALF_SQUARED.slope(f, y) * share,
        )
        gradients.append(np.append(incoming[0], outgoing[:, 0]))
    return float(np.sqrt(np.var(gradients, axis=0, ddof=1).mean()))
