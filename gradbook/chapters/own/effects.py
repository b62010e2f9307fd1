"""What the chapter's experiments say, one number a seed."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.evidence.atlas import Atlas


def _at(results: Atlas, **where: object) -> Any:
    """Index of all seeds, and of values in the configuration's lists, in the order given."""
    return (slice(None), *(list(results.config[n]).index(v) for n, v in where.items()))


def precision(
    results: Atlas, network: str, epoch: int, score: str, looked_at: int = 50
) -> np.ndarray:
    """Share of wrong labels among the pictures that a score suspects first [seeds]."""
    at = _at(results, networks=network, epochs=epoch, scores=score, looked_at=looked_at)
    return results["precision"][at].astype(float)


def precisions(results: Atlas, network: str, epoch: int, score: str) -> np.ndarray:
    """The same for every number of pictures looked at [seeds, looked_at]."""
    at = _at(results, networks=network, epochs=epoch, scores=score)
    return results["precision"][at].astype(float)


def loss_over_agreement(results: Atlas, network: str, epoch: int) -> np.ndarray:
    """Precision of the highest loss less that of the least agreement, 50 looked at [seeds]."""
    loss, agreement = (precision(results, network, epoch, s) for s in ("loss", "agreement"))
    return loss - agreement


def coverage(results: Atlas, network: str, rows: int) -> np.ndarray:
    """Share of the intervals that hold the noise scale of all rows, over the epochs [seeds]."""
    _, a, b = _at(results, networks=network, held=rows)
    return results["covered"][:, a, :, b].astype(float).mean(1)


def bounded(results: Atlas, network: str, rows: int) -> np.ndarray:
    """Share of the intervals that have an upper end, over the epochs [seeds]."""
    _, a, b = _at(results, networks=network, held=rows)
    return results["bounded"][:, a, :, b].astype(float).mean(1)


def alive(results: Atlas, network: str, optimizer: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each seed, gradient and share that decay takes of the units that had a gradient."""
    at = _at(results, networks=network, optimizers=optimizer)
    gradients, shares = (results[name][at] for name in ("gradient", "taken"))
    return [(g[g > 0], t[g > 0].astype(float)) for g, t in zip(gradients, shares, strict=True)]


def decay_rank(results: Atlas, network: str, optimizer: str) -> np.ndarray:
    """Spearman's correlation, over the units alive, of gradient and the share decay takes [seeds].

    Without meaning where decay takes the same share from each.
    """
    return np.array([_spearman(*pair) for pair in alive(results, network, optimizer)])


def decay_gap(results: Atlas, network: str, optimizer: str) -> np.ndarray:
    """Largest relative distance of the share that decay takes of a unit from ηλ [seeds]."""
    config = results.config
    law = config["learning_rate"][optimizer] * config["weight_decay"][optimizer]
    return np.array([abs(t / law - 1).max() for _, t in alive(results, network, optimizer)])


def _spearman(x: np.ndarray, y: np.ndarray) -> float:
    first, second = (v.argsort(kind="stable").argsort().astype(float) for v in (x, y))
    return float(np.corrcoef(first, second)[0, 1])
