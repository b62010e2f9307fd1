"""Frequencies of words. No torch."""

from __future__ import annotations

import numpy as np


def frequencies(tokens: int) -> np.ndarray:
    """Zipf's: p_k ∝ 1/k [tokens]."""
    shares = 1 / np.arange(1, tokens + 1)
    return shares / shares.sum()
