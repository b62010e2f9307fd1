"""Copies a network with all that its modules hold; see `gradbook.probes.guard`."""

from __future__ import annotations

import copy
import functools
import types
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

_TABLES = frozenset(name for name, part in nn.Module().__dict__.items() if part == {})
_ATOMS = (int, float, complex, str, bytes, bool, type(None), type, torch.device, torch.dtype)


class Copy:
    """Copies what it is called with; a second call with the same object gives the same copy."""

    def __init__(self, model: nn.Module, copy_weights: bool) -> None:
        members = (*model.modules(), *model.parameters(), *model.buffers())
        self.members = {id(member) for member in members}
        self.copy_weights = copy_weights
        self.memo: dict[int, Any] = {}
        self.alive: list[Any] = []  # an id names an object only while that lives

    def __call__(self, value: Any) -> Any:
        if isinstance(value, _ATOMS):
            return value
        found = self.memo.get(id(value), self)
        if found is self:  # not copied yet
            self.alive.append(value)
            found = self.memo[id(value)] = self._copied(value)
        return found

    def _copied(self, value: Any) -> Any:
        if type(value) in (dict, OrderedDict):
            new = self.memo[id(value)] = type(value)()
            for key, part in value.items():
                new[key] = self(part)
            return new
        if type(value) is set and all(isinstance(part, _ATOMS) for part in value):
            return set(value)
        if isinstance(value, Tensor):
            return self._tensor(value)
        if isinstance(value, torch.jit.ScriptModule):
            with torch.no_grad():  # else the copy's parameters depend on the network's
                new = copy.deepcopy(value)
            for mine, own in zip(value.parameters(), new.parameters(), strict=True):
                own.requires_grad_(mine.requires_grad)
            return new
        if isinstance(value, nn.Module):
            new = self.memo[id(value)] = object.__new__(type(value))
            own = new.__dict__
            for name, part in value.__dict__.items():
                if name in _TABLES and not part:  # no other module's
                    own[name] = type(part)()
                else:
                    own[name] = part if type(part) in _ATOMS else self(part)
            return new
        if type(value) is list:
            new = self.memo[id(value)] = []
            new.extend(map(self, value))
            return new
        if type(value) is tuple:
            return tuple(map(self, value))
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, types.MethodType):
            return types.MethodType(self(value.__func__), self(value.__self__))
        if type(value) is functools.partial:
            return functools.partial(
                self(value.func), *map(self, value.args), **self(value.keywords)
            )
        if isinstance(value, torch.Generator):
            return torch.Generator(value.device).set_state(value.get_state())
        if isinstance(value, weakref.ref):
            return value
        try:
            if hasattr(value, "__deepcopy__"):
                return copy.deepcopy(value, self.memo)
            made = value.__reduce_ex__(4)
            if isinstance(made, str):
                return value
            return copy._reconstruct(value, self.memo, *made, deepcopy=lambda part, _: self(part))
        except Exception:  # a lock, an open file, …: what cannot be copied is shared
            return value

    def _tensor(self, value: Tensor) -> Tensor:
        if not isinstance(value, nn.Parameter):
            new = value.detach().clone()
            return new.requires_grad_() if value.is_leaf and value.requires_grad else new
        data = value.detach()
        if self.copy_weights or value.is_inference():
            data = data.clone()
        new = nn.Parameter(data, requires_grad=value.requires_grad)
        new.__dict__.update({name: self(part) for name, part in value.__dict__.items()})
        return new

    def _function(self, value: types.FunctionType) -> types.FunctionType:
        """The function itself, or one like it that reads the stand-in's modules."""
        self.memo[id(value)] = value  # it may refer to itself
        names = [name for code in _codes(value.__code__) for name in code.co_names]
        seen = {name: value.__globals__[name] for name in names if name in value.__globals__}
        moved = {name: self(part) for name, part in seen.items() if id(part) in self.members}
        cells = [self._cell(cell) for cell in value.__closure__ or ()]
        if not moved and all(a is b for a, b in zip(cells, value.__closure__ or (), strict=True)):
            return value
        new = types.FunctionType(
            value.__code__,
            value.__globals__ | moved if moved else value.__globals__,
            value.__name__,
            value.__defaults__,
            tuple(cells),
        )
        new.__kwdefaults__ = value.__kwdefaults__
        return functools.update_wrapper(new, value)

    def _cell(self, cell: types.CellType) -> types.CellType:
        try:
            part = cell.cell_contents
        except ValueError:  # not assigned yet
            return cell
        functions = (types.FunctionType, types.MethodType, functools.partial)
        if id(part) not in self.members and not isinstance(part, functions):
            return cell
        new = self(part)
        return cell if new is part else types.CellType(new)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            yield from _codes(part)
