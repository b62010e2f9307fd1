"""Rows that a probe is given: all at once, or batch by batch where they do not all fit.

A `DataLoader`, or anything else that gives batches (inputs, targets), stands for the inputs, with
no targets beside it. What is made of the rows is the probe's own: a probe of single rows takes the
batches one after another, one of a sum or a mean adds them up, and one of minibatches takes each
batch as a minibatch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from gradbook.probes.checks import minibatches
from gradbook.probes.reading import Inputs, Loss, Output, Rows


def batches(
    inputs: Inputs | DataLoader,
    targets: Tensor | None,
    loss: Loss,
    output: Output | None = None,
) -> Iterator[Rows]:
    """The rows: all at once, or, from a `DataLoader` of (inputs, targets), batch by batch.

    Raises:
        TypeError, ValueError: As `Rows.read`; or there are neither targets nor batches.
    """
    if targets is not None:
        yield Rows.read(inputs, targets, loss, output)
        return
    if isinstance(inputs, Tensor | Mapping | str) or not hasattr(inputs, "__iter__"):
        raise TypeError(
            "expected targets beside the inputs, or a DataLoader of (inputs, targets), got "
            f"{type(inputs).__name__} alone"
        )
    empty = True
    for batch in inputs:
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            raise TypeError(
                "expected batches (inputs, targets), got "
                f"{type(batch).__name__}{f' of {len(batch)}' if hasattr(batch, '__len__') else ''}"
            )
        empty = False
        yield Rows.read(*batch, loss, output)
    if empty:
        raise ValueError("expected at least one batch of rows, got none")


def minibatches_of(
    inputs: Inputs | DataLoader,
    targets: Tensor | None,
    rows: Tensor | None,
    loss: Loss,
    output: Output | None = None,
) -> Iterator[tuple[Rows, Tensor]]:
    """Rows, and the indices [M, B] of minibatches among them.

    All rows once with the indices given, or each batch of a `DataLoader` as one minibatch [1, B].

    Raises:
        TypeError, ValueError: As `batches`; or the indices do not fit, or stand beside batches.
    """
    if targets is None and rows is not None and not isinstance(inputs, Tensor | Mapping | str):
        raise ValueError(
            "expected no row indices beside a DataLoader, whose batches are the minibatches: leave "
            "rows out"
        )
    for data in batches(inputs, targets, loss, output):
        whole = torch.arange(len(data))[None]
        yield data, whole if targets is None else minibatches(rows, len(data))


def batches_of_inputs(inputs: Inputs | DataLoader, output: Output | None = None) -> Iterator[Rows]:
    """Inputs that nothing is compared with: given, or those of a `DataLoader` of (inputs, targets).

    Raises:
        TypeError, ValueError: As `batches`.
    """
    if gives_batches(inputs):
        yield from batches(inputs, None, "squared", output)
        return
    tensors = Rows.of_inputs(inputs)
    none = torch.zeros(len(tensors[0]), device=tensors[0].device)
    yield Rows.read(inputs, none, "squared", output)


def gives_batches(inputs: Any) -> bool:
    """Whether inputs are a `DataLoader` or the like."""
    return hasattr(inputs, "__iter__") and not isinstance(
        inputs, Tensor | Mapping | str | bytes | tuple | list
    )
