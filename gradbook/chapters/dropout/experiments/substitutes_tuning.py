"""Learning rates for the experiment `substitutes`.

A job is a pilot seed; no claim rests on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.chapters.dropout.overfitting import SETTING, few_rows, wrong_labels

CONFIG: dict[str, Any] = SETTING | {
    "rates": {
        "few": [1e-4, 3e-4, 1e-3, 3e-3, 1e-2],
        "digits": [3e-5, 1e-4, 3e-4, 1e-3, 3e-3],
    },
}
JOBS = (0,)
UNDEFINED = ("few_test", "digits_test")


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Test errors after the last epoch.

    Returns:
        ``few_test`` (mean absolute error), ``digits_test`` (share of pictures misread)
        [regularizers, rates]; nan where training diverged.
    """
    curves = {"few": few_rows, "digits": wrong_labels}
    return {
        f"{problem}_test": np.array(
            [
                [_error(curve, name, rate, seed, config) for rate in config["rates"][problem]]
                for name in config["regularizers"]
            ],
            dtype=np.float32,
        )
        for problem, curve in curves.items()
    }


def _error(curve: Any, regularizer: str, rate: float, seed: int, config: dict[str, Any]) -> float:
    try:
        return float(curve(regularizer, rate, seed, config)[1][-1])
    except FloatingPointError:
        return float("nan")
