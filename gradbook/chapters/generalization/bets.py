"""The generalization chapter's bets: what can be bet, and how many seeds show each outcome."""

from __future__ import annotations

from collections import Counter

import numpy as np

from gradbook.chapters.generalization import effects
from gradbook.chapters.generalization.stopping import Run
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import as_text
from gradbook.widgets.bet import Bet

SPARED = 0.01
"""A stop is called good in a seed whose loss is at most this far above its lowest."""


def stopping(late: Atlas, network: str = "deep linear") -> Run:
    """At which step to stop, so that the loss on fresh examples is lowest.

    Args:
        late: The late_memorization experiment's results.
        network: One of its settings.
    """
    found, config = effects.moments(late, network), late.config
    losses, missed, memorized = (
        late[name][:, list(config["settings"]).index(network)]
        for name in ("fresh_loss", "fresh_error", "memorized")
    )
    return Run.on_run(
        "generalization/stopping",
        f"A network of two linear layers learns {config['count']} examples, a fifth with wrong "
        "labels. Start it, watch its loss on fresh examples, and stop when you would.",
        late["step"][0],
        losses,
        f"<p>Over all seeds the loss is lowest at step {as_text(found['turn'], '.0f')}, and a "
        f"wrong label is memorized at step {as_text(found['memorized'], '.0f')}. The loss turns "
        "first: it adds up the small beginnings of all memories. Now stop wherever you like:</p>",
        within=SPARED,
        counts={
            "fresh examples are missed": (missed[0], config["fresh"]),
            "wrong labels are answered as given": (
                memorized[0],
                round(config["wrong"] * config["count"]),
            ),
        },
    )


def levelled(equal_loss: Atlas) -> Bet:
    """Where dividing the shared weights' steps by n costs fresh examples."""
    linear, relu = (
        effects.errors_added(equal_loss, network, 0.4) > 0.05 for network in ("linear", "ReLU")
    )
    outcomes = {
        (False, False): "In neither",
        (True, False): "In the linear network alone",
        (False, True): "In the ReLU network alone",
        (True, True): "In both",
    }
    counts = Counter(outcomes[pair] for pair in zip(linear.tolist(), relu.tolist(), strict=True))
    return Bet.on_choices(
        "generalization/levelled",
        "Divide the steps of the weights that read the shared feature by n, and change nothing "
        "else. Compare at the same training loss, 0.4. Where are more than 5 % of fresh examples "
        "missed in addition?",
        {text: counts[text] for text in outcomes.values()},
        "<p>In the linear network the advantage of the shared feature is gone, and a fifth of "
        "fresh examples are missed. In the ReLU network the outgoing layer gets its dose from all "
        "examples too, and makes up for the slow first layer. Hold it fixed and the cost is "
        "back.</p>",
    )


def who_generalizes(digits: Atlas, network: str = "convolutional") -> Bet:
    """What tells best which digit is predicted when it is left out.

    Args:
        digits: The digit_coherence experiment's results.
        network: One of its networks.
    """
    scores = {
        "The dose that the others give it, in the first two epochs": "dose",
        "Its loss at the same time": "loss",
        "Its gradient's agreement with the others'": "agreement",
    }
    areas = [
        effects.of_population(digits, "early_area", network, "all", score)
        for score in scores.values()
    ]
    near = effects.of_population(digits, "neighbour_area", network, "all")
    names = (*scores, "The labels of the ten pictures nearest to it")
    best = Counter(names[k] for k in np.argmax([*areas, near], axis=0))
    dose = areas[0]
    return Bet.on_choices(
        "generalization/who",
        "Leave a digit out and train on the others. Which number tells best, beforehand, "
        "whether its label is predicted?",
        {name: best[name] for name in names},
        f"<p>A look at the pictures, with no network at all: the ten nearest order "
        f"{as_text(near, '.0%')} of the pairs (one predicted, one not), early dose "
        f"{as_text(dose, '.0%')}. Both say who has company.</p>",
    )


def grokking(addition: Atlas) -> Bet:
    """Who gets the larger dose until the seen pairs are learned."""
    setting = ("addition", 0.001)
    dose = effects.of_setting(addition, "strength_dose", setting)
    step = addition["step"][0]
    until = effects.transition(addition, setting)["fitted"]
    counts: Counter[str] = Counter()
    for seed, last in enumerate(until):
        shown = (step > effects.SETTLED) & (step <= last)
        ahead = dose[seed, shown, 0] > dose[seed, shown, 1]
        counts[
            "The rule" if ahead.all() else "Memory" if not ahead.any() else "Now one, now the other"
        ] += 1
    return Bet.on_choices(
        "generalization/grokking",
        "A network learns to add modulo 31 from half of the pairs. It ends up with the rule. Who "
        "gets the larger dose while it learns the seen pairs: the rule, which serves all pairs, or "
        "memory, which serves only those seen?",
        {name: counts[name] for name in ("The rule", "Memory", "Now one, now the other")},
        "<p>Memory, in every network. The rule does not show in the answers yet: at first its "
        "strength is below zero. Later its dose stays above its decay for longer. Scrub through "
        "the steps:</p>",
    )
