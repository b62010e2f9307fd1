"""What the cures do: on two moons, and on coloured digits."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.atlas import Atlas

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
