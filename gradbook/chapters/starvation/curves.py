"""The starvation chapter's small explorers: reliance, catching up, and a vote that is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from gradbook.chapters.starvation import closed_forms, decoupling
from gradbook.chapters.starvation.figures.delays import predicted_catching_up
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.widgets.controls import with_controls
from gradbook.widgets.curves import Axis, Control, Curves, Form, Lines, Points, module_of

FOLDER = Path(__file__).parent
SHAPE, COLOUR, MISLEADING = 0.75, 0.85, 0.1
"""How often shape and colour say a digit's label, and how often colour does in the test."""
REST = 2.2
"""The best reliance on a feature that is right on 90 % of the examples, ln 9, on the slider."""


class StarvationCurves(Curves):
    """Small explorers of the closed forms in ``forms.js``."""

    _esm = module_of(FOLDER / "forms.js")
    _css = with_controls(FOLDER / "curves.css", "curves")


def _bars(bars: Sequence[tuple[float, float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """The outline of bars: left ends, right ends and heights, joined along the axis."""
    x = [[left, left, right, right] for left, right, _ in bars]
    y = [[0, height, height, 0] for *_, height in bars]
    return np.ravel(x), np.ravel(y).astype(float)


def _signed(number: float, digits: int) -> str:
    return f"{number:.{digits}f}".replace("-", "−")


def _reliance_lines(s: Mapping[str, Any]) -> Lines:
    q, reliance = s["reliability"], s["reliance"]
    return {
        "feature 1 is right": _bars([(0, q, expit(-reliance))]),
        "feature 1 is wrong": _bars([(q, 1, expit(reliance))]),
        "all, before anything is learned": (np.array([0.0, 1]), np.array([0.5, 0.5])),
    }


def _reliance_sentence(s: Mapping[str, Any]) -> str:
    if s["reliance"] == 0:
        return "s = 0: nothing is learned yet, and every example's residual is 0.5."
    right, wrong = float(expit(-s["reliance"])), float(expit(s["reliance"]))
    fold = closed_forms.dose(s["reliability"], 0.0) / closed_forms.dose(
        s["reliability"], s["reliance"]
    )
    return (
        f"s = {s['reliance']:g}: a right example's residual is {right:.3f}, a wrong one's "
        f"{wrong:.3f}, {wrong / right:.1f} times as much. Feature 2 gets {fold:.1f} times less "
        "than at s = 0."
    )


RELIANCE = Form("reliance", _reliance_lines, _reliance_sentence)


def reliance_explorer(three_features: Atlas) -> Curves:
    """Residuals of right and wrong examples, under a slider for the reliance on feature 1.

    Args:
        three_features: The three-features experiment's results.
    """
    config = three_features.config
    q, measured_at = config["reliability"], config["reliances"]
    doses = three_features["dose"][:, config["losses"].index("logistic"), :, 1].astype(float)
    points = []
    for number, reliance in enumerate(measured_at[: measured_at.index(5.0)]):
        shares = np.array([q, 1 - q])
        mean, low, high = mean_interval(doses[:, number, 1:] / (shares * (2 * q - 1)))
        for k, (line, place) in enumerate(
            {"feature 1 is right": q / 2, "feature 1 is wrong": (1 + q) / 2}.items()
        ):
            values = ([v[k]] for v in (mean, low, high))
            points.append(
                Points("measured", line, {"reliance": reliance}, [place], *map(np.array, values))
            )
    return StarvationCurves(
        RELIANCE,
        id="reliance",
        title="Feature 1 is relied on. Which examples still teach feature 2?",
        controls=(Control("reliance", "Reliance s", (0, 0.5, 1, 1.5, 2, REST, 2.5, 3, 4), 0),),
        x=Axis("share of the examples", 0, 1, ticks=(0, 0.45, 0.9, 1), texts=("0", "", "90 %", "")),
        y=Axis("residual σ(−yf)", 0, 1, ticks=(0, 0.25, 0.5, 0.75, 1)),
        points=points,
        fixed={"reliability": q},
        note="Areas add up to what feature 2 gets. Means of 20 seeds; nothing is fitted.",
    )


def _delay_lines(s: Mapping[str, Any]) -> Lines:
    return {"steps to catch up": (np.array(s["head_starts"]), np.array(s["predicted"][s["wrong"]]))}


DELAY = Form("delay", _delay_lines, lambda s: s["says"][s["wrong"]])

WRONG = {
    "on 10 %": "90 %",
    "on 1 %": "99 %",
    "never": "never wrong",
    "never, with decay": "never wrong, decay",
}
"""How often each feature is wrong, to a setting of the experiment `rarely_wrong`."""


def _in_words(steps: float) -> str:
    rounded = float(f"{steps:.{2 if steps >= 1000 else 3}g}")
    return f"{rounded / 1e6:,.0f} million" if rounded >= 1e6 else f"{rounded:,.0f}"


def delay_explorer(rarely_wrong: Atlas) -> Curves:
    """How long a head start delays the others, by how often the features are wrong.

    Args:
        rarely_wrong: The experiment's results.
    """
    config = rarely_wrong.config
    rate, head_starts = config["learning_rate"], np.array(config["head_starts"], float)
    line = np.geomspace(head_starts[0], head_starts[-1], 25)
    predicted, says, points = {}, {}, []
    for label, setting in WRONG.items():
        steps = predicted_catching_up(config["settings"][setting], rate * line) / rate
        predicted[label] = [float(f"{v:.5g}") for v in steps]
        says[label] = (
            f"{label.capitalize()}: after a head start of 1,000 steps it takes "
            f"{_in_words(float(steps[-1]))} more."
        )
        measured = rarely_wrong["delay"][:, list(config["settings"]).index(setting)].astype(float)
        there = (measured >= 0).all(0)
        mean, low, high = mean_interval(measured[:, there])
        when = {"wrong": label}
        points.append(
            Points("measured", "steps to catch up", when, head_starts[there], mean, low, high)
        )
    tens = [10.0**k for k in range(1, 9)]
    return StarvationCurves(
        DELAY,
        id="delay",
        title="Feature 1 has a head start. When do the two others outvote it?",
        controls=(Control("wrong", "A feature is wrong", tuple(WRONG)),),
        x=Axis(
            "head start (steps)", 3, 1300, log=True, ticks=(3, 10, 30, 100, 300, 1000),
            texts=("3", "10", "30", "100", "300", "1,000"),
        ),
        y=Axis(
            "steps to catch up", 1, 1e9, log=True, ticks=tens[1::2],
            texts=("100", "10⁴", "10⁶", "10⁸"),
        ),
        points=points,
        fixed={
            "head_starts": [float(f"{v:.5g}") for v in line],
            "predicted": predicted,
            "says": says,
        },
        note="Line: predicted, nothing fitted. Points: 20 seeds, as long as training ran.",
    )  # fmt: skip


def _answers(s: Mapping[str, Any]) -> list[float]:
    return [decoupling.best_answer(chance, s["coefficient"]) for chance in s["chances"]]


def _outvoted_lines(s: Mapping[str, Any]) -> Lines:
    bars = [(k + 0.7, k + 1.3, answer) for k, answer in enumerate(_answers(s))]
    return {
        "shape and colour agree": _bars([bars[0], bars[3]]),
        "they disagree": _bars([bars[1], bars[2]]),
    }


def _outvoted_sentence(s: Mapping[str, Any]) -> str:
    answers = np.array(_answers(s))
    train, test = (
        100 * decoupling.accuracy(answers, SHAPE, colour) for colour in (COLOUR, MISLEADING)
    )
    return (
        f"κ = {s['coefficient']:g}: where they disagree the answer is "
        f"±{_signed(abs(answers[1]), 2)}, for the colour. Right in training: {train:.0f} %, where "
        f"the colour misleads: {test:.0f} %."
    )


OUTVOTED = Form("outvoted", _outvoted_lines, _outvoted_sentence)


def outvoted_explorer() -> Curves:
    """The best answers to four kinds of picture, under a slider for spectral decoupling."""
    shares, chances = decoupling.kinds(SHAPE, COLOUR)
    test_shares, test_chances = decoupling.kinds(SHAPE, MISLEADING)
    names = ["both say +1", "shape +1", "colour +1", "both say −1"]
    return StarvationCurves(
        OUTVOTED,
        id="outvoted",
        title="Shape is right on 75 %, colour on 85 %. Whom does the best network follow?",
        controls=(Control("coefficient", "Spectral decoupling κ", (0, 0.1, 0.5, 2, 8), 0),),
        x=Axis(
            "what the picture's shape and colour say", 0.4, 4.6, ticks=(1, 2, 3, 4), texts=names
        ),
        y=Axis("best answer f", -3, 3, ticks=(-3, -2, -1, 0, 1, 2, 3)),
        fixed={
            "shares": shares.tolist(),
            "chances": chances.tolist(),
            "test_shares": test_shares.tolist(),
            "test_chances": test_chances.tolist(),
        },
    )


FORMS = (RELIANCE, DELAY, OUTVOTED)
