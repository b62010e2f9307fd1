"""The obvious way to do what the probes do: slow, and easy to believe."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from gradbook.training import LOSSES


class GivenMask(nn.Module):
    """Multiplies by a mask that somebody sets."""

    factor: Tensor | float = 1.0

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


def with_given_masks(model: nn.Sequential) -> nn.Sequential:
    """A copy whose dropout modules multiply by `GivenMask.factor`."""
    model = copy.deepcopy(model)
    for name, module in list(model.named_children()):
        if isinstance(module, nn.Dropout):
            setattr(model, name, GivenMask())
    return model


def landscape_by_loop(
    model: nn.Sequential,
    inputs: Tensor,
    targets: Tensor,
    rows: Tensor,
    parameter: str,
    offsets: Tensor,
    units: tuple[int, int] = (0, 1),
    mode: str = "eval",
    loss: str = "l1",
    masks_at=None,
) -> Tensor:
    """Set the two values, run forward and backward, read two numbers; [M, G, G, 2].

    masks_at(grid point number) gives a dict of dropout factors [M, B, width].
    """
    model = with_given_masks(model).train(mode == "train")
    weight = dict(model.named_parameters())[parameter]
    original = weight.detach().clone()
    result = torch.empty(len(rows), len(offsets), len(offsets), 2, dtype=weight.dtype)
    for m, batch in enumerate(rows):
        for x, first in enumerate(offsets):
            for y, second in enumerate(offsets):
                if masks_at is not None:
                    for name, mask in masks_at(x * len(offsets) + y).items():
                        getattr(model, name).factor = mask[m]
                with torch.no_grad():
                    weight.copy_(original)
                    weight[units[0]] += first
                    weight[units[1]] += second
                model.zero_grad()
                LOSSES[loss](model(inputs[batch]), targets[batch]).backward()
                result[m, x, y] = weight.grad[list(units)]
    return result
