"""Tangent features: what a network is near its weights, a linear function of their change."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from gradbook.probes.batches import batches_of_inputs
from gradbook.probes.per_example import example_gradients
from gradbook.probes.reading import Inputs, Output


def tangent_features(
    model: nn.Module,
    inputs: Inputs | DataLoader,
    *,
    parameters: Sequence[str] | None = None,
    output: Output | None = None,
) -> Tensor:
    """Gradients of the output in all parameters, a row an input, evaluation mode [n, parameters].

    Φ = ∂f(x; θ)/∂θ, so that f moves by Φ·Δθ to first order; ΦΦᵀ is the neural tangent kernel. They
    are found as `example_gradients` finds its.

    Args:
        model: A network with one output; it is left as it was.
        inputs: Rows [n, …]: a tensor, a tuple of the network's arguments, or a dict of them. Or a
            `DataLoader` of (inputs, targets), whose batches follow one another; the targets are not
            read.
        parameters: Names; default all that learn.
        output: What makes a tensor of what the network returns.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: The network has more than one output, or an argument does not fit.

    Source: Jacot et al. (2018).

    Cost: one forward and one backward pass; n · P numbers are held.
    """
    found = [
        example_gradients(
            *(model, rows.inputs, rows.targets),
            loss=_one_output,
            parameters=parameters,
            output=output,
        )
        for rows in batches_of_inputs(inputs)
    ]
    return found[0] if len(found) == 1 else torch.cat(found)


def _one_output(outputs: Tensor, _: Tensor) -> Tensor:
    outputs = outputs.flatten(1) if outputs.ndim > 1 else outputs[:, None]
    if outputs.shape[1] != 1:
        raise ValueError(
            f"expected a network with one output, got {outputs.shape[1]}: take one of them, "
            "such as output=lambda outputs: outputs[:, :1]"
        )
    return outputs[:, 0]
