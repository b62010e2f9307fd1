"""A small causal transformer, as language models are built: attention, normalization, skips."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradbook.models import AttentionBlock


class Transformer(nn.Module):
    """Tokens to outputs for the next token, in every place; the readout is not tied."""

    def __init__(
        self,
        tokens: int,
        places: int,
        outputs: int,
        *,
        width: int = 64,
        hidden: int = 256,
        blocks: int = 2,
    ) -> None:
        """Initial weights: torch's own, but rows of the embedding of norm 1 and small places.

        Args:
            tokens: Of the vocabulary that is read.
            places: The longest row.
            outputs: What may come next.
            width: Of the residual stream.
            hidden: ReLU units of a block.
            blocks: How many.
        """
        super().__init__()
        self.embed, self.place = nn.Embedding(tokens, width), nn.Embedding(places, width)
        for table in (self.embed, self.place):
            nn.init.normal_(table.weight, std=width**-0.5)
        self.blocks = nn.ModuleList(AttentionBlock(width, hidden) for _ in range(blocks))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, outputs)
        later = torch.full((places, places), -torch.inf).triu(1)
        self.register_buffer("later", later, persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [n, places] to outputs [n, places, outputs]."""
        here = tokens.shape[1]
        x = self.embed(tokens) + self.place.weight[:here]
        for block in self.blocks:
            x = block(x, self.later[:here, :here])
        return self.head(self.norm(x))


def transformer(seed: int, tokens: int, places: int, outputs: int, **sizes: int) -> Transformer:
    """A transformer with the initial weights of a seed; sizes as in `Transformer`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Transformer(tokens, places, outputs, **sizes)
