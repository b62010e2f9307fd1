"""Closed forms of the chapter on dropout and batch norm. No torch: figures may draw them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def deep_linear_change(
    weights: Sequence[np.ndarray],
    gradients: Sequence[np.ndarray],
    x: np.ndarray,
    steps: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Change of a deep linear network's output by a gradient step, to first order and exactly.

    With the step ε every matrix W_k becomes W_k − ε G_k, and the output
    (W_d − ε G_d) ⋯ (W_1 − ε G_1) x is a polynomial in ε of degree d. Its linear term is what the
    gradient predicts.

    Args:
        weights: W_1 … W_d, first layer first, each [out, in].
        gradients: G_1 … G_d, of the same shapes.
        x: Input [in].
        steps: Step sizes ε [n].

    Returns:
        The linear term's change and the whole polynomial's, each [n, out].

    Raises:
        ValueError: There are no layers, or not a gradient for each.
    """
    if not weights or len(weights) != len(gradients):
        raise ValueError(
            f"expected as many gradients as layers, at least one, got {len(gradients)} and "
            f"{len(weights)}"
        )
    coefficients = [np.asarray(x, float)]
    for w, g in zip(weights, gradients, strict=True):
        kept = [w @ c for c in coefficients]
        moved = [-(g @ c) for c in coefficients]
        coefficients = [kept[0], *(a + b for a, b in zip(kept[1:], moved, strict=False)), moved[-1]]
    powers = np.power.outer(np.asarray(steps, float), np.arange(1, len(coefficients)))
    changes = powers[..., None] * np.stack(coefficients[1:])
    return changes[:, 0], changes.sum(1)


def masks_share(ratio: float, masks: np.ndarray) -> np.ndarray:
    """Share of a row's gradient variance that is the masks', averaged over some masks.

    The masks' part falls to 1/M of what it was, the examples' part stays.

    Args:
        ratio: The masks' part over the examples' part with one mask.
        masks: M.
    """
    return 1 / (1 + np.asarray(masks, float) / ratio)


def normalized(z: np.ndarray, bias: float, place: str, mode: str, eps: float = 1e-5) -> np.ndarray:
    """What batch norm passes on of one unit over the rows, when a bias is added before it.

    Args:
        z: What the linear layer gives without the bias [rows].
        bias: b.
        place: ``"before the ReLU"``, or ``"behind the ReLU"``, which then lies between bias and
            norm.
        mode: ``"training"``, with mean and variance of these rows, or ``"evaluation"``, with those
            at a bias of 0.
        eps: Added to the variance.

    Raises:
        ValueError: There is no such place or mode.
    """
    if place not in PLACES or mode not in MODES:
        raise ValueError(f"expected one of {PLACES} and one of {MODES}, got {place!r}, {mode!r}")
    behind = place == PLACES[1]
    moved, still = (np.maximum(v, 0) if behind else v for v in (np.asarray(z) + bias, z))
    over = moved if mode == MODES[0] else still
    return (moved - np.mean(over)) / np.sqrt(np.var(over) + eps)


PLACES = ("before the ReLU", "behind the ReLU")
MODES = ("training", "evaluation")
