"""The two networks of the chapter, both on pictures of 8 × 8 pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradbook.models import AttentionBlock
from gradbook.tasks.digits import CLASSES

NETWORKS = ("convolutional", "transformer")


class Transformer(nn.Module):
    """Reads a picture as eight rows of eight pixels."""

    def __init__(self, width: int = 32, hidden: int = 64) -> None:
        super().__init__()
        self.embed, self.place = nn.Linear(8, width), nn.Parameter(torch.randn(8, width) / 2)
        self.block, self.head = AttentionBlock(width, hidden), nn.Linear(width, CLASSES)

    def forward(self, pixels: Tensor) -> Tensor:
        """Pixels [n, 64] to outputs [n, 10]."""
        x = self.embed(pixels.unflatten(-1, (8, 8))) + self.place
        return self.head(self.block(x).mean(-2))


def network(name: str, seed: int, scale: int = 1) -> nn.Module:
    """A network by name, with torch's default initial weights.

    Args:
        name: One of `NETWORKS`.
        seed: Of the weights.
        scale: Each hidden layer has so many times its units.

    Raises:
        ValueError: There is none of that name.
    """
    if name not in NETWORKS:
        raise ValueError(f"expected a network of {NETWORKS}, got {name!r}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if name == "transformer":
            return Transformer(32 * scale, 64 * scale)
        return nn.Sequential(
            nn.Unflatten(1, (1, 8, 8)),
            nn.Conv2d(1, 16 * scale, 3),
            nn.ReLU(),
            nn.Conv2d(16 * scale, 32 * scale, 3, stride=2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(128 * scale, 64 * scale),
            nn.ReLU(),
            nn.Linear(64 * scale, CLASSES),
        )
