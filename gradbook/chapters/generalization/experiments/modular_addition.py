"""A circuit that generalizes late: modular addition by gradient descent. A job is a seed.

The general solution is measured in two ways. By what it does: the mean margin on unseen pairs, and
beside it memory, what a pair's having been seen adds to its margin. By where it is: each unit's
part that is a wave of one frequency, the one that is strongest at the end; beside it the rest of
the weights, and as a control waves of other frequencies.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradbook.chapters.generalization import modular
from gradbook.chapters.generalization.modular import Table, Weights

CONFIG: dict[str, Any] = {
    "p": 31,
    "units": 100,
    "share": 0.5,
    "scale": 0.3,
    "learning_rate": 1.0,
    "settings": [
        ["addition", 0.001],
        ["addition", 0.0],
        ["shuffled answers", 0.001],
    ],
    "parts": ["waves", "rest", "other waves"],
    "steps": 8000,
    "every": 100,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Strengths and doses over training; a setting is a table and a weight decay.

    Returns:
        - ``step`` [records].
        - ``accuracy`` [settings, records, 2]: on seen and unseen pairs.
        - ``strength`` [settings, records, 2]: of the general solution, and of memory.
        - ``strength_dose`` [settings, records, 2]: what the gradient of the loss adds to each for a
          step of 1; decay takes 3λ times the strength.
        - ``norm``, ``dose`` [settings, records, parts]: of parts of the weights; the dose is minus
          the gradient along the part's own direction, negative where it erodes.
        - ``fed`` [settings, records, parts]: effective share of the seen pairs that feed a part,
          (Σ q_i)²/(n Σ q_i²) with q_i what pair i alone would add.
        - ``alone`` [settings, records, parts, 2]: accuracy of a part alone.
    """
    every, steps = config["every"], config["steps"]
    found = []
    for answers, decay in config["settings"]:
        data = modular.table(
            config["p"], config["share"], seed=seed, shuffled=answers != "addition"
        )
        kept = modular.train(
            modular.draw(config["p"], config["units"], scale=config["scale"], seed=seed),
            data,
            learning_rate=config["learning_rate"],
            weight_decay=decay,
            steps=steps,
            every=every,
        )
        own = modular.strongest(kept[-1])
        count = (config["p"] - 1) // 2
        generator = torch.Generator().manual_seed(seed)
        shift = torch.randint(1, count, own.shape, generator=generator)
        other = (own - 1 + shift) % count + 1
        records = [_record(weights, data, own, other) for weights in kept]
        found.append({name: np.array([one[name] for one in records]) for name in records[0]})
    arrays = {name: np.stack([one[name] for one in found]).astype(np.float32) for name in found[0]}
    return arrays | {"step": every * np.arange(steps // every + 1)}


def _record(single: Weights, data: Table, own: Tensor, other: Tensor) -> dict[str, Any]:
    weights = tuple(weight.double() for weight in single)
    inputs, answers = data.inputs.double(), data.answers.double()
    sides = (data.seen, data.unseen)

    def accuracy(of: Weights) -> list[float]:
        right = modular.scores(of, inputs).argmax(1) == answers.argmax(1)
        return [right[rows].double().mean().item() for rows in sides]

    seen = inputs[data.seen]
    errors = modular.scores(weights, seen) - answers[data.seen]
    descent = modular.gradient(weights, seen, errors / len(seen))
    margins, doses = [], []
    for rows in sides:
        slopes = modular.margin_slopes(answers[rows])
        margins.append((modular.scores(weights, inputs[rows]) * slopes).sum().item())
        upward = modular.gradient(weights, inputs[rows], slopes)
        doses.append(-modular.inner(descent, upward))
    waves = modular.waves(weights, own)
    rest = tuple(weight - wave for weight, wave in zip(weights, waves, strict=True))
    parts = (waves, rest, modular.waves(weights, other))
    norms = [modular.inner(part, part) ** 0.5 for part in parts]
    added = [
        _each(weights, part, seen, errors) / norm for part, norm in zip(parts, norms, strict=True)
    ]
    return {
        "accuracy": accuracy(weights),
        "strength": [margins[1], margins[0] - margins[1]],
        "strength_dose": [doses[1], doses[0] - doses[1]],
        "norm": norms,
        "dose": [each.mean().item() for each in added],
        "fed": [(each.mean() ** 2 / each.square().mean()).item() for each in added],
        "alone": [accuracy(part) for part in parts],
    }


def _each(weights: Weights, along: Weights, inputs: Tensor, errors: Tensor) -> Tensor:
    """−⟨∇L_i, along⟩ of every row [n]."""
    (first, last), (first_along, last_along) = weights, along
    read = inputs @ first
    moved = 2 * read * (inputs @ first_along)
    return -((errors @ last) * moved + (errors @ last_along) * read.square()).sum(1)
