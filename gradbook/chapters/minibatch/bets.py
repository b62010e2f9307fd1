"""The minibatch chapter's bets: what can be bet, and how many seeds show each outcome."""

from __future__ import annotations

from collections import Counter

import numpy as np

from gradbook.chapters.minibatch.effects import agreement_curve
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import as_text
from gradbook.widgets.bet import Bet


def course(agreement: Atlas) -> Bet:
    """How the mean cosine of two minibatches goes over training."""
    found = agreement_curve(agreement, "l1", 2)
    return Bet.on_curve(
        "minibatch/course",
        "Draw how well two minibatches agree after each epoch, as the mean of ten networks (cosine "
        "of their gradients in two biases; before training it is close to 1).",
        np.arange(found.shape[1]),
        found.astype(float),
        "<p>It falls at epoch 2, when the network has learned the targets' mean and little else, "
        "and comes back in part. No single network has this course: each swings from full "
        "agreement to none and back, from one epoch to the next.</p>",
        xlabel="epoch",
        ylabel="mean cosine",
        low=-0.2,
        high=1,
        within=0.25,
    )


def batch(agreement: Atlas) -> Bet:
    """The noise scale at epoch 2: how many rows until signal and noise are equally strong."""
    number = agreement.config["size_epochs"].index(2)
    found = agreement["size_noise_scale"][:, number, 2].astype(float)
    return Bet.on_number(
        "minibatch/batch",
        "At epoch 2, how many rows must a minibatch have for the common gradient and the noise to "
        "be equally strong in all 3.5 million parameters?",
        found,
        f"<p>{as_text(found, ',.0f')} rows, from {found.min():,.0f} to {found.max():,.0f} in ten "
        "networks. 64 rows see little of the common gradient there.</p>",
        low=8,
        high=8000,
        within=2,
        log=True,
        digits=2,
    )


def order(order: Atlas) -> Bet:
    """Which change of the minibatches moves the end of training most."""
    changes = list(order.config["changes"])
    names = {
        "last bits": "The last bit of every weight",
        "one swap": "Two minibatches of the first epoch change places",
        "order": "Another order of the same minibatches",
        "minibatches": "The same rows in other minibatches",
    }
    ends = order["weights"][:, [changes.index(name) for name in names], -1]
    near = ends[:, 1] > 0.5 * ends[:, 2]
    counts = Counter("more than half of it" if one else "less than half of it" for one in near)
    outcomes = ("less than a tenth of it", "less than half of it", "more than half of it")
    return Bet.on_choices(
        "minibatch/order",
        "Swap two minibatches of the first epoch, and nothing else, ever. Another order of all "
        "minibatches moves the end of eight epochs by some distance in weight space. The one swap "
        "moves it by …",
        {text: counts[text] for text in outcomes},
        "<p>Most of the way. An early step changes all steps after it. What is learned hardly "
        "changes: the predictions of the two networks differ by about a tenth of their error.</p>",
    )
