"""How far the gradients of n examples agree, from their Gram matrix K_ij = ⟨g_i, g_j⟩.

With G their mean and Σ their covariance (over n), ‖G‖² is the mean of K and tr Σ the mean of its
diagonal less that. Noise scale, coherence, diversity and mean signal-to-noise ratio are then one
number under four names:

    B_simple = tr Σ/‖G‖² = 1/α − 1 = nΔ − 1 = 1/Σ_j (Var[g_j]/tr Σ) r_j .

`gram.gram_noise_scale` gives the first, and `gram.product_ratio` is α without the pairs i = i.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gradbook.probes.checks import kernel as checked
from gradbook.probes.checks import matrix, number, scaled


def coherence(kernel: Tensor) -> float:
    """α = ‖G‖²/E‖g‖² in [0, 1]; n·α is 1 for orthogonal gradients and n for equal ones.

    Raises:
        TypeError: The kernel is no tensor of floats.
        ValueError: It is not square, is empty, or holds what is no finite number.

    Source: Chatterjee & Zielinski 2020.
    """
    kernel = scaled(checked(kernel))
    return (kernel.mean() / kernel.diagonal().mean()).item()


def diversity(kernel: Tensor) -> float:
    """Gradient diversity Δ = Σ‖g_i‖²/‖Σ g_i‖².

    Raises:
        TypeError, ValueError: As `coherence`.

    Source: Yin et al. 2018.
    """
    kernel = scaled(checked(kernel))
    return (kernel.diagonal().sum() / kernel.sum()).item()


def confusion(kernel: Tensor) -> float:
    """Smallest η ≥ 0 with ⟨g_i, g_j⟩ ≥ −η for all i ≠ j.

    Raises:
        TypeError: The kernel is no tensor of floats.
        ValueError: It is not square, of fewer than two rows, or holds what is no finite number.

    Source: Sankararaman et al. 2020.
    """
    checked(kernel, 2)
    return max(0.0, -kernel.clone().fill_diagonal_(torch.inf).min().item())


def example_cosines(kernel: Tensor) -> Tensor:
    """Cosine of every two gradients [n, n]; nan where one is zero.

    Raises:
        TypeError, ValueError: As `coherence`.
    """
    norms = checked(kernel).diagonal().sqrt()
    norms = norms.where(norms > 0, torch.nan)
    return (kernel / norms[:, None] / norms).clamp(-1, 1)


def stiffness(kernel: Tensor, classes: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Mean sign and mean cosine of ⟨g_i, g_j⟩ over pairs i ≠ j.

    Args:
        kernel: [n, n].
        classes: Labels [n] from 0; with them the means are taken over each pair of classes.

    Returns:
        S_sign and S_cos: [classes, classes] up to the largest label, or, without classes and where
        all labels are 0, single numbers. Pairs with a zero gradient are left out of the cosine, and
        a pair of classes without pairs is nan.

    Raises:
        TypeError: The kernel is no tensor of floats, or the classes none of integers.
        ValueError: The kernel is as `coherence` refuses it, or the classes are not [n] from 0.

    Source: Fort et al. 2019.
    """
    checked(kernel)
    if classes is None:
        classes = torch.zeros(len(kernel), dtype=torch.long)
    if not isinstance(classes, Tensor) or classes.is_floating_point() or classes.is_complex():
        raise TypeError(f"expected classes as a tensor of integers [n], got {classes!r:.80}")
    if classes.shape != (len(kernel),) or classes.min() < 0:
        raise ValueError(
            f"expected classes [{len(kernel)}] from 0, got {tuple(classes.shape)} from "
            f"{classes.min().item() if classes.numel() else 'nothing'}"
        )
    classes = classes.long()
    members = torch.eye(int(classes.max()) + 1).to(kernel)[classes.to(kernel.device)]

    def mean(values: Tensor) -> Tensor:
        there = (~values.isnan()).to(kernel).fill_diagonal_(0)
        total = members.T @ (values.nan_to_num() * there) @ members
        return (total / (members.T @ there @ members)).squeeze()

    return mean(kernel.sign()), mean(example_cosines(kernel))


def agreement_with_rest(kernel: Tensor) -> Tensor:
    """Cosine of each gradient with the mean of all the others [n]; nan where one is zero.

    The example's own share of the mean, which would agree with it in any case, is left out.

    Raises:
        TypeError, ValueError: As `coherence`.
    """
    kernel = scaled(checked(kernel))
    own, row = kernel.diagonal(), kernel.sum(1)
    rest = (kernel.sum() - 2 * row + own).clamp(min=0)
    return ((row - own) / (own * rest).sqrt()).clamp(-1, 1)


def signal_to_noise(gradients: Tensor) -> Tensor:
    """r_j = G_j²/Var[g_j] of each parameter [P], from gradients [n, P]; nan where it is 0/0.

    Raises:
        TypeError: The gradients are no tensor of floats.
        ValueError: They are not [n, P], are empty, or hold what is no finite number.

    Source: Liu et al. 2020, gradient signal-to-noise ratio (GSNR).
    """
    gradients = scaled(matrix(gradients, "gradients"), 0)
    return gradients.mean(0).square() / gradients.var(0, correction=0)


def mean_signal_to_noise(gradients: Tensor) -> float:
    """Variance-weighted mean of r_j over parameters, Σ_j (Var[g_j]/tr Σ) r_j = 1/B_simple.

    Infinite where no gradient varies, nan where all are zero.

    Raises:
        TypeError, ValueError: As `signal_to_noise`.
    """
    gradients = scaled(matrix(gradients, "gradients"))
    variance = gradients.var(0, correction=0)
    noisy = variance > 0
    if not noisy.any():
        return math.inf if gradients.any() else math.nan
    return (variance[noisy] / variance.sum() @ signal_to_noise(gradients)[noisy]).item()


def generalization_ratio(gradients: Tensor, n: int) -> float:
    """One-step generalization ratio (OSGR) of a training set of n rows, from gradients [m, P].

    1 − (1/n) Σ_j W_j/(r_j + 1/n) with W_j ∝ G_j² + Var[g_j]/n: the part of the training loss's
    first decrease that the test loss shares, to first order and in expectation. It equals
    1/(1 + B_simple/n), see `predicted_generalization`; nan where all gradients are zero.

    Raises:
        TypeError, ValueError: As `signal_to_noise`; or n is no number, or below 1.

    Source: Liu et al. 2020, eq. 19 and 22.
    """
    gradients, n = scaled(matrix(gradients, "gradients")), number(n, "n", 1)
    signal, variance = gradients.mean(0).square(), gradients.var(0, correction=0)
    weights = signal + variance / n
    if not weights.sum() > 0:
        return float("nan")
    return (1 - (weights / weights.sum() / (signal / variance + 1 / n)).nansum() / n).item()


def predicted_generalization(noise_scale: float, n: int) -> float:
    """OSGR(n) = 1/(1 + B_simple/n).

    Args:
        noise_scale: B_simple in rows; infinite where the mean gradient is zero, which gives 0.
        n: Rows.

    Raises:
        TypeError: An argument is no number.
        ValueError: The noise scale is below zero or nan, or n below 1.
    """
    n = number(n, "n", 1)
    if isinstance(noise_scale, float) and noise_scale == float("inf"):
        return 0.0
    return 1 / (1 + number(noise_scale, "noise_scale", 0) / n)


def noise_tests(kernel: Tensor) -> tuple[float, float, float]:
    """Smallest tolerances at which a minibatch of n rows passes three tests of its gradient.

    With the covariance over n − 1: the norm test compares √(tr Σ/n) with ‖G‖; the inner product
    test the part of it along G, √(ĜᵀΣĜ/n), Ĝ = G/‖G‖; the orthogonality test the part across. The
    square of the first is the sum of the squares of the others. What is round-off is zero.

    Args:
        kernel: [n, n], n > 1; the mean gradient must not be zero (nan).

    Raises:
        TypeError, ValueError: As `confusion`.

    Source: Byrd et al. 2012, eq. 3.9; Bollapragada et al. 2017, eq. 2.6 and 3.3.
    """
    kernel = scaled(checked(kernel, 2))
    n, signal, row = len(kernel), kernel.mean(), kernel.mean(1)  # row: ⟨g_i, G⟩
    along = row.square().sum() / signal
    parts = (
        kernel.diagonal().sum() - n * signal,
        along - n * signal,
        kernel.diagonal().sum() - along,
    )
    least = 8 * torch.finfo(kernel.dtype).eps * kernel.diagonal().sum()
    parts = tuple(part.where(part > least, 0) for part in parts)
    norm, inner, across = ((part / (n * (n - 1) * signal)).sqrt().item() for part in parts)
    return norm, inner, across
