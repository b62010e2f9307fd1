"""The dosage chapter's bets: what can be bet, and how many seeds show each outcome."""

from __future__ import annotations

from collections import Counter

import numpy as np

from gradbook.chapters.dosage import effects
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import as_text
from gradbook.widgets.bet import Bet


def slope(threshold: Atlas) -> Bet:
    """Where survival begins under the logistic loss."""
    found = effects.threshold(threshold, "logistic loss")
    return Bet.on_number(
        "dosage/slope",
        "Under the squared loss survival begins at p = λ. The logistic loss is half as steep at "
        "the start. At which p/λ does survival begin there?",
        found,
        f"<p>At p/λ = {as_text(found)}, twice as high: half the slope, half the dose.</p>",
        low=0.25,
        high=8,
        within=1.15,
        log=True,
    )


def sharing(threshold: Atlas) -> Bet:
    """What becomes of rare features when all share one layer and one output."""
    ratio = threshold["ratio"][0]
    number = threshold.config["settings"].index("ReLU, one output")
    alive = threshold["answer"][:, number] > effects.ALIVE
    outcomes = ("The same ones die", "Only the very rarest die", "None dies", "All die")
    counts = Counter(
        outcomes[2]
        if seed.all()
        else outcomes[3]
        if not seed.any()
        else outcomes[0]
        if not seed[ratio < 1].any()
        else outcomes[1]
        for seed in alive
    )
    return Bet.on_choices(
        "dosage/sharing",
        "Now all features share one hidden ReLU layer and one output. What becomes of those "
        "below the threshold?",
        {outcome: counts[outcome] for outcome in outcomes},
        f"<p>Down to p/λ = {ratio[0]:.3g}, the rarest that was tried, none dies. With one "
        "output the network is a vector s of answers, and the cheapest way to write it "
        "with two layers has the decay λ‖s‖: one term for all features together. At rest "
        "s<sub>k</sub> = p<sub>k</sub> / (p<sub>k</sub> + λ/‖s‖), which is 0 for no "
        "feature, unless for all. A unit that the common features keep large needs little"
        " more to answer to a rare one.</p>",
    )


def starved(cut_off: Atlas) -> Bet:
    """How much of its direction a starved recognizer keeps under decay and noise."""
    number = cut_off.config["causes"].index("decay and noise")
    every = slice(None, None, 5)
    return Bet.on_curve(
        "dosage/starved",
        "A feature leaves the data. Decay and gradient noise both act. Draw how much of the "
        "recognizer's direction is left (cosine with what it was).",
        np.arange(11),
        cut_off["cosine"][:, number, every].astype(float),
        "<p>It holds for some half-lives and is then lost: decay makes the recognizer "
        "small, and noise that did not matter before is all that is left. The two need "
        "each other. Decay alone leaves a small copy, which grows back when its examples "
        "return. Noise alone leaves a larger recognizer that has turned away a little, "
        "more so the longer it lasts.</p>",
        xlabel="half-lives since the feature left",
        ylabel="cosine",
        low=-0.2,
        high=1,
        within=0.15,
    )


def regularizers(diets: Atlas, chosen: dict[str, float], id: str = "dosage/regularizers") -> Bet:
    """Which regularizers answer a rare feature with less than half of what a common one gets.

    Args:
        diets: The diets experiment's results.
        chosen: Regularizer to strength.
        id: Of the bet.
    """
    outcomes = {
        ("weight decay",): "Weight decay alone",
        ("dropout",): "Dropout alone",
        ("weight decay", "spectral decoupling"): "Weight decay and spectral decoupling",
        ("weight decay", "dropout", "spectral decoupling"): "All but gradient noise",
    }
    counts: Counter[str] = Counter()
    rare, common = (diets.config["frequencies"].index(p) for p in (0.01, 0.32))
    for seed in range(len(diets["answer"])):
        starving = []
        for name, strength in chosen.items():
            answers = diets["answer"][seed, effects.diet_number(diets, name, strength), -1]
            if answers[rare] < 0.5 * answers[common]:
                starving.append(name)
        counts[outcomes.get(tuple(starving), "Another set")] += 1
    return Bet.on_choices(
        id,
        "Weight decay, dropout, spectral decoupling, gradient noise: which answer a feature in 1 % "
        "of the examples with less than half of what they leave one in 32 %?",
        {text: counts[text] for text in (*outcomes.values(), "Another set")},
        "<p>Weight decay acts at every step, whether a feature is there or not, and always one "
        "way. It leaves 1 − λ/p of the right answer. Gradient noise acts at every step too, but "
        "its mean is zero: weak noise leaves about 1 on average. The other two act where the "
        "recognizer answers, so the frequency cancels: dropout at rate r leaves 1 − r, spectral "
        "decoupling (λf²/2 on each example) leaves 1/(1 + λ).</p>",
    )


def head_start(competition: Atlas) -> Bet:
    """Which networks reach 97 % after one feature's head start."""
    settings = ("two factors", "three factors", "ReLU")
    numbers = [competition.config["settings"].index(name) for name in settings]
    outcomes = {
        (True, True, True): "All three",
        (True, False, True): "All but three weights in a row",
        (False, False, True): "The ReLU layer alone",
        (False, False, False): "None",
    }
    reached = competition["accuracy"][:, numbers, 0, -1] >= 0.97
    counts = Counter(outcomes.get(tuple(seed), "Others") for seed in reached.tolist())
    return Bet.on_choices(
        "dosage/head-start",
        "Feature 1 is trained alone for 1,000 steps; then all three are there, and 97 % can be "
        "had. Which networks get there: two weights in a row, three in a row, a ReLU layer?",
        {text: counts[text] for text in (*outcomes.values(), *(counts.keys() & {"Others"}))},
        "<p>Two weights in a row are late: decay takes at least λ|s| of an answer s = ab,"
        " so loss and decay have one minimum together, and a head start cannot move it. "
        "The ReLU layer hardly notices, since its units serve all three. Three weights in"
        " a row stay at 90 % for good. A recognizer of size w gets a dose of the order of"
        " w² there, while decay takes λw: one that has become too small during the head "
        "start cannot grow again.</p>",
    )
