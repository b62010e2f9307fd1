"""What was found out at a network's first probe in a mode, with inputs of a shape."""

from __future__ import annotations

import functools
import types
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from gradbook.probes.guard import hooks_of
from gradbook.probes.reading import Rows, fits


@dataclass
class Proof:
    """Which ways hold; None where nobody looked yet.

    Attributes:
        layers: Names of the layers whose gradients may be made of what a pass of all rows leaves.
        used: Those of them that the losses depended on when that was looked at.
        torch_func: Whether `torch.func` finds what autograd finds.
        tangents: Whether forward-mode derivatives do.
        fits: Whether the network takes the inputs and the targets its outputs.
    """

    layers: set[str] | None = None
    used: set[str] = field(default_factory=set)
    torch_func: bool | None = None
    tangents: bool | None = None
    fits: bool | None = None


_KNOWN: weakref.WeakKeyDictionary[nn.Module, dict] = weakref.WeakKeyDictionary()


def proof_of(model: nn.Module, mode: str, rows: Rows, names: Sequence[str]) -> Proof:
    """What is known of a network; other modules, hooks, shapes or parameters begin anew."""
    modules = tuple((id(module), type(module)) for module in model.modules())
    shapes = tuple((tuple(t.shape), t.dtype) for t in (*rows.tensors(), rows.targets))
    told = tuple(map(_identity, (rows.loss, rows.output)))
    key = (mode, shapes, tuple(names), hash(modules), hooks_of(model), told)
    return _KNOWN.setdefault(model, {}).setdefault(key, Proof())


def _identity(told: Any) -> Any:
    """What is the same for a function made anew by the same code and settings; keeps no network."""
    if told is None or isinstance(told, str | int | float):
        return told
    if isinstance(told, functools.partial):
        return tuple(map(_identity, (told.func, *told.args, *sum(told.keywords.items(), ()))))
    if code := getattr(told, "__code__", None):
        cells = [cell.cell_contents for cell in told.__closure__ or () if cell != _EMPTY]
        given = (*(told.__defaults__ or ()), *(told.__kwdefaults__ or {}).values(), *cells)
        own = _identity(getattr(told, "__self__", None))
        return (code, own, *(part for part in given if isinstance(part, str | int | float)))
    try:
        hash(found := weakref.ref(told))
    except TypeError:  # such as `operator.itemgetter`
        return repr(told)
    return found


_EMPTY = types.CellType()


def ready(model: nn.Module, net: nn.Module, mode: str, rows: Rows, names: Sequence[str]) -> None:
    """Try the stand-in of a network on two rows, once.

    Raises:
        TypeError, ValueError: It does not take the inputs, or the targets do not fit.
    """
    proof = proof_of(model, mode, rows, names)
    if proof.fits is None:
        fits(net, rows)
        proof.fits = True
