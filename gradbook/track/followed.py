"""Groups of weights across one step of an optimizer; see `gradbook.track.recording`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from gradbook.probes.checks import whole
from gradbook.probes.groups import Group, Groups
from gradbook.probes.reading import Inputs
from gradbook.probes.units import unit_groups

Asked = str | Sequence[str] | Mapping[str, Group]


class Followed(Groups):
    """Groups that are read before and after a step."""

    @torch.no_grad()
    def weights(self) -> Tensor:
        """The groups' weights, one group after another, float64 [members]."""
        return self._flat(self._parameters)

    @torch.no_grad()
    def gradients(self) -> Tensor:
        """The parameters' own gradients, zero where there is none [members]."""
        return self._flat(
            [torch.zeros_like(p) if p.grad is None else _dense(p.grad) for p in self._parameters]
        )

    @property
    def parameters(self) -> list[Tensor]:
        """All of the network's, in its order."""
        return list(self._parameters)

    @torch.no_grad()
    def across_a_step(
        self, before: Tensor, gradient: Tensor, shares: Sequence[float | Tensor]
    ) -> dict[str, Tensor]:
        """`runs.QUANTITIES` of each group [G], float64.

        Args:
            before: `weights` before the step.
            gradient: What the optimizer was given [members].
            shares: Decay's share of the step, see `optimizers.decay_shares`.
        """
        step = self.weights() - before
        if any(isinstance(share, Tensor) for share in shares):
            pairs = zip(shares, self._parameters, strict=True)
            full = self._flat([torch.as_tensor(s).to(p).expand(p.shape) for s, p in pairs])
        else:
            full = torch.as_tensor(shares, dtype=torch.float64)[self._places()].to(before.device)
        squared, norm = self._sum(before * before), self._sum(before * before).sqrt()
        there = norm > 0
        size = norm.where(there, torch.nan)
        along, moved = self._sum(before * gradient) / size, self._sum(before * step) / size
        whole_gradient, whole_step = self._sum(gradient * gradient), self._sum(step * step)
        return {
            "norm": norm,
            "dose": (-along).clamp(min=0),
            "erosion": along.clamp(min=0),
            "turning": (whole_gradient - along.nan_to_num().square()).clamp(min=0).sqrt(),
            "along": moved,
            "across": (whole_step - moved.nan_to_num().square()).clamp(min=0).sqrt(),
            "pull": self._sum(full * before * before) / squared.sqrt().where(there, torch.nan),
            "alive": (whole_gradient > 0).double(),
        }

    def _places(self) -> Tensor:
        """Which parameter each member is an entry of [members]."""
        sizes = torch.tensor([p.numel() for p in self._parameters])
        return torch.bucketize(self._members.cpu(), sizes.cumsum(0), right=True)


def _dense(gradient: Tensor) -> Tensor:
    return gradient.to_dense() if gradient.layout != torch.strided else gradient


def find_groups(
    model: nn.Module, asked: Asked, inputs: Inputs | None = None
) -> tuple[dict[str, Group], dict[str, str]]:
    """The groups that are asked for, and why others cannot be followed.

    Args:
        model: Any network; it is left as it was.
        asked: ``"units"``, every unit of every linear and convolutional layer whose readers can be
            told; names of such layers; ``"parameters"``, each parameter as one group; or groups by
            name.
        inputs: A few rows to follow units with; see `gradbook.probes.unit_group`.

    Returns:
        Name to group, and layer to the reason why its units are left out.

    Raises:
        TypeError: Not a network, or groups of another type.
        ValueError: No group is left, or a named layer cannot be followed.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"expected a network (nn.Module), got {type(model).__name__}")
    if isinstance(asked, Mapping):
        return dict(asked), {}
    if asked == "parameters":
        return {n: {n: ...} for n, p in model.named_parameters() if p.requires_grad}, {}
    if isinstance(asked, str) and asked != "units":
        raise ValueError(
            f"expected groups 'units', 'parameters', layers' names or a dict of groups, got "
            f"{asked!r}"
        )
    if not isinstance(asked, str):
        found: dict[str, Group] = {}
        for layer in asked:
            found |= unit_groups(model, layer, inputs=inputs)
        return found, {}
    found, left_out = {}, {}
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
            try:
                found |= unit_groups(model, name, inputs=inputs)
            except (TypeError, ValueError) as error:
                left_out[name] = str(error)
    if not found:
        raise ValueError(
            f"expected a layer whose units can be followed, got none: {left_out}; name the groups' "
            "weights yourself, groups={name: {parameter: index}}, or take groups='parameters'"
        )
    return found, left_out


def chosen(every: int | Sequence[int]) -> int | frozenset[int]:
    """Which steps are recorded: each so many-th, or those named.

    Raises:
        TypeError, ValueError: Neither a whole number from 1 nor such from 0.
    """
    if isinstance(every, Sequence | set | frozenset | range) and not isinstance(every, str):
        return frozenset(whole(step, "a step", 0) for step in every)
    return whole(every, "every", 1)
