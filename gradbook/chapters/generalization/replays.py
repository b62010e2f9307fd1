"""Measured courses that a reader scrubs through: when to stop, and a rule that arrives late."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gradbook.chapters.generalization import effects
from gradbook.evidence.atlas import Atlas
from gradbook.widgets.curves import Axis, Control, Curves, Form, Lines, module_of

NETWORKS = ("linear", "deep linear", "ReLU")
STRENGTH, DOSE, ACCURACY = "strength", "dose and decay", "pairs answered"


class GeneralizationCurves(Curves):
    """Small explorers of the closed forms in ``forms.js``."""

    _esm = module_of(Path(__file__).with_name("forms.js"))


STOPPING_LINES = {
    "loss on fresh examples": "fresh_loss",
    "errors on fresh examples": "fresh_error",
    "wrong labels memorized": "memorized",
}


def _stopping_lines(s: Mapping[str, Any]) -> Lines:
    step = np.array(s["recorded"], float)
    seen = {
        label: (step, np.array(values)) for label, values in s["measured"][s["network"]].items()
    }
    return seen | {"stop here": (np.array([s["stop"] + 1.0] * 2), np.array([0.0, 1.0]))}


def _stopping_sentence(s: Mapping[str, Any]) -> str:
    at = s["recorded"].index(s["stop"] + 1)
    loss, errors, memory = (values[at] for values in s["measured"][s["network"]].values())
    least = min(s["measured"][s["network"]]["loss on fresh examples"])
    return (
        f"Stop at step {s['stop']}: loss {loss:.3f} on fresh examples (lowest: {least:.3f}), "
        f"{round(1000 * errors)} of 1000 missed, {round(1000 * memory)} of 1000 wrong labels "
        "memorized."
    )


STOPPING = Form("stopping", _stopping_lines, _stopping_sentence)


def stopping_explorer(late: Atlas) -> Curves:
    """Where to stop: what is measured over steps, and what a stop at each step leaves.

    Args:
        late: The late_memorization experiment's results.
    """
    step = late["step"][0]
    settings = list(late.config["settings"])
    kept = np.unique(np.r_[np.arange(0, len(step), 2), len(step) - 1])
    measured = {
        network: {
            label: late[name][:, settings.index(network), kept].mean(0).round(3).tolist()
            for label, name in STOPPING_LINES.items()
        }
        for network in NETWORKS
    }
    stops = step[kept].tolist()
    return GeneralizationCurves(
        STOPPING,
        id="stopping",
        title="When would you have stopped?",
        controls=(
            Control("network", "Network", NETWORKS, 1),
            Control("stop", "Stop at step", stops, len(stops) // 2),
        ),
        x=Axis("steps + 1", 1, stops[-1] + 1, log=True, ticks=(1, 10, 100, 1000)),
        y=Axis("loss, or share", 0, 1, ticks=(0, 0.25, 0.5, 0.75, 1)),
        fixed={"recorded": [stop + 1 for stop in stops], "measured": measured},
        note="Measured, means of 20 seeds.",
    )


GROKKING_LINES = {
    STRENGTH: ("rule", "memory"),
    DOSE: ("dose to the rule", "dose to memory", "decay of the rule", "decay of memory"),
    ACCURACY: ("pairs never seen", "pairs seen in training"),
}


def _grokking_lines(s: Mapping[str, Any]) -> Lines:
    step = np.array(s["recorded"], float)
    shown = step <= s["step"]
    return {
        label: (step[shown], np.array(s["measured"][label])[shown])
        for label in GROKKING_LINES[s["what"]]
    }


def _grokking_sentence(s: Mapping[str, Any]) -> str:
    at, of = s["recorded"].index(s["step"]), s["measured"]
    seen, unseen = (
        round(100 * of[name][at]) for name in ("pairs seen in training", "pairs never seen")
    )
    larger = "the rule" if of["dose to the rule"][at] > of["dose to memory"][at] else "memory"
    grows = "grows" if of["dose to memory"][at] > of["decay of memory"][at] else "shrinks"
    return (
        f"Step {s['step']}: {seen} % of the seen pairs are answered and {unseen} % of the others. "
        f"The larger dose goes to {larger}; memory {grows}."
    )


GROKKING = Form("grokking", _grokking_lines, _grokking_sentence)


def grokking_explorer(addition: Atlas, decay: float = 0.001) -> Curves:
    """A network that adds modulo 31, step by step: rule and memory, and their doses.

    Doses are divided by 3λ, so that a solution grows where its dose is above its strength.

    Args:
        addition: The modular_addition experiment's results.
        decay: λ.
    """
    setting = ("addition", decay)
    kept = addition["step"][0] >= effects.SETTLED
    kept[1::2] = False
    step = addition["step"][0][kept].tolist()
    strength, dose, right = (
        effects.of_setting(addition, name, setting)[:, kept].mean(0)
        for name in ("strength", "strength_dose", "accuracy")
    )
    measured = {
        "rule": strength[:, 0],
        "memory": strength[:, 1],
        "dose to the rule": dose[:, 0] / (3 * decay),
        "dose to memory": dose[:, 1] / (3 * decay),
        "decay of the rule": strength[:, 0],
        "decay of memory": strength[:, 1],
        "pairs never seen": right[:, 1].round(2),
        "pairs seen in training": right[:, 0].round(2),
    }
    return GeneralizationCurves(
        GROKKING,
        id="grokking",
        title="How does a rule arrive late?",
        controls=(
            Control("what", "Show", tuple(GROKKING_LINES)),
            Control("step", "Steps of training", step, step.index(2000)),
        ),
        x=Axis("steps", 0, step[-1], ticks=(0, 2000, 4000, 6000)),
        y=Axis("share of the full margin", -0.1, 1, ticks=(0, 0.25, 0.5, 0.75, 1)),
        fixed={
            "recorded": step,
            "measured": {name: values.round(4).tolist() for name, values in measured.items()},
        },
        note="Means of 20 seeds. Doses and decay are divided by 3λ.",
    )


FORMS = (STOPPING, GROKKING)
