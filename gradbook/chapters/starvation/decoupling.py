"""What spectral decoupling can and cannot change where the data are known in full. No torch.

Coloured digits, as far as a net can know them: the shape votes for a label, the colour does, each
right so often, and independently once the label is given. There are four kinds of picture. A net
that can answer each kind as it likes has a best answer to each.
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

VOTES = np.array(list(itertools.product((1, -1), repeat=2)))
"""The four kinds: what shape and colour say [4, 2]."""


def kinds(shape: float, colour: float) -> tuple[np.ndarray, np.ndarray]:
    """How frequent each kind of picture is, and how often its label is 1.

    Args:
        shape, colour: Chances that each says the label. Both labels are equally frequent.

    Returns:
        Shares [4] and chances [4], in the order of `VOTES`.
    """
    right = np.array([shape, colour])
    positive = np.where(VOTES == 1, right, 1 - right).prod(1) / 2
    negative = np.where(VOTES == -1, right, 1 - right).prod(1) / 2
    return positive + negative, positive / (positive + negative)


def best_answer(chance: float, coefficient: float) -> float:
    """What minimizes the expected logistic loss and decoupling on pictures of one kind.

    p ln(1 + e^−f) + (1 − p) ln(1 + e^f) + κ f²/2 is least where p − σ(f) = κ f. The left side is
    positive at f = 0 if p > ½ and falls, so f has the sign of p − ½ under every coefficient.

    Args:
        chance: p, that the label is 1, in (0, 1).
        coefficient: κ ≥ 0.
    """
    if not 0 < chance < 1 or coefficient < 0:
        raise ValueError(
            f"expected a chance in (0, 1) and a coefficient ≥ 0, got {chance} and {coefficient}"
        )
    bound = abs(np.log(chance / (1 - chance))) + 1
    return brentq(lambda f: chance - expit(f) - coefficient * f, -bound, bound)


def margin_at_rest(coefficient: float) -> float:
    """The margin m at which an example rests whose answer may be any: κ m = σ(−m).

    Args:
        coefficient: κ > 0.
    """
    if coefficient <= 0:
        raise ValueError(f"expected a coefficient above 0, got {coefficient}: nothing rests there")
    return brentq(lambda m: coefficient * m - expit(-m), 0, 1 / coefficient)


def accuracy(answers: np.ndarray, shape: float, colour: float) -> float:
    """Accuracy of answers to the four kinds [4], with these chances that shape and colour tell."""
    shares, chances = kinds(shape, colour)
    return float((shares * np.where(np.asarray(answers) > 0, chances, 1 - chances)).sum())
