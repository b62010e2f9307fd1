"""Checks for the chapters' exercises: the expected answer is computed, never typed.

``check(name, answer)`` prints whether an answer is right, and a hint where it is not. It changes
nothing: a wrong answer can be corrected and checked again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scipy.optimize import brentq

from gradbook import (
    atlas,
    decoupling,
    effects,
    generalizing,
    models,
    predictions,
    probes,
    starvation,
    survival,
    tasks,
)


@dataclass(frozen=True)
class Exercise:
    """What an answer is compared with.

    Attributes:
        expected: Computes the right answer.
        tolerance: Largest relative error that counts as right.
        hint: What to think of next.
    """

    expected: Callable[[], float]
    tolerance: float
    hint: str


def _batch_for_cosine(cosine: float, epoch: int) -> float:
    results = atlas.load("agreement")
    number = results.config["size_epochs"].index(epoch)
    scale = float(results["size_noise_scale"][:, number, 2].mean())
    rows = 8000
    ratio = (1 / cosine - 1) / scale
    # cos = 1 / (1 + scale/B · (n − B)/(n − 1)), solved for B.
    return rows / (1 + ratio * (rows - 1))


def _opposed_in_a_product() -> float:
    task = tasks.character_regression("(c/100)*b", train=2000, test=500, seed=1)
    model = models.mlp(task.features, models.SMALL_WIDTHS, seed=1)
    rows = probes.sample_minibatches(2000, batch_size=64, count=50, seed=1)
    targets = task.train_targets - task.train_targets.median()
    gradients = probes.minibatch_gradients(model, task.train_inputs, targets, rows, "linear2.bias")
    return probes.opposed_share(gradients)


def _idle_parameters() -> float:
    widths = atlas.load("nets").config["widths"]
    return sum(widths)


def _masks_a_row() -> float:
    nets = atlas.load("nets")
    masks, examples = (nets[part][:, -1, 0].mean() for part in ("mask_noise", "example_noise"))
    return math.ceil(masks / examples)


def _seed_to_pick() -> float:
    nets = atlas.load("nets")
    ratios = effects.angle_over_plain(nets, "batch norm, bias, evaluation", layer=2)
    return nets.jobs[int(ratios.argmax())]


def _examples_for_nine_tenths() -> float:
    return 9 * float(atlas.load("one_step")["noise_scale"][:, 0].mean())


EXERCISES = {
    "seed to pick": Exercise(
        _seed_to_pick,
        0.0,
        "which seed has the largest ratio? nets.jobs holds the seeds",
    ),
    "idle parameters": Exercise(
        _idle_parameters,
        0.0,
        "one bias for each hidden unit; the output's is not followed by batch norm",
    ),
    "masks a row": Exercise(
        _masks_a_row,
        0.0,
        "divide the masks' part by the examples' part, both at the last epoch, and round up",
    ),
    "forty intervals": Exercise(
        lambda: 1 - 0.95**40,
        0.02,
        "what is the chance that all forty cover? One minus that",
    ),
    "opposed pairs": Exercise(
        lambda: float(predictions.vote_agreement(0.6, 64)[1]),
        0.03,
        "a tie has no direction; leave ties out before you form the two probabilities",
    ),
    "large batch": Exercise(
        lambda: _batch_for_cosine(0.9, 20),
        0.05,
        "solve cos = 1/(1 + t) for t, then t = (noise scale/|B|)·(n − |B|)/(n − 1) for |B|",
    ),
    "centred product": Exercise(
        _opposed_in_a_product,
        0.05,
        "which number has half of the targets above it? Subtract that one, from the second rule's",
    ),
    "quartic threshold": Exercise(
        lambda: 0.01 / (1 - 0) ** 3,
        0.02,
        "how fast does a + b grow where ab is almost 0? Only the loss's slope at f = 0 enters",
    ),
    "two half-lives": Exercise(
        lambda: 2 * survival.half_life(learning_rate=0.05, weight_decay=0.002),
        0.01,
        "1.2, 0.6, 0.3: how often does it halve, and how many steps does one halving take?",
    ),
    "rescue": Exercise(
        lambda: brentq(lambda m: survival.survivor(m * 0.015 / 0.02) - 0.5, 1.4, 100),
        0.02,
        "the answer at rest is 1 − λ/(m p)",
    ),
    "fold at 80 %": Exercise(
        lambda: float(
            starvation.dose(0.8, 0) / starvation.dose(0.8, starvation.best_reliance(0.8))
        ),
        0.01,
        "at the best reliance σ(s) = q: what do right and wrong examples pay there?",
    ),
    "never wrong": Exercise(
        lambda: float(starvation.catch_up_never_wrong(2.0)[1]) / 0.05,
        0.03,
        "find the lead h from h + eʰ = 1 + t; time is steps times step size, both ways",
    ),
    "margin of two": Exercise(
        lambda: brentq(lambda k: decoupling.margin_at_rest(k) - 2, 1e-3, 1),
        0.01,
        "at rest all examples have one margin m, and κm = σ(−m)",
    ),
    "sated": Exercise(
        lambda: generalizing.satiation(1000, 0.1) / 0.05,
        0.02,
        "t* is a time: steps times step size. Here 1 − 2ρ is 0.8",
    ),
    "forget": Exercise(
        lambda: generalizing.forgetting(400, 0.3),
        0.01,
        "put w into w n λ = 1, and solve for λ",
    ),
    "nine tenths": Exercise(
        _examples_for_nine_tenths,
        0.02,
        "solve 1/(1 + B/n) = 0.9 for n",
    ),
}


def check(name: str, answer: Any) -> None:
    """Say whether an answer is right.

    Args:
        name: One of `EXERCISES`.
        answer: The reader's number; None means not answered yet.

    Raises:
        ValueError: There is no such exercise, or the answer is no number.
    """
    if name not in EXERCISES:
        raise ValueError(f"expected an exercise of {list(EXERCISES)}, got {name!r}")
    if answer is None:
        print("No answer yet: put your number in place of None and run the cell again.")
        return
    try:
        given = float(answer)
    except (TypeError, ValueError):
        given = math.nan
    if math.isnan(given):
        raise ValueError(f"expected one number for {name!r}, got {answer!r}")
    exercise = EXERCISES[name]
    expected = exercise.expected()
    if math.isclose(given, expected, rel_tol=exercise.tolerance):
        print(f"Right: {expected:.3g}.")
    else:
        side = "large" if given > expected else "small"
        print(f"Not yet: {given:.4g} is too {side}. Hint: {exercise.hint}.")
