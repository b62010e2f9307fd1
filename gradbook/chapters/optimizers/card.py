"""The chapter's card on the front page: its question, with the answer behind a bet."""

from __future__ import annotations

import numpy as np

from gradbook.chapters.optimizers import bets
from gradbook.chapters.optimizers.closed_forms import adamw_answer
from gradbook.evidence import atlas
from gradbook.figures.style import BLUE
from gradbook.widgets.bet import Bet
from gradbook.widgets.thumbnail import thumbnail


def card() -> Bet:
    """Does weighting help the rare?"""
    drawn = thumbnail(adamw_answer(np.geomspace(1e-4, 0.1, 60), 64, 0.3), BLUE)
    return bets.weighting(atlas.load("optimizer_law")).under(drawn)
