"""What becomes of the general and of the private recognizers of `memorizing`, derived.

Of n examples each shows its class t_i in a general feature and a one-hot pattern of its own; a
share ρ of the labels y_i is wrong. The loss is half the squared error, mean over the examples. In a
linear network let w be the general recognizer's answer and u_i = t_i v_i what the private one adds,
and c_i = t_i y_i be 1 for right labels and −1 for wrong ones, with mean c̄ = 1 − 2ρ. Then

    w′ = c̄ − w − ū,    u_i′ = (c_i − w − u_i)/n.

Time is counted in steps times the learning rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.special import ndtr


@dataclass(frozen=True, eq=False)
class Course:
    """A linear network that starts at zero, over time.

    Attributes:
        general: Answer of the general recognizer, w […].
        right: What the private recognizer of a rightly labelled example adds, towards its label.
        wrong: The same of a wrongly labelled example.
        general_dose: w′.
        right_dose, wrong_dose: The two private ones; a wrong one's pulls the other way.
    """

    general: np.ndarray
    right: np.ndarray
    wrong: np.ndarray
    general_dose: np.ndarray
    right_dose: np.ndarray
    wrong_dose: np.ndarray


def course(time: np.ndarray, count: int, wrong: float, learning_rate: float = 0.0) -> Course:
    """Solve the equations above.

    The mean residual c̄ − w − ū falls as e^{−(1 + 1/n)t}, the residuals' differences as e^{−t/n}:

        w = c̄ (1 − e^{−(1 + 1/n)t}) n/(n + 1),    u_i = w/n + (c_i − c̄)(1 − e^{−t/n}).

    Args:
        time: Steps times learning rate […].
        count: n.
        wrong: ρ.
        learning_rate: η of descent in steps; 0 gives the limit of small ones.
    """
    time, mean = np.asarray(time, float), 1 - 2 * wrong

    def left(rate: float) -> np.ndarray:
        if not learning_rate:
            return np.exp(-rate * time)
        return (1 - learning_rate * rate) ** (time / learning_rate)

    shared, apart = left(1 + 1 / count), left(1 / count)
    general = mean * (1 - shared) * count / (count + 1)
    return Course(
        general=general,
        right=general / count + (1 - mean) * (1 - apart),
        wrong=(1 + mean) * (1 - apart) - general / count,
        general_dose=mean * shared,
        right_dose=(mean * shared + (1 - mean) * apart) / count,
        wrong_dose=((1 + mean) * apart - mean * shared) / count,
    )


def satiation(count: int, wrong: float) -> float:
    """When the general recognizer's dose has fallen to that of a wrong label's private one.

    c̄ e^{−(1 + 1/n)t} = ((1 + c̄) e^{−t/n} − c̄ e^{−(1 + 1/n)t})/n at t = ln[(n + 1) c̄/(1 + c̄)].
    """
    mean = 1 - 2 * wrong
    return float(np.log((count + 1) * mean / (1 + mean)))


def crossing(count: int, wrong: float, learning_rate: float) -> float:
    """Steps of descent after which the two doses of `satiation` are equal.

    (1 − η(1 + 1/n))^k (n + 1) c̄ = (1 − η/n)^k (1 + c̄), solved for k; with small η it is t*/η.

    Args:
        count: n.
        wrong: ρ.
        learning_rate: η.
    """
    kept = np.log1p(-learning_rate / count) - np.log1p(-learning_rate * (1 + 1 / count))
    return satiation(count, wrong) / float(kept)


def memorized(count: int, wrong: float) -> float:
    """When the private recognizers outvote the general one on wrong labels: about n ln(2(1 − ρ)).

    (1 + c̄)(1 − e^{−t/n}) = c̄, where w + w/n has long been c̄.
    """
    return float(count * np.log(2 * (1 - wrong)))


def dose_ratio(
    count: np.ndarray, kind: str, *, units: int = 32, scale: float = 0.2, loss_left: float = 0.1
) -> np.ndarray:
    """General recognizer's dose over a private one's, summed until the loss is a tenth, all right.

    A linear network gives each private recognizer exactly 1/n of what it gives the general one. In
    a shared layer of h units the general weights turn towards the weights a above them, and nearly
    all of what they get is dose: they travel D = ‖ΔG‖. A private recognizer is moved by D/n along
    the same direction, but it starts at length s in a direction of its own, at a cosine of the
    order of 1/√h with a, and half of the time on the wrong side. Its dose is how far it grows.
    With ReLU units only half of the layer carries the example, at √2 times the mean length.

    Two layers that are balanced and answer f travel √f, with ReLU √(2f). Where D/n is small beside
    s/√h the ratio is n√(2πh), with ReLU n√(πh).

    Args:
        count: n […].
        kind: ``"linear"``, ``"deep linear"`` or ``"ReLU"``.
        units: h.
        scale: s.
        loss_left: Share of the loss at which the sum ends.
    """
    count = np.asarray(count, float)
    if kind == "linear":
        return count
    answer = 1 - np.sqrt(loss_left)
    relu = kind == "ReLU"
    travelled = np.sqrt((1 + relu) * answer)
    step = np.sqrt(1 + relu) * travelled / count[..., None]
    nodes, weights = np.polynomial.hermite_e.hermegauss(201)
    start = scale * np.clip(nodes / np.sqrt(units), -1, 1)  # ⟨p_i U, direction of a⟩
    after = np.sqrt(np.maximum(scale**2 + 2 * start * step + step**2, 0))
    nearest = np.sqrt(np.maximum(scale**2 - start**2, 0))
    least = np.where(start >= 0, scale, np.where(step > -start, nearest, after))
    grown = ((after - least) * weights).sum(-1) / weights.sum()
    return travelled / grown


def first_ratio(count: np.ndarray, kind: str) -> np.ndarray:
    """Size of the general recognizer's gradient over a private one's before the first step.

    All rows carry the general feature, with the same residual: n. A ReLU unit is open for half of
    the examples: the general gradient is ½‖a‖, a private one ‖a‖/√2 over n.
    """
    return np.asarray(count, float) / (np.sqrt(2) if kind == "ReLU" else 1)


def lateness(count: int, wrong: float, layers: int, *, scale: float = 0.2) -> tuple[float, float]:
    """When the general feature and the wrong labels are half learned.

    A linear network is there at t = ln 2/(1 + 1/n) and at n ln 2. A deep linear network with one
    output writes the answers β = (w, u_1, …, u_n) as one direction times a length that all share.
    From small, balanced weights, with γ the vector (c̄ − w − ū, (c_1 − w − u_1)/n, …) that a linear
    network would follow,

        β′ = ‖β‖^{2 − 2/L} (γ + (L − 1) ⟨γ, β̂⟩ β̂).

    Once w is learned γ is spread over all wrong labels, of length √(4ρ(1 − ρ)/n), and they grow
    together: at a rate of the order of 1/√n, where alone it would be 1/n.

    Args:
        count: n.
        wrong: ρ.
        layers: L; 1 is a linear network.
        scale: s: the layers start with about s²/2 in w.

    Returns:
        Time until w is c̄/2 and until a wrong label's private recognizer adds 1 − ρ.
    """
    if layers == 1:
        return np.log(2) * count / (count + 1), count * np.log(2)
    mean, many = 1 - 2 * wrong, np.array([1, count * (1 - wrong), count * wrong])

    def slope(_: float, answers: np.ndarray) -> np.ndarray:
        general, right, off = answers
        mean_residual = mean - general - (1 - wrong) * right - wrong * off
        pull = np.array(
            [mean_residual, (1 - general - right) / count, (-1 - general - off) / count]
        )
        length = np.sqrt(many @ answers**2)
        along = (many @ (pull * answers)) / length
        return length ** (2 - 2 / layers) * (pull + (layers - 1) * along * answers / length)

    def learned(_: float, answers: np.ndarray) -> float:
        return answers[0] - mean / 2

    def late(_: float, answers: np.ndarray) -> float:
        return -answers[2] - (1 - wrong)

    late.terminal = True
    course = solve_ivp(
        slope, (0, 50 * count), [scale**2 / 2, 0, 0], events=[learned, late], rtol=1e-8, atol=1e-10
    )
    return float(course.t_events[0][0]), float(course.t_events[1][0])


def at_rest(weight_decay: float, count: int, wrong: float, layers: int = 1) -> tuple[float, float]:
    """General answer w and answer to a wrongly labelled example, towards its label, under decay.

    A linear network rests at w = c̄ n/(1 + n + nλ) and u_i = (c_i − w)/(1 + nλ). Two layers write
    the answers β = (w, u) at a cost of λ‖β‖, which acts as a decay of λ/‖β‖ on them.

    Args:
        weight_decay: λ.
        count: n.
        wrong: ρ.
        layers: 1 or 2.

    Returns:
        w, and −w − u of a wrong label: above 0 it is memorized.
    """
    mean = 1 - 2 * wrong

    def answers(decay: float) -> tuple[float, float, float]:
        general = mean * count / (1 + count + count * decay)
        right, off = ((sign - general) / (1 + count * decay) for sign in (1, -1))
        squares = general**2 + count * ((1 - wrong) * right**2 + wrong * off**2)
        return general, off, np.sqrt(squares)

    if layers == 1 or not weight_decay:
        general, off, _ = answers(weight_decay)
    elif weight_decay**2 >= mean**2 + 1 / count:  # the slope at zero does not pay the decay
        return 0.0, 0.0
    else:
        effective = brentq(lambda d: answers(d)[2] * d - weight_decay, 1e-12, 1e12, xtol=1e-14)
        general, off, _ = answers(effective)
    return general, -general - off


def forgetting(count: int, wrong: float) -> float:
    """Weight decay above which a linear network memorizes no wrong label: w nλ = 1."""
    mean = 1 - 2 * wrong
    return (count + 1) / (count * (count * mean - 1))


def fresh_loss(
    time: np.ndarray, eigenvalues: np.ndarray, dimension: int, wrong: float
) -> tuple[np.ndarray, np.ndarray]:
    """Loss and error on fresh examples of a linear network whose private patterns overlap.

    Patterns are random directions in d dimensions. What is memorized of the labels' errors, of
    variance 4ρ(1 − ρ), answers to a fresh pattern too, as noise of variance

        σ² = 4ρ(1 − ρ)/d · Σ_k (1 − e^{−s_k t/n})²/s_k,

    with s_k the eigenvalues of the patterns' products ⟨p_i, p_j⟩. The loss is ((1 − w)² + σ²)/2 and
    the chance of an error Φ(−w/σ).

    Args:
        time: Steps times learning rate [times].
        eigenvalues: s [n].
        dimension: d.
        wrong: ρ.
    """
    count = len(eigenvalues)
    kept = eigenvalues[eigenvalues > 1e-9]
    learned = -np.expm1(-np.multiply.outer(np.asarray(time, float), kept) / count)
    variance = 4 * wrong * (1 - wrong) / dimension * (learned**2 / kept).sum(-1)
    general = course(time, count, wrong).general
    with np.errstate(divide="ignore", invalid="ignore"):
        error = ndtr(-general / np.sqrt(variance))
    return ((1 - general) ** 2 + variance) / 2, np.where(variance > 0, error, 0.5)


def one_step_ratio(count: np.ndarray, noise_scale: np.ndarray) -> np.ndarray:
    """OSGR(n) = 1/(1 + B_simple/n): what a small step gains on fresh examples, over its own gain.

    E⟨ḡ_n, G⟩ = ‖G‖² and E‖ḡ_n‖² = ‖G‖² + tr Σ/n.
    """
    return 1 / (1 + np.asarray(noise_scale, float) / np.asarray(count, float))
