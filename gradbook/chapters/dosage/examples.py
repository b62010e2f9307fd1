"""What gardens are fed: features of given frequencies, all of them or minibatch by minibatch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from gradbook.training.gardens import Batch, stream

CHUNK = 500
"""Minibatches drawn at a time."""


def population(frequencies: Sequence[float] | np.ndarray) -> Batch:
    """All there is to see where a patch is one number: feature k alone, a share p_k of the time.

    Examples without a feature are left out: their answer is 0 whatever the weights are.

    Args:
        frequencies: p [K], not more than 1 together.

    Returns:
        Patches [K, K, 1], targets [K] of ones, shares p [K].

    Raises:
        ValueError: A frequency is negative, or they sum to more than 1.
    """
    shares = np.asarray(frequencies, dtype=float)
    if (shares < 0).any() or shares.sum() > 1 + 1e-9:
        raise ValueError(
            "expected frequencies from 0 that sum to 1 at most, since no example holds two "
            f"features, got a sum of {shares.sum():g} and a least of {shares.min():g}"
        )
    return np.eye(len(shares))[:, :, None], np.ones(len(shares)), shares


def always(batch: Batch) -> Iterator[Batch]:
    """The same rows at every step: the gradient of all there is."""
    return itertools.repeat(batch)


def sampled(batch: Batch, batch_size: int, seed: int) -> Iterator[Batch]:
    """Minibatches of a `population`: how often each feature is among that many examples.

    Args:
        batch: A population; what its shares leave to 1 is examples without a feature.
        batch_size: Examples in a minibatch.
        seed: Seed of the draws.
    """
    inputs, targets, shares = batch
    generator = stream(seed, 2)
    chances = np.append(shares, max(0.0, 1 - shares.sum()))
    chances /= chances.sum()
    while True:
        for counts in generator.multinomial(batch_size, chances, size=CHUNK):
            yield inputs, targets, counts[:-1] / batch_size


def patterns(recognizers: int, patch: int, seed: int) -> np.ndarray:
    """A pattern of unit length in a random direction for each recognizer [K, d]."""
    drawn = stream(seed, 1).standard_normal((recognizers, patch))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def examples(
    patterns: np.ndarray,
    frequencies: np.ndarray,
    batch_size: int,
    *,
    shared: bool = False,
    background: float = 0.0,
    label_noise: float = 0.0,
    seed: int = 0,
) -> Iterator[Batch]:
    """Minibatches of examples with patterns of d numbers, drawn afresh at every step.

    Args:
        patterns: [K, d].
        frequencies: p [K].
        batch_size: n, examples in a minibatch.
        shared: Whether all patterns are shown in the same d inputs, with an output for each
            feature, instead of in a patch each, with one output.
        background: Standard deviation of the normal noise in every input.
        label_noise: Standard deviation of the normal noise in the targets.
        seed: Seed of the draws.

    Yields:
        Patches [n, K, d] and targets [n], or, shared, inputs [n, d] and targets [n, K]; and
        shares 1/n [n].
    """
    count = len(frequencies)
    edges = np.cumsum(frequencies)
    generator = stream(seed, 2)
    marks = np.eye(count + 1, count)
    shares = np.full(batch_size, 1 / batch_size)
    while True:
        shown = marks[np.searchsorted(edges, generator.random(batch_size), side="right")]
        inputs = shown @ patterns if shared else shown[..., None] * patterns
        if background:
            inputs = inputs + background * generator.standard_normal(inputs.shape)
        targets = shown if shared else shown.sum(1)
        if label_noise:
            targets = targets + label_noise * generator.standard_normal(targets.shape)
        yield inputs, targets, shares
