"""Which facts does a small transformer keep, and can its units' fate be read? A job is a seed.

A language of 256 subjects with Zipf frequencies and two relations. A subject and a relation are
read; which of 64 objects follows is drawn once for each pair. A subject's row of the embedding is
a weight of its own, all else is shared. Every weight is decayed, also those of normalizations.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn
from torch.nn import functional

from gradbook import probes
from gradbook.chapters.optimizers.transformer import Transformer, transformer
from gradbook.chapters.optimizers.zipf import frequencies

CONFIG: dict[str, Any] = {
    "settings": {
        "AdamW, wd = 0": {"decay": 0.0},
        "AdamW, wd = 0.1": {"decay": 0.1},
        "AdamW, wd = 1": {"decay": 1.0},
        "AdamW, wd = 1, B = 16": {"decay": 1.0, "batch": 16},
        "AdamW, wd = 1, η = 0.0005": {"decay": 1.0, "rate": 0.0005},
        "momentum, no decay": {"kind": "momentum", "rate": 0.1, "decay": 0.0},
        "momentum, λ = 0.001": {"kind": "momentum", "rate": 0.1, "decay": 0.001},
    },
    "default": {"kind": "AdamW", "batch": 64, "rate": 0.002},
    "scores": ["dose", "norm", "growth", "SNIP", "initial norm"],
    "subjects": 256,
    "relations": 2,
    "objects": 64,
    "sizes": {"width": 64, "hidden": 256, "blocks": 2},
    "steps": 2400,
    "early": 48,
    "every": 40,
    "averaged": 20,
}
JOBS = tuple(range(10))  # seeds from 1000 were the pilot


def measure(seed: int, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """What is known of each subject, its weights, and early scores of the hidden units.

    Returns:
        - ``right`` [settings, subjects]: probability of the right object, mean over relations and
          the last records.
        - ``norm``, ``dose`` [settings, subjects]: of the subject's row of the embedding at the end;
          dose less erosion, in the gradient of the mean over the language.
        - ``slope`` [settings, subjects]: the same dose over the norm of that gradient.
        - ``readout_slope``, ``readout_dose`` [settings, objects]: of the readout's rows.
        - ``of_norm``, ``of_worth`` [settings, blocks, scores]: Spearman's correlation, over the
          units of a block, of a score after the early steps with the norm at the end, and with the
          rise of the loss when the unit is silenced then.
        - ``worth_by_norm`` [settings, blocks]: of the norm at the end with that rise.
    """
    language = Language(seed, config)
    chosen = [{**config["default"], **one} for one in config["settings"].values()]
    found = [_train(one, language, config) for one in chosen]
    return {name: np.stack([one[name] for one in found]).astype(np.float32) for name in found[0]}


class Language:
    """Facts and their frequencies.

    Attributes:
        seed: Of the objects, the network and the minibatches.
        p: Share of each fact [subjects · relations], the relations of a subject together.
        rows: Tokens of each fact [facts, 2].
        objects: What follows [facts].
    """

    def __init__(self, seed: int, config: dict[str, Any]) -> None:
        subjects, relations = config["subjects"], config["relations"]
        self.seed = seed
        generator = torch.Generator().manual_seed(seed)
        shares = torch.from_numpy(frequencies(subjects)) / relations
        self.p = shares.repeat_interleave(relations)
        subject = torch.arange(subjects).repeat_interleave(relations)
        relation = subjects + torch.arange(relations).repeat(subjects)
        self.rows = torch.stack([subject, relation], 1)
        self.objects = torch.randint(config["objects"], (len(self.p),), generator=generator)


def _train(setting: dict[str, Any], language: Language, config: dict[str, Any]) -> dict[str, Any]:
    tokens = config["subjects"] + config["relations"]
    net = transformer(language.seed, tokens, 2, config["objects"], **config["sizes"])
    optimizer = _optimizer(net, setting)
    generator = torch.Generator().manual_seed(language.seed)
    saliency = _saliency(net, language)
    before, early = _norms(net), config["early"]
    doses, right = torch.zeros_like(before), []
    for step in range(config["steps"]):
        shown = torch.multinomial(
            language.p, setting["batch"], replacement=True, generator=generator
        )
        counts = torch.bincount(shown, minlength=len(language.p))
        seen = counts.nonzero()[:, 0]  # a fact that is shown twice is computed once
        optimizer.zero_grad()
        _loss(net, language, seen, counts[seen] / setting["batch"]).backward()
        if step < early:
            doses -= sum(_pulls(net)) / _norms(net) / early
        optimizer.step()
        if step + 1 == early:
            then = _norms(net)
        if (step + 1) % config["every"] == 0:
            right.append(_right(net, language))
    after, worth = _norms(net), _worth(net, language)
    scores = {
        "dose": doses,
        "norm": then,
        "growth": then - before,
        "SNIP": saliency,
        "initial norm": before,
    }
    known = torch.stack(right)[-config["averaged"] :].mean(0)
    named = [scores[name] for name in config["scores"]]
    return {
        "right": known.view(config["subjects"], -1).mean(1).numpy(),
        **_doses(net, language, config),
        "of_norm": _ranks(named, after),
        "of_worth": _ranks(named, worth),
        "worth_by_norm": _ranks([after], worth)[:, 0],
    }


def _optimizer(net: nn.Module, setting: dict[str, Any]) -> torch.optim.Optimizer:
    rate, decay = setting["rate"], setting["decay"]
    if setting["kind"] == "momentum":
        return torch.optim.SGD(net.parameters(), rate, momentum=0.9, weight_decay=decay, fused=True)
    return torch.optim.AdamW(net.parameters(), rate, weight_decay=decay, fused=True)


def _loss(net: Transformer, language: Language, facts: Tensor, shares: Tensor) -> Tensor:
    outputs = net(language.rows[facts])[:, -1]
    each = functional.cross_entropy(outputs, language.objects[facts], reduction="none")
    return (each * shares).sum()


@torch.no_grad()
def _right(net: Transformer, language: Language) -> Tensor:
    likely = net(language.rows)[:, -1].softmax(1)
    return likely.gather(1, language.objects[:, None])[:, 0]


def _doses(net: Transformer, language: Language, config: dict[str, Any]) -> dict[str, np.ndarray]:
    """Doses of the rows of embedding and readout, by `gradbook.probes`."""
    groups = {f"subject {s}": {"embed.weight": s} for s in range(config["subjects"])}
    groups |= {f"object {o}": {"head.weight": o} for o in range(config["objects"])}
    shares = language.p * len(language.p)
    targets = torch.stack([language.objects.double(), shares], 1)

    def weighted(outputs: Tensor, told: Tensor) -> Tensor:
        each = functional.cross_entropy(outputs, told[:, 0].long(), reduction="none")
        return each * told[:, 1].float()

    found = probes.dose(
        net, groups, language.rows, targets, loss=weighted, output=lambda found: found[:, -1]
    )
    dose, subjects = found.dose - found.erosion, config["subjects"]
    slope = dose / found.gradient
    return {
        "norm": found.norm[:subjects].numpy(),
        "dose": dose[:subjects].numpy(),
        "slope": slope[:subjects].numpy(),
        "readout_dose": dose[subjects:].numpy(),
        "readout_slope": slope[subjects:].numpy(),
    }


def _units(block: nn.Module, weights: Any) -> list[Tensor]:
    """A block's hidden units [units, …]: what makes them, their biases, what reads them."""
    return [
        weights(block.up.weight),
        weights(block.up.bias)[:, None],
        weights(block.down.weight).T,
    ]


@torch.no_grad()
def _norms(net: Transformer) -> Tensor:
    """‖w‖ of each unit [blocks, units]."""
    parts = [_units(block, lambda weight: weight) for block in net.blocks]
    return torch.stack([sum(part.square().sum(1) for part in unit).sqrt() for unit in parts])


@torch.no_grad()
def _pulls(net: Transformer, *, size: bool = False) -> list[Tensor]:
    """Σ g·w of each unit [blocks, units] by its incoming, its bias and its outgoing weights."""
    found = []
    for block in net.blocks:
        made = _units(block, lambda weight: weight * weight.grad)
        found.append([(part.abs() if size else part).sum(1) for part in made])
    return [torch.stack(parts) for parts in zip(*found, strict=True)]


def _saliency(net: Transformer, language: Language) -> Tensor:
    """SNIP: Σ |g·w| over a unit's weights, of the whole language (Lee et al. 2019)."""
    net.zero_grad()
    _loss(net, language, torch.arange(len(language.p)), language.p).backward()
    return sum(_pulls(net, size=True))


@torch.no_grad()
def _worth(net: Transformer, language: Language) -> Tensor:
    """Rise of the mean loss when a unit is silent [blocks, units]."""
    x = net.embed(language.rows) + net.place.weight
    found = []
    for number, block in enumerate(net.blocks):
        x = block.attend(x, net.later)
        hidden = block.act(block.up(block.norm2(x)))
        whole = x + block.down(hidden)
        base = _above(net, language, whole, number)
        for unit, column in enumerate(block.down.weight.T):
            without = whole - hidden[..., unit, None] * column
            found.append(_above(net, language, without, number) - base)
        x = whole
    return torch.stack(found).view(len(net.blocks), -1)


def _above(net: Transformer, language: Language, x: Tensor, number: int) -> Tensor:
    """The mean loss, from what leaves a block."""
    for block in net.blocks[number + 1 :]:
        x = block(x, net.later)
    outputs = net.head(net.norm(x[:, -1]))
    each = functional.cross_entropy(outputs, language.objects, reduction="none")
    return (each * language.p).sum()


def _ranks(scores: list[Tensor], end: Tensor) -> np.ndarray:
    """Spearman's correlation with what is found at the end [blocks, scores]."""
    return np.array(
        [
            [spearmanr(score[block], end[block]).statistic for score in scores]
            for block in range(len(end))
        ]
    )
