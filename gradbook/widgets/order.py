"""A bet by sorting: which of some means does best?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradbook.widgets.bet import Bet
from gradbook.widgets.controls import with_controls


class Order(Bet):
    """Names to be sorted; a seed agrees on the pairs that it has in the reader's order."""

    _esm = with_controls("order.js", "record", "bet")
    _css = with_controls("order.css", "record", "bet")

    kind = "bet"

    @classmethod
    def on_order(
        cls,
        id: str,
        question: str,
        seeds: Mapping[str, np.ndarray],
        result: str,
        *,
        ends: tuple[str, str] = ("most", "least"),
    ) -> Order:
        """Bet on an order, from the largest to the smallest.

        Args:
            id: Such as ``"starvation/cures"``.
            question: HTML.
            seeds: Name to what each seed measured [seeds], in the order first shown.
            result: What was found, HTML.
            ends: What stands above the first and below the last.

        Raises:
            ValueError: There are fewer than three names or two seeds, or a number is not finite.
        """
        values = np.array(list(seeds.values()), float).T
        if values.ndim != 2 or min(values.shape) < 2 or values.shape[1] < 3:
            raise ValueError(f"expected three names and two seeds or more, got {values.shape}")
        if not np.isfinite(values).all():
            raise ValueError("expected finite numbers, got one that is not")
        above = np.sign(values[:, :, None] - values[:, None, :])
        pairs = above[:, *np.tril_indices(values.shape[1], -1)]
        agree = ((pairs[:, None] == pairs) & (pairs != 0)).mean(-1)
        count = len(values)
        return cls._of(
            id,
            "order",
            question,
            result,
            seeds=count,
            between=float((agree.sum() - np.trace(agree)) / (count * (count - 1))),
            names=list(seeds),
            values=[[float(f"{v:.6g}") for v in seed] for seed in values],
            mean=values.mean(0).tolist(),
            ends=list(ends),
        )
