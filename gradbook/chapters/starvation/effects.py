"""What the experiments on starvation say: doses, delays, decisions on two moons, and cures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook.evidence.atlas import Atlas


def of_course(
    results: Atlas, margin: float, course: Sequence[Sequence[Any]], curve: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One curve of one course.

    Args:
        results: Those of the experiment `boundary`.
        margin: One of its jobs.
        course: One of ``results.config["courses"]``; with a switch, its records begin after it.
        curve: One of ``results.config["curves"]``.

    Returns:
        Of the seed that is drawn, and the smallest and the largest over all seeds, [epochs] each.

    Raises:
        ValueError: There is no such margin, course or curve.
    """
    config = results.config
    known = {"margin": results.jobs, "course": config["courses"], "curve": config["curves"]}
    wanted = {"margin": margin, "course": [list(stage) for stage in course], "curve": curve}
    for name, value in wanted.items():
        if value not in known[name]:
            raise ValueError(f"expected a {name} of {known[name]}, got {value}")
    epochs, start = config["epochs"], 0
    for one in config["courses"]:
        length = len(epochs) - (epochs.index(one[1][0]) + 1 if len(one) == 2 else 0)
        if one == wanted["course"]:
            break
        start += length
    place = (list(results.jobs).index(margin), slice(start, start + length))
    number = config["curves"].index(curve)
    return tuple(results[name][place][..., number] for name in ("curves", "low", "high"))


PUSHED = -0.2
"""Margin of the moons on which the first coordinate misleads about some examples."""

SCHEDULES = ("schedule", "schedule without decoupling", "schedule, Adam forgets")
PARTS = ("training", "misleading", "grey")


PUBLISHED = {"plain": (91.1, 23.7), "spectral decoupling": (70.0, 68.4)}
"""Training and test accuracy on coloured MNIST in per cent (Pezeshki et al. 2021, table 1)."""


def cure_number(listed: list[Any], cure: str, strength: float) -> int:
    """Where a cure at a strength stands in the arrays of the cures experiment.

    Args:
        listed: The cures of its configuration, each with its strengths.
        cure, strength: Which.

    Raises:
        ValueError: It was not run; the message lists what was.
    """
    run = [(name, s) for name, strengths in listed for s in strengths]
    if (cure, strength) not in run:
        raise ValueError(f"expected a cure and strength of {run}, got {(cure, strength)}")
    return run.index((cure, strength))


def misled(cures: Atlas, cure: str, strength: float, margin: float = PUSHED) -> np.ndarray:
    """Accuracy on two moons where the first coordinate misleads [seeds]."""
    number = cure_number(cures.config["cures"], cure, strength)
    return cures["misled"][:, number, cures.config["test_margins"].index(margin)].astype(float)


def of_cure(cures: Atlas, array: str, cure: str, strength: float) -> np.ndarray:
    """One of ``train``, ``fresh``, ``erased``, ``carried``, ``loss`` and ``size`` [seeds]."""
    return cures[array][:, cure_number(cures.config["cures"], cure, strength)].astype(float)


def digits_course(cures: Atlas, cure: str, strength: float = 0, part: str = "misleading") -> Any:
    """Accuracy on coloured digits at every record [seeds, records + 1].

    Args:
        cures: The cures experiment's results.
        cure: One of those of the digits, of `SCHEDULES`, or ``"no colours"``.
        strength: Of the cure; schedules have none.
        part: One of `PARTS`: the training pictures, test pictures whose colour misleads, or the
            same in both colours at half strength. Trained without colours, all tests are grey.
    """
    listed = [
        *cures.config["digits"]["cures"],
        *([name, [0]] for name in (*SCHEDULES, "no colours")),
    ]
    number = cure_number(listed, cure, strength)
    return cures["digits_accuracy"][:, number, :, PARTS.index(part)].astype(float)


def digits_shown(cures: Atlas) -> dict[str, tuple[str, float]]:
    """The trainings on coloured digits that are drawn, by name: cure and strength."""
    return {
        "plain": ("none", 0),
        "constant κ": ("spectral decoupling", cures.config["digits"]["chosen"]),
        "schedule": ("schedule", 0),
        "no second term": ("schedule without decoupling", 0),
        "Adam forgets": ("schedule, Adam forgets", 0),
    }


def mitigation(cures: Atlas, where: str) -> np.ndarray:
    """Accuracy with spectral decoupling minus without, where feature 1 misleads [seeds].

    On two moons and on coloured digits at the strength that the configuration names; by the
    schedule of the paper's script, against plain training of the same length.
    """
    if where == "two moons":
        strength = cures.config["chosen"]["spectral decoupling"]
        return misled(cures, "spectral decoupling", strength) - misled(cures, "none", 0)
    plain = digits_course(cures, "none")[:, -1]
    if where == "coloured digits, by the script's schedule":
        return digits_course(cures, "schedule")[:, -1] - plain
    strength = cures.config["digits"]["chosen"]
    return digits_course(cures, "spectral decoupling", strength)[:, -1] - plain


def fold_of_dose(three_features: Atlas, loss: str, reliance: str) -> np.ndarray:
    """Dose to features 2 and 3 before anything is learned, over their dose now.

    Args:
        three_features: The experiment's results.
        loss: ``"logistic"`` or ``"hinge"``.
        reliance: How the net relies on feature 1: ``"at rest"``, once it is trained on it alone, or
            ``"beyond doubt"``, so strongly that no example that feature 1 gets right pays.
    """
    number = three_features.config["losses"].index(loss)
    before = three_features["dose"][:, number, 0, 1:, 0].sum(-1)
    now = three_features[reliance.replace(" ", "_")][:, number, 1:, 0].sum(-1)
    return before / now


def accuracy_gained(three_features: Atlas, network: str) -> np.ndarray:
    """Accuracy on fresh examples with all three features minus with the first alone."""
    number = three_features.config["networks"].index(network)
    accuracy = three_features["accuracy"][:, number]
    return accuracy[:, 0] - accuracy[:, 1]


def of_map(delay: Atlas, what: str, network: str) -> np.ndarray:
    """One network's map [seeds, head starts, weight decays]; `what` is one of the arrays."""
    return delay[what][:, list(delay.config["networks"]).index(network)]


def leader_over_others(leader: Atlas, loss: str, when: str, dose: str) -> np.ndarray:
    """Dose of the feature that is relied on over the mean of the two others' at that moment.

    Args:
        leader: The experiment's results.
        loss, when, dose: Of those of its configuration.
    """
    config = leader.config
    at = config["losses"].index(loss), config["moments"].index(when), config["doses"].index(dose)
    doses = leader["dose"][(slice(None), *at)]
    return doses[:, 0] / doses[:, 1:].mean(1)


def second_weight_changed(stronger_first: Atlas, decay: str, strength: float = 3.0) -> np.ndarray:
    """Weight of feature 2 with feature 1 so strong, over that with it as strong as 2, minus 1.

    Args:
        stronger_first: The experiment's results.
        decay: Such as ``"λ = 10"``.
        strength: One of its configuration.
    """
    config = stronger_first.config
    weights = stronger_first["weights"][:, config["decays"].index(float(decay.split("=")[1]))]
    strengths = config["strengths"]
    second = weights[..., 1]
    return second[:, strengths.index(strength)] / second[:, strengths.index(1.0)] - 1


def _at_length(at_length: Atlas, array: str, cure: str, strength: float, epochs: int) -> np.ndarray:
    config = at_length.config
    number = config["cures"].index([cure, strength])
    return at_length[array][:, number, config["epochs"].index(epochs)].astype(float)


CURES_AT_LENGTH = {
    "none": ("none", 0),
    "weight decay": ("weight decay", 0.01),
    "Adam": ("Adam", 0.001),
    "κ = 0.006": ("spectral decoupling", 0.006),
    "κ = 0.6": ("spectral decoupling", 0.6),
}
"""Trainings of the experiment `at_length`, to cure and strength."""


def misled_at_length(at_length: Atlas, cure: str, epochs: int) -> np.ndarray:
    """Accuracy where the first coordinate misleads, a cure's minus plain descent's.

    Args:
        at_length: The experiment's results.
        cure: One of `CURES_AT_LENGTH`.
        epochs: One of its configuration, the same for both.
    """
    cured, plain = (
        _at_length(at_length, "misled", *CURES_AT_LENGTH[name], epochs) for name in (cure, "none")
    )
    return cured - plain


def mitigation_at_length(at_length: Atlas, epochs: int, strength: str) -> np.ndarray:
    """`misled_at_length` of spectral decoupling at a strength such as ``"κ = 0.006"``."""
    return misled_at_length(at_length, strength, epochs)


def carried_at_length(at_length: Atlas, cure: str, epochs: int = 10000) -> np.ndarray:
    """Share of the decision that coordinate 2 carries then, over what it carries after 1,000."""
    after, before = (
        _at_length(at_length, "carried", *CURES_AT_LENGTH[cure], at) for at in (epochs, 1000)
    )
    return after / before
