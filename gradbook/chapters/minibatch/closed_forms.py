"""Closed forms that the chapters hold against measurements. No torch: figures may draw them."""

from __future__ import annotations

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
