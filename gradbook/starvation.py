"""Closed forms of starvation; derived in the chapter on it. No torch.

Features agree with a label y = ±1 on a share q of the examples, independently of each other; c_k is
1 where feature k agrees and −1 where it does not. A net answers s_k x_k to feature k, so its margin
is Σ s_k c_k. The dose to feature k is what reinforces its answer, −∂L/∂s_k, and time is that of
gradient flow: steps times step size.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.special import expit

PAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "logistic": lambda margin: expit(-margin),
    "hinge": lambda margin: (margin < 1).astype(float),
    "squared": lambda margin: 1 - margin,
}
"""What an example pays at a margin, −ℓ′: of ln(1 + e^−m), max(0, 1 − m) and ½(1 − m)²."""


def majority(reliability: float, features: int = 3) -> float:
    """How often most of an odd number of independent features agree with the label.

    Σ_{k > K/2} C(K, k) qᵏ (1 − q)^{K−k}.

    Args:
        reliability: q.
        features: K, odd.

    Raises:
        ValueError: K is even, so that a vote may tie.
    """
    if features % 2 == 0:
        raise ValueError(f"expected an odd number of features, which cannot tie, got {features}")
    agreeing = range(features // 2 + 1, features + 1)
    return sum(
        math.comb(features, k) * reliability**k * (1 - reliability) ** (features - k)
        for k in agreeing
    )


def best_reliance(reliability: float) -> float:
    """The answer to one feature alone that costs least logistic loss: ln(q/(1 − q))."""
    return math.log(reliability / (1 - reliability))


def dose(
    reliability: float, reliance: np.ndarray, examples: str = "all", loss: str = "logistic"
) -> np.ndarray:
    """Dose to a feature that is not relied on, while another answers s.

    (2q − 1) φ(s) from each example that the other gets right, (2q − 1) φ(−s) from each that it gets
    wrong, with φ = −ℓ′; weighted by their shares q and 1 − q.

    Args:
        reliability: q.
        reliance: s, any shape; 0 is before anything is learned.
        examples: ``"all"``, ``"right"`` or ``"wrong"``; the last two add up to the first.
        loss: One of `PAYS`.

    Raises:
        ValueError: Unknown examples or loss.
    """
    if loss not in PAYS:
        raise ValueError(f"expected a loss of {list(PAYS)}, got {loss!r}")
    reliance = np.asarray(reliance, float)
    parts = {
        "right": reliability * PAYS[loss](reliance),
        "wrong": (1 - reliability) * PAYS[loss](-reliance),
    }
    parts["all"] = parts["right"] + parts["wrong"]
    if examples not in parts:
        raise ValueError(f"expected examples of {list(parts)}, got {examples!r}")
    return (2 * reliability - 1) * parts[examples]


def dose_of_the_leader(
    reliability: float, reliance: np.ndarray, loss: str = "logistic"
) -> np.ndarray:
    """Dose to the feature that is relied on, q φ(s) − (1 − q) φ(−s): 0 at the best reliance."""
    right, wrong = (dose(reliability, reliance, part, loss) for part in ("right", "wrong"))
    return (right - wrong) / (2 * reliability - 1)


READINGS: dict[str, Callable[[float, np.ndarray], np.ndarray]] = {
    "all examples, before over now": lambda q, s: dose(q, 0) / dose(q, s),
    "those feature 1 gets right, before over now": lambda q, s: (
        dose(q, 0, "right") / dose(q, s, "right")
    ),
    "those feature 1 gets wrong, before over now": lambda q, s: (
        dose(q, 0, "wrong") / dose(q, s, "wrong")
    ),
    "all before over the wrong ones now": lambda q, s: dose(q, 0) / dose(q, s, "wrong"),
    "per example, a wrong one over a right one": lambda q, s: np.exp(s),
    "number of right examples over wrong ones": lambda q, s: np.full_like(s, q / (1 - q)),
    "now, feature 1 over feature 2": lambda q, s: dose_of_the_leader(q, s) / dose(q, s),
}
"""What "times less" can mean: functions of q and of the reliance s on feature 1, logistic loss."""


def largest_fold(reliability: float, *, at_rest: bool) -> float:
    """The most by which reliance on one feature can lower another's dose, whatever the loss.

    For a convex loss that never rises with the margin, −ℓ′ ≥ 0 falls with it, so an example that is
    got wrong pays at least what it paid at the start: the dose keeps a share 1 − q of what it was,
    and the fold is at most 1/(1 − q). At rest the right examples pay together as much as the wrong
    ones do: at most half of that.
    """
    return 1 / (1 - reliability) / (2 if at_rest else 1)


PATTERNS = np.array(list(itertools.product((1.0, -1.0), repeat=3)))
"""Where each of three features agrees [8, 3]."""


def relied_on(time: np.ndarray, reliability: float = 0.9, weight_decay: float = 0.0) -> np.ndarray:
    """Weight of the one feature that logistic regression sees, after some time from 0."""
    time = np.atleast_1d(np.asarray(time, float))

    def pace(_: float, weight: np.ndarray) -> np.ndarray:
        return dose_of_the_leader(reliability, weight) - weight_decay * weight

    order = np.argsort(time)
    found = _solve(pace, [0.0], time[order])
    return found[0][np.argsort(order)]


def catch_up(
    reliability: float, lead: float, weight_decay: float = 0.0, longest: float = 1e12
) -> float:
    """Time until the other two features outvote a feature that leads by a head start.

    Logistic regression from weights (lead, 0, 0); the vote is theirs where w₂ + w₃ > w₁.

    Args:
        reliability: q of all three.
        lead: w₁ at the end of the head start.
        weight_decay: λ.
        longest: inf is returned where it takes longer.
    """
    shares = np.where(PATTERNS > 0, reliability, 1 - reliability).prod(1)

    def pace(_: float, weights: np.ndarray) -> np.ndarray:
        pays = shares * expit(-PATTERNS @ weights)
        return PATTERNS.T @ pays - weight_decay * weights

    def outvoted(_: float, weights: np.ndarray) -> float:
        return weights[1] + weights[2] - weights[0]

    outvoted.terminal, outvoted.direction = True, 1
    if lead <= 0:
        return 0.0
    run = solve_ivp(
        pace, (0, longest), [lead, 0, 0], events=outvoted, method="LSODA", rtol=1e-8, atol=1e-10
    )
    return float(run.t_events[0][0]) if len(run.t_events[0]) else math.inf


def catch_up_never_wrong(head_start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lead after a head start, and time to catch up, where no feature is ever wrong.

    While feature 1 is alone ẇ = σ(−w), so w + eʷ = 1 + t. Then the margin m = w₁ + w₂ + w₃ grows by
    ṁ = 3σ(−m) from the lead h, and w₂ + w₃ = w₁ where m = 4h: the time is
    ((4h + e⁴ʰ) − (h + eʰ))/3, the fourth power of a long head start.

    Args:
        head_start: t [time], any shape.
    """
    head_start = np.asarray(head_start, float)
    lead = np.vectorize(
        lambda t: brentq(lambda w: w + math.exp(w) - 1 - t, 0, math.log1p(t) + 1e-9)
    )(head_start)
    return lead, (3 * lead + np.exp(4 * lead) - np.exp(lead)) / 3


def coupled(coupling: float) -> np.ndarray:
    """Left singular vectors U [2, 2] of two features coupled by δ: (√(1−δ²), −δ; δ, √(1−δ²)).

    Source: Pezeshki et al. (2021), the example of their theory.
    """
    straight = math.sqrt(1 - coupling**2)
    return np.array([[straight, -coupling], [coupling, straight]])


def response_at_rest(strengths: np.ndarray, mixing: np.ndarray, weight_decay: float) -> np.ndarray:
    """Responses z* of a linear(ized) net under weight decay: S²Uᵀσ(−Uz) = λz.

    Args:
        strengths: Singular values s [r] of YΦ = USVᵀ.
        mixing: U [n, r].
        weight_decay: λ beside the summed loss.

    Raises:
        ValueError: λ is not above 0, so that there is no place of rest.
    """
    if weight_decay <= 0:
        raise ValueError(f"expected weight decay above 0, got {weight_decay}: nothing rests there")
    pull = weight_decay / np.asarray(strengths, float) ** 2
    z = np.zeros(len(pull))

    def cost(z: np.ndarray) -> float:
        return np.logaddexp(0, -mixing @ z).sum() + (pull * z**2).sum() / 2

    for _ in range(200):
        pays = expit(-mixing @ z)
        slope = pull * z - mixing.T @ pays
        step = np.linalg.solve(_curvature(mixing, pays, pull), slope)
        size = 1.0
        while cost(z - size * step) > cost(z) and size > 1e-10:
            size /= 2
        z = z - size * step
        if np.abs(step).max() < 1e-12 * (1 + np.abs(z).max()):
            break
    return z


def response_decoupled(mixing: np.ndarray, coefficient: float) -> np.ndarray:
    """Responses z* under spectral decoupling: Uᵀσ(−Uz) = κz, so z* = c Uᵀ1 with κc = σ(−c).

    No strength enters. U must be square, or 1 lie in its span.

    Args:
        mixing: U [n, r].
        coefficient: κ of (κ/2)·ŷ² beside each example's loss.
    """
    margin = brentq(lambda c: coefficient * c - expit(-c), 0, 1 / coefficient)
    return margin * mixing.sum(0)


def starving(strengths: np.ndarray, mixing: np.ndarray, weight_decay: float) -> np.ndarray:
    """∂z_j*/∂(s_i²) under weight decay [i, j]: where it is negative, feature i starves feature j.

    With α = σ(−Uz*), M = Uᵀ diag(α(1 − α)) U: (λ z_i*/s_i⁴) · [(M + λS⁻²)⁻¹]_ij.

    Args:
        strengths, mixing, weight_decay: As in `response_at_rest`.
    """
    squares = np.asarray(strengths, float) ** 2
    z = response_at_rest(strengths, mixing, weight_decay)
    inverse = np.linalg.inv(_curvature(mixing, expit(-mixing @ z), weight_decay / squares))
    return (weight_decay * z / squares**2)[:, None] * inverse


def responses(
    strengths: np.ndarray,
    mixing: np.ndarray,
    time: np.ndarray,
    *,
    weight_decay: float = 0.0,
    decoupling: float = 0.0,
) -> np.ndarray:
    """Responses over the time of gradient flow from z = 0: ż = S²(Uᵀσ(−Uz) − κz) − λz.

    Args:
        strengths: s [r].
        mixing: U [n, r].
        time: Increasing from 0 [t].
        weight_decay: λ.
        decoupling: κ.

    Returns:
        [r, t].
    """
    squares = np.asarray(strengths, float) ** 2

    def pace(_: float, z: np.ndarray) -> np.ndarray:
        return squares * (mixing.T @ expit(-mixing @ z) - decoupling * z) - weight_decay * z

    return _solve(pace, np.zeros(len(squares)), time)


def _curvature(mixing: np.ndarray, pays: np.ndarray, pull: np.ndarray) -> np.ndarray:
    return mixing.T @ ((pays * (1 - pays))[:, None] * mixing) + np.diag(pull)


def _solve(pace: Callable, start: np.ndarray, time: np.ndarray) -> np.ndarray:
    time = np.asarray(time, float)
    span = (0.0, max(float(time[-1]), 1e-12))
    return solve_ivp(pace, span, start, t_eval=time, method="LSODA", rtol=1e-9, atol=1e-12).y
