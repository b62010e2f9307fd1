"""Run an `nn.Sequential` on many minibatches at once, [M, B, …], each as if alone.

Batch normalization takes its statistics per minibatch, and dropout's masks are given rather than
drawn, so that the same masks can be used again.

That is for an ``nn.Sequential`` of linear layers, batch norm, layer norm, dropout, activations and
further ``nn.Sequential`` of these, without hooks, on one tensor of rows [n, units] with float
targets [n, outputs], and for a loss of single outputs by its name, with no `output`. In training
mode batch norm and dropout have to stand in the outermost ``nn.Sequential``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from gradbook.models import OneHotLinear
from gradbook.probes.guard import is_plain
from gradbook.probes.losses import ELEMENTWISE, Each
from gradbook.probes.reading import Rows

UNITWISE = (
    nn.ReLU,
    nn.LeakyReLU,
    nn.ELU,
    nn.SELU,
    nn.GELU,
    nn.SiLU,
    nn.Softplus,
    nn.Sigmoid,
    nn.Tanh,
    nn.Identity,
    nn.Dropout,
    nn.BatchNorm1d,
)
"""Modules in which a unit's output depends on no other unit."""

ROWWISE = (
    *UNITWISE,
    nn.Linear,
    OneHotLinear,
    nn.LayerNorm,
    nn.PReLU,
    nn.CELU,
    nn.Hardtanh,
    nn.ReLU6,
    nn.Hardsigmoid,
    nn.Hardswish,
    nn.LogSigmoid,
    nn.Mish,
    nn.Softsign,
    nn.Tanhshrink,
    nn.Softshrink,
    nn.Hardshrink,
    nn.Sequential,
)
"""Modules that map plain rows [n, units], each for itself (batch norm and dropout apart)."""

_FRESH = (nn.Linear, OneHotLinear, nn.ReLU)
"""Modules whose output is a tensor of its own, never a view of something else."""

_MIXING = (nn.modules.batchnorm._NormBase, nn.modules.dropout._DropoutNd)

Modules = Sequence[tuple[str, nn.Module]]
Drawn = Mapping[str, Tensor]


def taken_apart(model: nn.Module, rows: Rows) -> list[tuple[str, nn.Module]]:
    """Names and modules of a network that `run` can run on such rows; empty where it cannot.

    That is an `nn.Sequential` of exactly the types of `ROWWISE`, without hooks, on plain rows
    [n, units] that are judged output by output. In training mode, batch norm and dropout have to
    stand in it themselves, not inside another module. A module that stands in it twice is listed
    twice.
    """
    plain = (
        isinstance(rows.inputs, tuple)
        and len(rows.inputs) == 1
        and rows.inputs[0].ndim == rows.targets.ndim == 2
        and rows.targets.is_floating_point()
        and isinstance(rows.loss, str)
        and rows.loss in ELEMENTWISE
        and rows.output is None
    )
    known = type(model) is nn.Sequential and all(type(part) in ROWWISE for part in model.modules())
    if not plain or not known or not is_plain(model):
        return []
    hidden = [
        part
        for module in model
        for part in module.modules()
        if type(part) not in (nn.Dropout, nn.BatchNorm1d) or part is not module
        if isinstance(part, _MIXING) and part.training
    ]
    return [] if hidden else list(model._modules.items())


def place(modules: Modules, parameter: str) -> int | None:
    """Where the one module stands that owns a bias, by the bias's name; None if there is none."""
    names = [f"{name}.bias" for name, _ in modules]
    if parameter not in names:
        return None
    bias = modules[names.index(parameter)][1].bias
    owners = [
        number
        for number, (_, module) in enumerate(modules)
        for part in module.modules()
        if any(value is bias for value in part._parameters.values())
    ]
    return owners[0] if bias is not None and len(owners) == 1 else None


def run(
    modules: Modules, x: Tensor, masks: Drawn, unit: int | None = None, *, own: bool = False
) -> Tensor:
    """Apply modules in turn.

    Args:
        modules: Names and modules.
        x: [..., B, n]; with `unit`, the values of that unit alone [..., B].
        masks: Name of a dropout module to the factors of its units [..., B, n]; a dropout module
            without an entry is the identity.
        unit: The unit that x holds; all modules must be `UNITWISE`.
        own: Whether x may be overwritten.
    """
    for name, module in modules:
        if getattr(module, "inplace", False) and not own:
            x, own = x.clone(), True  # the input may be used again
        reuse = own and not torch.is_grad_enabled()  # a large fresh tensor costs more than its sum
        if isinstance(module, nn.Dropout):
            if name in masks:
                mask = masks[name] if unit is None else masks[name][..., unit].unsqueeze(-2)
                x, own = x.mul_(mask) if reuse else x * mask, True
        elif isinstance(module, nn.BatchNorm1d):
            x, own = _batch_norm(module, x, unit, reuse), True
        elif type(module) is nn.ReLU and reuse:
            x = x.relu_()
        elif type(module) is OneHotLinear and not torch.is_grad_enabled():
            flat = module.summed(x.flatten(0, -2)).add_(module.bias)
            x, own = flat.unflatten(0, x.shape[:-1]), True
        else:
            own = type(module) in _FRESH
            if isinstance(module, nn.Linear) or unit is not None:
                x = module(x)
            else:
                x = module(x.flatten(0, -2)).unflatten(0, x.shape[:-1])
    return x


@torch.enable_grad()
def errors(modules: Modules, z: Tensor, y: Tensor, masks: Drawn, loss: Each, losses: int) -> Tensor:
    """∂(mean loss of each minibatch)/∂z through modules that follow, of z's shape.

    Args:
        modules: As in `run`.
        z: What enters them [..., B, n].
        y: Targets, of a shape that expands to the outputs'.
        masks: As in `run`.
        loss: Of single outputs.
        losses: How many a minibatch's mean is taken over.
    """
    z.requires_grad_()
    outputs = run(modules, z, masks)
    each = loss(outputs, y.expand_as(outputs))
    return torch.autograd.grad(each.sum() / losses, z)[0]


class Masks:
    """Dropout's masks for M minibatches of B rows: 0, or 1/(1 − p) with probability 1 − p.

    Drawing is most of dropout's cost. A mask compares 16 random bits with a threshold, which meets
    the probability to within 2⁻¹⁶, and the bits come from NumPy's SFC64: together several times
    faster than a float per unit from torch's generator.

    Args:
        modules: Names and modules of the network; dropout in training mode gets masks.
        rows: M and B.
        inputs: Units before the first module.
        like: A tensor with the masks' dtype and device.
    """

    def __init__(self, modules: Modules, rows: Sequence[int], inputs: int, like: Tensor) -> None:
        widths = dropout_widths(modules, inputs)
        self._masks = {
            name: (module.p, torch.empty((*rows, widths[name]), dtype=like.dtype))
            for name, module in modules
            if isinstance(module, nn.Dropout) and module.training and module.p > 0
        }
        self._device = like.device

    def __contains__(self, name: str) -> bool:
        return name in self._masks

    def draw(self, seed: int) -> dict[str, Tensor]:
        """Name of a dropout module to its masks [M, B, n]. They last until the next draw."""
        source = np.random.Generator(np.random.SFC64(seed))
        for rate, mask in self._masks.values():
            words = source.integers(2**64, size=-(-mask.numel() // 4), dtype=np.uint64)
            bits = torch.from_numpy(words.view(np.int16))[: mask.numel()].view(mask.shape)
            torch.ge(bits, round(rate * 2**16) - 2**15, out=mask)
            mask.mul_(1 / (1 - rate))
        return {name: mask.to(self._device) for name, (_, mask) in self._masks.items()}


def dropout_widths(modules: Modules, inputs: int) -> dict[str, int]:
    """Units that each dropout module acts on, read off the layers before it."""
    widths, width = {}, inputs
    for name, module in modules:
        linear = [part for part in module.modules() if hasattr(part, "out_features")]
        if linear:
            width = linear[-1].out_features
        elif isinstance(module, nn.BatchNorm1d):
            width = module.num_features
        elif isinstance(module, nn.Dropout):
            widths[name] = width
    return widths


def takes_batch_statistics(module: nn.Module) -> bool:
    """Whether a module is batch norm that takes its mean and variance from the minibatch."""
    return isinstance(module, nn.BatchNorm1d) and (module.training or module.running_mean is None)


def scale_and_shift(norm: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    """What batch norm is with its running statistics: x · scale + shift, each [n]."""
    scale = (norm.running_var + norm.eps).rsqrt()
    scale = scale * norm.weight if norm.affine else scale
    shift = -norm.running_mean * scale
    return scale, shift + norm.bias if norm.affine else shift


def _batch_norm(norm: nn.BatchNorm1d, x: Tensor, unit: int | None, reuse: bool) -> Tensor:
    at = slice(None) if unit is None else unit
    if not takes_batch_statistics(norm):
        scale, shift = (t[at] for t in scale_and_shift(norm))
        return x.mul_(scale).add_(shift) if reuse else x * scale + shift
    dim = -2 if unit is None else -1
    if x.shape[dim] == 1:
        raise ValueError(
            "expected minibatches of at least two rows for batch norm with the minibatch's "
            "statistics, got 1"
        )
    mean = x.mean(dim, keepdim=True)
    x = x.sub_(mean) if reuse else x - mean
    squares = (part.square().mean(dim, keepdim=True) for part in x.flatten(0, -3))
    variance = torch.stack(list(squares)).unflatten(0, x.shape[:-2])
    scale = (variance + norm.eps).rsqrt()
    if norm.affine:
        scale = scale * norm.weight[at]
    x = x.mul_(scale) if reuse else x * scale
    if norm.affine:
        x = x.add_(norm.bias[at]) if reuse else x + norm.bias[at]
    return x
