"""Groups of a network's weights, and what a gradient does to each; see `gradbook.probes.dose`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gradbook.probes.checks import number
from gradbook.probes.guard import refuse_unfit

Group = Mapping[str, Any]
"""Parameter name to what indexes its entries: an int, a slice, a mask, or a tuple of such."""


@dataclass(frozen=True, eq=False)
class Dose:
    """What the gradient does to each of G groups; see the text of `gradbook.probes.dose`.

    Sums over a group are taken in float64, and given in the weights' precision or float32.

    Attributes:
        names: The groups [G].
        norm: ‖w‖ [G], in units of the weights.
        dose: Reinforcing part [G], in units of loss over weight; nan where ‖w‖ = 0.
        erosion: Eroding part [G]; nan there too.
        turning: Part at a right angle to the group [G]; ‖g‖ there.
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
            TypeError: The groups are no dict of dicts.
            ValueError: No groups, an empty group, a parameter that the network does not have, or
                an index that does not fit it or names a weight twice.
        """
        refuse_unfit(model)
        if not isinstance(groups, Mapping):
            raise TypeError(f"expected a dict of groups by name, got {type(groups).__name__}")
        parameters = dict(model.named_parameters())
        places, start = {}, 0
        for name, parameter in parameters.items():
            size = parameter.numel()
            places[name] = torch.arange(start, start + size).view(parameter.shape)
            start += size
        members = [_members(name, group, places) for name, group in groups.items()]
        if not members:
            raise ValueError("expected at least one group of weights, got none")
        self.names = tuple(groups)
        self._parameters = list(parameters.values())
        device = self._parameters[0].device
        self._device = torch.device("cpu") if device.type == "mps" else device  # has no float64
        sizes = torch.tensor([len(part) for part in members])
        self._owner = torch.repeat_interleave(torch.arange(len(members)), sizes).to(self._device)
        self._members = torch.cat(members).to(self._device)

    @torch.no_grad()
    def split(self, gradients: Sequence[Tensor | None], weight_decay: float = 0.0) -> Dose:
        """Split a gradient of the loss.

        Args:
            gradients: One a parameter, in the order of ``model.parameters()``; None is zero.
            weight_decay: λ.

        Raises:
            TypeError: A gradient is no tensor, or the decay is no number.
            ValueError: There are not as many gradients as parameters, one has another shape than
                its parameter, or the decay is below zero.
        """
        weight_decay = number(weight_decay, "weight_decay", 0)
        weights = self._flat(self._parameters)
        gradient = self._flat(self._fitting(gradients))
        norm = self._sum(weights.square()).sqrt()
        along = self._sum(weights * gradient) / norm  # −q
        there = norm > 0
        unit = (weights / norm[self._owner]).where(there[self._owner], 0)
        across = gradient - along.where(there, 0)[self._owner] * unit
        dtype = torch.promote_types(self._parameters[0].dtype, torch.float32)
        found = {
            "norm": norm,
            "dose": (-along).clamp(min=0),
            "erosion": along.clamp(min=0),
            "turning": self._sum(across.square()).sqrt(),
            "gradient": self._sum(gradient.square()).sqrt(),
            "decay": weight_decay * norm,
        }
        return Dose(self.names, **{name: value.to(dtype) for name, value in found.items()})

    def _fitting(self, gradients: Sequence[Tensor | None]) -> list[Tensor]:
        """A gradient for each parameter, zero for none; or an error."""
        if len(gradients) != len(self._parameters):
            raise ValueError(
                f"expected {len(self._parameters)} gradients, one a parameter in the order of "
                f"model.parameters(), got {len(gradients)}"
            )
        fitting = []
        for at, (gradient, parameter) in enumerate(zip(gradients, self._parameters, strict=True)):
            if gradient is not None and not isinstance(gradient, Tensor):
                raise TypeError(
                    f"expected gradient {at} as a tensor or None, got {type(gradient).__name__}"
                )
            if gradient is not None and gradient.shape != parameter.shape:
                raise ValueError(
                    f"expected gradient {at} of its parameter's shape {tuple(parameter.shape)}, "
                    f"got {tuple(gradient.shape)}: they are in the order of model.parameters()"
                )
            fitting.append(torch.zeros_like(parameter) if gradient is None else gradient)
        return fitting

    def _flat(self, tensors: Sequence[Tensor]) -> Tensor:
        flat = torch.cat([tensor.flatten() for tensor in tensors]).to(self._device)
        return flat[self._members].double()

    def _sum(self, values: Tensor) -> Tensor:
        return values.new_zeros(len(self.names)).index_add_(0, self._owner, values)


def _members(name: str, group: Group, places: Mapping[str, Tensor]) -> Tensor:
    """Where a group's weights lie among all of the network's."""
    if not isinstance(group, Mapping):
        raise TypeError(
            f"expected group {name!r} as a dict of parameters' names, got {type(group).__name__}: "
            "one group alone is {name: group}"
        )
    if unknown := [key for key in group if key not in places]:
        raise ValueError(
            f"group {name!r} names {unknown[0]!r}: expected parameters of {list(places)}"
        )
    parts = []
    for key, index in group.items():
        try:
            parts.append(places[key][_on_cpu(index)].flatten())
        except (IndexError, TypeError, ValueError, RuntimeError) as error:
            raise ValueError(
                f"group {name!r} indexes {key!r} {tuple(places[key].shape)} with {index!r}: {error}"
            ) from error
    if not sum(map(len, parts)):
        raise ValueError(f"group {name!r} holds no weight: index at least one")
    found = torch.cat(parts)
    listed = any(not _is_plain(index) for index in group.values())
    if listed and len(found.unique()) < len(found):
        raise ValueError(f"group {name!r} names a weight twice: index each once")
    return found


def _on_cpu(index: Any) -> Any:
    """An index with its tensors on the CPU, where the places are."""
    if isinstance(index, tuple):
        return tuple(map(_on_cpu, index))
    return index.cpu() if isinstance(index, Tensor) else index


def _is_plain(index: Any) -> bool:
    """Whether an index is made of numbers and slices, which name no weight twice."""
    if isinstance(index, tuple):
        return all(map(_is_plain, index))
    return isinstance(index, int | slice | type(Ellipsis))
