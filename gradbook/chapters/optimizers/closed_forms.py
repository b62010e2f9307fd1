"""Closed forms for recognizers under adaptive optimizers; derived in the chapter. No torch.

A recognizer a·b answers a feature that a share p of the examples show; the right answer is 1 and
the loss ½(1 − ab)² there. B is the batch size, η the step size, wd decoupled weight decay (AdamW:
each step takes ηwd of every weight), β₂ the decay of Adam's mean of squares.
"""

from __future__ import annotations

import numpy as np
from scipy import integrate, stats
from scipy.optimize import brentq

Number = float | np.ndarray


def push(frequency: Number, batch_size: float, beta2: float = 1.0) -> np.ndarray:
    """Mean of Adam's step over η: a gradient's mean over its root mean square.

    Among B examples N show the feature, and the gradient is N/B times something that changes
    slowly, so what is left is E[N]/√E[N²] = √(Bp/(1 + Bp)), for p far below 1. A mean of squares
    that remembers 1/(1 − β₂) steps holds at least the last minibatch that shows the feature, which
    adds the `floor` c of about 1 − β₂:

        s = Bp / √(c + Bp + (Bp)²).

    Args:
        frequency: p.
        batch_size: B.
        beta2: β₂; 1 for a memory without end.
    """
    seen = batch_size * np.asarray(frequency, float)
    return seen / np.sqrt(floor(beta2) + seen + seen**2)


def floor(beta2: float, beta1: float = 0.9) -> float:
    """What one minibatch leaves in the mean of squares while Adam takes its steps after it.

    A minibatch adds (1 − β₂)g² to the mean of squares, which falls by β₂ a step, while its part of
    the first mean, (1 − β₁)g, falls by β₁. Its steps add up to g/√(c g²), with
    c = (1 − β₂) [(1 − β₁/√β₂)/(1 − β₁)]².
    """
    return (1 - beta2) * ((1 - beta1 / np.sqrt(beta2)) / (1 - beta1)) ** 2


def push_exact(frequency: float, batch_size: float, beta2: float) -> float:
    """`push` where Bp is far below 1 − β₁: no second showing within the first mean.

    Minibatches that show the feature come at a rate ρ = Bp/(1 − β₂) in one memory; a mean of
    squares is their shot noise S. With Campbell's formula for its Laplace transform,

        s = Bp/√c · E[(1 + S)^(−½)],   E[e^(−tS)] = exp(−ρ ∫₀^∞ (1 − e^(−t e^(−u))) du).
    """
    seen, left = batch_size * frequency, 1 - beta2
    steps = np.sqrt(left / floor(beta2))

    def waiting(t: float) -> float:
        return integrate.quad(lambda z: -np.expm1(-z) / z, 0, t)[0] if t else 0.0

    def under(root: float) -> float:  # t = root², so that the integrand is finite at 0
        return 2 * np.exp(-(root**2) - seen / left * waiting(root**2)) / np.sqrt(np.pi)

    return float(steps * seen / np.sqrt(left) * integrate.quad(under, 0, 8, limit=200)[0])


def decoupled(speed: Number, decay: float) -> np.ndarray:
    """Answer at rest where each step moves both weights by η·speed and takes ηwd of them.

    They rest at a = b = speed/wd, unless the answer is right before: ab = min(1, (speed/wd)²).

    Args:
        speed: Mean step over η, from 0 to 1.
        decay: wd.
    """
    return np.minimum(1, (np.asarray(speed, float) / decay) ** 2)


def adamw_answer(
    frequency: Number, batch_size: float, decay: float, beta2: float = 1.0
) -> np.ndarray:
    """Answer at rest under AdamW: min(1, Bp/((1 + Bp) wd²)) for β₂ → 1. No step size in it."""
    return decoupled(push(frequency, batch_size, beta2), decay)


def shared_answer(
    frequency: Number, batch_size: float, decay: float, units: Number, beta2: float = 1.0
) -> np.ndarray:
    """Answer at rest under AdamW where n units of a shared layer answer to a feature, each alike.

    Each path rests at (push/wd)², and the answer is their sum: min(1, n (push/wd)²).
    """
    each = (push(frequency, batch_size, beta2) / decay) ** 2
    return np.minimum(1, np.asarray(units, float) * each)


def half_frequency(batch_size: float, decay: float, beta2: float = 1.0) -> float:
    """Frequency that AdamW leaves half of the right answer: push = wd/√2.

    Raises:
        ValueError: The decay is so strong that none has half.
    """
    target = decay / np.sqrt(2)
    if target >= 1:
        raise ValueError(f"expected a decay below √2, under which some answer is ½, got {decay}")
    share = target**2
    # s² = x²/(c + x + x²) = share, for x = Bp
    c = floor(beta2)
    root = (share + np.sqrt(share**2 + 4 * (1 - share) * share * c)) / (2 * (1 - share))
    return float(root / batch_size)


def noisy_answer(
    frequency: float, batch_size: float, decay: float, noise: float, beta2: float = 1.0
) -> float:
    """Answer at rest under AdamW where targets are 1 + noise of standard deviation σ.

    The mean gradient goes with the residual r = 1 − ab, its root mean square does not go below
    that of the noise: √(Bp) r/√((1 + Bp) r² + σ²) = wd √(1 − r), and `floor` is added as in `push`.
    """
    seen = batch_size * frequency

    def surplus(r: float) -> float:
        square = (floor(beta2) + seen) * (r**2 + noise**2) + (seen * r) ** 2
        return seen * r / np.sqrt(square) - decay * np.sqrt(1 - r)

    return 1 - brentq(surplus, 1e-12, 1.0)


def sign_push(frequency: Number, batch_size: float) -> np.ndarray:
    """Mean sign of a gradient: the share of minibatches that show the feature, 1 − (1 − p)ᴮ."""
    return -np.expm1(batch_size * np.log1p(-np.asarray(frequency, float)))


def sign_vote(frequency: Number, batch_size: int, weight_decay: float) -> np.ndarray:
    """Answer at rest under SignSGD with λ added to the gradient.

    The sign is that of N(1 − ab)/B − λ, and as many minibatches must say plus as say minus: the
    median of N decides, 1 − λB/median(N), and a feature that most minibatches lack dies.
    """
    middle = stats.binom.median(batch_size, np.asarray(frequency, float))
    left = 1 - weight_decay * batch_size / np.maximum(middle, 1)
    return np.where(middle > 0, np.maximum(left, 0), 0.0)


def turning_norm(
    learning_rate: float, decay: float, width: int, *, steps: float = np.inf, start: float = 1.0
) -> float:
    """Norm of a row before a normalization under AdamW; at rest √(ηd/(2 wd)), at any frequency.

    Its gradient stands at a right angle to it, so a step only turns it and makes it longer by
    Pythagoras. A row that minibatches show with chance ρ gets, for one showing, steps that add up
    to η/√ρ in each of its d weights, since the mean of squares is ρ times the gradient's square. So
    the squared norm grows by η²d/ρ a showing, η²d a step, and loses 2η wd of itself, so that it
    comes to rest as e^(−2η wd t).
    """
    rest = learning_rate * width / (2 * decay)
    return float(np.sqrt(rest + (start**2 - rest) * np.exp(-2 * learning_rate * decay * steps)))


def learning_time(
    frequency: Number,
    kind: str,
    *,
    learning_rate: float,
    start: float,
    batch_size: float = 1,
    beta2: float = 1.0,
    answer: float = 0.5,
) -> np.ndarray:
    """Steps from a = b = start to an answer, without decay.

    Descent on p/2 (1 − ab)² gives u = ab the course u′ = 2ηp u(1 − u), so the time is
    ln[u(1 − u₀)/(u₀(1 − u))]/(2ηp), as 1/p. Adam moves each weight by η·push, so it is
    (√u − start)/(η push), as p^(−½) while Bp is between 1 − β₂ and 1.

    Args:
        frequency: p.
        kind: ``"SGD"`` or ``"Adam"``.
        learning_rate: η.
        start: a and b at the start.
        batch_size, beta2: Adam's.
        answer: u, what counts as learned.
    """
    p = np.asarray(frequency, float)
    if kind == "SGD":
        first = start**2
        odds = answer * (1 - first) / (first * (1 - answer))
        return np.log(odds) / (2 * learning_rate * p)
    if kind == "Adam":
        return (np.sqrt(answer) - start) / (learning_rate * push(p, batch_size, beta2))
    raise ValueError(f"expected kind 'SGD' or 'Adam', got {kind!r}")


def answer_over_time(
    step: np.ndarray,
    frequency: np.ndarray,
    kind: str,
    *,
    learning_rate: float,
    start: float,
    batch_size: float = 1,
    beta2: float = 1.0,
) -> np.ndarray:
    """Answers [steps, K] on the way; see `learning_time`."""
    t, p = np.asarray(step, float)[:, None], np.asarray(frequency, float)
    if kind == "SGD":
        odds = start**2 / (1 - start**2) * np.exp(np.minimum(2 * learning_rate * p * t, 700))
        return odds / (1 + odds)
    if kind == "Adam":
        weight = start + learning_rate * push(p, batch_size, beta2) * t
        return np.minimum(weight, 1) ** 2
    raise ValueError(f"expected kind 'SGD' or 'Adam', got {kind!r}")
