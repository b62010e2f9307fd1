"""A unit as a group of weights: those that make it and those that read it.

Which weights read a unit is found by following it (`gradbook.probes.following`): its output is
changed, and the layers whose input then changes read it, by the columns where it does. So branches,
residual streams, flattened maps, concatenations, attention and gates are followed as the network
runs them; through a normalization by its own column, as if the mean and the variance stood still.

Valid where a unit reaches its readers unmixed. Refused is a layer of which several units reach the
same columns, a unit that goes on to the output past all readers or is read by a product outside a
layer, one that works only through a softmax (a query), and a network that then does something else.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gradbook.models import OneHotLinear
from gradbook.probes import following
from gradbook.probes.batches import gives_batches
from gradbook.probes.checks import whole
from gradbook.probes.following import CELLS, CONVOLUTIONS, LAYERS, READERS, RECURRENT, TRANSPOSED
from gradbook.probes.groups import Group
from gradbook.probes.guard import stand_in, untouched
from gradbook.probes.reading import Inputs, Rows

_LENGTHS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 28, 32, 64, 224)
_BY_UNIT = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.PReLU)
_YOURSELF = "name the group's weights yourself"


def unit_group(model: nn.Module, layer: str, unit: int, *, inputs: Inputs | None = None) -> Group:
    """A unit's incoming weights, bias and outgoing weights; batch norm's γ and β are not included.

    Args:
        model: Any network; it is left as it was.
        layer: Name of a linear or convolutional layer, such as ``"linear1"``.
        unit: Which, from 0; below 0 from the end.
        inputs: A few rows to follow the unit with: a tensor, tuple or dict, no `DataLoader`. By
            default random ones of a form that the network takes, where its first layer tells it.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: There is no such layer or unit; or the weights that read it cannot be told.

    Cost: one forward pass for all m units of a layer, and 4 ⌈log₂ m⌉, at least 4, in which layers
    compute nothing; no backward pass. Without inputs one more for each form that is tried.
    """
    return _Follower(model, layer, inputs).group(whole(unit, "unit"))


def unit_groups(model: nn.Module, layer: str, *, inputs: Inputs | None = None) -> dict[str, Group]:
    """Every unit of a layer as a group, named ``"linear1[0]"`` and so on; see `unit_group`.

    Raises:
        TypeError, ValueError: As there.

    Cost: as of one unit.
    """
    follower = _Follower(model, layer, inputs)
    return {f"{layer}[{unit}]": follower.group(unit) for unit in range(follower.units)}


class _Follower:
    """Finds what reads the units of one layer."""

    def __init__(self, model: nn.Module, layer: str, inputs: Inputs | None) -> None:
        with untouched(model, "eval") as net, torch.enable_grad():
            self.modules = dict(net.named_modules())
            layers = {n: m for n, m in net.named_modules() if type(m) in LAYERS}
            if not isinstance(layer, str) or layer not in layers:
                raise ValueError(
                    f"expected a linear or convolutional layer of {list(layers)}, got {layer!r}"
                )
            self.name, self.layer = layer, layers[layer]
            self.units = _units(self.layer)
            self.axis = -1 if isinstance(self.layer, nn.Linear | OneHotLinear) else 1
            self.parameters = {id(value): name for name, value in net.named_parameters()}
            self.shapes = {name: value.shape for name, value in net.named_parameters()}
            torch.manual_seed(0)
            arguments = _arguments(net, inputs)
            try:
                self.readers = self._follow(net, arguments)
            except following.Differs as error:
                raise ValueError(
                    "expected inputs that the network takes, and a network that does the same "
                    f"whatever its units send, but {error}: {_YOURSELF}"
                ) from error

    def group(self, unit: int) -> Group:
        """The group of one unit."""
        if not -self.units <= unit < self.units:
            raise ValueError(f"expected a unit of {self.name!r} below {self.units}, got {unit}")
        unit %= self.units
        group: dict[str, Any] = {self._named(self.layer.weight): _made_by(self.layer, unit)}
        if self.layer.bias is not None:
            group[self._named(self.layer.bias)] = unit
        read = False
        for (name, place), owners in self.readers.items():
            if columns := [at for at, owner in enumerate(owners) if owner == unit]:
                read = True
                for own, index in _read_by(self.modules[name], place, columns).items():
                    key = self._named(getattr(self.modules[name], own))
                    group[key] = self._both(key, group.get(key), index)
        if not read:
            raise ValueError(
                f"expected a next layer that reads unit {unit} of {self.name!r}, got none: "
                f"{_YOURSELF}"
            )
        return group

    def _follow(self, net: nn.Module, arguments: tuple | dict) -> dict[following.Place, list[int]]:
        """Reader and argument to the unit that reaches each of its columns, -1 where none does.

        Units are told apart by the bits of their number. In one run the units with a bit change, in
        another those without it: a column that changes in both is reached by several units. They
        change by much and in both directions, so that no ReLU hides it.
        """
        first = following.run(net, arguments)
        bits = max(1, (self.units - 1).bit_length())
        number = torch.arange(self.units)
        masks = [(number >> bit) % 2 == value for value in (1, 0) for bit in range(bits)]
        seen: dict[following.Place, Tensor] = {}
        past = False
        for at, mask in enumerate(masks):
            for sign in (1, -1):
                differs, output_differs = following.changed(
                    net,
                    arguments,
                    first,
                    self.name,
                    lambda y, m=mask, s=sign: self._changed(y, m, s),
                )
                past = past or output_differs
                for key, columns in differs.items():
                    known = seen.setdefault(key, torch.zeros(2 * bits, len(columns)).bool())
                    known[at] |= columns
        found = {}
        for (name, place), columns in seen.items():
            ones, zeros = columns.split(bits)
            reached = (ones | zeros).any(0)
            if (reached & (ones == zeros).any(0)).any():
                raise ValueError(
                    f"expected layers that read the units of {self.name!r} apart, got {name!r}, "
                    f"where several reach the same weights: {_YOURSELF}"
                )
            if reached.any():
                numbers = (ones * 2 ** torch.arange(bits)[:, None]).sum(0)
                found[name, place] = numbers.where(reached, -1).tolist()
        if not found:
            raise ValueError(
                f"expected a next layer that reads the {self.units} units of {self.name!r}, got "
                f"none: {_YOURSELF}"
            )
        if past:
            raise ValueError(
                f"expected layers that read all of {self.name!r}, got a network in which it also "
                f"reaches the output past them: {_YOURSELF}"
            )
        if self.units == 1:
            _refuse_other_weights(net, self.name)
        return found

    def _changed(self, found: Tensor, mask: Tensor, sign: int) -> Tensor:
        """The output with some units changed, by much."""
        by = 10 * sign * (1 + torch.rand_like(found)) * (1 + found.abs().max())
        shape = [1] * found.ndim
        shape[self.axis] = -1
        return found + by * mask.to(found).view(shape)

    def _named(self, parameter: nn.Parameter) -> str:
        """A parameter's name in the network, the first where it has several."""
        if id(parameter) not in self.parameters:
            raise ValueError(
                f"expected {self.name!r} and its readers to own their weights, got some that are "
                f"made of others: {_YOURSELF}"
            )
        return self.parameters[id(parameter)]

    def _both(self, key: str, first: Any, second: Any) -> Any:
        """Weights that either of two indices names, where one parameter is read twice."""
        if first is None:
            return second
        mask = torch.zeros(self.shapes[key], dtype=torch.bool)
        mask[first] = True
        mask[second] = True
        return mask


def _refuse_other_weights(net: nn.Module, layer: str) -> None:
    """Refuse weights that may mix what a single unit sends, which two units would have shown."""
    other = [
        f"{name}.{own}" if name else own
        for name, module in net.named_modules()
        if type(module) not in (*READERS, nn.Embedding) and not isinstance(module, _BY_UNIT)
        for own, value in module.named_parameters(recurse=False)
        if value.ndim > 1 and not name.endswith(".out_proj")
    ]
    if other:
        raise ValueError(
            f"expected known layers behind the one unit of {layer!r}, got weights {other}, which "
            f"may read it too: {_YOURSELF}"
        )


def _arguments(net: nn.Module, inputs: Inputs | None) -> tuple[Tensor, ...] | dict[str, Tensor]:
    """Rows to follow units with."""
    if inputs is not None:
        if gives_batches(inputs):
            raise TypeError(
                f"expected a few rows to follow units with, got {type(inputs).__name__}: take the "
                "inputs of its first batch, next(iter(…))[0]"
            )
        return Rows.read(inputs, torch.zeros(len(Rows.of_inputs(inputs)[0])), "squared").inputs
    device = next(net.parameters()).device
    for row in _forms(next((m for m in net.modules() if type(m) in _FIRST), None)):
        row = row.to(device)
        try:
            stand_in(net)(row)
        except Exception:
            continue
        return (row,)
    raise ValueError(
        "expected a network whose first layer tells what it takes, got another: pass a few rows, "
        "inputs=…"
    )


_FIRST = (*READERS, nn.Embedding)


def _forms(first: nn.Module | None):  # type: ignore[no-untyped-def]
    """Random rows that a network with such a first layer may take."""
    if first is None:
        return
    dtype = next(first.parameters()).dtype
    if isinstance(first, OneHotLinear | nn.Embedding):
        high = first.in_features if isinstance(first, OneHotLinear) else first.num_embeddings
        yield from (torch.randint(high, (16, length)) for length in _LENGTHS)
        yield torch.randint(high, (16,))
    elif isinstance(first, CONVOLUTIONS + TRANSPOSED):
        dimensions = len(first.kernel_size)
        for length in _LENGTHS:
            shape = (8, first.in_channels, *[length] * dimensions)
            yield torch.randn(shape, dtype=dtype)
    else:
        names = ("in_features", "input_size", "embed_dim")
        width = next(getattr(first, name) for name in names if hasattr(first, name))
        yield torch.randn(16, width, dtype=dtype)
        yield from (torch.randn(16, length, width, dtype=dtype) for length in _LENGTHS)


def _units(layer: nn.Module) -> int:
    if isinstance(layer, nn.Linear | OneHotLinear):
        return layer.out_features
    return layer.out_channels


def _made_by(layer: nn.Module, unit: int) -> Any:
    """Index of a unit's incoming weights."""
    if isinstance(layer, OneHotLinear):
        return (slice(None), unit)
    if isinstance(layer, TRANSPOSED):
        outputs, inputs = layer.out_channels // layer.groups, layer.in_channels // layer.groups
        group = unit // outputs
        rows = slice(group * inputs, (group + 1) * inputs) if layer.groups > 1 else slice(None)
        return (rows, unit % outputs)
    return unit


def _read_by(reader: nn.Module, place: int, columns: list[int]) -> dict[str, Any]:
    """A reader's own weights, and their index, on some of the columns of its argument."""
    at = columns[0] if len(columns) == 1 else columns
    if columns == list(range(columns[0], columns[-1] + 1)) and len(columns) > 1:
        at = slice(columns[0], columns[-1] + 1)
    if isinstance(reader, TRANSPOSED):
        return {"weight": at}
    if isinstance(reader, CONVOLUTIONS) and reader.groups > 1:
        inputs, outputs = reader.in_channels // reader.groups, reader.out_channels // reader.groups
        mask = torch.zeros(reader.weight.shape, dtype=torch.bool)
        for column in columns:
            group = column // inputs
            mask[group * outputs : (group + 1) * outputs, column % inputs] = True
        return {"weight": mask}
    if isinstance(reader, nn.MultiheadAttention):
        if reader.in_proj_weight is None:
            return {f"{'qkv'[place]}_proj_weight": (slice(None), at)}
        mask = torch.zeros(reader.in_proj_weight.shape, dtype=torch.bool)
        size = reader.embed_dim
        mask[place * size : (place + 1) * size, columns] = True
        return {"in_proj_weight": mask}
    if isinstance(reader, RECURRENT):
        names = [own for own, _ in reader.named_parameters() if own.startswith("weight_ih_l0")]
        return {own: (slice(None), at) for own in names}
    if isinstance(reader, nn.Bilinear):
        return {"weight": (slice(None), at) if place == 0 else (slice(None), slice(None), at)}
    own = "weight_ih" if isinstance(reader, CELLS) else "weight"
    return {own: (slice(None), at)}
