"""What feeds a recognizer: the gradient in a group of weights, split along the group itself.

A recognizer is a group of weights w. Let g = ∇_w L be the gradient of the loss (weight decay left
out) and ŵ = w/‖w‖. Descent moves the group along ŵ by q = −⟨g, ŵ⟩:

    dose     max(q, 0)       what makes the group larger
    erosion  max(−q, 0)      what makes it smaller
    turning  ‖g + q ŵ‖       what changes its direction and, to first order, not its norm
    decay    λ‖w‖            what weight decay takes away

With step size η one step of descent on L + λ‖w‖²/2 gives, exactly,

    ‖w′‖² = (‖w‖ + η(dose − erosion − decay))² + (η·turning)²,

so at rest dose − erosion = decay, in every group of every network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gradbook.models import OneHotLinear
from gradbook.probes.guard import untouched
from gradbook.training import LOSSES

Group = Mapping[str, Any]
"""Parameter name to what indexes its entries: an int, a slice, a mask, or a tuple of such."""

Loss = str | Callable[[Tensor, Tensor], Tensor]
"""One of `training.LOSSES`, or a function of outputs and targets that returns each row's loss."""


@dataclass(frozen=True, eq=False)
class Dose:
    """What the gradient does to each of G groups; see the module's text.

    Attributes:
        names: The groups [G].
        norm: ‖w‖ [G], in units of the weights.
        dose: Reinforcing part [G], in units of loss over weight; nan where ‖w‖ = 0.
        erosion: Eroding part [G].
        turning: Part at a right angle to the group [G].
        gradient: ‖g‖ [G]; its square is dose² + erosion² + turning².
        decay: Weight decay's pull λ‖w‖ [G].
    """

    names: tuple[str, ...]
    norm: Tensor
    dose: Tensor
    erosion: Tensor
    turning: Tensor
    gradient: Tensor
    decay: Tensor


class Groups:
    """Named groups of a network's weights, ready to be measured at every step of training.

    A weight may belong to several groups.

    Attributes:
        names: The groups.
    """

    def __init__(self, model: nn.Module, groups: Mapping[str, Group]) -> None:
        """Look up each group's entries.

        Raises:
            ValueError: No groups, an empty group, or a parameter that the network does not have.
        """
        parameters = dict(model.named_parameters())
        places, start = {}, 0
        for name, parameter in parameters.items():
            size = parameter.numel()
            places[name] = torch.arange(start, start + size).view(parameter.shape)
            start += size
        members = []
        for name, group in groups.items():
            if unknown := [key for key in group if key not in places]:
                raise ValueError(
                    f"group {name!r} names {unknown[0]!r}: expected parameters of {list(places)}"
                )
            parts = [places[key][index].flatten() for key, index in group.items()]
            if not sum(map(len, parts)):
                raise ValueError(f"group {name!r} holds no weight: index at least one")
            members.append(torch.cat(parts))
        if not members:
            raise ValueError("expected at least one group of weights, got none")
        self.names = tuple(groups)
        self._parameters = list(parameters.values())
        device = self._parameters[0].device
        sizes = torch.tensor([len(part) for part in members])
        self._owner = torch.repeat_interleave(torch.arange(len(members)), sizes).to(device)
        self._members = torch.cat(members).to(device)

    @torch.no_grad()
    def split(self, gradients: Sequence[Tensor | None], weight_decay: float = 0.0) -> Dose:
        """Split a gradient of the loss.

        Args:
            gradients: One a parameter, in the order of ``model.parameters()``; None is zero.
            weight_decay: λ.
        """
        weights = self._flat(self._parameters)
        pairs = zip(gradients, self._parameters, strict=True)
        gradient = self._flat([torch.zeros_like(p) if g is None else g for g, p in pairs])
        norm = self._sum(weights.square()).sqrt()
        along = self._sum(weights * gradient) / norm  # −q
        unit = (weights / norm[self._owner]).nan_to_num()
        across = gradient - along.nan_to_num()[self._owner] * unit
        return Dose(
            names=self.names,
            norm=norm,
            dose=(-along).clamp(min=0),
            erosion=along.clamp(min=0),
            turning=self._sum(across.square()).sqrt(),
            gradient=self._sum(gradient.square()).sqrt(),
            decay=weight_decay * norm,
        )

    def _flat(self, tensors: Sequence[Tensor]) -> Tensor:
        return torch.cat([tensor.flatten() for tensor in tensors])[self._members]

    def _sum(self, values: Tensor) -> Tensor:
        return values.new_zeros(len(self.names)).index_add_(0, self._owner, values)


def dose(
    model: nn.Module,
    groups: Mapping[str, Group],
    inputs: Tensor,
    targets: Tensor,
    *,
    loss: Loss = "squared",
    weight_decay: float = 0.0,
    mode: str = "eval",
) -> Dose:
    """Dose, erosion and decay of many groups of one network, from one backward pass.

    Args:
        model: Any network; it is left as it was, also after an error.
        groups: Name to group, such as `unit_groups` gives.
        inputs: [n, …].
        targets: [n, …].
        loss: The loss; its mean over all rows is differentiated.
        weight_decay: λ of L + λ‖w‖²/2.
        mode: ``"eval"`` or ``"train"``.

    Raises:
        ValueError: A group or the loss is unknown.
    """
    members = Groups(model, groups)
    parameters = list(model.parameters())
    with untouched(model, mode), torch.enable_grad():
        total = _losses(loss)(model(inputs), targets).mean()
        learning = [p for p in parameters if p.requires_grad]
        found = iter(torch.autograd.grad(total, learning, allow_unused=True) if learning else ())
    gradients = [next(found) if p.requires_grad else None for p in parameters]
    return members.split(gradients, weight_decay)


def example_doses(
    model: nn.Module, group: Group, inputs: Tensor, targets: Tensor, *, loss: Loss = "squared"
) -> Tensor:
    """What each row alone adds to a group's norm: q_i = −⟨∇_w L_i, ŵ⟩, evaluation mode [n].

    Their mean is dose − erosion. It is the slope of each row's loss along ŵ, which one forward pass
    with tangents gives for all rows: no row's gradient is formed.

    Args:
        model: Any network; it is left as it was.
        group: One group.
        inputs: [n, …].
        targets: [n, …].
        loss: The loss.
    """
    Groups(model, {"group": group})
    weights = {name: value.detach() for name, value in model.named_parameters()}
    along = {name: torch.zeros_like(value) for name, value in weights.items()}
    for name, index in group.items():
        along[name][index] = weights[name][index]
    norm = sum(value.square().sum() for value in along.values()).sqrt()
    along = {name: value / norm for name, value in along.items()}

    def losses(at: dict[str, Tensor]) -> Tensor:
        rows = _losses(loss)(torch.func.functional_call(model, at, (inputs,)), targets)
        return rows.flatten(1).mean(1) if rows.ndim > 1 else rows

    with untouched(model, "eval"), torch.no_grad():
        return -torch.func.jvp(losses, (weights,), (along,))[1]


def unit_group(model: nn.Module, layer: str, unit: int) -> Group:
    """A unit with its incoming weights, its bias and its outgoing weights.

    The outgoing weights are those of the next linear or convolutional layer, in the order in which
    the network's layers are registered. A layer that reads the flattened channels of a convolution
    gives each channel its block. Batch norm's γ and β are not included.

    Args:
        model: Any network.
        layer: Name of a linear or convolutional layer, such as ``"linear1"``.
        unit: Which, from 0.

    Raises:
        ValueError: There is no such layer or unit, or no next layer that could read it.
    """
    layers = {n: m for n, m in model.named_modules() if isinstance(m, _LAYERS)}
    if layer not in layers:
        raise ValueError(
            f"expected a linear or convolutional layer of {list(layers)}, got {layer!r}"
        )
    names = list(layers)
    after = names[names.index(layer) + 1 :]
    units = _sizes(layers[layer])[1]
    if not -units <= unit < units:
        raise ValueError(f"expected a unit of {layer!r} below {units}, got {unit}")
    readers = _sizes(layers[after[0]])[0] if after else 0
    if not after or readers % units:
        raise ValueError(
            f"expected a next layer that reads the {units} units of {layer!r}, got "
            f"{f'{after[0]!r} with {readers} inputs' if after else 'none'}: name the group's "
            "weights yourself"
        )
    unit %= units
    width = readers // units
    group = {f"{layer}.weight": _of(layers[layer], unit, outgoing=False)}
    if layers[layer].bias is not None:
        group[f"{layer}.bias"] = unit
    block = slice(unit * width, (unit + 1) * width) if width > 1 else unit
    group[f"{after[0]}.weight"] = _of(layers[after[0]], block, outgoing=True)
    return group


def unit_groups(model: nn.Module, layer: str) -> dict[str, Group]:
    """Every unit of a layer as a group, named ``"linear1[0]"`` and so on; see `unit_group`."""
    module = dict(model.named_modules()).get(layer)
    units = _sizes(module)[1] if isinstance(module, _LAYERS) else 1
    return {f"{layer}[{unit}]": unit_group(model, layer, unit) for unit in range(units)}


_LAYERS = (nn.Linear, OneHotLinear, nn.Conv1d, nn.Conv2d)


def _sizes(layer: nn.Module) -> tuple[int, int]:
    """Inputs that a unit reads, and units."""
    if isinstance(layer, OneHotLinear):
        return layer.in_features, layer.out_features
    return layer.weight.shape[1], layer.weight.shape[0]


def _of(layer: nn.Module, units: int | slice, *, outgoing: bool) -> Any:
    """Index of a unit's row of weights, or of the columns that read it."""
    columns = outgoing != isinstance(layer, OneHotLinear)
    return (slice(None), units) if columns else units


def _losses(loss: Loss) -> Callable[[Tensor, Tensor], Tensor]:
    if callable(loss):
        return loss
    if loss not in LOSSES:
        raise ValueError(f"expected a loss of {list(LOSSES)} or a function, got {loss!r}")
    return lambda outputs, targets: LOSSES[loss](outputs, targets, reduction="none")
