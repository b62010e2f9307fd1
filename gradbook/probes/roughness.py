"""Is a gradient landscape smooth at the spacing of its grid, and where does its spread come from?

Let A(h) be the mean angle between gradients h grid steps apart. Where the direction changes
steadily, or jumps at lines that the grid resolves, A(2h) = 2·A(h). Where every grid point draws its
direction anew, A(2h) = A(h). So 2·A(1)/A(2) − 1 runs from 0, smooth, to 1, unpredictable, whatever
the parameters' units are.

A direction that is the same everywhere is computed with round-off, which is noise too; so angles
below `RESOLUTION` are zero, and landscapes have to be measured in float64.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gradbook.probes.checks import matrix, whole

RESOLUTION = 1e-9
"""Angles in radians that round-off can make in float64, with a wide margin."""


def neighbour_angle(gradients: Tensor, step: int = 1) -> float:
    """Mean angle in radians between gradients some grid steps apart, along either axis.

    Args:
        gradients: Landscapes [M, G, G, 2]. Pairs with a zero gradient have no angle and are left
            out; nan where no pair is left.
        step: How many grid points apart, from 1 to G − 1.

    Raises:
        TypeError: The landscapes are not float64, or the step is no integer.
        ValueError: They have another shape, or no points so far apart.
    """
    if not isinstance(gradients, Tensor) or gradients.dtype != torch.float64:
        got = getattr(gradients, "dtype", type(gradients).__name__)
        raise TypeError(f"expected float64 landscapes, got {got}: probe in float64")
    whole(step, "step")
    square = gradients.ndim == 4 and gradients.shape[1] == gradients.shape[2]
    if not square or gradients.shape[3] != 2 or not 1 <= step < gradients.shape[1]:
        raise ValueError(
            f"expected landscapes [M, G, G, 2] with G > {step}, got {tuple(gradients.shape)}"
        )
    direction = torch.atan2(gradients[..., 1], gradients[..., 0])
    direction = direction.where(gradients.norm(dim=-1) > 0, torch.nan)
    along = (direction[:, step:] - direction[:, :-step]).flatten()
    across = (direction[:, :, step:] - direction[:, :, :-step]).flatten()
    turns = torch.cat([along, across])
    angles = torch.atan2(turns.sin(), turns.cos()).abs()  # back into [0, π]
    return angles.where(angles.isnan() | (angles > RESOLUTION), 0).nanmean().item()


def unpredictability(gradients: Tensor) -> float:
    """2·A(1)/A(2) − 1 of landscapes [M, G, G, 2], G > 2: 0 is smooth, 1 is noise at every point.

    A field that does not turn at all is smooth. nan where no pair has an angle.

    Raises:
        TypeError: The landscapes are not float64.
        ValueError: They have another shape.
    """
    near, far = neighbour_angle(gradients, 1), neighbour_angle(gradients, 2)
    return 0.0 if near == far == 0 else 2 * near / far - 1


def noise_by_source(first: Tensor, second: Tensor) -> tuple[float, float]:
    """Split the spread of per-example gradients into that of the examples and that of the masks.

    tr Σ = tr Cov_i(E_mask g_i) + E_i tr Cov_mask(g_i). Two independent draws give both without
    bias: half the mean squared difference is the masks' part, and the covariance of the two draws
    over the examples is the examples'.

    Args:
        first: Per-example gradients under one draw of dropout's masks [n, P].
        second: The same examples under an independent draw [n, P].

    Returns:
        The examples' part and the masks' part of tr Σ.

    Raises:
        TypeError: A draw is no tensor of floats.
        ValueError: It is not [n, P], is empty or holds what is no finite number, or the draws'
            shapes differ.
    """
    if matrix(first, "gradients").shape != matrix(second, "gradients").shape:
        raise ValueError(
            f"expected two draws of the same examples, got {tuple(first.shape)} and "
            f"{tuple(second.shape)}"
        )
    masks = (first - second).square().sum(1).mean() / 2
    centred = [draw - draw.mean(0) for draw in (first, second)]
    examples = (centred[0] * centred[1]).sum(1).mean()
    return examples.item(), masks.item()
