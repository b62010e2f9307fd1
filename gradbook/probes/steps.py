"""What a gradient step does to the output, at every step size."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from gradbook import predictions
from gradbook.probes.guard import untouched


def output_gradients(model: nn.Module, x: Tensor) -> list[Tensor]:
    """Gradient of the sum of the outputs in every parameter, in their order; evaluation mode."""
    with untouched(model, "eval"), torch.enable_grad():
        return list(torch.autograd.grad(model(x).sum(), list(model.parameters())))


@torch.no_grad()
def step_changes(model: nn.Module, x: Tensor, steps: Sequence[float]) -> Tensor:
    """Change of the sum of the outputs when all parameters move along its gradient [n].

    The network is run again after every step, so nothing is approximated; it is left as it was.

    Args:
        model: Any network, in evaluation mode.
        x: Its input.
        steps: Step sizes ε: θ becomes θ + ε ∇(sum of the outputs).
    """
    gradients = output_gradients(model, x)
    moved = copy.deepcopy(model).eval()
    before = moved(x).sum()
    changes = []
    for step in steps:
        for parameter, start, gradient in zip(
            moved.parameters(), model.parameters(), gradients, strict=True
        ):
            parameter.copy_(start + step * gradient)
        changes.append(moved(x).sum() - before)
    return torch.stack(changes)


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
    if any(type(layer) is not nn.Linear or layer.bias is not None for layer in network):
        raise ValueError(f"expected linear layers without biases, got {network}")
    weights = [layer.weight.detach().numpy() for layer in network]
    gradients = [-gradient.numpy() for gradient in output_gradients(network, x)]
    linear, exact = predictions.deep_linear_change(weights, gradients, x.numpy(), steps)
    return linear.sum(1), exact.sum(1)
