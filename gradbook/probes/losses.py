"""Losses by the names that people use, and by functions; each gives every row's own.

Of outputs f and targets y:

====================  ================================  ========================================
name                  loss                              targets
====================  ================================  ========================================
squared, mse          (f − y)²                          numbers
l1, mae               abs(f − y)                        numbers
smooth_l1, huber      (f − y)²/2, and abs(f − y) − 1/2  numbers
                      where abs(f − y) is above 1
logistic              ln(1 + exp(−y f))                 −1 or 1
binary_cross_entropy  ln(1 + exp f) − y f               0 to 1; f is the log odds of 1
cross_entropy         ln Σ_c exp f_c − f_y              labels from 0
cross_entropy         Σ_c y_c (ln Σ_k exp f_k − f_c)    probabilities of the classes
nll                   −f_y                              labels from 0; f_c is the logarithm of a
                                                        probability
====================  ================================  ========================================

Those above cross_entropy are losses of single outputs. Their targets have the outputs' shape
[n, …], in floats, or in integers that are made floats. Under logistic an output is right where it
has the sign of its target; a target of 0 gives ln 2 and no gradient, so labels 0 and 1 are for
binary_cross_entropy. cross_entropy and nll are losses of all of a row's outputs [n, classes, …]:
labels are integers [n, …], probabilities floats of the outputs' shape.

A function takes outputs and targets and returns each row's loss, [n], or [n, …] with at most a
number an output: torch's own with ``reduction="none"``.

Rows weigh alike, and so do places: a row's loss is the mean of the losses of its outputs or places,
and a mean loss is that over rows. A place labelled −100, torch's ``ignore_index``, has the loss 0
and counts in the mean; torch's mean leaves it out. With a share s of the places labelled, a mean
loss and its gradient are s times torch's. To have torch's, divide by s, or give a loss that weighs:
``lambda f, y: cross_entropy(f, y, reduction="none") / s``, with torch's function. For a row alone
or a minibatch s is its own share.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional


def _logistic(outputs: Tensor, targets: Tensor) -> Tensor:
    return functional.softplus(-outputs * targets)


_SQUARED = partial(functional.mse_loss, reduction="none")
_L1 = partial(functional.l1_loss, reduction="none")
_BINARY = partial(functional.binary_cross_entropy_with_logits, reduction="none")

ELEMENTWISE: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": _L1,
    "squared": _SQUARED,
    "mae": _L1,
    "mse": _SQUARED,
    "smooth_l1": partial(functional.smooth_l1_loss, reduction="none"),
    "huber": partial(functional.huber_loss, reduction="none"),
    "logistic": _logistic,
    "binary_cross_entropy": _BINARY,
}
"""Losses of single outputs; ``logistic`` is ln(1 + exp(−y f)) with y = ±1, and
``binary_cross_entropy`` takes f as the log odds of y = 1."""

Each = Callable[[Tensor, Tensor], Tensor]
"""A loss of single outputs, from outputs and targets of one shape."""

BY_CLASS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": partial(functional.cross_entropy, reduction="none"),
    "nll": partial(functional.nll_loss, reduction="none"),
}
"""Losses of all of a row's outputs [n, classes, …]; targets are labels [n, …]. One of −100 has the
loss 0 and counts in a mean; see the module's text."""

LOSSES = ELEMENTWISE | BY_CLASS


def named(name: str, outputs: Tensor, targets: Tensor) -> Tensor:
    """A loss by name: of each output, or of each row or place; 0 where a label is −100.

    Raises:
        ValueError: The targets' shape or type does not fit the outputs', or a label is of no class
            and not −100. Inside `torch.func.vmap` labels are not looked at.
    """
    shape, got = tuple(outputs.shape), tuple(targets.shape)
    if name in ELEMENTWISE or (targets.is_floating_point() and name == "cross_entropy"):
        if shape != got:
            raise ValueError(f"expected targets of the outputs' shape {shape}, got {got}")
        if name == "cross_entropy" and (len(shape) < 2 or shape[1] < 2):
            raise ValueError(f"expected outputs [n, classes, …] of at least two, got {shape}")
        if not targets.is_floating_point():
            targets = targets.to(outputs.dtype)
        return LOSSES[name](outputs, targets)
    if outputs.ndim < 2 or got != shape[:1] + shape[2:] or targets.is_floating_point():
        raise ValueError(
            f"expected labels of shape {shape[:1] + shape[2:]} for outputs {shape}, whose second "
            f"dimension is the classes, got {targets.dtype} {got}"
        )
    beyond = (targets >= shape[1]) | ((targets < 0) & (targets != -100))
    if not _is_batched(beyond) and beyond.any():
        raise ValueError(
            f"expected labels from 0 to {shape[1] - 1}, got {targets[beyond].unique().tolist()}"
        )
    return LOSSES[name](outputs, targets.long())


def _is_batched(tensor: Tensor) -> bool:
    """Whether a tensor stands for many rows inside ``torch.func.vmap``, under gradients too."""
    while torch._C._functorch.is_gradtrackingtensor(tensor):
        tensor = torch._C._functorch.get_unwrapped(tensor)
    return torch._C._functorch.is_batchedtensor(tensor)


def by_function(
    loss: Callable[[Tensor, Tensor], Tensor], outputs: Tensor, targets: Tensor
) -> Tensor:
    """A loss by a function, which must return at least a number a row and at most one an output.

    Raises:
        TypeError: It returns no tensor.
        ValueError: It raised, or reduces, or pairs rows with each other.
    """
    try:
        found = loss(outputs, targets)
    except Exception as error:
        raise ValueError(
            f"expected a loss of outputs {tuple(outputs.shape)} and targets "
            f"{tuple(targets.shape)}, but it raised {type(error).__name__}: {error}"
        ) from error
    if not isinstance(found, Tensor):
        raise TypeError(f"expected a loss that returns a tensor, got {type(found).__name__}")
    if found.ndim == 0 or len(found) != len(outputs) or found.numel() > outputs.numel():
        raise ValueError(
            f"expected a loss for each of {len(outputs)} rows, got shape {tuple(found.shape)} from "
            f"outputs {tuple(outputs.shape)} and targets {tuple(targets.shape)}: ask the loss for "
            "reduction='none', and see that the shapes fit"
        )
    return found


def lost(numbers: Tensor, rows: Tensor | None = None) -> str:
    """Names the rows whose loss or output is no finite number; "" where all are.

    Args:
        numbers: Losses or outputs [n, …].
        rows: Which rows these are [n]; default the first n.
    """
    if numbers.isfinite().all():
        return ""
    where = (~numbers.isfinite()).reshape(len(numbers), -1).any(1).nonzero().flatten()
    found = (where if rows is None else rows.to(where.device)[where]).tolist()
    return f"look at rows {found[:10]}{f' and {len(found) - 10} more' if len(found) > 10 else ''}"


def warn_of_lost(losses: Tensor, stacklevel: int) -> None:
    """Warn of rows whose loss is no finite number: their gradients are none either."""
    if found := lost(losses):
        warnings.warn(f"some losses are no numbers: {found}", stacklevel=stacklevel + 1)
