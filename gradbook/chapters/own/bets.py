"""The bets of the chapter on one's own network, and how many seeds show each outcome."""

from __future__ import annotations

from collections import Counter

import numpy as np

from gradbook.chapters.own import effects
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import as_text, estimate
from gradbook.widgets.bet import Bet

SCORES = {
    "agreement": "Those whose gradients agree least with the others'",
    "loss": "Those with the highest loss",
    "gradient norm": "Those with the largest gradients",
}


def suspects(labels: Atlas, id: str = "own/suspects", network: str = "convolutional") -> Bet:
    """Which score finds most wrong labels after eight epochs."""
    found = {s: effects.precision(labels, network, 8, s) for s in SCORES}
    counts: Counter[str] = Counter()
    for seed in zip(*found.values(), strict=True):
        counts[list(SCORES)[int(np.argmax(seed))]] += 1
    shares = {s: as_text(100 * values, ".0f") for s, values in found.items()}
    return Bet.on_choices(
        id,
        "500 digits, 50 with a wrong label. A convolutional network has learned them for eight "
        "epochs, and you may check 50. Which hold the most wrong labels?",
        {text: counts[score] for score, text in SCORES.items()},
        f"<p>By loss {shares['loss']} % are wrong, by the size of the gradient "
        f"{shares['gradient norm']} %, by agreement {shares['agreement']} %. A picture that is "
        "learned stands alone too, probably since what is left of its gradient is tiny and points "
        "anywhere.</p>",
    )


def upper_end(labels: Atlas) -> Bet:
    """How many intervals from 64 rows have an upper end."""
    found = 100 * effects.bounded(labels, "convolutional", 64)
    return Bet.on_number(
        "own/upper-end",
        "You estimate the noise scale from 64 held rows, with a 95 % interval. In how many of 100 "
        "such draws does the interval have an upper end at all?",
        found.tolist(),
        f"<p>{as_text(found, '.0f')} of 100. Most intervals say: at least so large. The mean "
        "gradient of 64 rows can hardly be told from zero, and the noise scale divides by it.</p>",
        low=0,
        high=100,
        within=5,
        unit=" of 100",
    )


def decay(decays: Atlas) -> Bet:
    """From which units Adam's decay takes the largest share."""
    rank = effects.decay_rank(decays, "convolutional", "Adam, L2")
    one = estimate(rank, "cosine")
    told = f"{one.mean:.2f} ({one.low:.2f} to {one.high:.2f})".replace("-", "−")
    counts = {
        "From those with the largest gradients": int((rank > 0.2).sum()),
        "From those with the smallest gradients": int((rank < -0.2).sum()),
        "The same from all": int((abs(rank) <= 0.2).sum()),
    }
    return Bet.on_choices(
        "own/decay",
        "Adam with weight decay in the gradient trains the convolutional network. From which units "
        "of the last hidden layer does decay take the largest share in a step?",
        counts,
        "<p>From those with the smallest gradients: the rank correlation is "
        f"{told}. (The claim asks for −0.5 or less over the whole interval.) Adam divides decay by "
        "the root mean square of the gradient. SGD and AdamW take one share from all.</p>",
    )
