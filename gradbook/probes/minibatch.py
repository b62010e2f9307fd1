"""Gradients of whole minibatches, and how far they agree."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from gradbook.probes import rows_alone, sequential
from gradbook.probes.batches import batches, minibatches_of
from gradbook.probes.checks import matrix, minibatches, number, scaled, whole
from gradbook.probes.guard import stand_in, untouched
from gradbook.probes.losses import ELEMENTWISE, Each, warn_of_lost
from gradbook.probes.per_example import example_gradients
from gradbook.probes.proofs import ready
from gradbook.probes.reading import (
    Inputs,
    Loss,
    Output,
    learning,
    refuse_lost,
    watched,
)


def sample_minibatches(n: int, batch_size: int, count: int, seed: int) -> Tensor:
    """Row indices of `count` minibatches [count, B], each drawn without replacement from n rows.

    Different minibatches may share rows: each is what training might see next.

    Raises:
        TypeError: An argument is no integer.
        ValueError: `n`, `batch_size` or `count` is below 1, or `batch_size` above n.
    """
    whole(n, "n", 1), whole(count, "count", 1), whole(seed, "seed")
    if not 1 <= whole(batch_size, "batch_size") <= n:
        raise ValueError(f"expected 1 <= batch_size <= {n} rows, got {batch_size}")
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randperm(n, generator=generator)[:batch_size] for _ in range(count)])


@torch.no_grad()
def minibatch_gradients(
    model: nn.Module,
    inputs: Inputs | DataLoader,
    targets: Tensor | None = None,
    rows: Tensor | None = None,
    parameter: str = "",
    *,
    mode: str = "eval",
    loss: Loss = "l1",
    seed: int = 0,
    output: Output | None = None,
) -> Tensor:
    """Gradient of each minibatch's mean loss in one parameter, [M, …] with its shape behind M.

    In a bias (or batch norm's β) of an `nn.Sequential` of known modules on plain rows all
    minibatches go through the network in one pass, each with its own batch statistics and dropout
    masks; see `gradbook.probes.sequential`. Elsewhere one goes after the other.

    Args:
        model: Any network; it is left exactly as it was.
        inputs: All rows' inputs [n, …]; a tuple or dict of tensors for several arguments. Or a
            `DataLoader` of (inputs, targets), each batch of which is a minibatch.
        targets: All rows' targets [n, …]; None with a `DataLoader`.
        rows: Row indices of the minibatches [M, B]; None with a `DataLoader`.
        parameter: Its name, such as ``"linear2.bias"``. In training mode the gradient of a bias in
            front of batch norm is zero, and what returns is round-off.
        mode: ``"eval"`` or ``"train"``.
        loss: Default ``"l1"``; see `gradbook.probes.losses`.
        seed: Seed of dropout's masks.
        output: What makes a tensor of what the network returns.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: The network has no such parameter, it is frozen, or an argument does not fit.

    Cost: one forward and one backward pass of M · B rows; one after the other, one forward more.
    """
    whole(seed, "seed", 0)
    found = []
    with untouched(model, mode) as net:
        (name,) = learning(net, [parameter])
        for data, indices in minibatches_of(inputs, targets, rows, loss, output):
            ready(model, net, mode, data, [name])
            modules = sequential.taken_apart(net, data)
            cut = sequential.place(modules, name)
            drawn = seed + len(found)
            if cut is not None:
                (x,), y, own = data.inputs, data.targets, watched(net, data, indices)
                each = _errors(modules, x[indices], y[indices], cut, own, drawn).sum(1)
            else:
                refuse_lost(net, data, indices)
                each = []
                for number, batch in enumerate(indices):
                    torch.manual_seed(drawn + number)
                    each += rows_alone.gradients(stand_in(net), data.take(batch).mean, [name])
                each = torch.stack(each)
            found += each
    return torch.stack(found)


@torch.no_grad()
def per_example_gradients(
    model: nn.Module,
    inputs: Inputs | DataLoader,
    targets: Tensor | None = None,
    parameter: str = "",
    *,
    loss: Loss = "l1",
    output: Output | None = None,
) -> Tensor:
    """Gradient of each row's loss in one parameter, in evaluation mode, not divided by n [n, …].

    Arguments, the default loss ``"l1"`` and errors are those of `minibatch_gradients`; batches of a
    `DataLoader` follow one another. In training mode batch norm gives a row no gradient of its own.

    Cost: one forward and one backward pass of all rows, or as `example_gradients`.
    """
    found = []
    with untouched(model, "eval") as net:
        (name,) = learning(net, [parameter])
        shape = dict(net.named_parameters())[name].shape
        for data in batches(inputs, targets, loss, output):
            ready(model, net, "eval", data, [name])
            modules = sequential.taken_apart(net, data)
            cut = sequential.place(modules, name)
            if cut is not None:
                (x,), y, losses = data.inputs, data.targets, []
                own = _noted(ELEMENTWISE[loss], losses)
                found.append(_errors(modules, x[:, None], y[:, None], cut, own, 0)[:, 0])
                warn_of_lost(losses[0], stacklevel=3)
                continue
            each = example_gradients(
                model, data.inputs, data.targets, loss=loss, parameters=[name], output=output
            )
            found.append(each.unflatten(1, shape))
    return torch.cat(found)


def _noted(loss: Each, losses: list[Tensor]) -> Each:
    """A loss that leaves what it makes in a list."""

    def noted(outputs: Tensor, targets: Tensor) -> Tensor:
        found = loss(outputs, targets)
        losses.append(found.detach())
        return found

    return noted


def minibatch_means(gradients: Tensor, rows: Tensor) -> Tensor:
    """Means of per-example gradients [n, P] over minibatches with distinct rows [M, B]: [M, P].

    Raises:
        TypeError: The gradients are no tensor of floats, or the rows no tensor.
        ValueError: A shape, a gradient or a row does not fit, or a row is in a minibatch twice.
    """
    minibatches(rows, len(matrix(gradients, "gradients")))
    if (rows.sort(1).values.diff(dim=1) == 0).any():
        raise ValueError("expected minibatches of distinct rows, got a row twice in one")
    members = torch.zeros(len(rows), len(gradients)).to(gradients)
    members.scatter_(1, rows.to(gradients.device), 1 / rows.shape[1])
    return members @ gradients


def drop_roundoff(gradients: Tensor, relative: float = 1e-9) -> Tensor:
    """Set gradients that are round-off to exactly zero, so that they count as having no direction.

    Where errors cancel, as 32 against 32 under an L1 loss, a gradient is zero; what is computed is
    tiny and points anywhere. In float64 it is far below all others; in float32 it is not.

    Args:
        gradients: Vectors of one net and layer […, P], float64.
        relative: Vectors shorter than this times the longest are set to zero.

    Raises:
        TypeError: The gradients are not float64.
        ValueError: There are none.
    """
    if not isinstance(gradients, Tensor) or gradients.dtype != torch.float64:
        got = getattr(gradients, "dtype", type(gradients).__name__)
        raise TypeError(f"expected float64 gradients, got {got}: probe in float64")
    if not gradients.numel() or not gradients.ndim:
        raise ValueError(f"expected gradients […, P], got shape {tuple(gradients.shape)}")
    norms = gradients.norm(dim=-1, keepdim=True)
    return gradients.where(norms > relative * norms.max(), 0)


def pairwise_cosines(gradients: Tensor) -> Tensor:
    """Cosine between every two of M gradients [M, P]: the M(M − 1)/2 pairs i < j in order.

    A pair with a zero gradient has no angle: its cosine is nan.

    Raises:
        TypeError, ValueError: The gradients are no tensor [M, P] of finite floats, or are empty.
    """
    gradients = scaled(matrix(gradients, "gradients"), 1)
    norms = gradients.norm(dim=1, keepdim=True)
    units = gradients / norms
    first, second = torch.triu_indices(len(gradients), len(gradients), 1)
    return (units @ units.T)[first, second].clamp(-1, 1)


def mean_cosine(gradients: Tensor) -> float:
    """Mean pairwise cosine of M gradients [M, P]; pairs without an angle are left out.

    Raises:
        TypeError, ValueError: As `pairwise_cosines`.
    """
    return pairwise_cosines(gradients).nanmean().item()


def opposed_share(gradients: Tensor) -> float:
    """Share of pairs of M gradients [M, P] that point apart (cosine < 0).

    Raises:
        TypeError, ValueError: As `pairwise_cosines`.
    """
    cosines = pairwise_cosines(gradients)
    cosines = cosines[~cosines.isnan()]
    return (cosines < 0).to(torch.float64).mean().item()


def responsive_units(gradients: Tensor) -> tuple[int, int]:
    """The first two units with a gradient in most minibatches after every epoch.

    Many units of a ReLU net fall silent in training, and two silent ones tell nothing of the rest.
    Where fewer than two qualify, the ones with a gradient most often.

    Args:
        gradients: Minibatch gradients in a layer's biases after E epochs [E, M, units].

    Raises:
        TypeError, ValueError: They are no such tensor of finite floats, or of fewer than two units.
    """
    if matrix(gradients, "gradients", 3).shape[2] < 2:
        raise ValueError(f"expected at least two units, got {tuple(gradients.shape)}")
    rarest = (gradients != 0).double().mean(1).amin(0).clamp(max=0.5)
    first, second = sorted(rarest.sort(descending=True, stable=True).indices[:2].tolist())
    return first, second


def relative_error(gradients: Tensor, full: Tensor) -> float:
    """E‖g_B − G‖² / ‖G‖² of minibatch gradients [M, P] around the full gradient [P].

    Raises:
        TypeError, ValueError: Either is no such tensor of finite floats, or their P differ.

    Source: McCandlish et al. 2018, eq. 2.10 (its expectation is B_simple / B).
    """
    matrix(gradients, "gradients"), matrix(full, "the full gradient", 1)
    if full.shape != gradients.shape[1:]:
        raise ValueError(
            f"expected a full gradient {tuple(gradients.shape[1:])}, got {tuple(full.shape)}"
        )
    both = scaled(torch.cat([gradients, full[None]]))
    gradients, full = both[:-1], both[-1]
    return ((gradients - full).square().sum(1).mean() / full.square().sum()).item()


def noise_scale(gradients: Tensor) -> float:
    """Simple noise scale B_simple = tr Σ / ‖G‖² of per-example gradients [n, P].

    G and Σ are the mean and the covariance (over n) of these n examples themselves, which is what
    minibatches drawn from them see; as an estimate for a larger population it is biased.

    Raises:
        TypeError, ValueError: As `pairwise_cosines`.

    Source: McCandlish et al. 2018, eq. 2.9.
    """
    gradients = scaled(matrix(gradients, "gradients"))
    signal = gradients.mean(0).square().sum()
    return (gradients.square().sum(1).mean() / signal - 1).item()


def predicted_cosine(noise_scale: float, batch_size: int, n: int | None = None) -> float:
    """Expected cosine of two minibatch gradients, 1 / (1 + B_simple / B).

    With n rows and no replacement inside a minibatch the variance carries (n − B)/(n − 1).

    Raises:
        TypeError: An argument is no number.
        ValueError: The noise scale is below 0 or not finite, B below 1, or n below 2 or B.
    """
    number(noise_scale, "noise_scale", 0), number(batch_size, "batch_size", 1)
    if n is not None and not batch_size <= number(n, "n", 2):
        raise ValueError(f"expected at least {batch_size} rows n, got {n}")
    correction = 1.0 if n is None else (n - batch_size) / (n - 1)
    return 1 / (1 + noise_scale / batch_size * correction)


def _errors(
    modules: sequential.Modules, x: Tensor, y: Tensor, cut: int, loss: Each, seed: int
) -> Tensor:
    """∂(mean loss of each minibatch)/∂(output of the layer) [M, B, units]."""
    masks = sequential.Masks(modules, x.shape[:2], x.shape[-1], like=y).draw(seed)
    z = sequential.run(modules[: cut + 1], x, masks)
    return sequential.errors(modules[cut + 1 :], z, y, masks, loss, y[0].numel())
