"""A pass of all rows through a stand-in whose matrix layers note what they read.

What it has to do with gradients of single rows is in `gradbook.probes.recording`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from gradbook.probes import rows_alone
from gradbook.probes.guard import RandomState
from gradbook.probes.losses import warn_of_lost
from gradbook.probes.matrix_layers import (
    DIRECT_LAYERS,
    Part,
    direct_gradients,
    layer_errors,
    layer_inputs,
    takes_rows,
)
from gradbook.probes.reading import Rows


@dataclass
class _Call:
    layer: str
    inputs: Tensor
    edge: torch.autograd.graph.GradientEdge
    shape: torch.Size


@dataclass
class Pass:
    """One pass of a stand-in whose matrix layers note what they read; see the module's text."""

    net: nn.Module
    layers: set[str]
    random: RandomState | None
    calls: list[_Call] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    direct: dict[str, Tensor] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    noting: bool = True
    drew: bool = False

    def __post_init__(self) -> None:
        self.modules = dict(self.net.named_modules())
        for name in self.layers:
            layer = self.modules[name]
            prefix = f"{name}." if name else ""
            own = layer._parameters.items()
            self.names[name] = [prefix + kind for kind, value in own if value is not None]
            layer.forward = functools.partial(self._forward, name, layer)

    def _forward(self, name: str, layer: nn.Module, *given: Tensor, **named: Tensor) -> Tensor:
        (x,) = (*given, *named.values())
        own = layer._parameters.items()
        weights = {name: value.detach() for name, value in own if value is not None}
        y = _run_with(layer, weights, x)
        if not torch.is_grad_enabled():
            return y
        y = y if y.requires_grad else y.requires_grad_()
        if self.noting:
            edge = torch.autograd.graph.get_gradient_edge(y)
            self.calls.append(_Call(name, x.detach(), edge, y.shape))
        return y.clone() if y.is_leaf or y._is_view() else y  # it may be worked on in place

    def let_go(self) -> None:
        """Give the layers their own forward passes back."""
        for name in self.layers:
            del self.modules[name].forward

    @torch.enable_grad()
    def __call__(self, rows: Rows, names: Sequence[str], check: bool) -> set[str]:
        """Layers that have to be left to others; what the rest leave is in `parts` and `direct`."""
        try:
            self.losses = rows.losses(self.net)
        except ValueError:
            if not self.layers:
                raise
            return set(self.layers)  # a network that maps its layers itself takes no other
        self.noting = False
        warn_of_lost(self.losses, stacklevel=6)
        self.drew = self.random is not None and not self.random.is_now()
        own = [name for layer in self.layers for name in self.names[layer] if name in names]
        known = dict(self.net.named_parameters())
        wanted = [call.edge for call in self.calls] + [known[name] for name in own]
        found: Sequence[Tensor | None] = [None] * len(wanted)
        keep = check or self.drew
        if wanted and self.losses.requires_grad:
            if check and rows_alone.checkpoints_again(self.losses):
                return set(self.layers)
            found = torch.autograd.grad(
                self.losses.sum(), wanted, allow_unused=True, retain_graph=keep
            )
        errors, elsewhere = found[: len(self.calls)], found[len(self.calls) :]
        calls = zip(self.calls, errors, strict=True)
        self.used = {call.layer for call, error in calls if error is not None}
        failed = {
            name.rpartition(".")[0]
            for name, gradient in zip(own, elsewhere, strict=True)
            if gradient is not None
        }
        n = len(rows)
        failed |= {
            c.layer
            for c in self.calls
            if len(c.inputs) != n
            or len(c.shape) < 2
            or c.shape[0] != n
            or not takes_rows(self.modules[c.layer], c.inputs)
        }
        if check and n > 1 and self.calls and self.losses.requires_grad:
            failed |= self._mixed(errors)
        if not failed:
            self._read(errors, names)
        return failed

    def _mixed(self, errors: Sequence[Tensor | None]) -> set[str]:
        """Layers where a row's loss depends on another row's place in the first dimension."""
        order = torch.randperm(len(self.losses), generator=torch.Generator().manual_seed(0))
        factors = (2.0 ** (order % 4)).to(self.losses)
        edges = [call.edge for call in self.calls]
        again = torch.autograd.grad(
            (self.losses * factors).sum(), edges, allow_unused=True, retain_graph=True
        )
        failed = set()
        for call, once, twice in zip(self.calls, errors, again, strict=True):
            if once is None or twice is None or len(once) != len(factors):
                continue
            expected = once * factors.view(-1, *[1] * (once.ndim - 1))
            wrong = (twice - expected).abs() > 64 * torch.finfo(once.dtype).eps * _largest(expected)
            if wrong.any():
                failed.add(call.layer)
        return failed

    def _read(self, errors: Sequence[Tensor | None], names: Sequence[str]) -> None:
        uses: dict[str, list[tuple[Tensor, Tensor]]] = {}
        for call, error in zip(self.calls, errors, strict=True):
            if error is not None:
                uses.setdefault(call.layer, []).append((call.inputs, error))
        for name, found in uses.items():
            layer, prefix = self.modules[name], f"{name}." if name else ""
            if type(layer) in DIRECT_LAYERS:
                for seen, error in found:
                    for own, values in direct_gradients(layer, seen, error).items():
                        if prefix + own in names:
                            old = self.direct.get(prefix + own, 0)
                            self.direct[prefix + own] = old + values.flatten(1)
                continue
            read = [layer_inputs(layer, seen) for seen, _ in found]
            sent = [layer_errors(layer, error) for _, error in found]
            a, d = (torch.cat(u, 2) if len(u) > 1 else u[0] for u in (read, sent))
            a, d = a.to(layer.weight.dtype), d.to(layer.weight.dtype)  # they differ by autocast
            weight, bias = (prefix + own if prefix + own in names else None for own in _OWN)
            self.parts.append(Part(layer, a, d, weight, bias))

    def held(self, rows: Rows, others: Sequence[str]) -> Tensor:
        """Gradients [n, P] from the pass itself: the masks that it drew are not drawn again."""
        known = dict(self.net.named_parameters())
        asked = [known[name] for name in others]
        found = []
        for loss in self.losses.unbind():
            each = torch.autograd.grad(loss, asked, allow_unused=True, retain_graph=True)
            found.append(torch.cat([g.flatten() for g in rows_alone.dense(each, asked)]))
        return torch.stack(found)


_OWN = ("weight", "bias")


def _run_with(layer: nn.Module, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """A layer's own forward pass with other weights in its table."""
    own, layer._parameters = layer._parameters, {**layer._parameters, **weights}
    try:
        return type(layer).forward(layer, x)
    finally:
        layer._parameters = own


def _largest(values: Tensor) -> Tensor:
    finite = values.abs().nan_to_num(0, 0, 0)
    return finite.max() if finite.numel() else finite.sum()
