"""The loss over two entries of any parameters."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from gradbook.probes.batches import batches
from gradbook.probes.checks import grid
from gradbook.probes.guard import stand_in, untouched
from gradbook.probes.reading import Inputs, Loss, Output

Entry = tuple[str, int | tuple[int, ...]]


@torch.no_grad()
def loss_landscape(
    model: nn.Module,
    inputs: Inputs | DataLoader,
    targets: Tensor | None = None,
    entries: tuple[Entry, Entry] = (),  # type: ignore[assignment]
    *,
    offsets: Tensor | Sequence[float],
    loss: Loss = "squared",
    output: Output | None = None,
) -> Tensor:
    """Mean loss of all rows over a grid of two weights or other entries, in evaluation mode.

    Args:
        model: Any network; it is left exactly as it was.
        inputs: Rows [n, …]; a tuple or dict of tensors for several arguments. Or a `DataLoader` of
            (inputs, targets), of all of whose rows the mean counts.
        targets: [n, …]; None with a `DataLoader`.
        entries: Two parameters by name with an index: ``(("6.weight", (3, 5)), ("8.bias", 0))``.
        offsets: What is added to either [G].
        loss: Default ``"squared"``; see `gradbook.probes.losses`.
        output: What makes a tensor of what the network returns.

    Returns:
        Loss [G, G], the first entry along the first axis.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: There is no such parameter, its index names no single entry, both are one entry,
            an argument is not as described, or a loss of the network as it is is no number.

    Cost: G² + 1 forward passes of all rows.

    Limits: two entries show a slice; a direction of all weights may look quite otherwise.

    Source: Li et al. 2018, equation 1, with unit vectors for the directions.
    """
    if not isinstance(entries, tuple | list) or len(entries) != 2:
        raise TypeError(f"expected two entries, each (parameter, index), got {entries!r}")
    with untouched(model, "eval", copy_weights=True) as net:
        first, second = (_entry(net, entry) for entry in entries)
        if first.data_ptr() == second.data_ptr():
            raise ValueError(f"expected two entries, got {entries[0]} twice")
        steps = grid(offsets, first)
        begin = first.clone(), second.clone()
        found, seen = torch.zeros(()), 0
        for rows in batches(inputs, targets, loss, output):
            rows.mean_of_numbers(stand_in(net))
            part = []
            for one, other in torch.cartesian_prod(steps, steps):
                first.copy_(begin[0] + one)
                second.copy_(begin[1] + other)
                part.append(rows.losses(stand_in(net)).mean())
            first.copy_(begin[0])
            second.copy_(begin[1])
            seen += len(rows)
            found = found + (torch.stack(part) - found) * (len(rows) / seen)
    return found.reshape(len(steps), len(steps))


def _entry(net: nn.Module, entry: Entry) -> Tensor:
    """The number itself, as a view."""
    known = dict(net.named_parameters())
    if not isinstance(entry, tuple | list) or len(entry) != 2 or not isinstance(entry[0], str):
        raise TypeError(f"expected an entry as (parameter, index), got {entry!r}")
    name, index = entry
    if name not in known:
        raise ValueError(f"expected a parameter of {list(known)}, got {name!r}")
    try:
        found = known[name].data[index]
    except (IndexError, TypeError) as error:
        shape = tuple(known[name].shape)
        raise ValueError(f"expected an entry of {name!r} {shape}, got {index}") from error
    if found.ndim:
        raise ValueError(f"expected an index of one entry of {name!r}, got {index}")
    return found
