"""The chapter's card on the front page: its question, with the answer behind a bet."""

from __future__ import annotations

import numpy as np

from gradbook.chapters.generalization import closed_forms, effects
from gradbook.evidence import atlas
from gradbook.evidence.intervals import as_text
from gradbook.figures.style import BLUE
from gradbook.widgets.bet import Bet
from gradbook.widgets.thumbnail import thumbnail


def card() -> Bet:
    """What does a network learn first?"""
    ratio = 10 ** effects.power_of_ten(atlas.load("dose_by_count"), "ReLU", 1000)
    time = np.linspace(0, 8, 60)
    course = closed_forms.course(time, 20, 0.2)
    falling = course.general_dose / course.general_dose[0]
    return Bet.on_number(
        "front/generalization",
        "1,000 examples share one feature, and each has a feature of its own. In a ReLU layer, how "
        "many times larger is the dose of the shared feature?",
        ratio,
        f"<p>{as_text(ratio, ',.0f')} times: it gets gradient from all the examples; a feature of "
        "one example gets little, and starts in another direction.</p>",
        low=1,
        high=100_000,
        within=1.5,
        log=True,
        unit=" times",
    ).under(thumbnail(falling, BLUE))
