"""Tangent features: what a network is near its weights, a linear function of their change."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradbook.probes.guard import untouched


def tangent_features(model: nn.Module, inputs: Tensor) -> Tensor:
    """Gradients of the output in all parameters, a row an input, evaluation mode [n, parameters].

    Φ = ∂f(x; θ)/∂θ, so that f moves by Φ·Δθ to first order; ΦΦᵀ is the neural tangent kernel.

    Args:
        model: A network with one output; it is left as it was.
        inputs: [n, …].

    Raises:
        ValueError: The network has more than one output.

    Source: Jacot et al. (2018).
    """
    weights = {name: value.detach() for name, value in model.named_parameters()}

    def output(at: dict[str, Tensor], row: Tensor) -> Tensor:
        outputs = torch.func.functional_call(model, at, (row[None],)).flatten()
        if len(outputs) != 1:
            raise ValueError(
                f"expected a network with one output, got {len(outputs)}: take one of them"
            )
        return outputs[0]

    with untouched(model, "eval"):
        rows = torch.func.vmap(torch.func.grad(output), (None, 0))(weights, inputs)
    return torch.cat([rows[name].flatten(1) for name in weights], 1)
