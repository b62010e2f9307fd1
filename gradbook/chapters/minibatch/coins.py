"""The vote as coins: 64 rows that vote with one chance each, and what fifty such votes say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import traitlets as t

from gradbook.chapters.minibatch.arrows import drawn, module_of
from gradbook.chapters.minibatch.closed_forms import vote_agreement
from gradbook.widgets.controls import with_controls
from gradbook.widgets.still import Shown, escaped, paragraph

TITLE = "64 coins a minibatch, and the majority is the arrow. At which chances do arrows flip?"
STEPS = 100
MINIBATCHES, ROWS = 50, 64
SEED = 1


def coins(minibatches: int = MINIBATCHES, rows: int = ROWS, seed: int = SEED) -> np.ndarray:
    """Numbers between 0 and 1 [minibatches, rows]; a coin shows heads where its own is below π.

    They stay while π changes, so that coins turn one by one.

    Args:
        minibatches: M.
        rows: B.
        seed: From 1 to 2³¹ − 2.

    Source: Park and Miller (1988) with the multiplier 48,271; JavaScript computes the same.
    """
    state, found = seed, []
    for _ in range(minibatches * rows):
        state = state * 48271 % 2147483647
        found.append(state / 2147483647)
    return np.array(found).reshape(minibatches, rows)


def votes(coins: np.ndarray, chance: float) -> np.ndarray:
    """Heads less tails of each minibatch [M].

    Args:
        coins: [M, B], see `coins`.
        chance: π.
    """
    return np.where(coins < chance, 1, -1).sum(1)


def sentence(chance: float, found: np.ndarray) -> str:
    """How many minibatches vote each way, and how often two disagree, beside the closed form.

    Args:
        chance: π.
        found: Heads less tails of each minibatch [M].
    """
    heads, tails = int((found > 0).sum()), int((found < 0).sum())
    pairs = (heads + tails) * (heads + tails - 1) / 2
    share = heads * tails / pairs if pairs else 0.0
    opposed = float(vote_agreement(chance, ROWS)[1])
    return (
        f"Chance {chance:.2f}: {heads} of {len(found)} minibatches vote “too high”, {tails} “too "
        f"low”. Of these pairs {round(100 * share)} % are opposed, where formula (3) expects "
        f"{round(100 * opposed)} %."
    )


class Coins(Shown):
    """Coins and arrows under one slider.

    Attributes:
        meta: ``title``, ``minibatches``, ``rows``, ``seed`` and the share of ``opposed`` pairs that
            the closed form expects at each chance.
        index: The chance, in hundredths.
    """

    _esm = module_of("coins.js")
    _css = with_controls(Path(__file__).with_name("arrows.css"))

    meta = t.Dict().tag(sync=True)
    index = t.Int(0).tag(sync=True)

    def __init__(self, chance: float = 0.5) -> None:
        """Show fifty votes.

        Args:
            chance: The chance π to begin with, in hundredths.

        Raises:
            ValueError: It is not between 0 and 1.
        """
        opposed = vote_agreement(np.arange(STEPS + 1) / STEPS, ROWS)[1]
        super().__init__(
            meta={
                "title": TITLE,
                "minibatches": MINIBATCHES,
                "rows": ROWS,
                "seed": SEED,
                "opposed": [float(f"{v:.5g}") for v in opposed],
            },
            index=round(STEPS * chance),
        )

    @t.validate("index")
    def _check_index(self, proposal: dict) -> int:
        if not 0 <= proposal["value"] <= STEPS:
            raise ValueError(f"expected a chance from 0 to 1, got {proposal['value'] / STEPS}")
        return proposal["value"]

    def _found(self) -> np.ndarray:
        return votes(coins(), self.index / STEPS)

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return f"{TITLE} {sentence(self.index / STEPS, self._found())}"

    def still(self) -> str:
        """The question, the arrows of the chance that it begins with, and its sentence."""
        found = self._found()
        text = escaped(sentence(self.index / STEPS, found))
        lengths = found / (np.abs(found).max() or 1)
        return paragraph(TITLE, strong=True) + drawn(lengths, text) + paragraph(text)


def coins_explorer(chance: float = 0.5) -> Coins:
    """Fifty votes of 64 coins under a slider for the chance.

    Args:
        chance: π to begin with.
    """
    return Coins(chance)
