"""The garden, trained in the page: own frequencies, rates and regularizers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gradbook.chapters.dosage.explorer import NOTES
from gradbook.widgets.lab import Lab, Setting, module_of


class GardenLab(Lab):
    """Recognizers of two or three factors, grown in the page by stochastic gradient descent.

    Regularizer, strength and rate may change in mid-training. Where the settings are those of the
    shipped experiment its course lies behind in grey: the nearest strength, and its first seed.
    """

    _esm = module_of(Path(__file__).with_name("lab.js"))

    def __init__(self, results: Any, **values: Any) -> None:
        """Offer the garden.

        Args:
            results: The diets experiment's results.
            **values: Where to start: ``frequencies`` (text), ``factors``, ``regularizer``,
                ``strength``, ``rate``, ``seed``.
        """
        config = results.config
        named = [(name, s) for name, strengths in config["diets"] for s in strengths]
        answers = results["answer"][0].astype(float).round(4)
        runs = [
            {"regularizer": name, "strength": strength, "answer": answers[run].tolist()}
            for run, (name, strength) in enumerate(named)
        ]
        decay = named.index(("weight decay", 0.02))
        steps = [epoch * config["steps_an_epoch"] for epoch in range(config["epochs"] + 1)]
        frequencies = config["frequencies"]
        left = sum(answers[decay, -1] >= 0.02)
        super().__init__(
            id="garden",
            title="Which recognizers survive in your own garden?",
            settings=[
                Setting("frequencies", "frequencies", ", ".join(f"{p:g}" for p in frequencies)),
                Setting("factors", "factors", 2, choices=(2, 3)),
                Setting("regularizer", "regularizer", "weight decay", tuple(NOTES), live=True),
                Setting("strength", "strength", 0.02, low=0, high=10, live=True),
                Setting("rate", "learning rate", 1.0, low=1e-6, high=100, live=True),
            ],
            measured={
                "seed": results.jobs[0],
                "config": {k: config[k] for k in ("frequencies", "steps_an_epoch")},
                "runs": runs,
            },
            label="answer to its feature",
            still={f"{p:g}": (steps, answers[decay, :, k]) for k, p in enumerate(frequencies)},
            finding=f"Under weight decay 0.02, {left} of {len(frequencies)} recognizers still "
            f"answer their feature after {steps[-1]} steps.",
            **values,
        )
