"""Exercises of the chapter: what an answer is compared with."""

from __future__ import annotations

from gradbook.chapters.own import closed_forms
from gradbook.exercises import Exercise


def _units_alive() -> float:
    from gradbook import probes
    from gradbook.chapters.own import training

    model, (inputs, labels, _) = training.fit("transformer", 1), training.pictures()
    units = probes.unit_groups(model, "block.up", inputs=inputs[:16])
    found = probes.dose(model, units, inputs, labels, loss="cross_entropy")
    return float((found.dose > found.erosion).sum())


EXERCISES = {
    "twice the steps": Exercise(
        lambda: float(closed_forms.steps_needed(64, 192)),
        0.02,
        "divide the noise scale by the batch size, and add one",
    ),
    "decay of a quiet unit": Exercise(
        lambda: float(closed_forms.decay_share("Adam, L2", 0.001, 0.002, 0.001)),
        0.03,
        "Adam divides the decay ηλ by the root mean square of the gradient",
    ),
    "wrong labels by chance": Exercise(
        lambda: 50 * 50 / 500,
        0.02,
        "a tenth of whatever you look at is wrong",
    ),
    "fed units": Exercise(
        _units_alive,
        0.001,
        "follow the layer block.up, and count the units whose dose exceeds their erosion",
    ),
}
