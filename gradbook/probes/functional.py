"""The gradient landscape of any network, by `torch.func` over the whole of it.

The way for networks that `gradbook.probes.landscape` cannot take apart.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from gradbook.training import LOSSES

CHUNK = 2**25
"""Elements of parameter gradients that one chunk of grid points may take."""


def landscape(
    model: nn.Module,
    parameter: str,
    x: Tensor,
    y: Tensor,
    offsets: Tensor,
    units: tuple[int, int],
    masks: str,
    loss: str,
    seed: int,
) -> Tensor:
    """Gradients [M, G, G, 2] of minibatches x [M, B, …], y [M, B, outputs].

    Batch norm in training mode works without its running statistics, which `vmap` cannot update.
    """
    model = copy.deepcopy(model)
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.training:
            module.running_mean = module.running_var = module.num_batches_tracked = None
    state = {name: value.detach() for name, value in model.named_parameters()}
    units_index = torch.tensor(units, device=offsets.device)

    def loss_at(shift: Tensor, inputs: Tensor, target: Tensor) -> Tensor:
        moved = state[parameter].index_add(0, units_index, shift)
        outputs = torch.func.functional_call(model, {**state, parameter: moved}, (inputs,))
        return LOSSES[loss](outputs, target)

    grid = torch.cartesian_prod(offsets, offsets)
    chunk = max(1, CHUNK // sum(value.numel() for value in state.values()))
    over_grid = torch.func.vmap(
        torch.func.grad(loss_at),
        in_dims=(0, None, None),
        randomness="same" if masks == "common" else "different",
    )
    torch.manual_seed(seed)
    landscape = []
    for inputs, target in zip(x, y, strict=True):
        # A common mask has to be the same in every chunk, so it gets one chunk.
        size = len(grid) if masks == "common" else chunk
        landscape.append(torch.cat([over_grid(e, inputs, target) for e in grid.split(size)]))
    return torch.stack(landscape).unflatten(1, (len(offsets), len(offsets)))
