"""The chapter's quiz."""

from __future__ import annotations

from gradbook.widgets.quiz import Quiz

QUESTIONS = {
    "You draw a gradient landscape of a network with dropout. Each arrow must use …": [
        ("a mask of its own, as training does", "Then you draw masks, not the network.", False),
        ("the same mask as its neighbours", "So that only the weights differ.", True),
        ("no mask; nothing else is right", "Evaluation mode is one honest choice of two.", False),
    ],
    "A bias in front of batch norm, in training mode, has a gradient of …": [
        ("exactly zero, but for rounding", "The mean that is subtracted contains it.", True),
        ("the size of γ", "γ scales what the bias never reached.", False),
        ("noise from the other rows", "Other rows subtract the bias, too.", False),
    ],
    "At the same training loss, dropout makes minibatches …": [
        (
            "agree more, since it averages networks",
            "It averages over time, not in a step.",
            False,
        ),
        ("disagree more, since each row has a mask", "The mask's noise comes on top.", True),
        ("agree as without it", "Perhaps in evaluation mode; not in training.", False),
    ],
    "Batch norm made five times as unstable misreads …": [
        ("fewer digits", "That is what the thesis expects, and what fails.", False),
        ("no fewer digits", "Instability by itself does not regularize.", True),
        ("so many that training fails", "It fits every label, as batch norm does.", False),
    ],
    "With four layers, an update in training is predicted by its gradient to within …": [
        ("half of its effect", "That is the chain with steps of 0.4.", False),
        ("a tenth of its effect", "More than a tenth would have confirmed the claim.", False),
        ("one per cent of its effect", "Steps in training are small.", True),
    ],
}
"""Question to choices: what can be chosen, the answer to it, and whether it is right."""


def quiz() -> Quiz:
    """Five questions on the chapter."""
    return Quiz("dropout/quiz", QUESTIONS)
