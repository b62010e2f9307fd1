"""Closed forms for the life and death of recognizers; derived in the chapter on dose. No torch.

p is a feature's frequency, λ weight decay, η the step size. The squared loss is ½(f − y)², the
logistic loss ln(1 + exp(−yf)).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit


def survivor(ratio: np.ndarray, loss: str = "squared") -> np.ndarray:
    """What a recognizer a·b answers to its feature at rest, given p/λ.

    Squared loss: p(1 − ab) = λ, so ab = 1 − λ/p, dead below p = λ. Logistic loss: p σ(−ab) = λ,
    so ab = ln(p/λ − 1), dead below p = 2λ.

    Args:
        ratio: p/λ, above 0.
        loss: ``"squared"`` or ``"logistic"``.
    """
    ratio = np.asarray(ratio, float)
    if loss == "squared":
        return np.maximum(0, 1 - 1 / ratio)
    if loss == "logistic":
        return np.log(np.maximum(ratio - 1, 1))
    raise ValueError(f"expected loss 'squared' or 'logistic', got {loss!r}")


def sharing(frequencies: np.ndarray, weight_decay: float) -> np.ndarray:
    """Answers v at rest when all features share hidden units and one output, squared loss.

    Decay of both layers costs λ‖v‖, so p_k(1 − v_k) = λ v_k/‖v‖ and v_k = p_k/(p_k + λ/‖v‖): all
    live or all die, and they live where ‖p‖ > λ.

    Args:
        frequencies: p [K].
        weight_decay: λ.
    """
    frequencies = np.asarray(frequencies, float)
    if np.linalg.norm(frequencies) <= weight_decay:
        return np.zeros_like(frequencies)

    def answers(size: float) -> np.ndarray:
        return frequencies * size / (frequencies * size + weight_decay)

    largest = np.sqrt(len(frequencies))
    size = brentq(lambda n: np.linalg.norm(answers(n)) / n - 1, 1e-9, largest + 1)
    return answers(size)


def half_life(learning_rate: float, weight_decay: float) -> float:
    """Steps in which weight decay alone halves a weight: ln 2/(ηλ), for ηλ far below 1."""
    return np.log(2) / (learning_rate * weight_decay)


def starved(
    step: np.ndarray,
    norm: np.ndarray,
    *,
    learning_rate: float,
    weight_decay: float = 0.0,
    noise: float = 0.0,
    dimensions: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Norm of an unfed recognizer, and the cosine with what it was.

    What it was shrinks by 1 − ηλ a step; noise of standard deviation s an entry adds up beside it:

        signal = ‖w₀‖ (1 − ηλ)ᵗ,   noise² = d η² s² Σ_{i<t} (1 − ηλ)²ⁱ,

    norm = √(signal² + noise²) and cosine ≈ signal/norm. Without decay that is a random walk:
    noise² = d η² s² t.

    Args:
        step: t since the dose stopped [steps].
        norm: ‖w₀‖, a shape that broadcasts with it.
        learning_rate: η.
        weight_decay: λ.
        noise: s.
        dimensions: d.
    """
    keep = 1 - learning_rate * weight_decay
    step = np.asarray(step, float)
    signal = norm * keep**step
    total = step if keep == 1 else (1 - keep ** (2 * step)) / (1 - keep**2)
    size = np.sqrt(signal**2 + dimensions * (learning_rate * noise) ** 2 * total)
    return size, np.divide(signal, size, out=np.ones_like(size), where=size > 0)


def shaped(
    start: np.ndarray,
    steps: int,
    *,
    frequency: float,
    weight_decay: float,
    learning_rate: float,
    background: float = 0.0,
) -> np.ndarray:
    """|cos| of a recognizer's incoming weights and its pattern, after 0 to `steps` steps.

    Three numbers say all of a recognizer a·(w·x): c = w·u, the norm b of w across u, and a. With
    background noise of variance s² in every input the expected gradient moves them by

        c′ = p(1 − ac)a − (λ + s²a²)c,  b′ = −(λ + s²a²)b,  a′ = p(1 − ac)c − (λ + s²(b² + c²))a.

    Args:
        start: c, b and a […, 3].
        steps: How many.
        frequency: p.
        weight_decay: λ.
        learning_rate: η.
        background: s.

    Returns:
        […, steps + 1].
    """
    c, b, a = np.moveaxis(np.asarray(start, float), -1, 0)
    found = [np.abs(c) / np.hypot(b, c)]
    for _ in range(steps):
        fed = frequency * (1 - a * c)
        eroded = weight_decay + background**2 * a**2
        at_output = weight_decay + background**2 * (b**2 + c**2)
        c, b, a = (
            c + learning_rate * (fed * a - eroded * c),
            b - learning_rate * eroded * b,
            a + learning_rate * (fed * c - at_output * a),
        )
        found.append(np.abs(c) / np.hypot(b, c))
    return np.stack(found, -1)


def rate_left(weight_decay: float, factors: int, reliability: float = 0.9) -> float:
    """Dose per unit of the other weights that a winner at rest leaves for a second feature.

    Features agree with the label on a share q of the examples, independently; logistic loss. With
    u = σ(−s) and the winner's answer s = wᶠ at rest, (u − (1 − q)) wᶠ⁻² = λ. The second feature is
    left c = (2q − 1)(q u + (1 − q)(1 − u)).

    Args:
        weight_decay: λ.
        factors: F, 2 or 3.
        reliability: q.
    """
    wrong = 1 - reliability

    def surplus(weight: float) -> float:
        return (expit(-(weight**factors)) - wrong) * weight ** (factors - 2) - weight_decay

    weights = np.linspace(0.3, 2, 400)
    living = [w for w in weights if surplus(w) > 0]
    if not living:
        raise ValueError(f"expected a weight decay that the winner survives, got {weight_decay}")
    weight = brentq(surplus, living[-1], 3)
    u = expit(-(weight**factors))
    return (reliability - wrong) * (reliability * u + wrong * (1 - u))


def longest_neglect(
    weight_decay: float, *, start: float, learning_rate: float, reliability: float = 0.9
) -> float:
    """Steps for which a recognizer of three factors can go unfed and still come back.

    While unfed each of its weights is start·e^{−ηλt}. Fed again beside a winner it grows if
    c w² > λ w, so it must not fall below w = λ/c: t = ln(start·c/λ)/(ηλ).
    """
    left = rate_left(weight_decay, 3, reliability)
    return np.log(start * left / weight_decay) / (learning_rate * weight_decay)


def debt(weight_decay: float, reliability: float = 0.9) -> float:
    """Steps of catching up that each unfed step costs a recognizer of two factors: λ/(c − λ).

    Unfed it shrinks at rate ηλ, fed again beside the winner it grows at rate η(c − λ).
    """
    return weight_decay / (rate_left(weight_decay, 2, reliability) - weight_decay)


def under_diet(frequency: np.ndarray, diet: str, strength: float) -> np.ndarray:
    """What a recognizer a·b answers at rest under a diet, squared loss.

    Weight decay λ leaves 1 − λ/p. Dropout at rate q adds q/(1 − q)·f²/2 to the expected loss and
    leaves 1 − q; spectral decoupling adds λf²/2 and leaves 1/(1 + λ): both whatever p is. Gradient
    noise leaves the mean at 1.

    Args:
        frequency: p, above 0.
        diet: ``"none"``, ``"weight decay"``, ``"dropout"``, ``"gradient noise"`` or
            ``"spectral decoupling"``.
        strength: λ, q or the noise's standard deviation.
    """
    frequency = np.asarray(frequency, float)
    if diet == "weight decay":
        return survivor(frequency / strength)
    left = {
        "none": 1.0,
        "gradient noise": 1.0,
        "dropout": 1 - strength,
        "spectral decoupling": 1 / (1 + strength),
    }
    if diet not in left:
        raise ValueError(f"expected a diet of {['weight decay', *left]}, got {diet!r}")
    return np.full_like(frequency, left[diet])
