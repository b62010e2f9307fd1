"""A network, its rows and how it is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

N = T = 4  # as many positions as rows, so that the two can be mistaken for each other
TOKENS, PLAIN, STEPS = ("ints", 7, N, T), (N, 6), (N, T, 6)
PICTURES, VOLUMES = (N, 3, 6, 6), (N, 2, 4, 4, 4)
CLASSES = {"targets": ("ints", 2, N), "loss": "cross_entropy"}


@dataclass(frozen=True)
class Case:
    """A network, its rows, and how it is judged; `build` makes it anew, the same every time."""

    make: Callable[[], nn.Module]
    inputs: Any
    targets: Any = (N, 2)
    loss: Any = "squared"
    output: Any = None

    def build(self) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model = self.make().double()
            with torch.no_grad():
                for value in model.parameters():
                    value += 0.1 * torch.randn_like(value)
        return model.eval()

    def rows(self) -> tuple[Any, Tensor]:
        generator = torch.Generator().manual_seed(1)

        def drawn(shape: Any) -> Any:
            if isinstance(shape, dict):
                return {name: drawn(part) for name, part in shape.items()}
            if isinstance(shape, list):
                return tuple(map(drawn, shape))
            if isinstance(shape[0], str):  # ("ints", high, …)
                return torch.randint(shape[1], shape[2:], generator=generator)
            return torch.randn(shape, generator=generator, dtype=torch.float64)

        return drawn(self.inputs), drawn(self.targets)


class By(nn.Module):
    """Modules by name, and a function of them and the inputs as the forward pass."""

    def __init__(self, forward: Callable[..., Any], **parts: nn.Module) -> None:
        super().__init__()
        self.run = forward
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *inputs: Tensor, **named: Tensor) -> Any:
        return self.run(self, *inputs, **named)


def seq(*modules: nn.Module) -> nn.Sequential:
    return nn.Sequential(*modules)


def headed(layer: nn.Module, units: int) -> nn.Sequential:
    """A layer with a curve and a readout behind it."""
    return seq(layer, nn.Tanh(), nn.Flatten(), nn.Linear(units, 2))


class First(nn.Module):
    """The first of what a recurrent layer returns."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)[0]
