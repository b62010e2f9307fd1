"""The starvation chapter's bets: what can be bet, and how many seeds show each outcome."""

from __future__ import annotations

from collections import Counter

from gradbook.chapters.starvation import effects
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import as_text
from gradbook.widgets.bet import Bet
from gradbook.widgets.order import Order


def fold(three_features: Atlas, id: str = "starvation/fold") -> Bet:
    """How much less the second feature gets once the first is learned."""
    folds = effects.fold_of_dose(three_features, "logistic", "at rest")
    return Bet.on_number(
        id,
        "Three features are each right on nine examples of ten. A network has learned one. How "
        "many times smaller is the gradient that would teach it another?",
        folds,
        f"<p>{as_text(folds)} times, and not nine or ten: the examples that the first feature gets "
        "wrong go on teaching, harder than before.</p>",
        low=1,
        high=30,
        within=1.2,
        log=True,
        digits=3,
        unit=" times",
    )


NETWORKS = {
    "logistic regression": "logistic regression",
    "own paths": "three weights in a row",
    "deep linear": "deep linear",
    "ReLU": "ReLU",
}
"""Networks of the experiment `delay`, to what the reader is told."""


def lost(delay: Atlas, head_start: int = 1000, weight_decay: float = 0.01) -> Bet:
    """Which networks never reach 97 % after a head start under weight decay."""
    config = delay.config
    place = config["head_starts"].index(head_start), config["weight_decays"].index(weight_decay)
    outcomes = {
        (): "None, they are only late",
        ("three weights in a row",): "Three weights in a row alone",
        ("logistic regression", "three weights in a row"): "All without shared weights",
        tuple(NETWORKS.values()): "All four",
    }
    counts: Counter[str] = Counter()
    for seed in range(len(delay["delay"])):
        never = tuple(
            name
            for network, name in NETWORKS.items()
            if effects.of_map(delay, "delay", network)[seed][place] < 0
        )
        counts[outcomes.get(never, "Others")] += 1
    return Bet.on_choices(
        "starvation/lost",
        f"Feature 1 is trained alone for {head_start:,} steps under weight decay "
        f"{weight_decay:g}; then all three are there. Which networks never learn the others: "
        "logistic regression, three weights in a row for each feature, a deep linear net, a "
        "ReLU net?",
        {text: counts[text] for text in (*outcomes.values(), *(counts.keys() & {"Others"}))},
        "<p>Late features with weights of their own get less; in a shared layer they may not. They "
        "are lost only where two things come together. Three weights in a row, of size w, give a "
        "dose of the order of w² to each; and decay takes λw, while the feature waits and after. "
        "What has become too small cannot grow again. Where weights are shared, feature 2 finds "
        "what feature 1 has built.</p>",
    )


MEANS = {
    "none": "nothing added",
    "weight decay": "weight decay",
    "dropout": "dropout",
    "batch norm": "batch norm",
    "Adam": "Adam",
    "deeper": "more layers",
    "wider": "more units",
    "spectral decoupling": "spectral decoupling",
}
"""Means of the experiment `cures`, to what the reader sorts."""


def cures(results: Atlas) -> Order:
    """In which order the usual means help where the first coordinate misleads.

    Args:
        results: The cures experiment's results; each at the strength that was best on other seeds.
    """
    strengths = {"none": 0, "deeper": 4, "wider": 2000, "batch norm": 0} | results.config["chosen"]
    return Order.on_order(
        "starvation/cures",
        "Sort them: with which is a network right most often where coordinate 1 misleads?",
        {text: effects.misled(results, name, strengths[name]) for name, text in MEANS.items()},
        "<p>Weight decay and dropout tilt the line, which is right on half. Batch norm makes it "
        "worse than nothing. <em>Spectral decoupling</em> adds κf²/2 to an example's loss, so it "
        "rests at an answer of one size, κf = σ(−f) for the label 1, far from the line or at its "
        "very edge. No nearly straight function of coordinate 1 can do that, and a dose is left "
        "that does not fade. <em>Adam</em> divides each weight's step by the size of its own "
        "gradients; units that look along coordinate 2 have smaller ones, and under Adam they "
        "move no less than the others.</p>"
        "<p>Nor is it a matter of patience. The authors' later script trains for 10,000 epochs; "
        "the table has both lengths.</p>",
        ends=("right most often", "right least often"),
    )


def outvoted(results: Atlas) -> Bet:
    """What spectral decoupling gains on digits whose colour misleads.

    Args:
        results: The cures experiment's results.
    """
    outcomes = ("It falls", "0 to 10 points", "10 to 30 points", "More than 30 points")
    counts = Counter(
        outcomes[sum(gain > edge for edge in (0, 0.1, 0.3))]
        for gain in effects.mitigation(results, "coloured digits").tolist()
    )
    gain = 100 * effects.mitigation(results, "coloured digits")
    return Bet.on_choices(
        "starvation/outvoted",
        "The same cure on coloured digits, at a constant κ. How much does it add to the accuracy "
        "on test digits whose colour misleads?",
        {text: counts[text] for text in outcomes},
        f"<p>{as_text(gain, '.1f')} points. On two moons the second feature is <em>starved</em>: "
        "no example asks for it. Here it is learned, and <em>outvoted</em>. If a share q of one "
        "kind of picture has the label 1, the best answer f to it obeys q − σ(f) = κf. The left "
        "side is positive at f = 0 if q > ½, and falls. So f has the sign of q − ½, whatever κ is: "
        "the coefficient changes the size of the answers, and never their sign. Where shape and "
        "colour disagree, the colour is right two times in three.</p>",
    )
