"""The chapter's bets: what can be bet, and how many seeds show each outcome."""

from __future__ import annotations

from collections import Counter

import numpy as np

from gradbook.chapters.dropout import effects
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import as_text
from gradbook.widgets.bet import Bet


def noise(nets: Atlas) -> Bet:
    """The masks' share of a row's gradient variance over training."""
    masks, examples = effects.noise_parts(nets, 2)
    probed = nets.config["probed"]
    return Bet.on_curve(
        "dropout/noise",
        "Every row brings its own error and its own mask. Draw which part of the variance of a "
        "row’s gradient is the masks’, after each number of epochs.",
        probed,
        (100 * masks / (masks + examples)).astype(float),
        "<p>At the start nearly all of it: the rows agree, so only masks differ. After an epoch "
        "the rows disagree, and the masks’ part falls below a half. As the errors shrink it climbs "
        "again: what is left is the network’s disagreement with its own thinned-out copies.</p>",
        xlabel="epoch",
        ylabel="masks’ part (%)",
        low=0,
        high=100,
        within=10,
    )


def disagreement(nets: Atlas) -> Bet:
    """Whether minibatches agree more or less under dropout, at the same training loss."""
    found = effects.opposed_by_dropout(nets, 2)
    outcomes = ("They disagree less", "As much, within five points", "They disagree more")
    counts = Counter(outcomes[int(np.digitize(value, (-0.05, 0.05)))] for value in found)
    return Bet.on_choices(
        "dropout/disagreement",
        "Two minibatches are opposed if their gradients differ by more than a right angle. Compare "
        "networks at the same training loss. With dropout, minibatches …",
        {outcome: counts[outcome] for outcome in outcomes},
        f"<p>{as_text(100 * found, '+.0f')} points more pairs are opposed. Every row brings the "
        "noise of its mask with it. In evaluation mode ten seeds show no difference.</p>",
    )


def bits(nets: Atlas) -> Bet:
    """By how much a gradient that is rounding shrinks in double precision."""
    norm = nets["precision_norm"]
    found = np.log2(norm[..., 0] / norm[..., 1]).mean((1, 2))
    return Bet.on_number(
        "dropout/bits",
        "Numbers of single precision round at 2<sup>−24</sup>, of double precision at "
        "2<sup>−53</sup>. If this “gradient” is rounding, it shrinks from one to the other by a "
        "factor of 2 to the power of …",
        found,
        f"<p>2 to the power of {as_text(found, '.1f')}: exactly the difference of the two, and its "
        "direction is another. A gradient would be the same in both.</p>",
        low=0,
        high=60,
        within=2,
    )


def replace(substitutes: Atlas) -> Bet:
    """On which of two problems both regularizers help."""
    outcomes = {
        (True, True): "On both",
        (True, False): "Only where rows are few",
        (False, True): "Only where labels are wrong",
        (False, False): "On neither",
    }
    helps = [
        np.all(
            [
                effects.error_over_none(substitutes, name, problem) < 0.95
                for name in ("dropout", "batch norm")
            ],
            axis=0,
        )
        for problem in ("few rows", "wrong labels")
    ]
    counts = Counter(
        outcomes[few, wrong] for few, wrong in zip(*map(np.ndarray.tolist, helps), strict=False)
    )
    return Bet.on_choices(
        "dropout/replace",
        "Two problems on which a network can overfit: 500 rows in place of 8,000, and digits "
        "with a fifth of the labels wrong. On which do dropout <i>and</i> batch norm each lower "
        "the test error, by a twentieth or more?",
        {text: counts[text] for text in outcomes.values()},
        "<p>On neither. Where rows are few batch norm helps and dropout does not; "
        "with wrong labels batch norm learns them by heart.</p>",
    )


def held(stability: Atlas) -> Bet:
    """What becomes of dropout's effect where its mask is held, so that the landscape is calm."""
    ways = stability.config["ways"]
    none, shared, held = (
        100 * stability["error"][:, ways.index(way), -1].astype(float)
        for way in ("none", "shared mask", "held mask")
    )
    kept = (none - held) / (none - shared)
    outcomes = ("Nothing is left of it", "About half of it is left", "Nearly all of it is left")
    counts = Counter(outcomes[int(np.digitize(value, (0.25, 0.75)))] for value in kept)
    return Bet.on_choices(
        "dropout/held",
        "Dropout lowers the errors on digits with wrong labels. Hold each mask for 20 steps, and "
        "gradients are as calm as a plain network's. What is left of the effect?",
        {outcome: counts[outcome] for outcome in outcomes},
        f"<p>{as_text(none, '.1f')} % of the test digits are misread without dropout, "
        f"{as_text(shared, '.1f')} % with one mask for all rows, new at every step, "
        f"{as_text(held, '.1f')} % where it is held for 20. Dropout does not need the "
        "instability.</p>",
    )
