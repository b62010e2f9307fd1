"""A bet that is made by stopping a run: what would one lose by stopping here?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gradbook.widgets.bet import Bet
from gradbook.widgets.controls import with_controls


class Run(Bet):
    """A measured run plays; the reader sees the loss so far and stops it, once.

    A seed agrees with a stop where its own loss is nearly as low as it ever gets.
    """

    _esm = with_controls(Path(__file__).with_name("stopping.js"), "record", "bet")
    _css = with_controls(Path(__file__).with_name("stopping.css"), "record", "bet")

    kind = "bet"

    @classmethod
    def on_run(
        cls,
        id: str,
        question: str,
        step: np.ndarray,
        losses: np.ndarray,
        result: str,
        *,
        within: float,
        counts: Mapping[str, tuple[np.ndarray, int]],
    ) -> Run:
        """Bet on when to stop; the first seed's run is the one that plays.

        Args:
            id: Such as ``"generalization/stopping"``.
            question: HTML.
            step: When it was measured, rising from 0 [n].
            losses: On fresh examples [seeds, n].
            result: What was found, HTML.
            within: A seed agrees where its loss is at most this far above its lowest.
            counts: What else the first seed shows, such as ``"fresh examples are missed"``, to
                the share at each step [n] and of how many it is.

        Raises:
            ValueError: The arrays do not fit, are not finite, or ``within`` lets none agree.
        """
        losses = np.asarray(losses, float)
        if losses.ndim != 2 or losses.shape[1] != len(step) or not np.isfinite(losses).all():
            raise ValueError(f"expected finite losses [seeds, {len(step)}], got {losses.shape}")
        if len(losses) < 2 or step[0] != 0 or np.diff(step).min() <= 0 or within <= 0:
            raise ValueError(
                "expected two seeds or more, steps that rise from 0 and within above 0, got "
                f"{len(losses)}, {step[0]} to {step[-1]} and {within}"
            )
        above = losses - losses.min(1, keepdims=True)
        agree = above <= within
        at_the_others = agree[:, losses.argmin(1)]
        seeds = len(losses)
        return cls._of(
            id,
            "run",
            question,
            result,
            seeds=seeds,
            between=float((at_the_others.sum() - seeds) / (seeds * (seeds - 1))),
            within=within,
            step=[int(s) for s in step],
            loss=losses[0].round(6).tolist(),
            agree=agree.sum(0).tolist(),
            counts=[
                {"text": text, "of": of, "values": np.rint(of * np.asarray(share)).tolist()}
                for text, (share, of) in counts.items()
            ],
        )
