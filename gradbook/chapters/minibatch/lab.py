"""The small network, trained in the page, with its gradient landscape after every epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gradbook.widgets.lab import Lab, Setting, module_of

REGULARIZERS = ("none", "dropout", "batch norm", "batch norm after ReLU")
RULES = ("10*d", "(c/100)*b")


class MinibatchLab(Lab):
    """The network with 128, 64 and 32 hidden units on 2,000 rows, trained in the page.

    After every epoch the gradients of 50 minibatches in two biases of a layer, on a grid of their
    values. Behind the curve lies the full-size network, which the experiment measured.
    """

    _esm = module_of(Path(__file__).with_name("lab.js"))

    def __init__(self, results: Any, **values: Any) -> None:
        """Offer the network.

        Args:
            results: The explorer experiment's results.
            **values: Where to start: ``rule``, ``regularizer``, ``epochs``, ``batch_size``,
                ``loss``, ``rate``, ``decay``, ``layer``, ``minibatch``, ``shown``, ``seed``.
        """
        jobs = list(results.jobs)
        nets = {
            name: [float(f"{score:.4g}") for score in results["test_r2"][jobs.index(name)]]
            for name in REGULARIZERS
            if name in jobs
        }
        plain = nets["none"]
        super().__init__(
            id="network",
            title="Do minibatches agree, and where in the parameters?",
            settings=[
                Setting("rule", "y =", "10*d", RULES),
                Setting("regularizer", "regularizer", "none", REGULARIZERS),
                Setting("loss", "loss", "l1", ("l1", "squared")),
                Setting("batch_size", "batch size", 64, low=4, high=500, whole=True),
                Setting("epochs", "epochs", 10, low=1, high=60, whole=True),
                Setting("rate", "learning rate", 0.005, low=1e-6, high=10, live=True),
                Setting("decay", "weight decay", 0.0, low=0, high=10, live=True),
                Setting("shown", "shown", "test R²", ("test R²", "training R²", "test loss")),
                Setting("layer", "layer", 2, choices=(2, 3)),
                Setting("minibatch", "minibatch", 1, low=1, high=50, whole=True),
            ],
            measured={"nets": nets},
            label="test R²",
            still={"none": (range(len(plain)), plain)},
            finding=f"Without a regularizer the full-size network explains {plain[-1]:.0%} of the "
            f"test targets' variance after {len(plain) - 1} epochs.",
            **({"seed": 0} | values),
        )
