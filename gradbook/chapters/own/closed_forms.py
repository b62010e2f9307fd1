"""What the chapter's numbers are compared with. No torch."""

from __future__ import annotations

import numpy as np


def steps_needed(batch_size: float | np.ndarray, noise_scale: float) -> float | np.ndarray:
    """Steps to a loss, as a multiple of those that whole gradients need: 1 + 𝓑/B.

    Source: McCandlish et al. 2018, equation 2.7.
    """
    return 1 + noise_scale / batch_size


def examples_needed(batch_size: float | np.ndarray, noise_scale: float) -> float | np.ndarray:
    """Examples to a loss, as a multiple of those that single ones need: 1 + B/𝓑.

    Source: McCandlish et al. 2018, equation 2.11.
    """
    return 1 + batch_size / noise_scale


def decay_share(
    optimizer: str, size: float | np.ndarray, rate: float, decay: float, eps: float = 1e-8
) -> float | np.ndarray:
    """The share of a weight that decay takes in one step.

    Args:
        optimizer: ``"SGD"``, ``"AdamW"`` or ``"Adam, L2"``.
        size: Root mean square of the gradient, √v̂; it matters to Adam with L2 alone.
        rate: Step size η.
        decay: λ.
        eps: Adam's ε.

    Raises:
        ValueError: Another optimizer.

    Source: Loshchilov & Hutter 2019, section 2.
    """
    if optimizer not in ("SGD", "AdamW", "Adam, L2"):
        raise ValueError(f"expected SGD, AdamW or 'Adam, L2', got {optimizer!r}")
    constant = rate * decay * np.ones_like(np.asarray(size, float))
    return constant / (np.asarray(size) + eps) if optimizer == "Adam, L2" else constant
