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
