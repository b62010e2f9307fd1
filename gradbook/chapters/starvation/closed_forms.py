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
    and the fold is at most 1/(1 − q). A loss that rises with the margin, as the squared one does
    beyond 1, can take it all. At rest the right examples pay together as much as the wrong ones
    do, whether the loss rises or not: at most half of that for every convex loss.
    """
    return 1 / (1 - reliability) / (2 if at_rest else 1)


def leaders_ratio(
    reliability: float, reliance: np.ndarray, loss: str = "logistic", *, reinforcing: bool = False
) -> np.ndarray:
    """Dose of the feature that is relied on, over that of another one at the same moment.

    With A = q φ(s), what the examples pay that it gets right, and B = (1 − q) φ(−s) the others:
    (A − B)/((2q − 1)(A + B)). It is 1 at s = 0, where A/B = q/(1 − q). A convex loss that never
    rises with the margin lets A/B fall with s, and this ratio with it: the leader never takes more
    than another.

    Args:
        reliability: q.
        reliance: s ≥ 0, any shape.
        loss: One of `PAYS`.
        reinforcing: Whether to count for each feature only the examples that it gets right:
            A/(q(A + B)), never above 1 either.
    """
    scale = 2 * reliability - 1
    right, wrong = (dose(reliability, reliance, part, loss) / scale for part in ("right", "wrong"))
    if reinforcing:
        return right / (reliability * (right + wrong))
    return (right - wrong) / (scale * (right + wrong))


def weights_at_rest(rows: np.ndarray, counts: np.ndarray, weight_decay: float) -> np.ndarray:
    """Weights of logistic regression at rest: Σ_i n_i σ(−r_i·w) r_i = λw, by Newton's method.

    The loss is summed over the examples and convex, so there is one place of rest.

    Args:
        rows: Features times the label, r [n, d].
        counts: How often each row is there [n].
        weight_decay: λ > 0.

    Raises:
        ValueError: λ is not above 0, so that there may be no place of rest.
    """
    if weight_decay <= 0:
        raise ValueError(f"expected weight decay above 0, got {weight_decay}: nothing rests there")
    weights = np.zeros(rows.shape[1])
    for _ in range(100):
        pays = expit(-rows @ weights)
        slope = weight_decay * weights - rows.T @ (counts * pays)
        curvature = (rows.T * (counts * pays * (1 - pays))) @ rows
        step = np.linalg.solve(curvature + weight_decay * np.eye(len(weights)), slope)
        weights = weights - step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-13:
            break
    return weights


def votes_to_outvote(rivals: int) -> float:
    """The power of a long head start that it costs rivals to outvote it where nobody is ever wrong.

    k rivals gain g each, feature 1 as well: k g > h + g once g = h/(k − 1). The margin has then
    come from h to h + (k + 1)g, and the time goes with its exponential: t^{1 + (k + 1)/(k − 1)},
    the fourth power for two rivals, the third for three, and in the limit of many the second.

    Args:
        rivals: k ≥ 2; one alone only ties.

    Raises:
        ValueError: Fewer than two.
    """
    if rivals < 2:
        raise ValueError(f"expected at least two rivals, got {rivals}: one never outvotes a leader")
    return 1 + (rivals + 1) / (rivals - 1)


SILENT = 1e-9
"""An answer below this is none: where all die, nobody outvotes anybody."""

PATTERNS = np.array(list(itertools.product((1.0, -1.0), repeat=3)))
"""Where each of three features agrees [8, 3]."""


def relied_on(
    time: np.ndarray,
    reliability: float = 0.9,
    weight_decay: float = 0.0,
    *,
    factors: int = 1,
    start: float = 0.0,
) -> np.ndarray:
    """Weight of feature 1 while the others are 0: ẇ = d(wᶠ) wᶠ⁻¹ − λw, after some time.

    Args:
        time: [t].
        reliability: q.
        weight_decay: λ.
        factors: F, the weights that a signal passes, all alike; 1 is logistic regression.
        start: w at the start.
    """
    time = np.atleast_1d(np.asarray(time, float))

    def pace(_: float, weight: np.ndarray) -> np.ndarray:
        fed = dose_of_the_leader(reliability, weight**factors)
        return fed * weight ** (factors - 1) - weight_decay * weight

    order = np.argsort(time)
    return _solve(pace, [start], time[order])[0][np.argsort(order)]


def catch_up(
    reliability: float,
    lead: float,
    weight_decay: float = 0.0,
    *,
    factors: int = 1,
    late: float = 0.0,
    longest: float = 1e6,
) -> float:
    """Time until the two other features outvote a feature that leads, for good: s₂ + s₃ > s₁.

    Args:
        reliability: q of all three.
        lead: Weight of feature 1 at the end of the head start; s₁ is its power F.
        weight_decay: λ.
        factors: F; 1 is logistic regression.
        late: Weight of the others then.
        longest: inf is returned where the feature still leads then.
    """
    shares = np.where(PATTERNS > 0, reliability, 1 - reliability).prod(1)

    def pace(_: float, weights: np.ndarray) -> np.ndarray:
        fed = PATTERNS.T @ (shares * expit(-PATTERNS @ weights**factors))
        return fed * weights ** (factors - 1) - weight_decay * weights

    def outvoted(_: float, weights: np.ndarray) -> float:
        answers = weights**factors
        return answers[1] + answers[2] - answers[0] - SILENT

    start = np.array([lead, late, late])
    run = solve_ivp(
        pace, (0, longest), start, events=outvoted, method="LSODA", rtol=1e-8, atol=1e-12
    )
    if outvoted(longest, run.y[:, -1]) <= 0:
        return math.inf
    return float(run.t_events[0][-1]) if len(run.t_events[0]) else 0.0


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


def _solve(pace: Callable, start: np.ndarray, time: np.ndarray) -> np.ndarray:
    time = np.asarray(time, float)
    span = (0.0, max(float(time[-1]), 1e-12))
    return solve_ivp(pace, span, start, t_eval=time, method="LSODA", rtol=1e-9, atol=1e-12).y
