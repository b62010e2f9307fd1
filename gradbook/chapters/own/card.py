"""The chapter's card on the front page: its question, with the answer behind a bet."""

from __future__ import annotations

import numpy as np

from gradbook.chapters.own import bets, effects
from gradbook.evidence import atlas
from gradbook.figures.style import BLUE
from gradbook.widgets.bet import Bet
from gradbook.widgets.thumbnail import thumbnail


def card() -> Bet:
    """Which pictures would you check for wrong labels?"""
    labels = atlas.load("labels")
    drawn = np.array(
        [
            effects.precision(labels, "convolutional", e, "loss").mean()
            for e in labels.config["epochs"]
        ]
    )
    return bets.suspects(labels, id="front/own").under(thumbnail(drawn, BLUE))
