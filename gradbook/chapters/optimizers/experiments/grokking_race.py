"""Does the rule overtake memory, and when? Modular addition; a job is a seed.

Networks of one start, on one table, under two optimizers, three decays and three shares of the
pairs. Of the first 300 steps the strengths of the rule and of memory are kept, and of everything
later only when the pairs that were not shown are answered. Controls for circuit efficiency: the
same share with shuffled answers, which leaves memory alone, and nine tenths of the table, which
leave next to nothing to memorize.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from gradbook.chapters import generalization

CONFIG: dict[str, Any] = {
    "p": 31,
    "units": 100,
    "scale": 0.3,
    "optimizers": ["GD", "AdamW"],
    "rates": {"GD": 1.0, "AdamW": 0.002},
    "decays": {"GD": [0.0005, 0.001, 0.002], "AdamW": [0.5, 1.0, 2.0]},
    "betas": [0.9, 0.98],
    "shares": [0.4, 0.5, 0.6],
    "steps": {"GD": 6000, "AdamW": 3000},
    "controls": {"GD": 2000, "AdamW": 800},
    "general": 0.9,
    "window": [250, 300],
    "every": 25,
    "points": 40,
}
JOBS = tuple(range(20))  # seeds from 1000 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """The race in every setting; settings are optimizers × decays × shares.

    Returns:
        - ``crossed``, ``fitted`` [settings]: the first step, to linear interpolation, at which half
          of the unseen pairs, or all but one in a hundred of the seen, are right; 0 if never.
        - ``strength`` [settings, 2, 2]: at both ends of the window, of the rule (mean margin on all
          pairs of the units' waves, of the frequency strongest at step 300) and of memory (mean
          margin on the seen pairs less that).
        - ``dose`` [settings, 2, 2]: what the gradient of the loss adds to each for a step of 1.
        - ``norm`` [settings]: of all weights at step 300.
        - ``efficiency`` [settings, 2]: at step 300, of the waves and of the rest of the weights,
          margin over norm cubed.
        - ``unseen`` [settings, 2]: accuracy on unseen pairs at step 300 and at the last step.
        - ``course`` [settings, points + 1, 2]: both strengths over the steps. Training stops at
          step ``stopped`` [settings], 9 of 10 unseen pairs being right; the rest repeats the last.
        - ``alone`` [optimizers, decays, shares + 1]: the best efficiency of a network with shuffled
          answers, for each share, and of one that was shown nine tenths of the table.
    """
    found = [
        _race(optimizer, decay, share, seed, config)
        for optimizer in config["optimizers"]
        for decay in config["decays"][optimizer]
        for share in config["shares"]
    ]
    alone = [
        [
            [_alone(optimizer, decay, share, True, seed, config) for share in config["shares"]]
            + [_alone(optimizer, decay, config["general"], False, seed, config)]
            for decay in config["decays"][optimizer]
        ]
        for optimizer in config["optimizers"]
    ]
    arrays = {name: np.array([one[name] for one in found], np.float32) for name in found[0]}
    arrays["course"] = arrays["course"].astype(np.float16)
    return arrays | {"alone": np.array(alone, np.float32)}


def _race(
    optimizer: str, decay: float, share: float, seed: int, config: dict[str, Any]
) -> dict[str, Any]:
    data = generalization.modular.table(config["p"], share, seed=seed)
    every, steps, (begin, end) = config["every"], config["steps"][optimizer], config["window"]
    apart = steps // config["points"]
    kept, right, course = [], [], []
    marks = {begin, end, *range(0, steps + 1, every), *range(0, steps + 1, apart)}
    for step, weights in _trained(optimizer, decay, data, steps, seed, config):
        if step not in marks:
            continue
        if step in (begin, end):
            kept.append(_double(weights))
        if step % apart == 0:
            course.append(_double(weights))
        if step % every == 0:
            right.append(_accuracies(weights, data))
            if right[-1][1] >= 0.9 and step >= end:
                break
    own = generalization.modular.strongest(kept[-1])
    strengths, doses = zip(*(_state(one, data, own) for one in kept), strict=True)
    waves = generalization.modular.waves(kept[-1], own)
    rest = tuple(weight - wave for weight, wave in zip(kept[-1], waves, strict=True))
    over_time = [_state(one, data, own)[0] for one in course]
    over_time += [over_time[-1]] * (config["points"] + 1 - len(over_time))
    seen, unseen = np.array(right).T
    return {
        "crossed": _first(unseen, 0.5, every),
        "fitted": _first(seen, 0.99, every),
        "strength": strengths,
        "dose": doses,
        "norm": _norm(kept[-1]),
        "efficiency": [
            strengths[-1][0] / _norm(waves) ** 3,
            _margin(rest, data, data.seen) / _norm(rest) ** 3,
        ],
        "unseen": [unseen[end // every], unseen[-1]],
        "course": over_time,
        "stopped": step,
    }


def _trained(
    optimizer: str, decay: float, data: Any, steps: int, seed: int, config: dict[str, Any]
) -> Iterator[tuple[int, Any]]:
    """Steps from 0 and the weights after each; decay is not part of AdamW's gradient."""
    modular, rate = generalization.modular, config["rates"][optimizer]
    one, two = config["betas"]
    inputs, answers = data.inputs[data.seen], data.answers[data.seen]
    weights = modular.draw(config["p"], config["units"], scale=config["scale"], seed=seed)
    first, second = ([torch.zeros_like(weight) for weight in weights] for _ in range(2))
    yield 0, weights
    for step in range(1, steps + 1):
        slopes = (modular.scores(weights, inputs) - answers) / len(inputs)
        moves = modular.gradient(weights, inputs, slopes)
        if optimizer == "AdamW":
            for mean, square, gradient in zip(first, second, moves, strict=True):
                mean.lerp_(gradient, 1 - one)
                square.lerp_(gradient.square(), 1 - two)
            moves = [
                mean / (1 - one**step) / ((square / (1 - two**step)).sqrt() + 1e-8)
                for mean, square in zip(first, second, strict=True)
            ]
        weights = tuple(
            (1 - rate * decay) * weight - rate * move
            for weight, move in zip(weights, moves, strict=True)
        )
        yield step, weights


def _alone(
    optimizer: str, decay: float, share: float, shuffled: bool, seed: int, config: dict[str, Any]
) -> float:
    data = generalization.modular.table(config["p"], share, seed=seed, shuffled=shuffled)
    steps = config["controls"][optimizer]
    return max(
        _margin(weights, data, data.seen) / _norm(weights) ** 3
        for step, weights in _trained(optimizer, decay, data, steps, seed, config)
        if step % 100 == 0 and step
    )


def _state(weights: Any, data: Any, own: Any) -> tuple[list[float], list[float]]:
    """Strengths of the rule and of memory, and the doses that the gradient gives them."""
    modular = generalization.modular
    inputs, answers = data.inputs.double(), data.answers.double()
    seen, onto = inputs[data.seen], modular.margin_slopes(answers[data.seen])
    waves, every = modular.waves(weights, own), modular.margin_slopes(answers)
    rule = (modular.scores(waves, inputs) * every).sum().item()
    heard = modular.scores(weights, seen)
    both = (heard * onto).sum().item()
    descent = modular.gradient(weights, seen, (heard - answers[data.seen]) / len(seen))
    up_rule = modular.waves(modular.gradient(waves, inputs, every), own)
    of_rule = -modular.inner(descent, up_rule)
    of_both = -modular.inner(descent, modular.gradient(weights, seen, onto))
    return [rule, both - rule], [of_rule, of_both - of_rule]


def _margin(weights: Any, data: Any, rows: Any) -> float:
    modular = generalization.modular
    inputs, answers = data.inputs.to(weights[0]), data.answers.to(weights[0])
    heard = modular.scores(weights, inputs[rows])
    return (heard * modular.margin_slopes(answers[rows])).sum().item()


def _accuracies(weights: Any, data: Any) -> list[float]:
    guessed = generalization.modular.scores(weights, data.inputs).argmax(1)
    right = (guessed == data.answers.argmax(1)).double()
    return [right[rows].mean().item() for rows in (data.seen, data.unseen)]


def _first(values: np.ndarray, level: float, every: int) -> float:
    """Where a course first reaches a level, between its records; 0 if it does not."""
    reached = np.flatnonzero(values >= level)
    if not len(reached) or reached[0] == 0:
        return 0.0
    at = reached[0]
    return every * (at - (values[at] - level) / (values[at] - values[at - 1]))


def _double(weights: Any) -> Any:
    return tuple(weight.double() for weight in weights)


def _norm(weights: Any) -> float:
    return generalization.modular.inner(weights, weights) ** 0.5
