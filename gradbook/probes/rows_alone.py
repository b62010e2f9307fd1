"""The gradient of each row's loss, held: any network, any parameters.

By `torch.func` where that can; else row by row, with a warning. Valid for any network that
gives a row alone what it gives it among others: each row passes through it alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from gradbook.probes.guard import is_readers, stand_in
from gradbook.probes.proofs import Proof
from gradbook.probes.reading import Rows

CHUNK = 2**24
"""Numbers that gradients may hold beside the result."""


def held(
    net: nn.Module, rows: Rows, names: Sequence[str], proof: Proof, *, check: bool = False
) -> Tensor:
    """Gradients [n, P] of the rows' losses in some of a stand-in's parameters, one after another.

    Args:
        net: A stand-in; see `gradbook.probes.guard`.
        rows: Which.
        names: Its parameters.
        proof: What is known of the network. Where nothing is, one row's gradient by `torch.func` is
            compared with autograd's, and what is found out noted there.
        check: Whether to find it out again.
    """
    why = "it could not before"
    if check or proof.torch_func is not False:
        try:
            found = by_torch_func(stand_in(net), rows, names)
        except Exception as error:
            why = f"it raised {type(error).__name__}: {str(error).partition(chr(10))[0]}"
        else:
            row = len(rows) // 2
            known = proof.torch_func and not check
            if known or close(found[row], one(net, rows, row, names)):
                proof.torch_func = True
                return found
            why = "it found another gradient than autograd"
        proof.torch_func = False
    warnings.warn(
        f"torch.func cannot take this network ({why}): gradients row by row, which is slower",
        stacklevel=2,
    )
    return torch.stack([one(net, rows, row, names) for row in range(len(rows))])


def by_torch_func(net: nn.Module, rows: Rows, names: Sequence[str]) -> Tensor:
    """By `vmap` of `grad` over the whole network [n, P]."""
    state = {name: value.detach() for name, value in net.named_parameters()}
    asked = {name: state.pop(name) for name in names}

    def loss_of(values: dict[str, Tensor], inputs: object, target: Tensor) -> Tensor:
        def run(*arguments: Tensor, **named: Tensor) -> object:
            return torch.func.functional_call(net, {**state, **values}, arguments, named)

        alone = Rows(inputs, target, rows.loss, rows.output).mapped(lambda t: t[None])
        return alone.losses(run).sum()

    each = torch.func.vmap(
        torch.func.grad(loss_of),
        in_dims=(None, 0, 0),
        randomness="different",
        chunk_size=max(1, CHUNK // sum(value.numel() for value in asked.values())),
    )
    with torch.enable_grad():
        found = each(asked, rows.inputs, rows.targets)
    return torch.cat([found[name].flatten(1) for name in names], 1)


def one(net: nn.Module, rows: Rows, row: int, names: Sequence[str]) -> Tensor:
    """The gradient [P] of one row that passes alone through a copy of a stand-in."""
    alone = rows.take(slice(row, row + 1))
    found = gradients(stand_in(net), lambda probed: alone.losses(probed).sum(), names)
    return torch.cat([gradient.flatten() for gradient in found])


def gradients(
    net: nn.Module, total: Callable[[nn.Module], Tensor], names: Sequence[str]
) -> list[Tensor]:
    """Gradient of a number in some of a stand-in's parameters; zero where it does not depend."""
    known = dict(net.named_parameters())
    asked = [known[name] for name in names]
    with torch.enable_grad():
        number = total(net)
        if not number.requires_grad:
            return [torch.zeros_like(parameter) for parameter in asked]
        if not checkpoints_again(number):
            found = torch.autograd.grad(number, asked, allow_unused=True)
        else:
            for parameter in known.values():
                parameter.grad = None
            number.backward()
            found = [parameter.grad for parameter in asked]
    return dense(found, asked)


def dense(gradients: Sequence[Tensor | None], parameters: Sequence[Tensor]) -> list[Tensor]:
    """Gradients as tensors that hold all their numbers; one that is None is zero."""
    pairs = zip(gradients, parameters, strict=True)
    return [
        torch.zeros_like(p) if g is None else g.to_dense() if g.is_sparse else g for g, p in pairs
    ]


def checkpoints_again(number: Tensor) -> bool:
    """Whether a number comes through reentrant checkpointing, which knows `backward` alone.

    Raises:
        ValueError: It comes from the reader's own parameters, by a way that the stand-in's cannot
            follow, such as a loss that reads the network.
    """
    seen, waiting = set(), [number.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        if node.name() == "CheckpointFunctionBackward":
            return True
        if is_readers(getattr(node, "variable", None)):
            raise ValueError(
                "expected a loss of outputs and targets and hooks that reach the network by the "
                "modules they are given, got one that reads the network's own parameters"
            )
        seen.add(node)
        waiting += [below for below, _ in node.next_functions]
    return False


def close(found: Tensor, known: Tensor, size: float = 0.0) -> bool:
    """Whether two gradients are one but for round-off, in sums of terms of some size."""
    eps = torch.finfo(known.dtype).eps
    tolerance = eps**0.5 * known.norm().item() + 100 * eps * size
    return bool((found - known).norm().item() <= tolerance or known.isnan().any())
