"""Exercises of the chapter: what an answer is compared with."""

from __future__ import annotations

import math

from gradbook.chapters.dropout import closed_forms, curves, effects
from gradbook.evidence import atlas
from gradbook.exercises import Exercise


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


def _bias_that_moves() -> float:
    settings = curves.idle_bias_explorer().settings | {"place": "before the ReLU"}
    return max(curves.moved(settings | {"mode": mode}) for mode in closed_forms.MODES)


EXERCISES = {
    "bias that moves": Exercise(
        _bias_that_moves,
        0.02,
        "which mode takes its mean from earlier minibatches, and so not from this bias?",
    ),
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
        "divide the masks' part by the rest, which is the rows', and round up",
    ),
    "chain of four": Exercise(
        lambda: 1 - 4 * 0.4 / ((1 + 0.4) ** 4 - 1),
        0.01,
        "each layer multiplies by 1 + ε; the gradient expects 1 + 4 ε",
    ),
}
