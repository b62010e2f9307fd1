"""Closed forms that the chapters hold against measurements. No torch: figures may draw them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import bdtr, ndtr


def one_line_agreement(positive: np.ndarray, negative: np.ndarray) -> tuple:
    """Agreement of minibatch gradients that all lie on one line.

    With probability q₊ a minibatch's gradient points one way, with q₋ the other, else it is zero.
    Two that are not zero have cosine 1 or −1, so

        E cos = ((q₊ − q₋)/(q₊ + q₋))²   and   P(opposed) = 2 q₊ q₋/(q₊ + q₋)².

    Args:
        positive: q₊, any shape.
        negative: q₋, the same shape.

    Returns:
        Expected cosine and probability that a pair is opposed, each of that shape.
    """
    positive, negative = np.asarray(positive, float), np.asarray(negative, float)
    moving = positive + negative
    return ((positive - negative) / moving) ** 2, 2 * positive * negative / moving**2


def vote_agreement(share: np.ndarray, batch_size: int) -> tuple:
    """Agreement when each row casts one vote, as the sign of its error does under an L1 loss.

    The number of votes for "too high" among B rows is binomial; the majority decides.

    Args:
        share: Share of all rows whose prediction is too high, any shape.
        batch_size: B.

    Returns:
        As `one_line_agreement`.
    """
    share = np.asarray(share, float)
    below = (batch_size + 1) // 2 - 1  # the most votes that are still a minority
    return one_line_agreement(bdtr(below, batch_size, 1 - share), bdtr(below, batch_size, share))


def mean_agreement(mean: np.ndarray, sd: np.ndarray, batch_size: int) -> tuple:
    """Agreement when the minibatch's mean error decides, as under a squared loss.

    The mean of B errors is close to normal, with standard deviation sd/√B.

    Args:
        mean: Mean error over all rows, any shape.
        sd: Standard deviation of the errors, the same shape.
        batch_size: B.

    Returns:
        As `one_line_agreement`.
    """
    above = ndtr(np.asarray(mean, float) * np.sqrt(batch_size) / np.asarray(sd, float))
    return one_line_agreement(above, 1 - above)


def sampled_range(cosine: np.ndarray, minibatches: int, level: float = 0.95) -> tuple:
    """Where the mean cosine of a few minibatches on one line falls, given its expectation.

    Of M minibatches a binomial number points one way; the M(M − 1)/2 pairs then have a mean cosine
    of ((2k − M)² − M) / (M(M − 1)) for k of them.

    Args:
        cosine: Expected cosine, from 0 to 1, any shape.
        minibatches: M.
        level: Chance of falling into the range.

    Returns:
        Lower and upper end, each of that shape.
    """
    cosine = np.asarray(cosine, float)
    counts = np.arange(minibatches + 1)
    means = ((2 * counts - minibatches) ** 2 - minibatches) / (minibatches * (minibatches - 1))
    up = (1 + np.sqrt(cosine[..., None])) / 2
    chances = np.diff(bdtr(counts, minibatches, up), prepend=0)
    order = np.argsort(means, kind="stable")
    below = np.cumsum(chances[..., order], -1)
    tail = (1 - level) / 2
    low = means[order][(below > tail).argmax(-1)]
    high = means[order][(below >= 1 - tail - 1e-12).argmax(-1)]
    return low, high


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
