"""The chapter's card on the front page: its question, with the answer behind a bet."""

from __future__ import annotations

import numpy as np

from gradbook.chapters.minibatch import closed_forms, effects
from gradbook.evidence import atlas
from gradbook.evidence.intervals import as_text
from gradbook.figures.style import BLUE
from gradbook.widgets.bet import Bet
from gradbook.widgets.thumbnail import thumbnail


def card() -> Bet:
    """Do minibatches agree?"""
    opposed = effects.opposed_pairs(atlas.load("agreement"), 3, 2)
    share = np.linspace(0.3, 0.7, 60)
    drawn = thumbnail(2 * closed_forms.vote_agreement(share, 64)[1], BLUE)
    return Bet.on_number(
        "front/minibatch",
        "After two epochs you take the gradient in two biases of the third layer from fifty "
        "minibatches of 64 rows. Which share of the pairs points in opposite directions?",
        opposed,
        f"<p>{as_text(opposed, '.0%')}; an epoch earlier nearly none. One number, the share of "
        "predictions that are too high, says which.</p>",
        low=0,
        high=1,
        within=0.05,
    ).under(drawn)
