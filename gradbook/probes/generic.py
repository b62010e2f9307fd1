"""The gradient landscape through any tail, by autograd on a broadcast grid.

Used by `gradbook.probes.landscape`, whose docstring says how the grid comes about.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gradbook.probes import sequential
from gradbook.probes.losses import Each

CHUNK = 2**20
"""Elements of the largest intermediate tensor."""


def landscape(
    tail: sequential.Modules,
    base: Tensor,
    curves: list[tuple[Tensor, Tensor]],
    w: Tensor,
    y: Tensor,
    masks: sequential.Drawn,
    loss: Each,
) -> Tensor:
    """Autograd through any tail; base [M, B, J], curves [M, G, B] each, w [J, 2]."""
    (u, du), (v, dv) = curves
    minibatches, batch, width = base.shape
    per_point = batch * width
    together = max(1, CHUNK // (per_point * u.shape[1] * v.shape[1]))
    rows = max(1, min(u.shape[1], CHUNK // (per_point * v.shape[1])))
    parts = []
    for m in torch.arange(minibatches).split(together):
        drawn = {name: mask[m, None, None] for name, mask in masks.items()}
        second = v[m, None, :, :, None] * w[:, 1] + base[m, None, None]
        strips = []
        for e in torch.arange(u.shape[1]).split(rows):
            p = u[m][:, e, None, :, None] * w[:, 0] + second
            target = y[m, None, None]
            back = sequential.errors(tail, p, target, drawn, loss, y[0].numel()) @ w
            first = (back[..., 0] * du[m][:, e, None]).sum(-1)
            strips.append(torch.stack([first, (back[..., 1] * dv[m, None]).sum(-1)], -1))
        parts.append(torch.cat(strips, 1))
    return torch.cat(parts)
