"""Which words of a long tail are learned, by optimizer, decay and batch size; a job is a seed.

A language of 256 tokens with Zipf frequencies p_k ∝ 1/k. The next token is that of a fixed
permutation nine times in ten (the rule), and any token else. The net is an embedding, a hidden
ReLU layer and a softmax. Tokens are drawn one by one, with no sequence between minibatches.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradbook.chapters.optimizers.zipf import frequencies

CONFIG: dict[str, Any] = {
    "settings": {
        "SGD, no decay": {"kind": "SGD", "decay": 0.0},
        "SGD, λ = 0.001": {"kind": "SGD", "decay": 0.001},
        "Adam, λ = 0.001": {"kind": "Adam", "decay": 0.001},
        "AdamW, wd = 0": {"decay": 0.0},
        "AdamW, wd = 0.1": {"decay": 0.1},
        "AdamW, wd = 1": {"decay": 1.0},
        "AdamW, wd = 1, B = 16": {"decay": 1.0, "batch": 16},
        "AdamW, wd = 1, B = 256": {"decay": 1.0, "batch": 256},
    },
    "default": {"kind": "AdamW", "batch": 64},
    "rates": {"SGD": 0.5, "Adam": 0.002, "AdamW": 0.002},
    "tokens": 256,
    "embedding": 64,
    "units": 128,
    "rule": 0.9,
    "steps": 12_000,
    "every": 40,
    "averaged": 50,
}
JOBS = tuple(range(10, 30))  # seeds from 900 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """What the net gives the rule, token by token from the most common.

    Returns:
        - ``rule`` [settings, tokens]: the rule's probability, mean over the last records.
        - ``learned`` [settings, tokens]: the first recorded step at which it is half of what is
          right, 0 where it never is.
    """
    chosen = [{**config["default"], **one} for one in config["settings"].values()]
    found = [_train(setting, seed, config) for setting in chosen]
    names = ("rule", "learned")
    return {name: np.stack([one[n] for one in found]) for n, name in enumerate(names)}


def _train(
    setting: dict[str, Any], seed: int, config: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    generator = torch.Generator().manual_seed(seed)
    tokens, batch = config["tokens"], setting["batch"]
    p = torch.from_numpy(frequencies(tokens))
    follows = torch.randperm(tokens, generator=generator)
    weights = _weights(config, generator)
    optimizer = _optimizer(weights, setting, config["rates"])
    every, records = config["every"], []
    everything = torch.arange(tokens)
    for step in range(config["steps"]):
        if step % every == 0:
            shown = torch.multinomial(p, every * batch, replacement=True, generator=generator)
            other = torch.randint(tokens, shown.shape, generator=generator)
            kept = torch.rand(shown.shape, generator=generator) < config["rule"]
            targets = torch.where(kept, follows[shown], other)
        at = slice(step % every * batch, (step % every + 1) * batch)
        _descend(weights, shown[at], targets[at])
        optimizer.step()
        if (step + 1) % every == 0:
            likely = _forward(weights, everything)[-1].softmax(1)
            records.append(likely[everything, follows])
    course = torch.stack(records).numpy()
    learned = course >= config["rule"] / 2
    first = np.where(learned.any(0), every * (learned.argmax(0) + 1), 0)
    return course[-config["averaged"] :].mean(0), first.astype(np.int32)


def _weights(config: dict[str, Any], generator: torch.Generator) -> list[Tensor]:
    tokens, wide, units = config["tokens"], config["embedding"], config["units"]

    def draw(rows: int, columns: int, size: float) -> Tensor:
        return torch.randn(rows, columns, generator=generator) * size

    weights = [
        draw(tokens, wide, 1 / math.sqrt(wide)),
        draw(wide, units, math.sqrt(2 / wide)),
        torch.zeros(units),
        draw(units, tokens, 1 / math.sqrt(units)),
        torch.zeros(tokens),
    ]
    for weight in weights:
        weight.grad = torch.zeros_like(weight)
    return weights


def _optimizer(
    weights: list[Tensor], setting: dict[str, Any], rates: dict[str, float]
) -> torch.optim.Optimizer:
    kind = setting["kind"]
    make = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW}[kind]
    return make(weights, lr=rates[kind], weight_decay=setting["decay"], fused=True)


def _forward(weights: list[Tensor], shown: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    embedding, incoming, bias, outgoing, offset = weights
    read = embedding[shown]
    hidden = torch.addmm(bias, read, incoming).relu_()
    return read, hidden, torch.addmm(offset, hidden, outgoing)


def _descend(weights: list[Tensor], shown: Tensor, targets: Tensor) -> None:
    """Write the gradient of the mean cross-entropy into the weights' own.

    A word that a minibatch shows more than once is computed once.
    """
    counts = torch.bincount(shown)
    words = counts.nonzero()[:, 0]
    which = (counts > 0).cumsum(0)[shown] - 1
    read, hidden, outputs = _forward(weights, words)
    error = outputs.softmax(1).mul_(counts[words, None])
    wanted = which * error.shape[1] + targets
    error.view(-1).index_add_(0, wanted, torch.full((len(shown),), -1.0))
    error /= len(shown)
    torch.mm(hidden.T, error, out=weights[3].grad)
    torch.sum(error, 0, out=weights[4].grad)
    below = (error @ weights[3].T).mul_(hidden > 0)
    torch.mm(read.T, below, out=weights[1].grad)
    torch.sum(below, 0, out=weights[2].grad)
    weights[0].grad.zero_()[words] = below @ weights[1].T
