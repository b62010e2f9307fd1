"""Small float64 networks and rows that the probes' tests share."""

from __future__ import annotations

import copy
from functools import cache

import torch
from torch import Tensor, nn

from gradbook import models, tasks, training

TASK = tasks.character_regression(train=256, test=64)
INPUTS, TARGETS = TASK.train_inputs, TASK.train_targets.double()
TARGETS = (TARGETS - TARGETS.mean()) / TARGETS.std()
ROWS = torch.randint(256, (3, 16), generator=torch.Generator().manual_seed(0))
WIDTHS = (40, 30, 20)


@cache
def _trained(regularizer: str, loss: str) -> nn.Sequential:
    config = training.TrainConfig(epochs=3, learning_rate=1e-3, batch_size=16, loss=loss)
    data = tasks.Task("", TASK.features, INPUTS, TARGETS.float(), INPUTS[:64], TARGETS[:64].float())
    model = models.mlp(TASK.features, WIDTHS, regularizer=regularizer, dropout_rate=0.3)
    return training.train(model, data, config, progress=False).model.double()


def trained(regularizer: str = "none", loss: str = "l1") -> nn.Sequential:
    """A net after three epochs; batch norm with γ of both signs, two of them 0, and any β."""
    model = copy.deepcopy(_trained(regularizer, loss))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for module in model:
            if isinstance(module, nn.BatchNorm1d):
                for value in (module.weight, module.bias):
                    value.copy_(torch.randn(len(value), generator=generator))
                module.weight[2:4] = 0
    return model


def owners(regularizer: str) -> tuple[str, ...]:
    """Kinds of modules with a bias: ``linear1`` and, with batch norm, ``norm1``."""
    return ("linear", "norm") if "norm" in regularizer else ("linear",)


def dense(*modules: nn.Module) -> nn.Sequential:
    """A float64 Sequential with the same random parameters every time."""
    model = nn.Sequential(*modules).double()
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for value in model.parameters():
            value.copy_(torch.randn(value.shape, generator=generator, dtype=value.dtype) / 2)
    return model


def dense_rows(features: int = 6, outputs: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """Float inputs [40, features], targets [40, outputs] and row indices [3, 8]."""
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(40, features, generator=generator, dtype=torch.float64)
    targets = torch.randn(40, outputs, generator=generator, dtype=torch.float64)
    return inputs, targets, torch.randint(40, (3, 8), generator=generator)


class Wrapped(nn.Module):
    """A network that is no `nn.Sequential`."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)
