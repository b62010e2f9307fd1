"""Small networks of the kinds that people train."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from zoo.case import (
    CLASSES,
    PICTURES,
    PLAIN,
    TOKENS,
    By,
    Case,
    N,
    T,
    seq,
)


class Block(nn.Module):
    """A residual block of convolutions."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(before, width, 3, stride, 1, bias=False)
        self.two = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.skip = nn.Conv2d(before, width, 1, stride, bias=False) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        h = functional.relu(self.norm1(self.one(x)), inplace=True)
        return functional.relu(self.norm2(self.two(h)) + self.skip(x), inplace=True)


def resnet() -> nn.Module:
    stem = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True)
    return seq(*stem, Block(4, 4, 1), Block(4, 6, 2), nn.AdaptiveAvgPool2d(1), *_head(6))


def _head(units: int) -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(units, 2)]


class VisionTransformer(nn.Module):
    """Patches, a class token, places, two encoder layers."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 2, 2)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.places = nn.Parameter(torch.randn(1, 10, 8))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(8, 2, 12, 0.1, batch_first=True) for _ in range(2)
        )
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).mT
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.places
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0])


class Decoder(nn.Module):
    """GPT-like: causal attention, and the embedding's weights read once more as the readout."""

    def __init__(self, module: bool) -> None:
        super().__init__()
        self.embed, self.places = nn.Embedding(7, 8), nn.Embedding(T, 8)
        self.norm, self.qkv, self.out = nn.LayerNorm(8), nn.Linear(8, 24), nn.Linear(8, 8)
        self.up, self.down = nn.Linear(8, 16), nn.Linear(16, 8)
        if module:
            self.readout = nn.Linear(8, 7, bias=False)
            self.readout.weight = self.embed.weight

    def forward(self, tokens: Tensor) -> Any:
        x = self.embed(tokens) + self.places(torch.arange(tokens.shape[1], device=tokens.device))
        q, k, v = self.qkv(self.norm(x)).unflatten(-1, (3, 2, 4)).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).flatten(2))
        x = x + self.down(functional.gelu(self.up(self.norm(x))))
        if hasattr(self, "readout"):
            return SimpleNamespace(logits=self.readout(x).mT)
        return SimpleNamespace(logits=functional.linear(x, self.embed.weight).mT)


def logits(found: Any) -> Tensor:
    return found.logits


NETWORKS = {
    "residual network": Case(resnet, PICTURES, **CLASSES),
    "vision transformer": Case(VisionTransformer, PICTURES, **CLASSES),
    "decoder, tied as a module": Case(
        lambda: Decoder(True), TOKENS, TOKENS, "cross_entropy", logits
    ),
    "decoder, tied in its code": Case(
        lambda: Decoder(False), TOKENS, TOKENS, "cross_entropy", logits
    ),
    "LSTM tagger": Case(
        lambda: By(
            lambda m, x: m.o(m.r(m.e(x))[0]).mT,
            e=nn.Embedding(7, 5),
            r=nn.LSTM(5, 4, batch_first=True),
            o=nn.Linear(4, 3),
        ),
        TOKENS,
        ("ints", 3, N, T),
        "cross_entropy",
    ),
    "twins": Case(
        lambda: By(
            lambda m, a, b: m.o((m.e(a) - m.e(b)).abs()), e=nn.Linear(6, 5), o=nn.Linear(5, 2)
        ),
        [PLAIN, PLAIN],
    ),
    "dropout, outside training": Case(
        lambda: seq(nn.Linear(6, 5), nn.Dropout(0.5), nn.Linear(5, 2)), PLAIN
    ),
}
