"""Layers that apply one matrix at T positions, and the inner products of their gradients.

With inputs A_i [T, k] and output errors D_i [T, out] the gradient of example i in the matrix is
A_iᵀD_i and in the bias the sum of D_i over positions. A linear layer on plain rows has T = 1. A
convolution's positions are the places that its kernel visits, and its inputs the patches there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from gradbook.models import OneHotLinear

CHUNK = 2**24
"""Numbers that a product may hold beside a layer's inputs, errors and the result."""

BLOCK = 128
"""Rows of a block of products; blocks above the diagonal are copied from those below."""

MATRIX_LAYERS = (nn.Linear, OneHotLinear, nn.Conv1d, nn.Conv2d, nn.Conv3d)

DIRECT_LAYERS = (nn.LayerNorm, nn.Embedding)
"""Layers whose own gradients are as cheap to hold as to multiply; see `direct_gradients`."""


@dataclass(frozen=True, eq=False)
class Part:
    """What n rows left at one layer, over its groups.

    Attributes:
        layer: Which.
        inputs: A [groups, n, T, k].
        errors: D [groups, n, T, out].
        weight, bias: Their names, where they are asked for.
    """

    layer: nn.Module
    inputs: Tensor
    errors: Tensor
    weight: str | None
    bias: str | None

    def take(self, rows: slice) -> Part:
        """Some of the rows."""
        inputs, errors = self.inputs[:, rows], self.errors[:, rows]
        return Part(self.layer, inputs, errors, self.weight, self.bias)

    def to(self, dtype: torch.dtype) -> Part:
        """The same in another precision."""
        inputs, errors = self.inputs.to(dtype), self.errors.to(dtype)
        return Part(self.layer, inputs, errors, self.weight, self.bias)

    def products(self) -> Tensor:
        """Inner products of the rows' gradients [n, n]; see `products`."""
        asked = {"weight": self.weight is not None, "bias": self.bias is not None}
        pairs = zip(self.inputs, self.errors, strict=True)
        return sum(products(inputs, errors, **asked) for inputs, errors in pairs)

    def squared_norms(self) -> Tensor:
        """Squared norms of the rows' gradients [n]; see `squared_norms`."""
        asked = {"weight": self.weight is not None, "bias": self.bias is not None}
        pairs = zip(self.inputs, self.errors, strict=True)
        return sum(squared_norms(inputs, errors, **asked) for inputs, errors in pairs)

    def write(self, columns: Mapping[str, Tensor]) -> None:
        """Write the gradients themselves; columns [n, numbers of the parameter] by its name."""
        dtype = next(iter(columns.values())).dtype
        if dtype != self.errors.dtype:
            return self.to(dtype).write(columns)
        groups, n, positions, k = self.inputs.shape
        if self.bias is not None:
            summed = self.errors.sum(2)
            columns[self.bias].view(n, groups, -1).copy_(summed.transpose(0, 1))
        if self.weight is None:
            return
        transposed = isinstance(self.layer, OneHotLinear)
        shape = (n, groups, k, -1) if transposed else (n, groups, -1, k)
        places = columns[self.weight].view(shape)
        for group, (a, d) in enumerate(zip(self.inputs, self.errors, strict=True)):
            left, right = (a, d) if transposed else (d, a)
            if positions == 1:
                torch.mul(left.mT, right, out=places[:, group])
            else:
                for row in range(n):
                    torch.mm(left[row].T, right[row], out=places[row, group])


def direct_gradients(layer: nn.Module, seen: Tensor, errors: Tensor) -> dict[str, Tensor]:
    """Gradients of n rows in a layer of `DIRECT_LAYERS` [n, …], by the parameter's own name."""
    n = len(seen)
    if isinstance(layer, nn.LayerNorm):
        shape = layer.normalized_shape
        normed = functional.layer_norm(seen, shape, eps=layer.eps)
        found = {"weight": normed * errors, "bias": errors}
        return {name: values.reshape(n, -1, *shape).sum(1) for name, values in found.items()}
    rows, width = layer.weight.shape
    found = errors.new_zeros(n * rows, width)
    which = seen + rows * torch.arange(n, device=seen.device).view(-1, *[1] * (seen.ndim - 1))
    found.index_add_(0, which.flatten(), errors.reshape(-1, width))
    found = found.view(n, rows, width)
    if layer.padding_idx is not None:
        found[:, layer.padding_idx] = 0
    return {"weight": found}


def takes_rows(layer: nn.Module, seen: Tensor) -> bool:
    """Whether a layer reads the first dimension of its argument as rows."""
    if isinstance(layer, nn.LayerNorm):
        return seen.ndim > len(layer.normalized_shape)
    if isinstance(layer, nn.Linear | OneHotLinear | nn.Embedding):
        return seen.ndim > isinstance(layer, nn.Linear | OneHotLinear)
    return seen.ndim == 2 + len(layer.kernel_size)


def layer_inputs(layer: nn.Module, seen: Tensor) -> Tensor:
    """What the matrix was applied to [groups, n, T, k], from the layer's argument."""
    if isinstance(layer, OneHotLinear):
        rows = torch.zeros(len(seen), layer.in_features).to(layer.weight)
        return rows.scatter_add_(1, seen, torch.ones(seen.shape).to(rows))[None, :, None]
    if isinstance(layer, nn.Linear):
        return seen.reshape(1, len(seen), -1, seen.shape[-1])
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    patches = functional.pad(seen, layer._reversed_padding_repeated_twice, mode=mode)
    shape = zip(layer.kernel_size, layer.stride, layer.dilation, strict=True)
    for dimension, (size, step, spacing) in enumerate(shape, start=2):
        patches = patches.unfold(dimension, spacing * (size - 1) + 1, step)[..., ::spacing]
    places = patches.shape[2 : 2 + len(layer.kernel_size)]
    patches = patches.reshape(len(seen), layer.groups, -1, math.prod(places), *layer.kernel_size)
    return patches.transpose(2, 3).flatten(3).transpose(0, 1)


def layer_errors(layer: nn.Module, errors: Tensor) -> Tensor:
    """∂loss/∂output at each position [groups, n, T, out]."""
    if isinstance(layer, nn.Linear | OneHotLinear):
        return errors.reshape(1, len(errors), -1, errors.shape[-1])
    by_group = errors.reshape(len(errors), layer.groups, -1, errors[0, 0].numel())
    return by_group.permute(1, 0, 3, 2)


def products(inputs: Tensor, errors: Tensor, *, weight: bool = True, bias: bool = True) -> Tensor:
    """Inner products of n gradients [n, n] in a layer's weight, its bias or both.

    Either from all pairs of positions, Σ_{t, s} (a_it·a_js + 1)(d_it·d_js), the 1 being the bias,
    or from the gradients A_iᵀD_i themselves, some output units at a time: whichever multiplies
    fewer numbers. Neither holds more than `CHUNK` numbers at a time where a pair of examples allows
    it.

    Args:
        inputs: A [n, T, k].
        errors: D [n, T, out].
        weight: Whether the weight counts.
        bias: Whether the bias counts.
    """
    (n, positions, k), out = inputs.shape, errors.shape[2]
    if not weight:
        summed = errors.sum(1)
        return summed @ summed.T
    if positions == 1 or n * positions**2 * (k + out) < k * out * (n + positions):
        return _by_pairs(inputs, errors, bias)
    total = products(inputs, errors, weight=False) if bias else errors.new_zeros(n, n)
    for some in errors.split(max(1, CHUNK // (n * k)), dim=2):
        gradients = (inputs.mT @ some).flatten(1)
        total.addmm_(gradients, gradients.T)
    return total


def squared_norms(
    inputs: Tensor, errors: Tensor, *, weight: bool = True, bias: bool = True
) -> Tensor:
    """Squared norms of n gradients [n]: the diagonal of `products`, with the same choice.

    Where the pairs of positions cancel, round-off would be left of them: there the gradients
    themselves are squared.
    """
    (n, positions, k), out = inputs.shape, errors.shape[2]
    at_bias = errors.sum(1).square().sum(1) if bias else errors.new_zeros(n)
    if not weight:
        return at_bias
    if positions == 1:
        return inputs.square().sum((1, 2)) * errors.square().sum((1, 2)) + at_bias
    pairs = positions * (k + out) < k * out
    rows = max(1, CHUNK // (2 * positions**2 if pairs else k * out))
    found = []
    for a, d in zip(inputs.split(rows), errors.split(rows), strict=True):
        if pairs:
            squares = ((a @ a.mT) * (d @ d.mT)).sum((1, 2))
            terms = a.square().sum((1, 2)) * d.square().sum((1, 2))
            cancel = (squares <= torch.finfo(terms.dtype).eps ** 0.5 * terms).nonzero().flatten()
            for row in cancel.tolist():
                squares[row] = (a[row].T @ d[row]).square().sum()
            found.append(squares)
        else:
            found.append((a.mT @ d).square().sum((1, 2)))
    return torch.cat(found) + at_bias


def _by_pairs(inputs: Tensor, errors: Tensor, bias: bool) -> Tensor:
    """`products` from all pairs of positions, a block of examples with a block at a time."""
    n, positions, _ = inputs.shape
    size = max(1, min(BLOCK // positions, math.isqrt(CHUNK // (2 * positions**2))))
    blocks = list(zip(inputs.split(size), errors.split(size), strict=True))
    total = errors.new_empty(n, n)
    for i, (a, d) in enumerate(blocks):
        for j, (b, e) in enumerate(blocks[: i + 1]):
            shared = (a.flatten(0, 1) @ b.flatten(0, 1).T).add_(float(bias))
            shared.mul_(d.flatten(0, 1) @ e.flatten(0, 1).T)
            if positions > 1:
                shared = shared.view(len(a), positions, len(b), positions).sum((1, 3))
            total[i * size :, j * size :][: len(a), : len(b)] = shared
            if i != j:
                total[j * size :, i * size :][: len(b), : len(a)] = shared.T
    return total
