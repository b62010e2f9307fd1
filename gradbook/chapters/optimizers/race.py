"""Two solutions that live on one residual: when the rule overtakes memory. No torch.

The rule's strength F and that of memory M answer the same pairs, so the same residual feeds both.
With the relative dose a of the rule and b of memory at the start, and decay that takes the share k
of either in a step,

    d ln F/dt = a q − k,    d ln M/dt = b q − k,

where q(t) is how much of the starting push is left, the same for both, 1 at the start. Divided by a
and by b and subtracted, q drops out:

    ln(F/F₀)/a − ln(M/M₀)/b = k t (1/b − 1/a).

Such are any two that grow on one resource in proportion to it.
"""

from __future__ import annotations

import math

import numpy as np

DESCENT, SIGNS = "GD", "AdamW"
"""A push in proportion to the residual, or one that stays until the residual is gone."""


def overtaking(
    rule: float, memory: float, dose: float, other: float, decay: float, *, push: str
) -> float:
    """Steps until the rule is as strong as memory; inf where it never is.

    The two meet at one strength, half of the margin that both have together then. Where decay sets
    the pace that margin is at rest, 1 − (1 − F₀ − M₀)·2k/(a + b) under descent and 1 where the push
    stays; where they meet earlier, it is what they reach with the whole push. The smaller counts.

    Args:
        rule, memory: Strengths at the start, F₀ and M₀, above 0.
        dose, other: Relative doses at the start, a and b, a step.
        decay: k, the share of either that a step takes; 3ηλ for products of three weights.
        push: `DESCENT` or `SIGNS`.

    Raises:
        ValueError: Another push, a strength that is not above 0, or no decay.
    """
    if push not in (DESCENT, SIGNS) or min(rule, memory, decay) <= 0:
        raise ValueError(
            f"expected a push of {(DESCENT, SIGNS)} and strengths and a decay above 0, got "
            f"{push!r}, {rule}, {memory} and {decay}"
        )
    if rule >= memory:
        return 0.0
    if dose <= other:
        return math.inf
    at_once = math.log(memory / rule) / (dose - other)
    pushed = math.log(rule) + (dose - decay) * at_once
    left = max(1 - rule - memory, 0.0) * 2 * decay / (dose + other) if push == DESCENT else 0.0
    at_rest = math.log(max(1 - left, 1e-9) / 2)
    met = min(pushed, at_rest)
    gained = other * (met - math.log(rule)) - dose * (met - math.log(memory))
    return gained / (decay * (dose - other))


def replay(
    rule: float, memory: float, dose: float, other: float, decay: float, *, push: str, steps: int
) -> np.ndarray:
    """The same race step by step: strengths of the rule and of memory [steps + 1, 2].

    Args:
        rule, memory, dose, other, decay, push: As in `overtaking`.
        steps: How many.
    """
    strength, doses = np.log([rule, memory]), np.array([dose, other])
    course = [strength]
    hungry = max(1 - rule - memory, 1e-9)
    for _ in range(steps):
        now = np.exp(strength)
        left = 1 - now.sum()
        if push == DESCENT:
            q = max(left, 0.0) / hungry
        else:
            q = 1.0 if left > 0 else min(1.0, decay * now.sum() / (doses @ now))
        strength = strength + doses * q - decay
        course.append(strength)
    return np.exp(course)


def ratio_of_doses(rule: float, memory: float) -> float:
    """Ratio of relative doses at equal strength, from the efficiencies of two circuits.

    A circuit of weights w has the strength F = E‖w‖³, E being its efficiency. Descent adds
    r‖∇F‖² to it, r being the residual, and ⟨w, ∇F⟩ = 3F gives ‖∇F‖ ≥ 3F/‖w‖, with equality where
    the gradient lies along w. There the relative dose is 9rF/‖w‖² = 9r E^(2/3) F^(1/3).

    Args:
        rule, memory: Efficiencies, above 0.
    """
    return (rule / memory) ** (2 / 3)
