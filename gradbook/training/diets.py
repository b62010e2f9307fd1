"""Diets: what is done to gradients besides following them, and losses with their slopes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import expit
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Diet:
    """What is done to the gradients besides following them.

    Attributes:
        weight_decay: λ: adds λθ to every gradient.
        dropout: Chance of silencing a recognizer for a row (`Recognizers` only).
        noise: Standard deviation of normal noise added to every entry of every gradient.
        decoupling: Spectral decoupling: adds half this times the mean squared output.
    """

    weight_decay: float = 0.0
    dropout: float = 0.0
    noise: float = 0.0
    decoupling: float = 0.0

    def __post_init__(self) -> None:
        amounts = (self.weight_decay, self.dropout, self.noise, self.decoupling)
        if min(amounts) < 0 or self.dropout >= 1:
            raise ValueError(f"expected no negative amount and dropout < 1, got {self}")


@dataclass(frozen=True)
class Loss:
    """A loss of each row (for `probes.dose`), and its slope in the outputs."""

    value: Callable[[Tensor, Tensor], Tensor]
    slope: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def weighted(self, shares: np.ndarray) -> Callable[[Tensor, Tensor], Tensor]:
        """A loss whose mean over the rows is their mean by shares [n]."""
        scale = torch.as_tensor(shares) * len(shares)
        return lambda outputs, targets: self.value(outputs, targets) * scale


HALF_SQUARED = Loss(
    lambda outputs, targets: (outputs - targets).square().reshape(len(outputs), -1).sum(1) / 2,
    lambda outputs, targets: outputs - targets,
)
"""½‖f − y‖²; its slope at f = 0, y = 1 is −1."""


LOGISTIC = Loss(
    lambda outputs, targets: functional.softplus(-outputs * targets),
    lambda outputs, targets: -targets * expit(-outputs * targets),
)
"""ln(1 + exp(−y f)), y = ±1; its slope at f = 0, y = 1 is −½."""
