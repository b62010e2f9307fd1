"""Exercises of the chapter: what an answer is compared with."""

from __future__ import annotations

from gradbook.chapters.generalization import closed_forms, replays
from gradbook.evidence import atlas
from gradbook.exercises import Exercise


def _examples_for_nine_tenths() -> float:
    return 9 * float(atlas.load("one_step")["noise_scale"][:, 0].mean())


def _lowest_loss() -> float:
    late = atlas.load("late_memorization")
    measured = replays.stopping_explorer(late).meta["fixed"]
    loss = measured["measured"]["linear"]["loss on fresh examples"]
    steps = zip(measured["recorded"], loss, strict=True)
    lowest = [step - 1 for step, shown in steps if shown == min(loss)]
    return sum(lowest) / len(lowest)


def _own_descent() -> float:
    end = closed_forms.course(100.0, 100, 0.2, 0.1)
    return float(end.wrong - end.general)


EXERCISES = {
    "sated": Exercise(
        lambda: closed_forms.satiation(1000, 0.1) / 0.05,
        0.04,
        "t* is a time: steps times step size. Here 1 − 2ε is 0.8",
    ),
    "forget": Exercise(
        lambda: closed_forms.forgetting(400, 0.3),
        0.01,
        "put w into w n λ = 1, and solve for λ",
    ),
    "nine tenths": Exercise(
        _examples_for_nine_tenths,
        0.02,
        "solve 1/(1 + B/n) = 0.9 for n",
    ),
    "lowest loss": Exercise(
        _lowest_loss,
        0.3,  # the minimum is flat
        "choose the linear network, and slide until the two losses in the sentence agree",
    ),
    "two clocks": Exercise(
        _own_descent,
        0.01,
        "update all three together, with the values from before the step",
    ),
}
