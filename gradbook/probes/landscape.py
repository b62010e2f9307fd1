"""The gradient landscape: the gradient in two parameters, on a grid of values around them.

The obvious way sets two biases, runs forward and backward, reads two numbers, and does so at every
grid point for every minibatch. Almost all of that work repeats itself:

1. Below the probed layer nothing moves, so it runs once, for all minibatches together.
2. In the layer only two units move. Each one's output is a curve in one variable, u(e₁) or v(e₂),
   so the next layer's pre-activation is  base + u(e₁)·w₁ + v(e₂)·w₂.
3. Generic (`gradbook.probes.generic`): build that by broadcasting, ask autograd for
   δ = ∂L/∂(pre-activation) through whatever tail follows, and get  ∂L/∂e₁ = Σ_rows (δ·w₁)·u′(e₁).
4. Pruned (`gradbook.probes.pruned`): where the tail is [batch norm] → ReLU → [dropout] → linear,
   nearly every ReLU keeps its sign over the whole grid and is linear there; only the others are
   evaluated grid point by grid point. Where more layers follow that linear one, its output is found
   so, and the rest by autograd (`gradbook.probes.pruned_deep`).

All are exact. A network that is no `nn.Sequential`, or whose layer mixes its units before the next
linear layer, is handed to `torch.func` whole, and a warning says so.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from gradbook.probes import functional, generic, pruned, pruned_deep, sequential
from gradbook.probes.batches import minibatches_of
from gradbook.probes.checks import grid, two_units, whole
from gradbook.probes.guard import untouched
from gradbook.probes.losses import Each
from gradbook.probes.proofs import ready
from gradbook.probes.reading import Inputs, Loss, Output, Rows, learning, refuse_lost, watched


@dataclass(frozen=True, eq=False)
class GradientLandscape:
    """Gradients of M minibatches on a G × G grid of offsets around two parameters.

    Attributes:
        gradients: [M, G, G, 2]: minibatch, offset of the first parameter, offset of the second,
            gradient in (first, second).
        offsets: The grid in one direction [G], in the parameters' own unit.
        parameters: Names of the two parameters, such as ``"linear2.bias[0]"``.
        rows: Row indices of the minibatches [M, B]; None of a `DataLoader`'s.
        active: Share of a minibatch's rows whose unit passes gradient on, at offset 0 or the
            grid point nearest to it [M, 2]; nan where `torch.func` was used.
        mode: ``"eval"`` or ``"train"``.
        masks: ``"common"`` or ``"fresh"``: dropout's masks over the grid (training mode).
        method: ``"pruned"``, ``"generic"`` or ``"torch.func"``.
    """

    gradients: Tensor
    offsets: Tensor
    parameters: tuple[str, str]
    rows: Tensor | None
    active: Tensor
    mode: str
    masks: str
    method: str

    @property
    def centre(self) -> Tensor:
        """Gradient of every minibatch at offset 0 (or the grid point nearest to it) [M, 2]."""
        middle = int(self.offsets.abs().argmin())
        return self.gradients[:, middle, middle]


@torch.no_grad()
def gradient_landscape(
    model: nn.Module,
    inputs: Inputs | DataLoader,
    targets: Tensor | None = None,
    rows: Tensor | None = None,
    parameter: str = "",
    *,
    offsets: Tensor | Sequence[float],
    units: tuple[int, int] = (0, 1),
    mode: str = "eval",
    masks: str = "common",
    loss: Loss = "l1",
    seed: int = 0,
    dtype: torch.dtype | None = None,
    prune: bool = True,
    output: Output | None = None,
) -> GradientLandscape:
    """Gradient of each minibatch's mean loss in two biases, over a grid of their values.

    Args:
        model: The network; it is left exactly as it was.
        inputs: All rows' inputs [n, …]; a tuple or dict of tensors for several arguments. Or a
            `DataLoader` of (inputs, targets), each batch of which is a minibatch.
        targets: All rows' targets [n, …]; None with a `DataLoader`.
        rows: Row indices of the minibatches [M, B]; None with a `DataLoader`.
        parameter: A one-dimensional parameter by name: the bias of a linear layer
            (``"linear2.bias"``) or batch norm's β (``"norm2.bias"``).
        offsets: Values e added to the parameters, the same in both directions [G].
        units: The two entries of the parameter.
        mode: ``"eval"``, or ``"train"`` for dropout and batch statistics, which follow the grid.
        masks: In training mode, ``"common"`` keeps a minibatch's dropout masks over the grid,
            ``"fresh"`` draws new ones at every grid point.
        loss: Default ``"l1"``; see `gradbook.probes.losses`.
        seed: Seed of dropout's masks.
        dtype: Compute in this dtype, for example ``torch.float64``; default the network's own.
        prune: Whether to use the pruned path where it applies.
        output: What makes a tensor of what the network returns.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: An argument is not as described; the message says what was expected.

    Cost: near one pass in a plain network, else G² passes forward and back of M · B rows, one
    forward pass more of the rows in them, and three passes of one minibatch.
    """
    if masks not in ("common", "fresh"):
        raise ValueError(f"expected masks 'common' or 'fresh', got {masks!r}")
    whole(seed, "seed", 0)
    if dtype is not None and dtype not in (torch.float32, torch.float64):
        raise ValueError(f"expected dtype torch.float32 or torch.float64, got {dtype!r}")
    found = []
    with untouched(model, mode) as net:
        net = net if dtype is None else net.to(dtype)
        weight = _find(net, parameter, units)
        offsets = grid(offsets, weight)
        entries = [(parameter, unit) for unit in units]
        for data, indices in minibatches_of(inputs, targets, rows, loss, output):
            data = data if dtype is None else data.to(dtype)
            ready(model, net, mode, data, [parameter])
            parts = _split(net, parameter, data)
            drawn = seed + len(found)
            if parts is None:
                refuse_lost(net, data, indices)
                found.append(_whole(net, data, indices, entries, offsets, masks, drawn))
            else:
                (x,), y, each = data.inputs, data.targets[indices], watched(net, data, indices)
                found.append(
                    _by_parts(parts, x, indices, y, offsets, units, masks, each, drawn, prune)
                )
    gradients, active, methods = zip(*found, strict=True)
    names = tuple(f"{parameter}[{unit}]" for unit in units)
    return GradientLandscape(
        torch.cat(gradients), offsets, names, rows, torch.cat(active), mode, masks, methods[-1]
    )


def _find(model: nn.Module, parameter: str, units: tuple[int, int]) -> Tensor:
    """The parameter by its name; checks the units."""
    named = dict(model.named_parameters())
    vectors = [name for name, value in named.items() if value.ndim == 1]
    if not isinstance(parameter, str) or parameter not in vectors:
        raise ValueError(f"expected a one-dimensional parameter of {vectors}, got {parameter!r}")
    learning(model, [parameter])
    weight = named[parameter]
    two_units(units, len(weight), parameter)
    return weight


@dataclass(frozen=True, eq=False)
class _Parts:
    """A network cut at the probed layer: below → (bias) → front → following linear → tail."""

    below: sequential.Modules
    front: sequential.Modules
    following: nn.Linear
    tail: sequential.Modules


def _split(model: nn.Module, parameter: str, rows: Rows) -> _Parts | None:
    """Cut a Sequential, or None (with a warning) where it cannot be cut."""
    modules = sequential.taken_apart(model, rows)
    cut = sequential.place(modules, parameter)
    if cut is not None:
        for end in range(cut + 1, len(modules)):
            module = modules[end][1]
            if type(module) is nn.Linear:
                return _Parts(
                    modules[: cut + 1], modules[cut + 1 : end], module, modules[end + 1 :]
                )
            if type(module) not in sequential.UNITWISE:
                break
    owner = parameter.rpartition(".")[0]
    warnings.warn(
        f"{owner!r} is not followed by unit-wise modules and a linear layer in an nn.Sequential: "
        "using torch.func over the whole network, which is many times slower",
        stacklevel=4,
    )
    return None


def _whole(
    net: nn.Module,
    data: Rows,
    rows: Tensor,
    entries: Sequence[functional.Entry],
    offsets: Tensor,
    masks: str,
    seed: int,
) -> tuple[Tensor, Tensor, str]:
    gradients = functional.landscape(net, data, rows, entries, offsets, masks, seed)
    return gradients, torch.full_like(gradients[:, 0, 0], torch.nan), "torch.func"


def _by_parts(
    parts: _Parts,
    inputs: Tensor,
    rows: Tensor,
    y: Tensor,
    offsets: Tensor,
    units: tuple[int, int],
    masks: str,
    loss: Each,
    seed: int,
    prune: bool,
) -> tuple[Tensor, Tensor, str]:
    modules = [*parts.below, *parts.front, ("", parts.following), *parts.tail]
    source = sequential.Masks(modules, rows.shape, inputs.shape[-1], like=offsets)
    ways = [pruned, pruned_deep] if prune else []
    way = next((way for way in ways if way.applies(parts.tail)), generic)
    method = "generic" if way is generic else "pruned"

    def solve(z: Tensor, drawn: sequential.Drawn, grid: tuple[Tensor, Tensor]):  # type: ignore[no-untyped-def]
        curves = [
            _curve(parts.front, z, unit, e, drawn) for unit, e in zip(units, grid, strict=True)
        ]
        h = sequential.run(parts.front, z, drawn, own=True)  # nobody else holds z
        h[..., list(units)] = 0
        base = parts.following(h)
        w = parts.following.weight[:, list(units)]
        return way.landscape(parts.tail, base, curves, w, y, drawn, loss), curves

    middle = int(offsets.abs().argmin())
    drawn = source.draw(seed)
    if masks == "common" or not drawn:
        z = _below(parts.below, inputs, rows, drawn)
        gradients, curves = solve(z, drawn, (offsets, offsets))
        slopes = [slope[:, middle] for _, slope in curves]
    else:
        columns = []
        draw = _fresh(parts.below, inputs, rows, source)
        for number, point in enumerate(itertools.product(offsets.split(1), repeat=2)):
            z, drawn = draw(seed + number)
            gradients, curves = solve(z, drawn, point)
            columns.append(gradients)
            if number == middle * (len(offsets) + 1):
                slopes = [slope[:, 0] for _, slope in curves]
        gradients = torch.cat(columns, 1).unflatten(1, (len(offsets), len(offsets))).squeeze(3)
    active = torch.stack([(slope != 0).to(y).mean(-1) for slope in slopes], -1)
    return gradients, active, method


def _below(
    modules: sequential.Modules, inputs: Tensor, rows: Tensor, masks: sequential.Drawn
) -> Tensor:
    """The part below the probed layer [M, B, n]; a row that minibatches share runs once."""
    if any(name in masks or sequential.takes_batch_statistics(part) for name, part in modules):
        return sequential.run(modules, inputs[rows], masks)
    once, where = rows.unique(return_inverse=True)
    return sequential.run(modules, inputs[once], {})[where]


def _fresh(
    below: sequential.Modules, inputs: Tensor, rows: Tensor, source: sequential.Masks
) -> Callable[[int], tuple[Tensor, sequential.Drawn]]:
    """What turns a seed into the probed layer's output [M, B, n] under masks of its own, and these.

    Up to the first dropout nothing depends on the masks, so that runs once.
    """
    random = [i for i, (name, _) in enumerate(below) if name in source]
    first = random[0] if random else len(below)
    fixed = _below(below[:first], inputs, rows, {})
    scratch = torch.empty_like(fixed)

    def draw(seed: int) -> tuple[Tensor, sequential.Drawn]:
        masks = source.draw(seed)
        if not random:
            return scratch.copy_(fixed), masks
        torch.mul(fixed, masks[below[first][0]], out=scratch)
        return sequential.run(below[first + 1 :], scratch, masks, own=True), masks

    return draw


def _curve(
    front: sequential.Modules, z: Tensor, unit: int, offsets: Tensor, masks: sequential.Drawn
) -> tuple[Tensor, Tensor]:
    """One unit's output u and its slope ∂u/∂e, each [M, G, B]."""
    values = z[..., unit].unsqueeze(-2) + offsets.unsqueeze(-1)
    with torch.enable_grad():
        return torch.func.jvp(
            lambda v: sequential.run(front, v, masks, unit),
            (values,),
            (torch.ones_like(values),),
        )
