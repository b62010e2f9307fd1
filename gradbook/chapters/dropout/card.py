"""The chapter's card on the front page: its question, with the answer behind a bet."""

from __future__ import annotations

import numpy as np

from gradbook.chapters.dropout import effects
from gradbook.evidence import atlas
from gradbook.evidence.intervals import as_text
from gradbook.figures.style import VERMILION
from gradbook.widgets.bet import Bet
from gradbook.widgets.thumbnail import thumbnail


def card() -> Bet:
    """Is the landscape rough?"""
    nets = atlas.load("nets")
    one, fresh = (
        effects.dropout_angle_over_plain(nets, masks, 2) for masks in ("one mask", "fresh masks")
    )
    rng = np.random.default_rng(0)
    drawn = thumbnail(np.clip(0.5 + 0.2 * rng.normal(size=40), 0, 1), VERMILION)
    return Bet.on_number(
        "front/dropout",
        "Drawn as arrows, the gradients of a network with dropout look wild. Freeze one mask, and "
        "compare neighbouring arrows with those of a network without dropout. How many times "
        "larger is the angle between them?",
        one,
        f"<p>{as_text(one, '.1f', 'positive')} times; with a fresh mask at every arrow "
        f"{as_text(fresh, '.0f', 'positive')} times. The picture shows the masks.</p>",
        low=0.2,
        high=50,
        within=1.5,
        log=True,
        scale="positive",
        unit=" times",
    ).under(drawn)
