"""What feeds a recognizer: the gradient in a group of weights, split along the group itself.

A recognizer is a group of weights w. Let g = ∇_w L be the gradient of the loss (weight decay left
out) and ŵ = w/‖w‖. Descent moves the group along ŵ by q = −⟨g, ŵ⟩::

    dose     max(q, 0)       what makes the group larger
    erosion  max(−q, 0)      what makes it smaller
    turning  ‖g + q ŵ‖       what changes its direction and, to first order, not its norm
    decay    λ‖w‖            what weight decay takes away

With step size η one step of descent on L + λ‖w‖²/2 gives, exactly,

    ‖w′‖² = (‖w‖ + η(dose − erosion − decay))² + (η·turning)²,

so at rest dose − erosion = decay, in every group of every network. Frozen weights do not move:
their gradient counts as zero. Where all of w is zero there is no ŵ: dose and erosion are nan.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from gradbook.probes import rows_alone
from gradbook.probes.batches import batches
from gradbook.probes.checks import number, wide
from gradbook.probes.groups import Dose, Group, Groups
from gradbook.probes.guard import stand_in, untouched
from gradbook.probes.losses import warn_of_lost
from gradbook.probes.proofs import Proof, proof_of
from gradbook.probes.reading import Inputs, Loss, Output, Rows


def dose(
    model: nn.Module,
    groups: Mapping[str, Group],
    inputs: Inputs | DataLoader,
    targets: Tensor | None = None,
    *,
    loss: Loss = "squared",
    weight_decay: float = 0.0,
    mode: str = "eval",
    output: Output | None = None,
) -> Dose:
    """Dose, erosion and decay of many groups of one network, from one backward pass.

    Args:
        model: Any network; it is left as it was, also after an error.
        groups: Name to group, such as `unit_groups` gives. Frozen weights in them count as weights
            without a gradient.
        inputs: Rows [n, …]: a tensor, a tuple of the network's arguments, or a dict of them by
            name. Or a `DataLoader` of (inputs, targets), of all of whose rows the mean counts.
        targets: [n, …]; None with a `DataLoader`.
        loss: Default ``"squared"``; see `gradbook.probes.losses`. Its mean over all rows is
            differentiated.
        weight_decay: λ of L + λ‖w‖²/2.
        mode: ``"eval"`` or ``"train"``.
        output: What makes a tensor of what the network returns.

    Returns:
        Each group's norm, the parts of its gradient and decay's pull, see `Dose`.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: A group or the loss is unknown, shapes do not fit, or a loss is no number.

    Cost: one forward and one backward pass of all rows.

    Limits: it is of the gradient. Under Adam a step is another vector; see `gradbook.track`.

    Source: this book.
    """
    weight_decay = number(weight_decay, "weight_decay", 0)
    with untouched(model, mode) as net:
        members = Groups(net, groups)  # a mode may merge weights into others
        names = [name for name, value in model.named_parameters() if value.requires_grad]
        found, seen = None, 0
        for rows in batches(inputs, targets, loss, output):
            part = rows_alone.gradients(stand_in(net), rows.mean_of_numbers, names)
            if found is not None:
                share = len(rows) / (seen + len(rows))
                part = [old + share * (new - old) for old, new in zip(found, part, strict=True)]
            found, seen = part, seen + len(rows)
        by_name = dict(zip(names, found, strict=True))
        gradients = [by_name.get(name) for name, _ in model.named_parameters()]
        return members.split(gradients, weight_decay)


def example_doses(
    model: nn.Module,
    group: Group,
    inputs: Inputs | DataLoader,
    targets: Tensor | None = None,
    *,
    loss: Loss = "squared",
    output: Output | None = None,
    check: bool = False,
) -> Tensor:
    """What each row alone adds to a group's norm: q_i = −⟨∇_w L_i, ŵ⟩, evaluation mode [n].

    Their mean is dose − erosion. It is the slope of each row's loss along ŵ, which one forward pass
    with tangents gives for all rows: no row's gradient is formed. Where a network has no tangents
    (or its slopes do not add up to those of a backward pass, or one row alone has another, which is
    checked at its first probe with inputs of a shape), each row's gradient is formed in the group's
    parameters.

    Args:
        model: Any network; it is left as it was.
        group: One group; frozen weights have no gradient.
        inputs, targets, loss, output: As in `dose`.
        check: Whether to check that at this call too.

    Raises:
        TypeError, ValueError: As in `dose`.

    Cost: one forward pass with tangents; without tangents as `example_gradients` of the group. The
    first probe with inputs of a shape adds a forward and a backward pass of all rows.

    Source: this book.
    """
    if isinstance(group, Mapping) and any(isinstance(part, Mapping) for part in group.values()):
        raise TypeError(f"expected one group, got a dict of them: take one of {list(group)[:3]}")
    found = []
    with untouched(model, "eval") as net:
        Groups(net, {"group": group})
        along = _direction(net, group)
        for rows in batches(inputs, targets, loss, output):
            proof = proof_of(model, "eval", rows, list(group))
            found.append(_slopes(net, rows, along, proof, check))
    return -torch.cat(found)


@torch.no_grad()
def _direction(net: nn.Module, group: Group) -> dict[str, Tensor]:
    """ŵ as one tensor a parameter; zero where a weight is frozen or not of the group."""
    weights = {name: value.detach() for name, value in net.named_parameters()}
    along = {name: torch.zeros_like(value) for name, value in weights.items()}
    for name, index in group.items():
        along[name][index] = weights[name][index]
    norm = sum(value.to(wide(value)).square().sum() for value in along.values()).sqrt()
    learns = {name: value.requires_grad for name, value in net.named_parameters()}
    return {name: value / norm * learns[name] for name, value in along.items()}


def _slopes(
    net: nn.Module, rows: Rows, along: dict[str, Tensor], proof: Proof, check: bool
) -> Tensor:
    """Slope of each row's loss along a direction [n]."""
    weights = {name: value.detach() for name, value in net.named_parameters()}
    probed = stand_in(net)

    def losses(at: dict[str, Tensor]) -> Tensor:
        def run(*arguments: Tensor, **named: Tensor) -> object:
            return torch.func.functional_call(probed, at, arguments, named)

        return rows.losses(run)

    names = [name for name, value in net.named_parameters() if value.requires_grad]
    names = [name for name in names if (along[name] != 0).any()]
    why = "it had none before"
    if names and (check or proof.tangents is not False):
        try:
            with torch.no_grad():
                each, slopes = torch.func.jvp(losses, (weights,), (along,))
        except Exception as error:
            # what does not fit is no lack of tangents
            warn_of_lost(rows.losses(stand_in(net)).detach(), stacklevel=3)
            why = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        else:
            warn_of_lost(each, stacklevel=3)
            if proof.tangents and not check:
                return slopes
            why = _differs(net, rows, along, names, slopes)
            proof.tangents = not why
            if proof.tangents:
                return slopes
        proof.tangents = False
    else:
        warn_of_lost(rows.losses(stand_in(net)).detach(), stacklevel=3)
    if not names:
        return next(iter(along.values())).new_zeros(len(rows))
    warnings.warn(f"no tangents of this network ({why}): its rows' gradients", stacklevel=3)
    unit = torch.cat([along[name].flatten() for name in names])
    some = max(1, rows_alone.CHUNK // len(unit))
    parts = [rows.take(slice(at, at + some)) for at in range(0, len(rows), some)]
    held = (rows_alone.held(net, part, names, proof, check=check) for part in parts)
    return torch.cat([(part.to(wide(unit)) @ unit.to(wide(unit))).to(unit) for part in held])


def _differs(
    net: nn.Module, rows: Rows, along: dict[str, Tensor], names: list[str], slopes: Tensor
) -> str:
    """How slopes differ from what backward passes give, of all rows and of one alone; or ""."""
    total = rows_alone.gradients(stand_in(net), lambda m: rows.losses(m).sum(), names)
    expected = sum((g * along[name]).sum() for g, name in zip(total, names, strict=True))
    if not rows_alone.close(slopes.sum(), expected, slopes.abs().sum().item()):
        return "they do not add up to those of a backward pass"
    row = len(rows) // 2
    alone = rows_alone.one(net, rows, row, names)
    unit = torch.cat([along[name].flatten() for name in names])
    if not rows_alone.close(slopes[row], (alone * unit).sum(), alone.norm().item()):
        return "a row alone has another slope than among others"
    return ""
