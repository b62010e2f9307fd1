"""Can dropout and batch norm stand in for each other? A job is a seed.

Each is trained on the two problems of `gradbook.chapters.dropout.overfitting`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.chapters.dropout.overfitting import SETTING, few_rows, wrong_labels

CONFIG: dict[str, Any] = SETTING | {
    # Of each network the rate with the lowest test error in the experiment `substitutes_tuning`.
    "few_rates": {"none": 3e-4, "dropout": 1e-3, "batch norm": 3e-3, "both": 1e-2},
    "digits_rates": {"none": 3e-4, "dropout": 3e-4, "batch norm": 1e-4, "both": 1e-3},
}
JOBS = tuple(range(10, 20))


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Curves over epochs for every regularizer, each network at its own learning rate.

    Returns:
        - ``few_train``, ``few_test`` [regularizers, E + 1]: mean absolute error.
        - ``digits_test`` [regularizers, E + 1]: share of the test pictures misread;
          ``digits_train``: squared error on the training labels.
    """
    found: dict[str, list[Any]] = {
        name: [] for name in ("few_train", "few_test", "digits_train", "digits_test")
    }
    for regularizer in config["regularizers"]:
        for problem, curves in (("few", few_rows), ("digits", wrong_labels)):
            rate = config[f"{problem}_rates"][regularizer]
            train, test = curves(regularizer, rate, seed, config)
            found[f"{problem}_train"].append(train)
            found[f"{problem}_test"].append(test)
    return {name: np.array(values, dtype=np.float32) for name, values in found.items()}
