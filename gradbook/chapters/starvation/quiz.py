"""The starvation chapter's quiz."""

from __future__ import annotations

from gradbook.widgets.quiz import Quiz

QUESTIONS = {
    "A network relies on feature 1 and is at rest. What is the dose to feature 1?": [
        ("Very high, since it is relied on", "At rest nothing changes it.", False),
        ("0", "The examples that it gets right and those it gets wrong balance.", True),
        ("9 times that of feature 2", "At rest feature 2 gets more than feature 1.", False),
    ],
    "Which example teaches feature 2 most once feature 1 is learned?": [
        ("One that feature 1 gets wrong", "They are a tenth, and give half of the dose.", True),
        ("One that feature 1 gets right", "It pulls less the larger its margin.", False),
        ("None", "None are left only where feature 1 is never wrong.", False),
    ],
    "No feature is ever wrong, logistic regression, no decay. Feature 1 has a head start. The "
    "others …": [
        ("never get there", "The minimum in the limit has equal weights.", False),
        ("catch up, after about the fourth power of the head start", "Time goes as t⁴/3.", True),
        ("catch up in about as many steps as the head start had", "The lead never rests.", False),
    ],
    "Every new example is classified rightly. What does that say of a second feature?": [
        ("It is used", "A network that reads coordinate 1 alone is right on all of them.", False),
        ("Nothing: test where the first feature misleads", "Only there the two differ.", True),
        ("It is starved", "A network that uses both is right on them as well.", False),
    ],
    "On coloured digits the best network follows the colour because …": [
        ("the shape gets no dose", "The shape is learned; grey digits show it.", False),
        ("κ is too small", "The sign of the best answer does not depend on κ.", False),
        (
            "in training the colour is right more often",
            "Where they disagree it wins two times in three.",
            True,
        ),
    ],
}
"""Question to choices: what can be chosen, the answer to it, and whether it is right."""


def quiz() -> Quiz:
    """Five questions on the chapter."""
    return Quiz("starvation/quiz", QUESTIONS)
