"""Three features, trained in the page: own head start, loss and network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gradbook.widgets.lab import Lab, Setting, module_of

NETWORKS = ("logistic regression", "three in a row", "deep linear", "ReLU")
"""As the experiment orders them; it calls the second one's layers own paths."""
LOSSES = ("logistic", "hinge", "squared")
SHOWN = ("reliance on each feature", "dose of each feature", "accuracy")


class ThreeFeaturesLab(Lab):
    """Feature 1 is trained alone for a while, then all three, each right on nine examples of ten.

    Weight decay and learning rate may change in mid-training. Behind the live curves stands in grey
    when the experiment's network of the nearest head start and decay listened to all three, and how
    often it was right at the end, of the same seed where that one was measured.
    """

    _esm = module_of(Path(__file__).with_name("three_features.js"))

    def __init__(self, results: Any, **values: Any) -> None:
        """Offer the three features.

        Args:
            results: The delay experiment's results.
            **values: Where to start: ``head_start``, ``network``, ``loss``, ``decay``, ``rate``,
                ``steps``, ``shown``, ``seed``.
        """
        config, steps = results.config, 1500
        starts, decays = config["head_starts"], config["weight_decays"]
        at = NETWORKS.index("three in a row"), starts.index(300), decays.index(0.003)
        late = np.median(results["delay"][(slice(None), *at)])
        super().__init__(
            id="features",
            title="What does a head start cost the other two features?",
            settings=[
                Setting("head_start", "head start, steps", 300, low=0, high=10_000, whole=True),
                Setting("network", "network", "three in a row", NETWORKS),
                Setting("loss", "loss", "logistic", LOSSES),
                Setting("decay", "weight decay", 0.003, low=0, high=10, live=True),
                Setting("rate", "learning rate", 0.1, low=1e-6, high=100, live=True),
                Setting("steps", "steps after it", steps, low=10, high=10_000, whole=True),
                Setting("shown", "shown", SHOWN[0], SHOWN),
            ],
            measured={
                "seeds": list(results.jobs),
                "head_starts": starts,
                "decays": decays,
                "rate": config["learning_rate"],
                "steps": config["steps"],
                "networks": list(NETWORKS),
                "delays": results["delay"].tolist(),
                "accuracies": results["accuracy"].astype(float).round(3).tolist(),
            },
            label="reliance",
            still={
                "typical delay": (
                    starts,
                    np.median(results["delay"][:, at[0], :, at[2]], 0).tolist(),
                )
            },
            axis=f"delay (steps), head start 0 to {max(starts):g} steps",
            finding=f"Three weights in a row listen to all three features {late:g} steps after a "
            "head start of 300, typically of 20 seeds.",
            **values,
        )
