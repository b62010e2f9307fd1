"""Code of one's own, hooks, checkpointing and scripts."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from zoo.case import (
    PLAIN,
    STEPS,
    By,
    Case,
    headed,
    seq,
)


class Masked(nn.Linear):
    """A subclass of a known layer with a forward pass of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight * (self.weight > 0), self.bias)


class SkippingNorm(nn.BatchNorm1d):
    """Batch norm with a skip."""

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class Counts(nn.Module):
    """Assigns a buffer and attributes in its forward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.calls, self.seen = nn.Linear(6, 2), 0, []
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.mean = 0.9 * self.mean + 0.1 * x.detach().mean()
        self.calls += 1
        self.seen.append(self.calls)
        return self.layer(x)


def hook(register: str, change: Callable, at: int = 0, kind: Callable = nn.Linear) -> nn.Module:
    net = seq(kind(6, 5), nn.ReLU(), nn.Linear(5, 2))
    getattr(net if at < 0 else net[at], register)(change)
    return net


def other_layer() -> nn.Module:
    """A hook that reads another layer of the network, by closure."""
    net = seq(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2))
    net.extra = nn.Linear(6, 5)
    run = net.extra
    net[0].register_forward_hook(lambda module, given, found: found + run(given[0]))
    return By(lambda m, x: m.net[2](m.net[1](m.net[0](x))), net=net)


def frozen() -> nn.Module:
    net = seq(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2))
    net[0].requires_grad_(False)
    net[2].bias.requires_grad_(False)
    return net


def without_gradients(m: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        h = m.body(x)
    return m.head(h)


def slope_in_forward(m: nn.Module, x: Tensor) -> Tensor:
    """A gradient by the inputs as part of what is returned."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        h = m.b(m.a(x).tanh())
        (slope,) = torch.autograd.grad(h.sum(), x, create_graph=True)
    return h + slope[:, :2]


def mapped(m: nn.Module, x: Tensor) -> Tensor:
    return torch.vmap(lambda row: m.b(m.a(row).tanh()))(x)


def checkpointed(reentrant: bool) -> Callable[[], nn.Module]:
    def forward(m: nn.Module, x: Tensor) -> Tensor:
        return m.out(checkpoint(m.body, m.first(x), use_reentrant=reentrant))

    def make() -> nn.Module:
        body = seq(nn.Linear(5, 5), nn.Tanh())
        return By(forward, first=nn.Linear(6, 5), body=body, out=nn.Linear(5, 2))

    return make


CODE = {
    "masked subclass": Case(lambda: seq(nn.Linear(6, 5), nn.ReLU(), Masked(5, 2)), PLAIN),
    "batch norm with a skip": Case(
        lambda: seq(nn.Linear(6, 5), SkippingNorm(5), nn.Linear(5, 2)), PLAIN
    ),
    "a hook that changes an output": Case(
        lambda: hook("register_forward_hook", lambda m, x, y: 2 * y), PLAIN
    ),
    "a hook that changes an input": Case(
        lambda: hook("register_forward_pre_hook", lambda m, x: (x[0].square(),)), PLAIN
    ),
    "a hook on the Sequential": Case(
        lambda: hook("register_forward_hook", lambda m, x, y: 3 * y, at=-1), PLAIN
    ),
    "a hook on ReLU": Case(
        lambda: hook("register_forward_hook", lambda m, x, y: y + 1, at=1), PLAIN
    ),
    "a hook that reads another layer": Case(other_layer, PLAIN),
    "a full backward hook": Case(
        lambda: hook("register_full_backward_hook", lambda m, x, y: (2 * x[0],), at=2), PLAIN
    ),
    "buffers and attributes assigned": Case(Counts, PLAIN),
    "in place on tokens": Case(
        lambda: headed(seq(nn.Linear(6, 5), nn.ReLU(inplace=True)), 20), STEPS
    ),
    "in place on the inputs": Case(lambda: seq(nn.ReLU(inplace=True), nn.Linear(6, 2)), PLAIN),
    "an unused head": Case(
        lambda: By(lambda m, x: m.a(x), a=nn.Linear(6, 2), b=nn.Linear(6, 3)), PLAIN
    ),
    "detached": Case(
        lambda: By(lambda m, x: m.b(m.a(x).detach()), a=nn.Linear(6, 5), b=nn.Linear(5, 2)), PLAIN
    ),
    "frozen layers": Case(frozen, PLAIN),
    "a body without gradients": Case(
        lambda: By(without_gradients, body=nn.Linear(6, 5), head=nn.Linear(5, 2)), PLAIN
    ),
    "a call by keyword": Case(lambda: By(lambda m, x: m.l(input=x), l=nn.Linear(6, 2)), PLAIN),
    "a gradient in the forward pass": Case(
        lambda: By(slope_in_forward, a=nn.Linear(6, 5), b=nn.Linear(5, 2)), PLAIN
    ),
    "rows mapped by vmap": Case(lambda: By(mapped, a=nn.Linear(6, 5), b=nn.Linear(5, 2)), PLAIN),
    "checkpointing": Case(checkpointed(False), PLAIN),
    "reentrant checkpointing": Case(checkpointed(True), PLAIN),
    "scripted": Case(
        lambda: torch.jit.script(seq(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2))), PLAIN
    ),
    "a scripted layer": Case(
        lambda: seq(torch.jit.script(nn.Linear(6, 5)), nn.Tanh(), nn.Linear(5, 2)), PLAIN
    ),
}
