"""The pruned path of the gradient landscape where more follows than one linear layer.

As in `gradbook.probes.pruned` nearly every ReLU behind the next layer keeps its sign over the grid.
Those of a row that are on add up to a part that is linear in the row's two curves. The others, C at
most, are evaluated at every grid point. What the linear layer behind them returns for a row is then

    z = A₀ + u(e₁)·A₁ + v(e₂)·A₂ + Σ_c relu(p_c)·W_c ,

a product with 3 + C factors where there were as many as that layer has inputs. From z on autograd
goes through whatever follows, as in `gradbook.probes.generic`. Nothing is approximated.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gradbook.probes import pruned, sequential
from gradbook.probes.losses import Each

CHUNK = 2**20
"""Elements of the largest tensor over the grid."""


def applies(tail: sequential.Modules) -> bool:
    """Whether a tail begins as pruning needs, and its rows do not see each other."""
    return pruned.head(tail) > 0 and not any(
        sequential.takes_batch_statistics(module) for _, module in tail
    )


def landscape(
    tail: sequential.Modules,
    base: Tensor,
    curves: list[tuple[Tensor, Tensor]],
    w: Tensor,
    y: Tensor,
    masks: sequential.Drawn,
    loss: Each,
) -> Tensor:
    """Gradients [M, G, G, 2]; base [M, B, J], curves (u, u′), (v, v′) each [M, G, B], w [J, 2]."""
    u, du, v, dv = (along.mT for curve in curves for along in curve)  # [M, B, G]
    base, w, _ = pruned.without_fixed_norm(tail, base, w)
    size = pruned.head(tail)
    linear, rest = tail[size - 1][1], tail[size:]
    constant = linear.bias if linear.bias is not None else base.new_zeros(())
    weight, constant = pruned.without_norm_behind(tail[:size], linear.weight, constant)
    kept = [masks[name] for name, _ in tail[:size] if name in masks]
    gradients = []
    for m in range(len(base)):
        always, sometimes = pruned.signs(base[m], u[m], v[m], w)
        sent = torch.ones_like(base[m])
        for mask in kept:
            sent = sent * mask[m]
        on = sent * always
        parts = [on * base[m], on * w[:, 0], on * w[:, 1]]
        fixed = torch.stack([part @ weight.T for part in parts], 1)  # A₀, A₁, A₂: [B, 3, K]
        fixed[:, 0] += constant
        # The units that change, the same number in each row: spare ones send nothing.
        columns = sometimes.byte().topk(int(sometimes.sum(1).max()), 1).indices  # [B, C]
        sent = (sent * sometimes).gather(1, columns)
        factors = torch.cat([fixed, weight.T[columns] * sent[..., None]], 1)  # [B, 3 + C, K]
        changing = base[m].gather(1, columns), w[columns]
        drawn = {name: mask[m, :, None] for name, mask in masks.items()}
        rows, terms, outputs = factors.shape
        together = max(1, CHUNK // (rows * v.shape[2] * max(terms, outputs)))
        strips = [
            _strip(rest, factors, changing, (u[m][:, e], v[m]), y[m], drawn, loss)
            for e in torch.arange(u.shape[2]).split(together)
        ]
        first, second = (torch.cat(back, 1) for back in zip(*strips, strict=True))
        first, second = first * du[m, :, :, None], second * dv[m, :, None]
        gradients.append(torch.stack([first.sum(0), second.sum(0)], -1))
    return torch.stack(gradients)


def _strip(rest, factors, changing, curves, y, drawn, loss) -> tuple[Tensor, Tensor]:  # type: ignore[no-untyped-def]
    """∂(mean loss)/∂u and ∂/∂v of each row on a part of the grid [B, E, G].

    factors [B, 3 + C, K], changing (p at u = v = 0 [B, C], its slopes [B, C, 2]), curves [B, E] and
    [B, G], y [B, outputs].
    """
    u, v = curves[0][:, :, None, None], curves[1][:, None, :, None]
    start, slopes = (each[:, None, None] for each in changing)
    p = start + u * slopes[..., 0] + v * slopes[..., 1]  # [B, E, G, C]
    one = torch.ones_like(u + v)
    h = torch.cat([one, u * one, v * one, p.relu()], -1).flatten(1, 2)
    delta = sequential.errors(rest, h @ factors, y[:, None], drawn, loss, y.numel())
    back = (delta @ factors[:, 1:].mT).unflatten(1, p.shape[1:3])  # [B, E, G, 2 + C]
    passed = back[..., 2:] * (p > 0)
    return tuple(back[..., k] + (passed * slopes[..., k]).sum(-1) for k in (0, 1))
