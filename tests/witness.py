"""What a network was: every table of every module, and the random state; compared in full."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_ON_CUDA = torch.cuda.is_available()
ATOMS = (int, float, complex, str, bytes, bool, type(None))


class Witness:
    """`changes` names what is no longer as it was; nothing is copied that a change could reach."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.before = _everything(model)

    def changes(self) -> list[str]:
        after = _everything(self.model)
        places = [*self.before, *(place for place in after if place not in self.before)]
        return [p for p in places if not _same(self.before.get(p), after.get(p))]


def _everything(model: nn.Module) -> dict[str, Any]:
    """Place to (object, its value), of all that the network's modules hold."""
    found: dict[str, Any] = {
        "random.torch": (None, torch.get_rng_state().clone()),
        "random.cuda": (None, repr(torch.cuda.get_rng_state_all()) if _ON_CUDA else ""),
        "random.numpy": (None, repr(np.random.get_state(legacy=False))),
        "random.python": (None, random.getstate()),
        "grad mode": (None, torch.is_grad_enabled()),
    }
    seen: set[int] = set()

    def add(place: str, value: Any) -> None:
        found[place] = (value, _value(value))
        if isinstance(value, Tensor):
            if value.is_leaf:
                found[f"{place}.grad"] = (value.grad, _value(value.grad))
            facts = (value.requires_grad, value._version, type(value), value._backward_hooks)
            found[f"{place}.facts"] = (None, repr(facts))
        if id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, nn.Module):
            found[f"{place}.class"] = (type(value), None)
            for name, part in value.__dict__.items():
                add(f"{place}.{name}", part)
        elif isinstance(value, dict):
            for key, part in value.items():
                add(f"{place}[{key!r}]", part)
        elif isinstance(value, list | tuple | deque):
            for number, part in enumerate(value):
                add(f"{place}[{number}]", part)
        elif hasattr(value, "__dict__") and not isinstance(value, Tensor) and not callable(value):
            for name, part in vars(value).items():
                add(f"{place}.{name}", part)

    add("net", model)
    return found


def _value(value: Any) -> Any:
    if isinstance(value, Tensor):
        return None if nn.parameter.is_lazy(value) else value.detach().clone()
    if isinstance(value, dict):
        return list(value)
    if isinstance(value, list | tuple | deque):
        return len(value)
    if isinstance(value, set | np.ndarray | torch.Generator):
        return repr(value.get_state().tolist() if isinstance(value, torch.Generator) else value)
    return value if isinstance(value, ATOMS) else None


def _same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return False
    (first, value), (second, now) = one, other
    if not isinstance(first, ATOMS) and first is not second:
        return False
    if isinstance(value, Tensor) and isinstance(now, Tensor):
        same = value.shape == now.shape and value.dtype == now.dtype
        return same and torch.equal(value.nan_to_num(), now.nan_to_num())
    return value == now
