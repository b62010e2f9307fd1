"""Layers that apply one matrix at T positions, and the inner products of their gradients.

With inputs A_i [T, k] and output errors D_i [T, out] the gradient of example i in the matrix is
A_iᵀD_i and in the bias the sum of D_i over positions. A linear layer on plain rows has T = 1. A
convolution's positions are the places that its kernel visits, and its inputs the patches there.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from gradbook.models import OneHotLinear

CHUNK = 2**24
"""Numbers that a product may hold beside a layer's inputs, errors and the result."""

BLOCK = 128
"""Rows of a block of products; blocks above the diagonal are copied from those below."""

MATRIX_LAYERS = (nn.Linear, OneHotLinear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


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
    """Squared norms of n gradients [n]: the diagonal of `products`, with the same choice."""
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
            found.append(((a @ a.mT) * (d @ d.mT)).sum((1, 2)))
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
