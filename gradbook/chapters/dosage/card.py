"""The chapter's card on the front page: its question, with the answer behind a bet."""

from __future__ import annotations

import numpy as np

from gradbook.chapters.dosage import bets
from gradbook.chapters.dosage.closed_forms import survivor
from gradbook.evidence import atlas
from gradbook.figures.style import GREEN
from gradbook.widgets.bet import Bet
from gradbook.widgets.thumbnail import thumbnail


def card() -> Bet:
    """Who loses the rare?"""
    chosen = {
        "weight decay": 0.02,
        "dropout": 0.2,
        "spectral decoupling": 0.5,
        "gradient noise": 0.02,
    }
    p = np.linspace(0, 1, 60)
    drawn = thumbnail(survivor(np.geomspace(0.25, 8, 60)), GREEN, p)
    return bets.regularizers(atlas.load("diets"), chosen, id="front/dosage").under(drawn)
