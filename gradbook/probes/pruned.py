"""The pruned path of the gradient landscape: see `gradbook.probes.landscape`.

The tail is [batch norm] → ReLU → [dropout, or batch norm in evaluation mode] → linear with one
output. Over the grid a pre-activation p = base + u·w₁ + v·w₂ stays within a bound that costs two
products to compute. Where the bound excludes zero the ReLU is linear (or silent) everywhere on the
grid, and sums over units can be taken before the grid is laid out. The few entries whose sign can
change are evaluated at every grid point. Nothing is approximated.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradbook.probes import sequential
from gradbook.probes.losses import Each

CHUNK = 2**20
"""Elements of the largest intermediate tensor."""


def head(tail: sequential.Modules) -> int:
    """How many modules at a tail's beginning have the form that pruning needs; 0 if none.

    That is [batch norm] → ReLU → [dropout, or batch norm in evaluation mode] → linear.
    """
    modules = [module for _, module in tail]
    at = int(bool(modules) and isinstance(modules[0], nn.BatchNorm1d) and modules[0].affine)
    linear = next((i for i, module in enumerate(modules) if isinstance(module, nn.Linear)), at)
    if linear == at or not isinstance(modules[at], nn.ReLU):
        return 0
    between = modules[at + 1 : linear]
    fixed = all(isinstance(module, nn.Dropout) for module in between) or (
        len(between) == 1
        and isinstance(between[0], nn.BatchNorm1d)
        and not sequential.takes_batch_statistics(between[0])
    )
    return linear + 1 if fixed else 0


def applies(tail: sequential.Modules) -> bool:
    """Whether a whole tail has the form that pruning needs, and one output."""
    return 0 < head(tail) == len(tail) and tail[-1][1].out_features == 1


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
    (u, du), (v, dv) = curves
    base, w, norm = without_fixed_norm(tail, base, w)
    last = tail[-1][1]
    constant = last.bias[0] if last.bias is not None else base.new_zeros(())
    readout, constant = without_norm_behind(tail, last.weight[0], constant)
    kept = [masks[name] for name, _ in tail if name in masks]
    points, (_, batch, width) = u.shape[1] * v.shape[1], base.shape
    largest = batch * max(points, width) if norm is None else max(batch, width) * points
    together = max(1, CHUNK // largest)
    gradients = []
    for m in torch.arange(len(base)).split(together):
        weight = readout.expand_as(base[m])
        for mask in kept:
            weight = weight * mask[m]
        part = (
            base[m],
            *(curve[m].mT for curve in (u, v, du, dv)),
            w,
            weight,
            constant,
            y[m],
            loss,
        )
        gradients.append(_fixed_scale(*part) if norm is None else _batch_scale(norm, *part))
    return torch.cat(gradients)


def _fixed_scale(base, u, v, du, dv, w, weight, constant, y, loss) -> Tensor:  # type: ignore[no-untyped-def]
    """Some minibatches, ReLU straight after the linear layer; rows are independent.

    base and weight [m, B, J], curves [m, B, G], y [m, B, 1].
    """
    m, batch = base.shape[:2]
    base, u, v, du, dv, weight, y = (t.flatten(0, 1) for t in (base, u, v, du, dv, weight, y))
    always, sometimes = signs(base, u, v, w)
    linear = weight * always
    pull = linear @ w  # ∂output/∂u and ∂output/∂v where no sign changes
    output = ((linear * base).sum(-1) + constant)[:, None, None] + (pull[:, :1] * u)[:, :, None]
    output = (output + (pull[:, 1:] * v)[:, None]).flatten(1)
    rows, columns = sometimes.nonzero(as_tuple=True)
    changing = base[rows, columns, None] + u[rows] * w[columns, :1]
    p = (changing[:, :, None] + (v[rows] * w[columns, 1:])[:, None]).flatten(1)
    weight = weight[rows, columns, None]
    slope = _loss_slope(_add_rows(output, rows, p.relu() * weight), y, loss, batch)
    on = (p > 0).to(p) * weight
    gradients = []
    for number, curve in enumerate((du[:, :, None], dv[:, None])):
        pulled = pull[:, number, None].expand_as(slope)
        pulled = slope * _add_rows(pulled, rows, on * w[columns, number, None])
        gradients.append(pulled.unflatten(1, (u.shape[1], v.shape[1])) * curve)
    return torch.stack([g.unflatten(0, (m, batch)).sum(1) for g in gradients], -1)


def _batch_scale(norm, base, u, v, du, dv, w, weight, constant, y, loss) -> Tensor:  # type: ignore[no-untyped-def]
    """Some minibatches, batch norm with batch statistics between the linear layer and the ReLU.

    base and weight [m, B, J], curves [m, B, G], y [m, B, 1]. With centred quantities
    p − mean(p) = base + u·w₁ + v·w₂, and the variance over the batch is a quadratic form whose
    coefficients are covariances; both follow the grid. P = G·G grid points stand in one dimension.
    """
    m, batch, width = base.shape
    grid = (u.shape[2], v.shape[2])
    base, u, v = (t - t.mean(1, keepdim=True) for t in (base, u, v))
    w1, w2 = w[:, :1], w[:, 1:]
    along_u = base.square().mean(1)[:, :, None] + w1**2 * u.square().mean(1)[:, None]
    along_u = along_u + w1 * (base.mT @ u) * (2 / batch)
    along_v = w2**2 * v.square().mean(1)[:, None] + w2 * (base.mT @ v) * (2 / batch)
    variance = (along_u[..., None] + along_v[:, :, None]).flatten(2)
    variance.addcmul_(w1 * w2 * (2 / batch), (u.mT @ v).flatten(1)[:, None])
    inverse = variance.clamp_(min=0).add_(norm.eps).rsqrt_()  # 1/σ: [m, J, P]
    gamma, beta = norm.weight, norm.bias

    # The ReLU is on where sign(γ)·(p − mean) > −β/|γ|·σ, and σ has a range over the grid.
    largest, smallest = (-beta / gamma / extreme for extreme in inverse.aminmax(dim=2))
    always, sometimes = signs(
        *(base, u, v, w),
        centre=((largest + smallest) / 2)[:, None],
        slack=((largest - smallest).abs() / 2)[:, None],
    )
    always = torch.where(gamma < 0, ~always & ~sometimes, always)
    linear = weight * always
    # Where no sign changes, Σ_units weight·(p − mean) = Σ_k parts_k·curves_k with curves (1, u, v).
    parts = torch.cat([linear * base, linear * w[:, 0], linear * w[:, 1]], 1)  # [m, 3B, J]
    uu, vv = (t.flatten(2) for t in torch.broadcast_tensors(u[..., None], v[:, :, None]))
    curves = torch.stack([torch.ones_like(uu), uu, vv], 1)  # [m, 3, B, P]
    scale = gamma[:, None] * inverse
    output = ((parts @ scale).view_as(curves) * curves).sum(1)
    output += (linear @ beta)[..., None] + constant
    which, row, unit = sometimes.nonzero(as_tuple=True)
    rows, units = which * batch + row, which * width + unit
    p = uu.flatten(0, 1)[rows] * w1[unit]
    p = p.addcmul_(vv.flatten(0, 1)[rows], w2[unit]).add_(base[which, row, unit, None])
    q = p * scale.flatten(0, 1)[units] + beta[unit, None]
    weight = weight[which, row, unit, None]
    output = _add_rows(output.flatten(0, 1), rows, q.relu() * weight)
    slope = _loss_slope(output, y.flatten(0, 1), loss, batch)

    # Backward. δ_bj = slope_b · weight_bj · [on]; sums over the batch, each [m, J, P].
    delta = (q > 0).to(q) * weight * slope[rows]
    slope = slope.unflatten(0, (m, batch))

    def over_batch(by: Tensor, factor: Tensor, changing: Tensor) -> Tensor:
        return _add_rows((by.mT @ factor).flatten(0, 1), units, changing).view_as(inverse)

    total = over_batch(linear, slope, delta)
    with_p = over_batch(parts, (slope[:, None] * curves).flatten(1, 2), delta * p)
    with_p *= inverse.square_().div_(batch)
    gradients = []
    for number, (curve, own, other) in enumerate(((du, u, v), (dv, v, u))):
        along = curve[..., None] if number == 0 else curve[:, :, None]
        s = along.expand(m, batch, *grid).flatten(2)
        back = over_batch(linear, slope * s, delta * s.flatten(0, 1)[rows])
        # Covariance of the curve's slope with p over the batch, from its two directions.
        first = base.mT @ curve + w[:, number, None] * (own * curve).sum(1)[:, None]
        cross = curve.mT @ other if number == 0 else other.mT @ curve
        centred = first[..., None] if number == 0 else first[:, :, None]
        centred = centred + w[:, 1 - number, None, None] * cross[:, None]
        back.addcmul_(total, s.mean(1, keepdim=True), value=-1)
        back.addcmul_(with_p, centred.flatten(2), value=-1)
        gradients.append(w[:, number] @ back.mul_(scale))
    return torch.stack(gradients, -1).unflatten(1, grid)


def signs(base, u, v, w, centre=0.0, slack=0.0) -> tuple[Tensor, Tensor]:  # type: ignore[no-untyped-def]
    """Entries […, J] with base + u·w₁ + v·w₂ > centre on the whole grid, and those undecided."""
    (low_u, high_u), (low_v, high_v) = u.aminmax(dim=-1), v.aminmax(dim=-1)
    middle = torch.stack([low_u + high_u, low_v + high_v], -1) / 2
    radius = torch.stack([high_u - low_u, high_v - low_v], -1) / 2
    value = base + middle @ w.T - centre
    bound = radius @ w.abs().T + slack
    return value > bound, ~(value.abs() > bound)


def _loss_slope(output: Tensor, y: Tensor, loss: Each, batch: int) -> Tensor:
    """∂(mean loss)/∂output for outputs [rows, points] and targets [rows, 1]."""
    with torch.enable_grad():
        output = output.detach().requires_grad_()
        losses = loss(output, y.expand_as(output))
        return torch.autograd.grad(losses.sum() / batch, output)[0]


def _add_rows(total: Tensor, rows: Tensor, values: Tensor) -> Tensor:
    return total.index_add(0, rows, values) if len(rows) else total


def without_fixed_norm(
    tail: sequential.Modules, base: Tensor, w: Tensor
) -> tuple[Tensor, Tensor, nn.BatchNorm1d | None]:
    """base and w with a batch norm before the ReLU taken in, unless it follows the minibatch."""
    norm = tail[0][1] if isinstance(tail[0][1], nn.BatchNorm1d) else None
    if norm is not None and not sequential.takes_batch_statistics(norm):
        scale, shift = sequential.scale_and_shift(norm)
        return base * scale + shift, w * scale[:, None], None
    return base, w, norm


def without_norm_behind(
    tail: sequential.Modules, weight: Tensor, constant: Tensor
) -> tuple[Tensor, Tensor]:
    """What the last layer, weight […, J] and constant […], makes of the ReLU's own outputs."""
    for _, module in reversed(tail[1:-1]):
        if isinstance(module, nn.BatchNorm1d):
            scale, shift = sequential.scale_and_shift(module)
            constant, weight = constant + weight @ shift, weight * scale
    return weight, constant
