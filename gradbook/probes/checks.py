"""Arguments that are numbers, indices or tensors of a shape: taken over, or refused in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def matrix(value: Any, name: str, dims: int = 2) -> Tensor:
    """A tensor of finite floats with so many dimensions, none of them empty.

    Raises:
        TypeError: It is no tensor of floats.
        ValueError: Another shape, or numbers that are none; names their rows.
    """
    if not isinstance(value, Tensor) or not value.is_floating_point():
        got = value.dtype if isinstance(value, Tensor) else type(value).__name__
        raise TypeError(f"expected {name} as a tensor of floats, got {got}")
    if value.ndim != dims or not value.numel():
        raise ValueError(
            f"expected {name} with {dims} dimensions, none empty, got shape {tuple(value.shape)}"
        )
    if not value.isfinite().all():
        rows = (~value.isfinite()).reshape(len(value), -1).any(1).nonzero().flatten().tolist()
        raise ValueError(f"expected {name} that are finite numbers, got others in rows {rows[:10]}")
    return value


def kernel(value: Any, least: int = 1) -> Tensor:
    """A Gram matrix [n, n].

    Raises:
        TypeError, ValueError: As `matrix`; or it is not square, or of too few rows.
    """
    matrix(value, "products")
    if value.shape[0] != value.shape[1] or len(value) < least:
        raise ValueError(
            f"expected products [n, n] of at least {least} rows, got {tuple(value.shape)}"
        )
    return value


def number(value: Any, name: str, least: float = float("-inf")) -> float:
    """A finite number.

    Raises:
        TypeError: It is none.
        ValueError: It is too small, infinite or nan.
    """
    if isinstance(value, str | bytes):
        raise TypeError(f"expected {name} as a number, got {value!r}")
    try:
        found = float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise TypeError(f"expected {name} as a number, got {type(value).__name__}") from error
    if not least <= found < float("inf"):
        raise ValueError(f"expected {name} as a finite number from {least}, got {value!r}")
    return found


def whole(value: Any, name: str, least: int | None = None) -> int:
    """An integer argument.

    Raises:
        TypeError: It is none.
        ValueError: It is below the least.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"expected {name} as an integer, got {value!r}")
    if least is not None and int(value) < least:
        raise ValueError(f"expected {name} of at least {least}, got {int(value)}")
    return int(value)


def two_units(units: Any, most: int, of: str) -> tuple[int, int]:
    """Two different units of a layer or parameter that has so many.

    Raises:
        TypeError: A unit is no integer.
        ValueError: They are not two, or one is not there.
    """
    two = isinstance(units, Sequence) and len(units) == 2
    found = tuple(whole(unit, "a unit") for unit in units) if two else (0, 0)
    if found[0] == found[1] or not all(0 <= unit < most for unit in found):
        raise ValueError(
            f"expected two different units from 0 to {most - 1} of {of}, got {units!r}"
        )
    return found


def minibatches(rows: Tensor, n: int) -> Tensor:
    """Row indices of minibatches [M, B].

    Raises:
        TypeError: No tensor.
        ValueError: Another shape or dtype, or rows that are not there.
    """
    if not isinstance(rows, Tensor):
        raise TypeError(f"expected integer rows [M, B], got {type(rows).__name__}")
    whole_numbers = not (rows.is_floating_point() or rows.is_complex() or rows.dtype is torch.bool)
    if rows.ndim != 2 or not whole_numbers or not rows.numel():
        raise ValueError(f"expected integer rows [M, B], got {rows.dtype} {tuple(rows.shape)}")
    if rows.min() < 0 or rows.max() >= n:
        raise ValueError(
            f"expected rows from 0 to {n - 1}, got {int(rows.min())} to {int(rows.max())}"
        )
    return rows


def grid(offsets: Tensor | Sequence[float], like: Tensor) -> Tensor:
    """Values of a grid [G], as a tensor like another.

    Raises:
        TypeError: They are no numbers.
        ValueError: They are no list, or not finite.
    """
    try:
        found = torch.as_tensor(offsets, dtype=like.dtype, device=like.device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"expected offsets as numbers [G], got {offsets!r}") from error
    if found.ndim != 1 or not len(found):
        raise ValueError(f"expected offsets [G], got shape {tuple(found.shape)}")
    if not found.isfinite().all():
        raise ValueError(f"expected finite offsets, got {found.tolist()}")
    return found


def scaled(values: Tensor, dim: int | None = None) -> Tensor:
    """Values times a power of two, by which the largest is about 1: exact, and squares fit."""
    largest = values.abs().amax() if dim is None else values.abs().amax(dim, keepdim=True)
    most = 15 if values.dtype == torch.float16 else 100
    exponent = torch.frexp(largest).exponent.clamp(-most, most)
    return values * torch.ldexp(torch.ones_like(largest), -exponent)


def wide(values: Tensor) -> torch.dtype:
    """What sums accumulate in: float64, which MPS has not."""
    return torch.float32 if values.device.type == "mps" else torch.float64
