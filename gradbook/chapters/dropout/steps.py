"""What a step must do to a deep linear network, predicted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor, nn

from gradbook import probes
from gradbook.chapters.dropout.closed_forms import deep_linear_change


def predicted_changes(
    network: nn.Sequential, x: Tensor, steps: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """What `step_changes` of a deep linear network must be, to first order and exactly, each [n].

    Args:
        network: Linear layers without biases.
        x: Its input [in].
        steps: Step sizes ε.

    Raises:
        ValueError: The network holds something else.
    """
    if not isinstance(network, nn.Sequential) or any(
        type(layer) is not nn.Linear or layer.bias is not None for layer in network
    ):
        raise ValueError(f"expected linear layers without biases, got {network}")
    weights = [layer.weight.detach().numpy() for layer in network]
    gradients = [-gradient.numpy() for gradient in probes.output_gradients(network, x)]
    linear, exact = deep_linear_change(weights, gradients, x.numpy(), steps)
    return linear.sum(1), exact.sum(1)
