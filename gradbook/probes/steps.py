"""What a gradient step does to the output, at every step size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from gradbook.probes import rows_alone
from gradbook.probes.batches import batches_of_inputs
from gradbook.probes.checks import number
from gradbook.probes.guard import stand_in, untouched
from gradbook.probes.losses import lost
from gradbook.probes.reading import Inputs, Output, Rows, learning


def output_gradients(
    model: nn.Module, x: Inputs | DataLoader, *, output: Output | None = None
) -> list[Tensor]:
    """Gradient of the sum of the outputs in every parameter, in their order; evaluation mode.

    Zero in a frozen parameter, and where the outputs do not depend on one.

    Args:
        model: Any network; it is left as it was.
        x: Its input: a tensor, a tuple of its arguments, or a dict of them by name. Or a
            `DataLoader` of (inputs, targets), over all of whose batches the sum goes; the targets
            are not read.
        output: What makes a tensor of what it returns.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: The network does not take the input, or nothing in it learns, or an output
            is no number.

    Cost: one forward and one backward pass of all rows.
    """
    names = learning(model, None)
    total: list[Tensor] = []
    with untouched(model, "eval") as net:
        for rows in batches_of_inputs(x, output):
            part = rows_alone.gradients(stand_in(net), partial(_sum, rows), names)
            total = [a + b for a, b in zip(total, part, strict=True)] if total else part
    by_name = dict(zip(names, total, strict=True))
    named = model.named_parameters()
    return [by_name.get(name, torch.zeros_like(value).detach()) for name, value in named]


@torch.no_grad()
def step_changes(
    model: nn.Module,
    x: Inputs | DataLoader,
    steps: Sequence[float],
    *,
    output: Output | None = None,
) -> Tensor:
    """Change of the sum of the outputs when all parameters move along its gradient [n].

    The network is run again after every step, so nothing is approximated; it is left as it was.

    Args:
        model: Any network, in evaluation mode. Frozen parameters do not move.
        x: Its input; see `output_gradients`. A `DataLoader` is run through once more for every
            step, so it must give the same rows each time.
        steps: Step sizes ε: θ becomes θ + ε ∇(sum of the outputs).
        output: What makes a tensor of what the network returns.

    Raises:
        TypeError, ValueError: As `output_gradients`; or a step is no number.

    Cost: one backward pass, and two forward passes more than there are step sizes.
    """
    sizes = _sizes(steps)
    gradients = output_gradients(model, x, output=output)
    changes = []
    with untouched(model, "eval") as net:
        before = _total(net, x, output)
        for step in sizes:
            moved = stand_in(net, copy_weights=True)
            for parameter, gradient in zip(moved.parameters(), gradients, strict=True):
                parameter += step * gradient
            changes.append(_total(moved, x, output) - before)
    return torch.stack(changes)


def _total(net: nn.Module, x: Inputs | DataLoader, output: Output | None) -> Tensor:
    sums = [_sum(rows, stand_in(net)) for rows in batches_of_inputs(x, output)]
    return sums[0] if len(sums) == 1 else torch.stack(sums).sum()


def _sum(rows: Rows, net: nn.Module) -> Tensor:
    outputs = rows.outputs(net)
    if where := lost(outputs):
        raise ValueError(f"expected outputs that are numbers, got others: {where}")
    return outputs.sum()


def _sizes(steps: Sequence[float]) -> list[float]:
    if isinstance(steps, str | bytes):
        raise TypeError(f"expected steps as a list of numbers, got {steps!r:.80}")
    try:
        sizes = [number(step, "a step") for step in steps]
    except TypeError as error:
        raise TypeError(f"expected steps as a list of numbers, got {steps!r:.80}") from error
    if not sizes:
        raise ValueError("expected at least one step, got none")
    return sizes
