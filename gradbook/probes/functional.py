"""The gradient landscape of any network: the whole network at every grid point.

The way for networks that `gradbook.probes.landscape` cannot take apart: `torch.func` over the whole
of it, and where that cannot, or finds another gradient than autograd at the middle of the grid, one
point after another.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gradbook.probes import rows_alone
from gradbook.probes.guard import stand_in
from gradbook.probes.reading import Rows

CHUNK = 2**25
"""Elements of parameter gradients that one chunk of grid points may take."""

Entry = tuple[str, int | tuple[int, int]]
"""A parameter and the index of one of its numbers."""


def landscape(
    net: nn.Module,
    rows: Rows,
    indices: Tensor,
    entries: Sequence[Entry],
    offsets: Tensor,
    masks: str,
    seed: int,
) -> Tensor:
    """Gradients [M, G, G, 2] in two entries of a stand-in's parameters.

    Batch norm in training mode works without its running statistics, which `vmap` cannot update.
    """
    try:
        found = by_torch_func(stand_in(net), rows, indices, entries, offsets, masks, seed)
    except Exception as error:
        why = f"it raised {type(error).__name__}: {str(error).partition(chr(10))[0]}"
    else:
        middle = int(offsets.abs().argmin())
        one, other = (
            by_loop(net, rows, indices[:1], entries, offsets[[middle]], masks, seed + more)[0, 0, 0]
            for more in (0, 1)
        )
        random = not torch.equal(one, other)
        names = [name for name, value in net.named_parameters() if value.requires_grad]
        whole = rows_alone.gradients(stand_in(net), rows.take(indices[0]).mean, names)
        size = sum(gradient.norm().item() for gradient in whole)
        if random or rows_alone.close(found[0, middle, middle], one, size):
            return found
        why = "it found another gradient than autograd"
    warnings.warn(
        f"torch.func cannot take this network ({why}): grid points one by one, which is slower",
        stacklevel=5,
    )
    return by_loop(net, rows, indices, entries, offsets, masks, seed)


def by_torch_func(
    net: nn.Module,
    rows: Rows,
    indices: Tensor,
    entries: Sequence[Entry],
    offsets: Tensor,
    masks: str,
    seed: int,
) -> Tensor:
    """`vmap` of `grad` over the grid."""
    for module in net.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.training:
            module.running_mean = module.running_var = module.num_batches_tracked = None
    state = {name: value.detach() for name, value in net.named_parameters()}

    def loss_at(shift: Tensor, number: Tensor) -> Tensor:
        moved = dict(state)
        for (name, index), by in zip(entries, shift, strict=True):
            at = torch.zeros_like(state[name])
            at[index] = 1
            moved[name] = moved[name] + at * by
        batch = rows.take(number)

        def run(*arguments: Tensor, **named: Tensor) -> object:
            return torch.func.functional_call(net, moved, arguments, named)

        return batch.each(batch.outputs(run)).mean()

    grid = torch.cartesian_prod(offsets, offsets).view(-1, 2)
    chunk = max(1, CHUNK // sum(value.numel() for value in state.values()))
    over_grid = torch.func.vmap(
        torch.func.grad(loss_at),
        in_dims=(0, None),
        randomness="same" if masks == "common" else "different",
    )
    torch.manual_seed(seed)
    found = []
    with torch.enable_grad():
        for number in indices:
            # A common mask has to be the same in every chunk, so it gets one chunk.
            size = len(grid) if masks == "common" else chunk
            found.append(torch.cat([over_grid(e, number) for e in grid.split(size)]))
    return torch.stack(found).unflatten(1, (len(offsets), len(offsets)))


def by_loop(
    net: nn.Module,
    rows: Rows,
    indices: Tensor,
    entries: Sequence[Entry],
    offsets: Tensor,
    masks: str,
    seed: int,
) -> Tensor:
    """Set two numbers, differentiate, read two; each point on a network of its own."""
    names = list(dict.fromkeys(name for name, _ in entries))
    found = []
    for m, number in enumerate(indices):
        batch = rows.take(number)
        for point, e in enumerate(torch.cartesian_prod(offsets, offsets).view(-1, 2)):
            moved = stand_in(net, copy_weights=True)
            known = dict(moved.named_parameters())
            with torch.no_grad():
                for (name, index), by in zip(entries, e, strict=True):
                    known[name][index] += by
            fresh = point * len(indices) if masks == "fresh" else 0
            torch.manual_seed(seed + fresh + m)
            gradients = rows_alone.gradients(moved, batch.mean, names)
            gradient = dict(zip(names, gradients, strict=True))
            found.append(torch.stack([gradient[name][index] for name, index in entries]))
    return torch.stack(found).view(len(indices), len(offsets), len(offsets), 2)
