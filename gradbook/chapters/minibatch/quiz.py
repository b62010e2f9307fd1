"""The minibatch chapter's quiz."""

from __future__ import annotations

from gradbook.widgets.quiz import Quiz

QUESTIONS = {
    "Under the L1 loss a row pulls with a force that depends on …": [
        (
            "how large its error is",
            "The derivative of |f − y| is a sign: 3 and 300 pull alike.",
            False,
        ),
        ("the sign of its error alone", "So a minibatch is a vote.", True),
        (
            "how often its target occurs",
            "Frequency decides how often it votes, not how hard.",
            False,
        ),
    ],
    "All minibatches agree before the first step because …": [
        ("the initial weights are small", "Centre the targets: same weights, no agreement.", False),
        ("nearly every prediction is below its target", "Every row votes the same way.", True),
        ("an untrained network has not overfitted", "Nothing here depends on fresh rows.", False),
    ],
    "The third layer swings at the same epochs as the second, since …": [
        ("both read the same signs of errors", "Only cᵢ differs between layers.", True),
        ("they have the same learning rate", "Any rate would leave the signs shared.", False),
        ("ReLU passes gradients unchanged", "Their directions differ; their signs do not.", False),
    ],
    "The noise scale is 2,000 rows. Going from 64 to 128 rows in a minibatch …": [
        (
            "makes a step nearly twice as good",
            "Far below the noise scale rows count in full.",
            True,
        ),
        (
            "changes nothing, since noise stays larger",
            "Its variance is halved, and it rules.",
            False,
        ),
        ("makes two minibatches agree", "Their cosine goes from 0.03 to 0.06.", False),
    ],
    "Two minibatches of the first epoch change places. At the end the weights …": [
        ("are the same: all rows were seen", "An early step changes every later one.", False),
        ("are elsewhere, and the function nearly the same", "Paths part; errors hardly do.", True),
        ("are elsewhere, and so is the error", "It is 6 % off at most, 2 % on average.", False),
    ],
}
"""Question to choices: what can be chosen, the answer to it, and whether it is right."""


def quiz() -> Quiz:
    """Five questions on the chapter."""
    return Quiz("minibatch/quiz", QUESTIONS)
