"""Weights that are read elsewhere or made of others; rows that are not first or mixed."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from zoo.case import (
    PLAIN,
    STEPS,
    By,
    Case,
    N,
    seq,
)


class Adapter(nn.Linear):
    """Merges its adapter into its weight outside training."""

    def __init__(self) -> None:
        super().__init__(6, 6)
        self.a, self.b = nn.Parameter(torch.randn(2, 6)), nn.Parameter(torch.randn(6, 2))
        self.merged = False

    def train(self, mode: bool = True) -> Adapter:
        super().train(mode)
        if mode == self.merged:
            self.weight.data += (-1 if mode else 1) * self.b.data @ self.a.data
            self.merged = not mode
        return self

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + (0 if self.merged else x @ self.a.T @ self.b.T)


class Film(nn.Module):
    """A layer that is fed with a table which all rows share, of one row or of as many as there are.

    With as many rows as examples, each reads all of the table.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.code = nn.Parameter(torch.randn(size, 3))
        self.layer, self.out = nn.Linear(3, 6), nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(torch.tanh(x * self.layer(self.code).mean(0)))


class Experts(nn.Module):
    """A mixture: each row goes to the expert that a gate likes best, and is weighted by it."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(6, 3)
        self.experts = nn.ModuleList(nn.Linear(6, 2) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        weight, which = self.gate(x).softmax(-1).max(-1)
        parts = x.new_zeros(len(x), 2)
        for number, expert in enumerate(self.experts):
            mine = which == number
            parts[mine] = expert(x[mine])
        return weight[:, None] * parts


class Soft(nn.Module):
    """A mixture of all experts."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(6, 3)
        self.experts = nn.ModuleList(seq(nn.Linear(6, 4), nn.ReLU()) for _ in range(3))
        self.out = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        mixed = torch.stack([expert(x) for expert in self.experts], -1)
        return self.out((mixed * self.gate(x).softmax(-1)[:, None]).sum(-1))


def shared_bias() -> nn.Module:
    net = seq(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 2))
    net[2].bias = net[0].bias
    return net


def twice() -> nn.Module:
    layer = nn.Linear(6, 6)
    return seq(layer, nn.Tanh(), layer, nn.Linear(6, 2))


def pruned() -> nn.Module:
    net = seq(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2))
    prune.l1_unstructured(net[0], "weight", 0.5)
    return net


def remade(of: Callable[..., nn.Module]) -> Callable[[], nn.Module]:
    return lambda: seq(of(nn.Linear(6, 6)), nn.Tanh(), nn.Linear(6, 2))


def by_length(m: nn.Module, x: Tensor) -> Tensor:
    order = x.sum(1).argsort()
    return m.out(m.layer(x[order]).tanh())[order.argsort()]


def folded(m: nn.Module, x: Tensor) -> Tensor:
    return m.layer(x.flatten(0, 1)).unflatten(0, x.shape[:2]).tanh().mean(1)


def sequence_first(m: nn.Module, x: Tensor) -> Tensor:
    return m.layer(x.transpose(0, 1)).tanh().transpose(0, 1).mean(1)


def branching(m: nn.Module, x: Tensor) -> Tensor:
    return torch.cat([m.a(row) if row.sum() > 0 else m.b(row) for row in x.split(1)])


def hyper(m: nn.Module, x: Tensor) -> Tensor:
    weights = m.make(m.code.weight).view(2, 6)
    return functional.linear(x, weights)


WEIGHTS = {
    "tied decoder": Case(
        lambda: By(lambda m, x: functional.linear(m.e(x).tanh(), m.e.weight.T), e=nn.Linear(6, 4)),
        PLAIN,
        PLAIN,
    ),
    "registered twice": Case(twice, PLAIN),
    "a bias of two layers": Case(shared_bias, PLAIN),
    "weights from weights": Case(
        lambda: By(hyper, code=nn.Embedding(1, 3), make=nn.Linear(3, 12)), PLAIN
    ),
    "pruned": Case(pruned, PLAIN),
    "weight norm": Case(remade(parametrizations.weight_norm), PLAIN),
    "weight norm, by hooks": Case(remade(weight_norm), PLAIN),
    "spectral norm": Case(remade(parametrizations.spectral_norm), PLAIN),
    "spectral norm, by hooks": Case(remade(spectral_norm), PLAIN),
    "orthogonal": Case(remade(parametrizations.orthogonal), PLAIN),
    "merged adapter": Case(lambda: seq(Adapter(), nn.Tanh(), nn.Linear(6, 2)), PLAIN),
    "a shared table": Case(lambda: Film(1), PLAIN),
    "a shared table of n rows": Case(lambda: Film(N), PLAIN),
    "folded rows": Case(lambda: By(folded, layer=nn.Linear(6, 2)), STEPS),
    "sequence first": Case(lambda: By(sequence_first, layer=nn.Linear(6, 2)), STEPS),
    "sorted rows": Case(lambda: By(by_length, layer=nn.Linear(6, 5), out=nn.Linear(5, 2)), PLAIN),
    "experts": Case(Experts, PLAIN),
    "a soft mixture of experts": Case(Soft, PLAIN),
    "branches by data": Case(lambda: By(branching, a=nn.Linear(6, 2), b=nn.Linear(6, 2)), PLAIN),
}
