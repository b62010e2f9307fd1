"""The quiz of the chapter on one's own network."""

from __future__ import annotations

from gradbook.widgets.quiz import Quiz

QUESTIONS = {
    "A unit's gradient is zero on every row of a batch. It is …": [
        ("dead on this batch; another may reach it", "Look at more rows and records.", True),
        ("dead for good", "Rows that were not looked at may reach it.", False),
        ("converged", "Converged units have gradients of both signs that cancel.", False),
    ],
    "The noise scale's interval is [90, ∞). You may conclude that …": [
        ("twice the rows in a batch of 9 nearly halve the steps", "9 is far below 90.", True),
        ("the best batch size is 90", "It is a bound from below.", False),
        ("the gradient is pure noise", "It cannot be told from noise with these rows.", False),
    ],
    "An example's gradient stands alone late in training. First look at …": [
        ("its label", "Its loss says more: a learned example stands alone too.", False),
        (
            "its loss",
            "If it is low the example is learned, and learned ones stand alone too.",
            True,
        ),
        ("its neighbours", "They do not tell a learned example from a wrong one.", False),
    ],
    "You switch Adam with L2 to AdamW at the same λ. Weights with small gradients are decayed …": [
        ("as before", "Adam divides its decay by the gradient's size, AdamW does not.", False),
        ("less", "ηλ is less than ηλ/√v̂ where the gradient is small.", True),
        ("more", "That is so for gradients above 1.", False),
    ],
    "A unit before batch norm doubles its norm. Its effect on the outputs …": [
        ("doubles", "Normalization divides the scale out.", False),
        ("stays, and it turns more slowly", "Gradients shrink as the norm grows.", True),
        ("vanishes", "Normalization divides the scale out.", False),
    ],
}
"""Question to choices: what can be chosen, the answer to it, and whether it is right."""


def quiz() -> Quiz:
    """Five questions on the chapter."""
    return Quiz("own/quiz", QUESTIONS)
