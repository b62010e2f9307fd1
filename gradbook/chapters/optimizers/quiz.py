"""The optimizers chapter's quiz."""

from __future__ import annotations

from gradbook.widgets.quiz import Quiz

QUESTIONS = {
    "AdamW, at rest. You halve the learning rate. A rare feature with weights of its own is …": [
        ("answered half as much", "Step and decay both carry η: it cancels.", False),
        ("answered as before, once at rest again", "Step and decay both carry η.", True),
        ("dead", "AdamW has no threshold.", False),
    ],
    "Which change feeds rare features under AdamW?": [
        ("A larger weight on their loss", "It cancels in Adam's ratio.", False),
        ("Larger minibatches", "Only Bp enters, so B counts like p.", True),
        ("A smaller step size", "It slows all alike.", False),
    ],
    "Adam, with λ added to the gradient instead. A feature in fewer than λ of the examples …": [
        ("dies", "Adam divides gradient and decay by one number: p = λ stays.", True),
        ("is answered √(Bp)/wd", "That is AdamW, where decay is not divided.", False),
        ("is safe, since Adam rescales", "It rescales decay as well.", False),
    ],
    "A fact is 100 times rarer than another, and Bp lies between 1 − β₂ and 1 for both. Under "
    "Adam it takes about …": [
        ("as long", "That is where Bp is above 1.", False),
        ("10 times as long", "The root of 100.", True),
        ("100 times as long", "That is SGD, or Adam where Bp is below 1 − β₂.", False),
    ],
    "Digits, plain descent. After 2 % of training a unit's dose tells its norm at the end. Its "
    "early growth …": [
        (
            "tells as much: so early it is the dose, less a little decay",
            "Growth is η(dose − λ‖w‖).",
            True,
        ),
        ("tells nothing", "It is nearly the same number.", False),
        ("tells which ticket wins", "Neither does.", False),
    ],
}
"""Question to choices: what can be chosen, the answer to it, and whether it is right."""


def quiz() -> Quiz:
    """Five questions on the chapter."""
    return Quiz("optimizers/quiz", QUESTIONS)
