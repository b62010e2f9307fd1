"""The published theory of gradient starvation, for a net that is linear in its weights. No torch.

Near its start a net answers ŷ = Φθ, with Φ [n, weights] the gradients of its outputs, its tangent
features. With labels Y = diag(y) and YΦ = USVᵀ, column i of U says how much of feature i is in each
example, s_i how strong the feature is, and z = UᵀYŷ how strongly the net responds to it. Losses are
summed over the examples here, as in the paper: weight decay λ beside the sum is λ/n beside the
mean; the coefficient κ of spectral decoupling, (κ/2)ŷ² an example, is the same beside either.

Source: Pezeshki et al. (2021), whose definitions these are; the derivative is derived in the book.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.integrate import solve_ivp
from scipy.special import expit

from gradbook.chapters.starvation import decoupling


def coupled(coupling: float) -> np.ndarray:
    """Left singular vectors U [2, 2] of two features coupled by δ: (√(1−δ²), −δ; δ, √(1−δ²)).

    Source: Pezeshki et al. (2021), the example of their theory.
    """
    straight = math.sqrt(1 - coupling**2)
    return np.array([[straight, -coupling], [coupling, straight]])


def at_rest(strengths: np.ndarray, mixing: np.ndarray, weight_decay: float) -> np.ndarray:
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
        while size > 1e-6 and cost(z - size * step) > cost(z):
            size /= 2
        if size <= 1e-6 or step @ slope < 1e-24:  # down to rounding
            break
        z = z - size * step
    return z


def decoupled(mixing: np.ndarray, coefficient: float) -> np.ndarray:
    """Responses z* under spectral decoupling: Uᵀσ(−Uz) = κz, so z* = m Uᵀ1 with κm = σ(−m).

    No strength enters. U must be square, or 1 lie in its span.

    Args:
        mixing: U [n, r].
        coefficient: κ of (κ/2)·ŷ² beside each example's loss.
    """
    return decoupling.margin_at_rest(coefficient) * mixing.sum(0)


def starving(strengths: np.ndarray, mixing: np.ndarray, weight_decay: float) -> np.ndarray:
    """∂|z_j*|/∂(s_i²) under weight decay [i, j]: where it is negative, feature i starves feature j.

    With α = σ(−Uz*), M = Uᵀ diag(α(1 − α)) U: (λ z_i*/s_i⁴) · [(M + λS⁻²)⁻¹]_ij. The sign of a
    singular vector is arbitrary; features are turned so that the net responds to them, z* > 0.

    Args:
        strengths, mixing, weight_decay: As in `at_rest`.
    """
    squares = np.asarray(strengths, float) ** 2
    z = at_rest(strengths, mixing, weight_decay)
    inverse = np.linalg.inv(_curvature(mixing, expit(-mixing @ z), weight_decay / squares))
    return (weight_decay * z / squares**2)[:, None] * inverse * np.sign(z)


def over_time(
    strengths: np.ndarray,
    mixing: np.ndarray,
    time: np.ndarray,
    *,
    weight_decay: float = 0.0,
    coefficient: float = 0.0,
) -> np.ndarray:
    """Responses over the time of gradient flow from z = 0: ż = S²(Uᵀσ(−Uz) − κz) − λz.

    Args:
        strengths: s [r].
        mixing: U [n, r].
        time: Increasing from 0 [t].
        weight_decay: λ.
        coefficient: κ of spectral decoupling.

    Returns:
        [r, t].
    """
    squares = np.asarray(strengths, float) ** 2

    def pace(_: float, z: np.ndarray) -> np.ndarray:
        return squares * (mixing.T @ expit(-mixing @ z) - coefficient * z) - weight_decay * z

    time = np.asarray(time, float)
    span, start = (0.0, time[-1]), np.zeros(len(squares))
    return solve_ivp(pace, span, start, t_eval=time, method="LSODA", rtol=1e-9, atol=1e-12).y


def _curvature(mixing: np.ndarray, pays: np.ndarray, pull: np.ndarray) -> np.ndarray:
    return mixing.T @ ((pays * (1 - pays))[:, None] * mixing) + np.diag(pull)
