"""Exercises of the chapter: what an answer is compared with."""

from __future__ import annotations

from gradbook import models, probes, tasks
from gradbook.chapters.minibatch import arrows, closed_forms
from gradbook.evidence import atlas
from gradbook.exercises import Exercise


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


def _first_unanimous_epoch() -> float:
    shown = arrows.fifty_arrows(atlas.load("explorer")).meta["arrows"]
    one_way = [len({v > 0 for v in lengths if v}) == 1 for lengths in shown]
    return float(one_way.index(True, 2))


EXERCISES = {
    "opposed pairs": Exercise(
        lambda: float(closed_forms.vote_agreement(0.6, 64)[1]),
        0.03,
        "find the chances of both majorities, and divide each by their sum: that leaves ties out",
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
    "unanimous": Exercise(
        _first_unanimous_epoch,
        0.01,
        "move the slider of the fifty arrows on from epoch 2 until no arrow points the other way",
    ),
}
