"""The optimizers chapter's bets: what can be bet, and how many seeds show each outcome."""

from __future__ import annotations

from collections import Counter

import numpy as np

from gradbook.chapters.optimizers import effects, tails
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import as_text
from gradbook.widgets.bet import Bet


def half_measured(law: Atlas, setting: str) -> np.ndarray:
    """Frequency at which half of the right answer is left, between measured ones, a seed each."""
    p = np.log(np.array(law.config["frequencies"]))[::-1]
    answers = law["answer"][:, effects.row(law, setting), ::-1].astype(float)
    found = []
    for seed in answers:
        above = int((seed < 0.5).nonzero()[0][-1]) + 1
        low, high = seed[above - 1], seed[above]
        found.append(np.exp(np.interp(0.5, [low, high], p[above - 1 : above + 1])))
    return np.array(found)


def batch(law: Atlas) -> Bet:
    """How much rarer a feature may be with larger minibatches."""
    small, large = (half_measured(law, f"AdamW, B = {size}, wd = 0.5") for size in (16, 256))
    ratio = small / large
    return Bet.on_number(
        "optimizers/batch",
        "AdamW, wd = 0.5. You go from 16 examples in a minibatch to 256, 16 times as many, and "
        "change nothing else. How many times rarer may a feature be that keeps half of its answer?",
        ratio,
        f"<p>{as_text(ratio, '.1f')} times. The law knows p only as Bp, the number of examples "
        "in a minibatch that show the feature. Under SGD, and under Adam with decay in the "
        "gradient, the batch size changes nothing at rest.</p>",
        low=1,
        high=256,
        within=1.25,
        log=True,
        unit=" times",
    )


def words(results: Atlas) -> Bet:
    """The rule by frequency under AdamW with strong decay."""
    return Bet.on_curve(
        "optimizers/words",
        "AdamW, wd = 1. Without decay all words reach a probability of about 0.9. Draw what each "
        "eighth of the words reaches, from the most common to the rarest.",
        np.arange(1, 9),
        effects.eighths(results, "AdamW, wd = 1"),
        "<p>It falls from eighth to eighth. The common words lose a little, the rarest most. "
        "Nothing dies at once: there is no threshold to fall under.</p>",
        xlabel="eighth of the words, from the most common",
        ylabel="probability of the rule",
        low=0,
        high=1,
        within=0.1,
    )


def rarer(learning: Atlas) -> Bet:
    """How much longer a rarer fact takes under Adam."""
    config = learning.config
    at = config["optimizers"].index("Adam")
    learned = learning["learned"][:, at].astype(float)
    common, rare = 15, 159  # ranks 16 and 160: 100 times rarer
    ratio = learned[:, rare] / learned[:, common]
    shares = 100 * tails.frequencies(config)[[common, rare]]
    return Bet.on_number(
        "optimizers/rarer",
        f"Minibatches of {config['batch_size']}. One fact is in {shares[0]:.2g} % of the examples, "
        f"another in {shares[1]:.2g} %. By equation, SGD needs 100 times as many steps for the "
        "rarer one. How many times as many does Adam need?",
        ratio,
        f"<p>{as_text(ratio, '.1f')} times. Adam divides a gradient by its root mean square, which "
        "falls with the root of the frequency. What is left grows with the root too. A fact that "
        "is in every minibatch gains nothing from being commoner, so against such a one the rarer "
        "takes fewer times as long.</p>",
        low=1,
        high=200,
        within=1.3,
        log=True,
        unit=" times",
    )


def fate(results: Atlas) -> Bet:
    """Which early score ranks the norms at the end best."""
    names = results.config["scores"]
    scores = results["of_norm"]
    outcomes = {
        "dose": "What the data fed it (dose)",
        "growth": "How much it has grown",
        "norm": "How large it is",
        "SNIP": "SNIP, at the start",
        "initial norm": "How large it was at the start",
    }
    tie = "Dose and growth, equally (to 0.02)"
    counts: Counter[str] = Counter()
    for seed in scores:
        best = names[int(seed.argmax())]
        close = abs(seed[names.index("dose")] - seed[names.index("growth")]) <= 0.02
        counts[tie if close and best in ("dose", "growth") else outcomes[best]] += 1
    return Bet.on_choices(
        "optimizers/fate",
        "A layer of 256 units learns digits for 3,000 steps. After 60, what tells best which units "
        "will be the largest at the end?",
        {text: counts[text] for text in (tie, *outcomes.values())},
        "<p>The dose, and growth as well: in so few steps decay takes little, so a unit grows by "
        "what it is fed, and the two are one number. Size alone still remembers the start.</p>",
    )


def weighting(law: Atlas) -> Bet:
    """What weighting a rare example's loss does under AdamW."""
    moved = effects.moved_by_weighting(law, "AdamW, loss × 16")
    unchanged = int((moved < 0.01).sum())
    return Bet.on_choices(
        "front/optimizers",
        "AdamW leaves a rare feature, with weights of its own, a third of its answer. You multiply "
        "the loss of its examples by 16. What becomes of the answer?",
        {
            "It is right": 0,
            "It doubles": 0,
            "It stays as it is": unchanged,
            "Something else": len(moved) - unchanged,
        },
        "<p>It stays. AdamW divides each gradient by its own root mean square, and the 16 cancels. "
        "Showing the examples more often does not cancel.</p>",
    )
