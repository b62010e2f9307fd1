"""Networks that a careless probe changes."""

import functools
import random
from collections import deque, namedtuple

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

Pair = namedtuple("Pair", "norm seen")


class Twice(nn.Sequential):
    """A module that is registered twice."""

    def __init__(self):
        layer = nn.Linear(6, 6)
        super().__init__(layer, nn.Tanh(), layer, nn.Linear(6, 1))


class Assigns(nn.Module):
    """Assigns a buffer, a plain attribute and the content of one in its forward pass."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 1)
        self.register_buffer("mean", torch.zeros(()))
        self.seen, self.calls, self.last = [], {"calls": 0}, None

    def forward(self, x):
        self.mean = 0.9 * self.mean + 0.1 * x.detach().mean()
        self.calls["calls"] += 1
        self.last = x
        self.seen.append(x)
        return self.layer(x)


class Adapter(nn.Linear):
    """Merges its adapter into its weight outside training, as loralib does."""

    def __init__(self):
        super().__init__(6, 6)
        self.a, self.b = nn.Parameter(torch.randn(2, 6)), nn.Parameter(torch.randn(6, 2))
        self.merged = False

    def train(self, mode=True):
        super().train(mode)
        if mode == self.merged:
            self.weight.data += (-1 if mode else 1) * self.b.data @ self.a.data
            self.merged = not mode
        return self

    def forward(self, x):
        return super().forward(x) + (0 if self.merged else x @ self.a.T @ self.b.T)


class Memory:
    """Collects what a network computes, with its gradients."""

    def __init__(self):
        self.last, self.seen, self.recent = None, [], deque(maxlen=99)

    def note(self, found):
        self.last = found
        self.seen.append(found)
        self.recent.append(found)


class Remembers(nn.Module):
    """Holds an object that it tells what it computes, and the statistics of another in a tuple."""

    def __init__(self):
        super().__init__()
        self.layer, self.memory = nn.Linear(6, 1), Memory()
        self.pair = Pair(nn.BatchNorm1d(6), [])

    def forward(self, x):
        found = self.layer(self.pair.norm(x))
        self.memory.note(found)
        self.pair.seen.append(found)
        return found


class Clips(nn.Module):
    """Writes to its weights in its forward pass, past their version counter."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 1)

    def forward(self, x):
        self.layer.weight.data.mul_(0.5)
        return self.layer(x)


class Renormalizes(nn.Module):
    """An embedding that shrinks the rows it reads."""

    def __init__(self):
        super().__init__()
        self.embed, self.read = nn.Embedding(9, 6, max_norm=0.1), nn.Linear(6, 1)

    def forward(self, x):
        return self.read(self.embed((x[:, :3] > 0).long()).mean(1))


class Draws(nn.Module):
    """Uses every random generator there is, and one of its own."""

    def __init__(self):
        super().__init__()
        self.layer, self.own = nn.Linear(6, 1), torch.Generator().manual_seed(1)

    def forward(self, x):
        noise = random.random() + np.random.rand() + torch.rand(1, generator=self.own).item()
        return self.layer(nn.functional.dropout(x, 0.5)) + noise


def hooked():
    """Hooks that refer to the network by closure, by name and as bound methods."""
    net = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.ReLU(inplace=True), nn.Linear(6, 1))
    net[0].register_forward_hook(lambda module, inputs, output: net[1](output))
    net[3].register_forward_pre_hook(functools.partial(_counts, net[3]))
    net.register_forward_hook(lambda module, inputs, output: setattr(net, "last", output))
    net[3].register_full_backward_hook(lambda module, inputs, outputs: None)
    return net


def _counts(layer, module, inputs):
    layer.count = getattr(layer, "count", 0) + 1


def pruned():
    net = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 1))
    prune.l1_unstructured(net[0], "weight", 0.5)
    return net


def remade(of):
    return nn.Sequential(of(nn.Linear(6, 6)), nn.Tanh(), nn.Linear(6, 1))


NETWORKS = {
    "registered twice": Twice,
    "assigns buffers and attributes": Assigns,
    "merges adapters": lambda: nn.Sequential(Adapter(), nn.Linear(6, 1)),
    "remembers": Remembers,
    "clips its weights": Clips,
    "max_norm": Renormalizes,
    "random": Draws,
    "hooks": hooked,
    "pruned": pruned,
    "weight norm, by hooks": lambda: remade(weight_norm),
    "spectral norm, by hooks": lambda: remade(spectral_norm),
    "weight norm": lambda: remade(parametrizations.weight_norm),
    "spectral norm": lambda: remade(parametrizations.spectral_norm),
    "batch norm": lambda: nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Linear(6, 1)),
    "in place": lambda: nn.Sequential(nn.ReLU(inplace=True), nn.Linear(6, 1)),
}


def name_of(net):
    return [name for name, value in net.named_parameters() if value.ndim == 1][-1]


def data():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(8, 6, generator=generator), torch.randn(8, 1, generator=generator)
