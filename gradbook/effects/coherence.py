"""What the digits and the modular addition say about generalization by dose."""

from __future__ import annotations

import numpy as np

from gradbook.atlas import Atlas


def of_population(
    digits: Atlas, what: str, network: str, population: str, score: str | None = None
) -> np.ndarray:
    """One array of the digits experiment for one network and population [seeds, …].

    Args:
        digits: The digit_coherence experiment's results.
        what: The array, such as ``"coherence"``.
        network, population: Of the experiment's.
        score: Of the experiment's, for arrays that have several.
    """
    values = digits[what][:, digits.config["networks"].index(network)]
    values = values[..., digits.config["populations"].index(population)]
    if score is not None:
        values = values[..., digits.config["scores"].index(score)]
    return values.astype(float)


def early_dose_correlation(digits: Atlas, network: str, population: str) -> np.ndarray:
    """Rank correlation of an example's early dose with being predicted when left out.

    Its early dose is ⟨g_i, G_−i⟩, the mean of the early epochs: how fast a small step on all other
    examples lowers its loss.
    """
    return of_population(digits, "early_correlation", network, population, "dose")


SETTLED = 200
"""Steps after which the random weights of the start are gone in the modular addition."""


def of_setting(modular: Atlas, what: str, setting: tuple[str, float]) -> np.ndarray:
    """One array of the modular_addition experiment for one setting [seeds, records, …].

    Raises:
        ValueError: It was not run; the message lists what was.
    """
    known = [tuple(one) for one in modular.config["settings"]]
    if setting not in known:
        raise ValueError(f"expected answers and weight decay of {known}, got {setting}")
    return modular[what][:, known.index(setting)].astype(float)


def added_up(modular: Atlas, setting: tuple[str, float]) -> np.ndarray:
    """Strengths that dose less decay add up to from `SETTLED` steps on [seeds, records, 2].

    The sum over steps is the trapezoidal one between records; nan before.
    """
    strength = of_setting(modular, "strength", setting)
    rate = of_setting(modular, "strength_dose", setting) - 3 * setting[1] * strength
    start = modular["step"][0].tolist().index(SETTLED)
    span = modular.config["learning_rate"] * modular.config["every"]
    gained = span * np.cumsum((rate[:, start:-1] + rate[:, start + 1 :]) / 2, axis=1)
    found = np.full_like(strength, np.nan)
    found[:, start] = strength[:, start]
    found[:, start + 1 :] = strength[:, start, None] + gained
    return found


def transition(modular: Atlas, setting: tuple[str, float]) -> dict[str, np.ndarray]:
    """Steps at which things happen, one number a seed; nan where they do not.

    Returns:
        - ``fitted``: every seen pair is answered right.
        - ``starving``: memory's dose falls below what decay takes from it.
        - ``peak``: memory is strongest.
        - ``fed more``: the general solution's dose is above memory's.
        - ``half``: half of the unseen pairs are answered right.
    """
    step = modular["step"][0]
    accuracy, strength, dose = (
        of_setting(modular, what, setting) for what in ("accuracy", "strength", "strength_dose")
    )
    settled = step > SETTLED

    def first(reached: np.ndarray) -> np.ndarray:
        return np.where(reached.any(1), step[reached.argmax(1)], np.nan)

    return {
        "fitted": first(accuracy[..., 0] == 1),
        "starving": first(settled & (dose[..., 1] < 3 * setting[1] * strength[..., 1])),
        "peak": step[strength[..., 1].argmax(1)].astype(float),
        "fed more": first(settled & (dose[..., 0] > dose[..., 1])),
        "half": first(accuracy[..., 1] >= 0.5),
    }
