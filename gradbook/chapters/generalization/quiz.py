"""The generalization chapter's quiz."""

from __future__ import annotations

from gradbook.widgets.quiz import Quiz

QUESTIONS = {
    "Why is the shared feature learned first?": [
        ("Its weights start larger", "Both kinds start from the same distribution.", False),
        (
            "Its gradient sums over all examples",
            "n terms that point one way, against one: the ratio is of the order of n.",
            True,
        ),
        (
            "It is the simpler function",
            "Simplicity does not enter: number of examples does.",
            False,
        ),
    ],
    "Ten times as many examples. How much longer does the shared feature have the larger dose?": [
        ("Ten times as long", "The dose falls exponentially, so factors become sums.", False),
        ("ln 10 units of time longer", "The doses cross at ln n, up to a constant.", True),
        ("As long as before", "The own dose is a tenth, so the crossing comes later.", False),
    ],
    "After the doses have crossed, the shared feature …": [
        ("is unlearned", "Its answer stays; only its dose is small.", False),
        (
            "gets little dose, since it has removed the error it lives on",
            "Its dose is the mean residual, which it has brought down itself.",
            True,
        ),
        ("is eaten up by weight decay", "There is no decay in that derivation.", False),
    ],
    "Adam misses many fresh examples here and none when the inputs are turned at random. So …": [
        (
            "it levels doses where features are coordinates",
            "In a turned basis no coordinate is a feature, and nothing is levelled.",
            True,
        ),
        (
            "Adam generalizes worse than descent",
            "Not in the turned basis, at losses of 0.4 and 0.3.",
            False,
        ),
        ("turning the inputs makes the task easier", "Plain descent does not notice it.", False),
    ],
    "In modular addition memory shrinks in the end. What makes it?": [
        ("Its decay grows", "Decay is proportional to its strength throughout.", False),
        (
            "The rule answers the same pairs, and memory's dose falls below its decay",
            "With shuffled answers there is no rule, and memory stays.",
            True,
        ),
        ("The rule had the larger dose from the start", "Memory had it for 1,900 steps.", False),
    ],
}
"""Question to choices: what can be chosen, the answer to it, and whether it is right."""


def quiz() -> Quiz:
    """Five questions on the chapter."""
    return Quiz("generalization/quiz", QUESTIONS)
