"""Gradients of whole minibatches, and how far they agree."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradbook.probes import sequential
from gradbook.probes.guard import untouched
from gradbook.training import LOSSES


def sample_minibatches(n: int, batch_size: int, count: int, seed: int) -> Tensor:
    """Row indices of `count` minibatches [count, B], each drawn without replacement from n rows.

    Different minibatches may share rows: each is what training might see next.
    """
    if not 1 <= batch_size <= n:
        raise ValueError(f"expected 1 <= batch_size <= {n} rows, got {batch_size}")
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randperm(n, generator=generator)[:batch_size] for _ in range(count)])


@torch.no_grad()
def minibatch_gradients(
    model: nn.Sequential,
    inputs: Tensor,
    targets: Tensor,
    rows: Tensor,
    parameter: str,
    *,
    mode: str = "eval",
    loss: str = "l1",
    seed: int = 0,
) -> Tensor:
    """Gradient of each minibatch's mean loss in one layer's bias (or batch norm's β).

    All minibatches go through the network in one pass, each with its own batch statistics and
    dropout masks.

    Args:
        model: An `nn.Sequential`; it is left exactly as it was.
        inputs: All rows' inputs [n, …].
        targets: All rows' targets [n, outputs].
        rows: Row indices of the minibatches [M, B].
        parameter: Name of a bias of the Sequential, such as ``"linear2.bias"``. In training mode
            the gradient of a bias in front of batch norm is zero, and what returns is round-off.
        mode: ``"eval"`` or ``"train"``.
        loss: One of `training.LOSSES`.
        seed: Seed of dropout's masks.

    Returns:
        [M, units].

    Raises:
        ValueError: The network is no Sequential, or has no such bias.
    """
    with untouched(model, mode):
        return _errors(model, inputs[rows], targets[rows], parameter, loss, seed).sum(1)


@torch.no_grad()
def per_example_gradients(
    model: nn.Sequential, inputs: Tensor, targets: Tensor, parameter: str, *, loss: str = "l1"
) -> Tensor:
    """Gradient of each row's loss in one layer's bias, in evaluation mode [n, units].

    Never divided by n. In training mode batch norm gives a row no gradient of its own, so the
    probe works in evaluation mode only.
    """
    with untouched(model, "eval"):
        return _errors(model, inputs[:, None], targets[:, None], parameter, loss, 0)[:, 0]


def minibatch_means(gradients: Tensor, rows: Tensor) -> Tensor:
    """Means of per-example gradients [n, P] over minibatches with distinct rows [M, B]: [M, P]."""
    members = torch.zeros(len(rows), len(gradients)).to(gradients)
    members.scatter_(1, rows.to(gradients.device), 1 / rows.shape[1])
    return members @ gradients


def drop_roundoff(gradients: Tensor, relative: float = 1e-9) -> Tensor:
    """Set gradients that are round-off to exactly zero, so that they count as having no direction.

    Where errors cancel, as 32 against 32 do under an L1 loss, a gradient is zero in exact
    arithmetic; what is computed instead is tiny and points anywhere. In float64 there is a gap of
    many orders of magnitude between such gradients and all others; in float32 there is not.

    Args:
        gradients: Vectors of one net and layer […, P], float64.
        relative: Vectors shorter than this times the longest are set to zero.

    Raises:
        TypeError: The gradients are not float64.
    """
    if gradients.dtype != torch.float64:
        raise TypeError(f"expected float64 gradients, got {gradients.dtype}: probe in float64")
    norms = gradients.norm(dim=-1, keepdim=True)
    return gradients.where(norms > relative * norms.max(), 0)


def pairwise_cosines(gradients: Tensor) -> Tensor:
    """Cosine between every two of M gradients [M, P]: the M(M − 1)/2 pairs i < j in order.

    A pair with a zero gradient has no angle: its cosine is nan.
    """
    norms = gradients.norm(dim=1, keepdim=True)
    units = gradients / norms
    first, second = torch.triu_indices(len(gradients), len(gradients), 1)
    return (units @ units.T)[first, second].clamp(-1, 1)


def mean_cosine(gradients: Tensor) -> float:
    """Mean pairwise cosine of M gradients [M, P]; pairs without an angle are left out."""
    return pairwise_cosines(gradients).nanmean().item()


def opposed_share(gradients: Tensor) -> float:
    """Share of pairs of M gradients [M, P] that point apart (cosine < 0)."""
    cosines = pairwise_cosines(gradients)
    cosines = cosines[~cosines.isnan()]
    return (cosines < 0).to(torch.float64).mean().item()


def responsive_units(gradients: Tensor) -> tuple[int, int]:
    """The first two units with a gradient in most minibatches after every epoch.

    Many units of a ReLU net fall silent in training, and two silent ones tell nothing of the rest.
    Where fewer than two qualify, the ones with a gradient most often.

    Args:
        gradients: Minibatch gradients in a layer's biases after E epochs [E, M, units].
    """
    rarest = (gradients != 0).double().mean(1).amin(0).clamp(max=0.5)
    first, second = sorted(rarest.sort(descending=True, stable=True).indices[:2].tolist())
    return first, second


def relative_error(gradients: Tensor, full: Tensor) -> float:
    """E‖g_B − G‖² / ‖G‖² of minibatch gradients [M, P] around the full gradient [P].

    Source: McCandlish et al. 2018, eq. 2.10 (its expectation is B_simple / B).
    """
    return ((gradients - full).square().sum(1).mean() / full.square().sum()).item()


def noise_scale(gradients: Tensor) -> float:
    """Simple noise scale B_simple = tr Σ / ‖G‖² of per-example gradients [n, P].

    G and Σ are the mean and the covariance (over n) of these n examples themselves, which is what
    minibatches drawn from them see; as an estimate for a larger population it is biased.

    Source: McCandlish et al. 2018, eq. 2.9.
    """
    signal = gradients.mean(0).square().sum()
    return (gradients.square().sum(1).mean() / signal - 1).item()


def predicted_cosine(noise_scale: float, batch_size: int, n: int | None = None) -> float:
    """Expected cosine of two minibatch gradients, 1 / (1 + B_simple / B).

    With n rows and no replacement inside a minibatch the variance carries (n − B)/(n − 1).
    """
    correction = 1.0 if n is None else (n - batch_size) / (n - 1)
    return 1 / (1 + noise_scale / batch_size * correction)


def _errors(model: nn.Module, x: Tensor, y: Tensor, parameter: str, loss: str, seed: int) -> Tensor:
    """∂(mean loss of each minibatch)/∂(output of the layer) [M, B, units]."""
    if loss not in LOSSES:
        raise ValueError(f"expected a loss of {list(LOSSES)}, got {loss!r}")
    modules = sequential.taken_apart(model)
    biases = [
        f"{name}.bias" for name, module in modules if getattr(module, "bias", None) is not None
    ]
    if parameter not in biases:
        raise ValueError(f"expected a bias of an nn.Sequential, of {biases}, got {parameter!r}")
    cut = [f"{name}.bias" for name, _ in modules].index(parameter) + 1
    masks = sequential.Masks(modules, x.shape[:2], x.shape[-1], like=y).draw(seed)
    z = sequential.run(modules[:cut], x, masks)
    with torch.enable_grad():
        z.requires_grad_()
        outputs = sequential.run(modules[cut:], z, masks)
        losses = LOSSES[loss](outputs, y, reduction="none")
        (delta,) = torch.autograd.grad(losses.sum() / y[0].numel(), z)
    return delta
