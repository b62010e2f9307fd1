"""One pass of all rows that leaves each matrix layer's inputs and errors, where that is proved.

The gradient of row i in a layer's matrix is A_iᵀD_i, with the inputs A and the errors D at the
layer's output. That holds where

1. the layer's weights are read in its own calls and nowhere else. In the pass a layer works with
   detached weights, so that a gradient that reaches the weights all the same came another way: the
   layer is left to `rows_alone`, which holds each row's gradient;
2. rows are the first dimension of what it reads and returns, and each row's loss depends on its own
   row there. At a network's first probe in a mode, with inputs of a shape, a second backward pass
   with a factor a row proves that for all rows: each row's errors have to grow by its factor. A
   layer that no loss depended on then is looked at when one does.

A row that passes through the network alone must then have the gradient that it has among others;
that is checked on one row, which is no proof for the rest, in the same first probe.

Taken apart so are layers of exactly the types ``nn.Linear``, ``OneHotLinear`` and ``nn.Conv1d`` to
``nn.Conv3d``. Of ``nn.LayerNorm`` and ``nn.Embedding`` the pass leaves each row's gradient itself.
All other parameters are left to `rows_alone`: of recurrent layers, ``nn.MultiheadAttention`` with
its output projection, batch and group norm, transposed convolutions, subclasses, parametrized and
shared weights, the network's own parameters, and of any layer in a network with backward hooks. For
these all rows pass forward and back once more, by `torch.func`; or one by one where that cannot;
or, where the first pass drew random numbers, back alone, a row at a time.
"""

from __future__ import annotations

import functools
import warnings
from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gradbook.probes import rows_alone
from gradbook.probes.guard import BACKWARD_HOOKS, RandomState, hooks_of, is_plain, stand_in
from gradbook.probes.matrix_layers import DIRECT_LAYERS, MATRIX_LAYERS
from gradbook.probes.passes import Pass
from gradbook.probes.proofs import Proof
from gradbook.probes.reading import Rows
from gradbook.probes.recorded import Recording


def record(
    net: nn.Module, rows: Rows, names: Sequence[str], proof: Proof, *, check: bool = False
) -> Recording:
    """Pass all rows through a stand-in together, and what does not allow that alone.

    Args:
        net: A stand-in in its mode; see `gradbook.probes.guard`.
        rows: Which.
        names: The parameters whose gradients are asked for.
        proof: What is known of the network; what is found out is noted there.
        check: Whether to find it out again.
    """
    refuse_batch_statistics(net)
    layers = _layers(net, names)
    if check or proof.layers is None:
        check, proof.used = True, set()
    else:
        layers &= proof.layers
    plain = is_plain(net)  # a pass leaves it as it was
    random = RandomState() if not plain or any(m.training for m in net.modules()) else None
    while True:
        run = Pass(net if plain else stand_in(net), layers, random)
        failed = run(rows, names, check)
        run.let_go()
        new = run.used - proof.used  # nobody looked at these
        if not failed and (check or not new):
            break
        layers, check = layers - failed, check or bool(new)
        if random is not None:
            random.give_back()
    proof.used |= run.used
    covered = {name for layer in layers for name in run.names[layer]}
    others = [name for name in names if name not in covered]
    held = list(run.direct.values())
    if others and run.drew:
        held.append(run.held(rows, others))
    elif others:
        held.append(rows_alone.held(net, rows, others, proof, check=check))
    found = torch.cat(held, 1) if len(held) > 1 else held[0] if held else None
    others = [*run.direct, *others]
    known = dict(net.named_parameters())
    sizes = {name: known[name].numel() for name in names}
    dtype = functools.reduce(torch.promote_types, (known[name].dtype for name in names))
    like = known[names[0]].detach().new_zeros(len(rows), dtype=dtype)
    recording = Recording(sizes, like, run.parts, others, found)
    if check and layers and not run.drew and not _agrees(net, rows, names, recording, layers):
        warnings.warn(
            "a row that passes through the network alone has another gradient than among others: "
            "gradients of rows alone, which is slower",
            stacklevel=4,
        )
        layers = set()
        alone = rows_alone.held(net, rows, names, proof, check=check)
        recording = Recording(sizes, like, [], list(names), alone)
    proof.layers = layers
    return recording


def refuse_batch_statistics(net: nn.Module) -> None:
    """Refuse batch norm that takes its statistics from the minibatch.

    Raises:
        ValueError: There is one: a row has no gradient of its own.
    """
    for name, module in net.named_modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and (
            module.training or module.running_mean is None
        ):
            raise ValueError(
                f"expected rows that do not see each other, got {name!r}: batch norm with the "
                "minibatch's statistics gives a row no gradient of its own; probe in mode 'eval', "
                "or take gradients of whole minibatches"
            )


def _layers(net: nn.Module, names: Sequence[str]) -> set[str]:
    """Names of the layers that may be taken apart: their type is known, their weights their own."""
    owners = Counter(id(p) for m in net.modules() for p in m._parameters.values() if p is not None)
    known = dict(net.named_parameters())
    asked = {id(known[name]) for name in names}
    if hooks_of(net, BACKWARD_HOOKS):
        return set()  # they may change what flows back
    return {
        name
        for name, layer in net.named_modules()
        if type(layer) in MATRIX_LAYERS + DIRECT_LAYERS
        and getattr(layer, "max_norm", None) is None
        and not (getattr(layer, "sparse", False) or getattr(layer, "scale_grad_by_freq", False))
        and "forward" not in layer.__dict__
        and isinstance(layer._parameters.get("weight"), nn.Parameter)
        and not asked.isdisjoint(map(id, layer._parameters.values()))
        and all(owners[id(p)] == 1 for p in layer._parameters.values() if p is not None)
    }


def _agrees(
    net: nn.Module, rows: Rows, names: Sequence[str], found: Recording, layers: set[str]
) -> bool:
    """Whether one row has alone the gradient that it has among others."""
    row = len(rows) // 2
    alone = rows_alone.one(net, rows, row, names)
    mine, size = _row(net, found, row, names)
    if rows_alone.close(mine, alone, size):
        return True
    if alone.dtype == torch.float64 or alone.device.type == "mps":
        return False
    exact = stand_in(net, copy_weights=True).double()  # a kink may lie between two roundings
    rows = rows.to(torch.float64)
    again = record(exact, rows, names, Proof(layers, set(layers)))
    mine, size = _row(exact, again, row, names)
    return rows_alone.close(mine, rows_alone.one(exact, rows, row, names), size)


def _row(net: nn.Module, found: Recording, row: int, names: Sequence[str]) -> tuple[Tensor, float]:
    """The gradient [P] of one row in a recording, and the size of the terms that it sums."""
    known = dict(net.named_parameters())
    columns = {name: torch.zeros_like(known[name]).flatten() for name in names}
    if found.held is not None:
        sizes = [known[name].numel() for name in found.others]
        columns |= dict(zip(found.others, found.held[row].split(sizes), strict=True))
    size = 0.0
    for part in found.parts:
        one = part.take(slice(row, row + 1))
        one.write({name: columns[name][None] for name in (part.weight, part.bias) if name})
        size += (one.inputs.norm() * one.errors.norm()).item()
    return torch.cat([columns[name] for name in names]).detach(), size
