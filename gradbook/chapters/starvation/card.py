"""The chapter's card on the front page: its question, with the answer behind a bet."""

from __future__ import annotations

import numpy as np

from gradbook.chapters.starvation import bets, closed_forms
from gradbook.evidence import atlas
from gradbook.figures.style import VERMILION
from gradbook.widgets.bet import Bet
from gradbook.widgets.thumbnail import thumbnail


def card() -> Bet:
    """How much less does the second feature get?"""
    reliance = np.linspace(0, 4, 60)
    falling = closed_forms.dose(0.9, reliance) / closed_forms.dose(0.9, 0.0)
    drawn = thumbnail(falling, VERMILION)
    return bets.fold(atlas.load("three_features"), id="front/starvation").under(drawn)
