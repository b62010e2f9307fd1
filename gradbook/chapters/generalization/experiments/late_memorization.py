"""When are the general feature and the wrong labels learned? A job is a seed.

A fifth of the labels is wrong; see `memorizing`. In the first setting the patterns are
one-hot, in the others random directions in twice as many dimensions as there are examples, so that
what is memorized of one example answers to others.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.chapters.generalization import memorizing
from gradbook.chapters.generalization.examples import Examples, draw

CONFIG: dict[str, Any] = {
    "settings": {
        "linear, patterns apart": ["linear", 1, False],
        "linear": ["linear", 1, True],
        "deep linear": ["deep linear", 2, True],
        "ReLU": ["ReLU", 2, True],
    },
    "count": 100,
    "dimension": 200,
    "wrong": 0.2,
    "fresh": 300,
    "units": 32,
    "scale": 0.2,
    "learning_rate": 0.1,
    "steps": 6000,
    "records": 120,
}
JOBS = tuple(range(10, 30))  # seeds 0 to 9 were the pilot

RECORDED = (
    "general_dose",
    "right_dose",
    "wrong_dose",
    "general_fed",
    "right_fed",
    "wrong_fed",
    "general_answer",
    "wrong_answer",
    "memorized",
    "fresh_loss",
    "fresh_error",
)


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """The course of training.

    Returns:
        - ``step`` [records].
        - ``general_dose`` [settings, records]: dose minus erosion.
        - ``right_dose``, ``wrong_dose``: mean dose of the private recognizers of right and of wrong
          labels.
        - ``general_fed``, ``right_fed``, ``wrong_fed``: those doses summed, as lengths.
        - ``general_answer``: mean answer to fresh examples, times their class.
        - ``wrong_answer``: mean answer to wrongly labelled examples, towards their label.
        - ``memorized``: share of them that is answered with the wrong label.
        - ``fresh_loss``, ``fresh_error``: half the squared error, and share of errors, on fresh
          examples; a tie counts half.
        - ``eigenvalues`` [count]: of the overlapping patterns' products.
    """
    spaced = np.geomspace(1, config["steps"] + 1, config["records"])
    steps = np.unique(spaced.round().astype(int)) - 1
    runs = [_run(*setting, steps, seed, config) for setting in config["settings"].values()]
    overlapping = _examples(True, seed, config).patterns[0]
    return {"step": steps, "eigenvalues": np.linalg.eigvalsh(overlapping @ overlapping.T)} | {
        name: np.stack([run[name][0] for run in runs]).astype(np.float32) for name in RECORDED
    }


def _examples(overlap: bool, seed: int, config: dict[str, Any]) -> Examples:
    return draw(
        config["count"],
        wrong=config["wrong"],
        dimension=config["dimension"] if overlap else None,
        fresh=config["fresh"],
        seeds=[seed],
    )


def _run(
    kind: str, layers: int, overlap: bool, steps: np.ndarray, seed: int, config: dict[str, Any]
) -> dict[str, np.ndarray]:
    examples = _examples(overlap, seed, config)
    networks = memorizing.networks(
        kind, examples, layers=layers, units=config["units"], scale=config["scale"], seeds=[seed]
    )
    wrong = examples.wrong

    def watch(step, networks, found, fed, private_fed) -> dict[str, Any]:  # type: ignore[no-untyped-def]
        answers = (memorizing.outputs(networks, examples) * examples.labels)[wrong]
        fresh = memorizing.outputs(networks, examples, fresh=True) * examples.fresh_truth
        private = np.maximum(found.private_dose, 0)
        return {
            "general_dose": found.dose,
            "right_dose": [private[~wrong].mean()],
            "wrong_dose": [private[wrong].mean()],
            "general_fed": fed,
            "right_fed": [private_fed[~wrong].mean()],
            "wrong_fed": [private_fed[wrong].mean()],
            "general_answer": [fresh.mean()],
            "wrong_answer": [answers.mean()],
            "memorized": [(answers > 0).mean()],
            "fresh_loss": [((fresh - 1) ** 2).mean() / 2],
            "fresh_error": [((fresh < 0) + 0.5 * (fresh == 0)).mean()],
        }

    return memorizing.train(
        networks, examples, watch, at=list(steps), learning_rate=config["learning_rate"]
    )[1]
