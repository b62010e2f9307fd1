"""The chapter's small explorers: AdamW's law, seven optimizers, rare words, time to learn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gradbook.chapters.optimizers import closed_forms, effects, tails, zipf
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.widgets.curves import Axis, Control, Curves, Form, Lines, Points, module_of

GRID = np.geomspace(1e-4, 0.25, 241)
ADAMW, INSIDE = "AdamW", "Adam, decay in the gradient"


class OptimizerCurves(Curves):
    """Small explorers of the closed forms in ``forms.js``."""

    _esm = module_of(Path(__file__).with_name("forms.js"))


def percent(share: float) -> str:
    """A share in per cent, to two digits."""
    return f"{float(f'{100 * share:.2g}'):g} %"


def _frequencies(low: float = 1e-4, high: float = 0.25) -> Axis:
    ticks = [v for v in (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1) if low <= v <= high]
    return Axis(
        "share of the examples that show the feature, p",
        low,
        high,
        log=True,
        ticks=ticks,
        texts=[percent(v) for v in ticks],
    )


ANSWER = Axis("answer to the feature", 0, 1.1, ticks=(0, 0.25, 0.5, 0.75, 1))


def _law_lines(s: Mapping[str, Any]) -> Lines:
    return {
        ADAMW: (GRID, closed_forms.adamw_answer(GRID, s["batch"], s["decay"], s["beta2"])),
        INSIDE: (GRID, np.maximum(0, 1 - s["inside"] / GRID)),
    }


def _law_sentence(s: Mapping[str, Any]) -> str:
    if s["decay"] >= np.sqrt(2):
        return f"At wd = {s['decay']:g} even what all examples show is answered less than half."
    least = closed_forms.half_frequency(s["batch"], s["decay"], s["beta2"])
    return (
        f"AdamW, B = {s['batch']}, wd = {s['decay']:g}: half of the right answer is left to a "
        f"feature that one example in {1 / least:,.0f} shows. None falls to 0."
    )


LAW = Form("law", _law_lines, _law_sentence)


def _points(law: Atlas, setting: str, line: str, when: Mapping[str, Any]) -> Points:
    mean, low, high = mean_interval(law["answer"][:, effects.row(law, setting)].astype(float))
    return Points("measured", line, when, np.array(law.config["frequencies"]), mean, low, high)


def law_explorer(law: Atlas) -> Curves:
    """AdamW's law under sliders for batch size and decay.

    Args:
        law: The law experiment's results.
    """
    points = [
        _points(law, f"AdamW, B = {b}, wd = {d:g}", ADAMW, {"batch": b, "decay": d})
        for b in (16, 64, 256)
        for d in (0.1, 0.3, 0.5, 1)
    ]
    points.append(_points(law, "Adam, L2", INSIDE, {"batch": 64}))
    return OptimizerCurves(
        LAW,
        id="law",
        title="What does AdamW leave a rare feature?",
        controls=(
            Control("batch", "Batch size B", (4, 16, 64, 256, 1024), 2),
            Control("decay", "Decay wd", (0.03, 0.1, 0.3, 0.5, 1, 2), 2),
        ),
        x=_frequencies(),
        y=ANSWER,
        points=points,
        fixed={
            "beta2": law.config["default"]["beta2"],
            "inside": law.config["settings"]["Adam, L2"]["decay"],
        },
        note="Means of 20 seeds with 95 % intervals. Nothing is fitted.",
    )


SEVEN = ("SGD", "momentum", "Adam, L2", "AdamW", "SignSGD", "SignSGD, L2", "Lion")


def _kind_lines(s: Mapping[str, Any]) -> Lines:
    kind, one = s["kind"], s["trained"][s["kind"]]
    batch, decay = one["batch"], one["decay"]
    forms = {
        "AdamW": lambda: closed_forms.adamw_answer(GRID, batch, decay, one["beta2"]),
        "SignSGD": lambda: closed_forms.decoupled(closed_forms.sign_push(GRID, batch), decay),
        "SignSGD, L2": lambda: closed_forms.sign_vote(GRID, batch, decay),
        "Lion": lambda: np.full_like(GRID, closed_forms.decoupled(1.0, decay)),
    }
    return {kind: (GRID, forms.get(kind, lambda: np.maximum(0, 1 - decay / GRID))())}


WHY = {
    "SGD": "Decay is in the gradient: a feature seen in fewer than λ = 0.01 of the examples dies.",
    "momentum": "Momentum averages gradient and decay alike: the threshold stays at p = λ = 0.01.",
    "Adam, L2": "Adam divides gradient and decay by one number: the threshold stays at p = λ.",
    "AdamW": "Decay is outside: what is seen less is answered less, and nothing falls to 0.",
    "SignSGD": "Each minibatch that shows the feature gives one step, however many examples do.",
    "SignSGD, L2": "Minibatches vote with decay: what most of them lack dies, at p = ln 2/B.",
    "Lion": "The sign of a long mean forgets how rare a feature is: nearly all are answered.",
}


KINDS = Form("kinds", _kind_lines, lambda s: WHY[s["kind"]])


def kinds_explorer(law: Atlas) -> Curves:
    """Who survives under seven optimizers, 64 examples in a minibatch.

    Args:
        law: The law experiment's results.
    """
    names = {kind: kind for kind in SEVEN} | {"AdamW": "AdamW, B = 64, wd = 0.3"}
    trained = {kind: effects.settings_of(law, name) for kind, name in names.items()}
    kept = ("decay", "batch", "beta2")
    return OptimizerCurves(
        KINDS,
        id="kinds",
        title="Which optimizers starve the rare?",
        controls=(Control("kind", "Optimizer", SEVEN, 3),),
        x=_frequencies(),
        y=ANSWER,
        points=[_points(law, name, kind, {"kind": kind}) for kind, name in names.items()],
        fixed={"trained": {k: {name: one[name] for name in kept} for k, one in trained.items()}},
        note="Means of 20 seeds with 95 % intervals. Nothing is fitted.",
    )


def _word_lines(s: Mapping[str, Any]) -> Lines:
    x = np.array(s["frequency"])
    right = np.full_like(x, s["right"])
    return {"the rule's probability": (x, np.array(s["rule"][s["setting"]])), "right": (x, right)}


def _word_sentence(s: Mapping[str, Any]) -> str:
    rule = s["rule"][s["setting"]]
    return (
        f"{s['setting']}: the rule has probability {rule[0]:.2f} after the most common eighth of "
        f"the words, {rule[-1]:.2f} after the rarest."
    )


WORDS = Form("words", _word_lines, _word_sentence)
SHOWN = (
    "SGD, no decay",
    "SGD, λ = 0.001",
    "AdamW, wd = 0.1",
    "AdamW, wd = 1",
    "AdamW, wd = 1, B = 16",
    "AdamW, wd = 1, B = 256",
)


def word_frequencies(words: Atlas) -> np.ndarray:
    """Geometric mean of the tokens' frequencies in each eighth [8]."""
    shares = np.log(zipf.frequencies(words.config["tokens"]))
    return np.exp(shares.reshape(8, -1).mean(1))


def words_explorer(words: Atlas) -> Curves:
    """What each eighth of the words knows of the rule, by optimizer.

    Args:
        words: The rare words experiment's results.
    """
    x = word_frequencies(words)
    measured = {name: mean_interval(effects.eighths(words, name)) for name in SHOWN}
    return OptimizerCurves(
        WORDS,
        id="words",
        title="A language of 256 words: after which is the next one known?",
        controls=(Control("setting", "Optimizer", SHOWN, 3),),
        x=Axis(
            "frequency of the word (means of eighths)",
            5e-4,
            0.03,
            log=True,
            ticks=(0.001, 0.003, 0.01, 0.03),
            texts=["0.1 %", "0.3 %", "1 %", "3 %"],
        ),
        y=Axis("probability of the rule", 0, 1, ticks=(0, 0.3, 0.6, 0.9)),
        points=[
            Points("measured", "the rule's probability", {"setting": name}, x, *found)
            for name, found in measured.items()
        ],
        fixed={
            "frequency": [float(f"{v:.6g}") for v in x],
            "right": words.config["rule"],
            "rule": {
                name: [float(f"{v:.5g}") for v in found[0]] for name, found in measured.items()
            },
        },
        note="Means of 20 seeds with 95 % intervals; the line joins them.",
    )


RARE = np.geomspace(1e-6, 0.25, 201)


def _time_lines(s: Mapping[str, Any]) -> Lines:
    return {kind: (RARE, _times(RARE, kind, s)) for kind in ("SGD", "Adam")}


def _times(p: np.ndarray, kind: str, s: Mapping[str, Any]) -> np.ndarray:
    rate, known = s["rates"][kind], {"start": s["start"], "beta2": s["beta2"]}
    return closed_forms.learning_time(p, kind, learning_rate=rate, batch_size=s["batch"], **known)


def _time_sentence(s: Mapping[str, Any]) -> str:
    both = [_times(np.array([1e-2, 1e-4]), kind, s) for kind in ("SGD", "Adam")]
    sgd, adam = (float(f"{times[1] / times[0]:.2g}") for times in both)
    return (
        f"B = {s['batch']}: a fact 100 times rarer, 0.01 % instead of 1 %, takes {sgd:g} times as "
        f"long under SGD, {adam:g} times under Adam."
    )


TIMES = Form("times", _time_lines, _time_sentence)


def times_explorer(learning: Atlas) -> Curves:
    """How long a fact takes by its frequency, under a slider for the batch size.

    Args:
        learning: The learning times experiment's results.
    """
    config = learning.config
    p = tails.frequencies(config)[: config["kept"]]
    ranks = np.unique(np.geomspace(2, config["kept"], 22).round().astype(int)) - 1
    points = []
    for at, (kind, when) in enumerate({"SGD": {}, "Adam": {"batch": config["batch_size"]}}.items()):
        learned = learning["learned"][:, at].astype(float)
        there = [k for k in ranks.tolist() if (learned[:, k] > 0).all()]
        points.append(Points("measured", kind, when, p[there], *mean_interval(learned[:, there])))
    return OptimizerCurves(
        TIMES,
        id="times",
        title="How much longer does a rare fact take?",
        controls=(Control("batch", "Batch size B", (16, 64, 256, 1024, 4096), 2),),
        x=_frequencies(1e-6, 0.25),
        y=Axis(
            "steps until it is learned",
            1,
            1e6,
            log=True,
            ticks=(1, 100, 1e4, 1e6),
            texts=["1", "100", "10,000", "10⁶"],
        ),
        points=points,
        fixed={name: config[name] for name in ("start", "beta2", "rates")},
        note="Means of 20 seeds with 95 % intervals. Nothing is fitted.",
    )


FORMS = (LAW, KINDS, WORDS, TIMES)
EXPLORERS = {
    "law": (law_explorer, "optimizer_law"),
    "kinds": (kinds_explorer, "optimizer_law"),
    "words": (words_explorer, "rare_words"),
    "times": (times_explorer, "learning_times"),
}
"""Name to what makes it, and the experiment that it is given."""
