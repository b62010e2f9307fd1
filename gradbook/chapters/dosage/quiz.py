"""The dosage chapter's quiz."""

from __future__ import annotations

from gradbook.widgets.quiz import Quiz

QUESTIONS = {
    "A recognizer is at rest under weight decay. Its dose is …": [
        ("0, since nothing changes", "Then decay alone would act, and it would shrink.", False),
        ("λ‖w‖, as large as what decay takes", "The length changes by dose − λ‖w‖, so 0.", True),
        ("as large as its frequency", "Frequency enters the dose; it is not the dose.", False),
    ],
    "Squared loss, weights of its own, λ = 0.03. A feature is seen in 2 % of the examples. You "
    "start its recognizer large. It …": [
        ("stays large, because it started large", "The start decides nothing where p < λ.", False),
        ("dies", "a + b changes at a rate below p − λ, which is negative.", True),
        ("dies only with gradient noise", "The threshold needs no noise.", False),
    ],
    "Which change moves the threshold?": [
        ("A loss that is half as steep at f = 0", "The dose near 0 is p times that slope.", True),
        ("A smaller step size", "It slows growth and decay alike.", False),
        ("A larger initial weight", "The sign of p − λ does not depend on it.", False),
    ],
    "A feature left the data, and only weight decay acts. After ten half-lives the recognizer …": [
        ("points in a random direction", "Decay shortens all weights by one factor.", False),
        ("is a thousandth as long and points where it did", "2⁻¹⁰, with its direction.", True),
        ("is unchanged, since it gets no gradient", "Decay needs no gradient.", False),
    ],
    "Why does dropout not erase a rare feature?": [
        ("It is switched off in evaluation", "It acts in training, where features die.", False),
        ("Its noise averages out", "It also has a penalty, which does not average out.", False),
        (
            "Its penalty falls only on examples that show the feature",
            "So the frequency cancels, and 1 − r of the answer is left at any p.",
            True,
        ),
    ],
}
"""Question to choices: what can be chosen, the answer to it, and whether it is right."""


def quiz() -> Quiz:
    """Five questions on the chapter."""
    return Quiz("dosage/quiz", QUESTIONS)
