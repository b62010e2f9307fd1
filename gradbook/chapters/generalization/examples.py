"""What memorizing networks are shown: one feature serves all examples, and each has a private one.

Example i shows a general feature t_i = ±1, its true class, and a private pattern p_i of length 1.
Its label y_i is t_i, or −t_i for a share of wrong labels, which only the private patterns can tell
from right ones. Patterns are one-hot, or random directions, of which there may be more than
dimensions. `gradbook.chapters.generalization.memorizing` holds the networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradbook.training.gardens import stream


@dataclass(frozen=True, eq=False)
class Examples:
    """One data set a seed.

    Attributes:
        truth: General feature t, ±1 [seeds, n].
        labels: y, ±1 [seeds, n].
        patterns: Private patterns p [seeds, n, dimension]; None where they are one-hot.
        fresh_truth: The same of examples that are not trained on [seeds, fresh]; their labels are
            right.
        fresh_patterns: [seeds, fresh, dimension] or None.
    """

    truth: np.ndarray
    labels: np.ndarray
    patterns: np.ndarray | None
    fresh_truth: np.ndarray
    fresh_patterns: np.ndarray | None

    @property
    def wrong(self) -> np.ndarray:
        """Which labels are wrong [seeds, n]."""
        return self.truth != self.labels

    @property
    def dimension(self) -> int:
        """Rows of U: one an example, also for those not trained on, where patterns are one-hot."""
        if self.patterns is None:
            return self.truth.shape[1] + self.fresh_truth.shape[1]
        return self.patterns.shape[2]

    def inputs(self, seed: int = 0) -> np.ndarray:
        """Rows (t_i, p_i) of one seed [n, 1 + dimension], as a network of any library reads them.

        Args:
            seed: Its place in the seeds.
        """
        count = self.truth.shape[1]
        patterns = np.eye(count, self.dimension) if self.patterns is None else self.patterns[seed]
        return np.column_stack([self.truth[seed], patterns])


def draw(
    count: int,
    *,
    wrong: float = 0.0,
    dimension: int | None = None,
    fresh: int = 100,
    seeds: Sequence[int] = (0,),
) -> Examples:
    """Draw examples.

    Args:
        count: n.
        wrong: Share of wrong labels; their number is rounded.
        dimension: Of the private patterns, random directions; one-hot if None.
        fresh: Examples that are not trained on.
        seeds: One data set each.

    Raises:
        ValueError: Fewer than two examples, or a share outside [0, 1].
    """
    if count < 2 or not 0 <= wrong <= 1:
        raise ValueError(f"expected count from 2 and wrong in [0, 1], got {count} and {wrong}")
    truths, labels, patterns = [], [], []
    for seed in seeds:
        generator = stream(seed, 2)
        truth = generator.choice([-1.0, 1.0], count + fresh)
        label = truth[:count].copy()
        label[generator.permutation(count)[: round(wrong * count)]] *= -1
        truths.append(truth)
        labels.append(label)
        if dimension:
            drawn = stream(seed, 1).standard_normal((count + fresh, dimension))
            patterns.append(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))
    truth, pattern = np.stack(truths), np.stack(patterns) if patterns else None
    return Examples(
        truth=truth[:, :count],
        labels=np.stack(labels),
        patterns=None if pattern is None else pattern[:, :count],
        fresh_truth=truth[:, count:],
        fresh_patterns=None if pattern is None else pattern[:, count:],
    )
