"""What the starvation experiments say: doses, votes and delays."""

from __future__ import annotations

import numpy as np

from gradbook.atlas import Atlas


def fold_of_dose(three_features: Atlas, loss: str, reliance: str) -> np.ndarray:
    """Dose to features 2 and 3 before anything is learned, over their dose now.

    Args:
        three_features: The experiment's results.
        loss: ``"logistic"`` or ``"hinge"``.
        reliance: How the net relies on feature 1: ``"at rest"``, once it is trained on it alone, or
            ``"beyond doubt"``, so strongly that no example that feature 1 gets right pays.
    """
    number = three_features.config["losses"].index(loss)
    before = three_features["dose"][:, number, 0, 1:, 0].sum(-1)
    now = three_features[reliance.replace(" ", "_")][:, number, 1:, 0].sum(-1)
    return before / now


def accuracy_gained(three_features: Atlas, network: str) -> np.ndarray:
    """Accuracy on fresh examples with all three features minus with the first alone."""
    number = three_features.config["networks"].index(network)
    accuracy = three_features["accuracy"][:, number]
    return accuracy[:, 0] - accuracy[:, 1]


def of_map(delay: Atlas, what: str, network: str) -> np.ndarray:
    """One network's map [seeds, head starts, weight decays]; `what` is one of the arrays."""
    return delay[what][:, list(delay.config["networks"]).index(network)]
