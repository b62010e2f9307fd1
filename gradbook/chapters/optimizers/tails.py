"""Facts of a long tail, and the steps at which their loss is recorded. No torch."""

from __future__ import annotations

from typing import Any

import numpy as np


def frequencies(config: dict[str, Any]) -> np.ndarray:
    """p_k ∝ k^(−(1 + α)) [facts]."""
    shares = np.arange(1.0, config["facts"] + 1) ** -(1 + config["tail"])
    return shares / shares.sum()


def recorded(config: dict[str, Any]) -> np.ndarray:
    """Steps after which the loss is recorded, from 10 on, evenly on a logarithmic axis."""
    return np.unique(np.geomspace(10, config["steps"], config["records"]).round().astype(int))
