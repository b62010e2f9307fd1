"""Which words of a real text does a small transformer learn, by decay? A job is a seed.

The topics of Python's `help`: the thousand most common words are tokens, all others are one. The
next word is asked for in every place. Every weight is decayed, also those of normalizations. A
tenth of the paragraphs is kept from training.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gradbook.chapters.optimizers import prose
from gradbook.chapters.optimizers.transformer import transformer

CONFIG: dict[str, Any] = {
    "settings": {
        "AdamW, wd = 0": {"decay": 0.0},
        "AdamW, wd = 0.1": {"decay": 0.1},
        "AdamW, wd = 1": {"decay": 1.0},
        "AdamW, wd = 1, 4 rows": {"decay": 1.0, "batch": 4},
    },
    "default": {"batch": 16},
    "words": 1000,
    "held_out": 0.1,
    "places": 32,
    "sizes": {"width": 64, "hidden": 256, "blocks": 2},
    "learning_rate": 0.002,
    "steps": 1200,
    "every": 100,
    "learned_rows": 9,
}
JOBS = tuple(range(10))  # seeds from 1000 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Log-loss in nats by frequency, eighths of the words, the most common first.

    Returns:
        - ``held``, ``learned`` [settings, records, 8]: of paragraphs kept from training, and of
          every ninth row of the others.
        - ``held_mean`` [settings, records]: over all words, those without a token too.
        - ``alone`` [8]: of the kept paragraphs, by each word's frequency in the others alone.
    """
    parts = prose.split(seed, config["words"], config["held_out"])
    text, held = (torch.from_numpy(part) for part in parts)
    kept = _rows(held, config["places"])
    rows = [kept, _rows(text, config["places"])[:: config["learned_rows"]]]
    chosen = [{**config["default"], **one} for one in config["settings"].values()]
    found = [_train(seed, one, text, rows, config) for one in chosen]
    counts = torch.bincount(text, minlength=config["words"] + 1) + 1
    rarity = -(counts / counts.sum()).log()
    targets = kept[:, 1:].flatten()
    return {
        **{name: np.stack([one[name] for one in found]).astype(np.float32) for name in found[0]},
        "alone": _by_eighth(rarity[targets], targets, config["words"]).numpy(),
    }


def _rows(tokens: Tensor, places: int) -> Tensor:
    """Consecutive rows of as many tokens as there are places, and the one after [rows, places + 1].

    The last token of a row is the first of the next.
    """
    return tokens.unfold(0, places + 1, places)


def _train(
    seed: int, setting: dict[str, Any], text: Tensor, rows: list[Tensor], config: dict[str, Any]
) -> dict[str, np.ndarray]:
    words, places = config["words"], config["places"]
    net = transformer(seed, words + 1, places, words + 1, **config["sizes"])
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(
        net.parameters(), config["learning_rate"], weight_decay=setting["decay"], fused=True
    )
    held, learned, means = [], [], []
    for step in range(config["steps"]):
        first = torch.randint(len(text) - places, (setting["batch"], 1), generator=generator)
        optimizer.zero_grad()
        _losses(net, text[first + torch.arange(places + 1)])[0].mean().backward()
        optimizer.step()
        if (step + 1) % config["every"] == 0:
            with torch.no_grad():
                (out, then), (known, shown) = (_losses(net, part) for part in rows)
            held.append(_by_eighth(out, then, words).numpy())
            learned.append(_by_eighth(known, shown, words).numpy())
            means.append(float(out.mean()))
    return {"held": np.stack(held), "learned": np.stack(learned), "held_mean": np.array(means)}


def _losses(net: nn.Module, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Log-loss of each next word, and which it was [rows · places]."""
    targets = rows[:, 1:].flatten()
    outputs = net(rows[:, :-1]).flatten(0, 1)
    return functional.cross_entropy(outputs, targets, reduction="none"), targets


def _by_eighth(losses: Tensor, targets: Tensor, words: int) -> Tensor:
    """Mean loss over the occurrences of the words of each eighth [8]."""
    common = targets != prose.OTHER
    eighth = (targets[common] - 1) * 8 // words
    total = torch.bincount(eighth, losses[common], 8)
    return total / torch.bincount(eighth, minlength=8)
