"""What the garden experiments say: threshold, cut-off, shaping, competition, diets."""

from __future__ import annotations

import numpy as np

from gradbook.evidence.atlas import Atlas

ALIVE = 0.02
"""A recognizer that answers its feature with less than this, where 1 is right, is dead."""

WEAK, STRONG = 0.5, 0.9
"""Cosines with the feature below and above which a recognizer is called so."""


def threshold(results: Atlas, setting: str) -> np.ndarray:
    """Frequency over weight decay at which recognizers begin to survive.

    The geometric mean of the most frequent dead recognizer and the rarest living one above it;
    where none is dead, the rarest of all, which is an upper bound.
    """
    ratios = results["ratio"][0]
    alive = results["answer"][:, results.config["settings"].index(setting)] > ALIVE
    found = []
    for seed in alive:
        first = 0 if seed.all() else int((~seed).nonzero()[0][-1]) + 1
        if first == len(ratios):
            found.append(np.nan)
        else:
            found.append(ratios[0] if first == 0 else np.sqrt(ratios[first - 1] * ratios[first]))
    return np.array(found)


def cosine_after_the_cut(cut_off: Atlas, cause: str) -> np.ndarray:
    """Cosine of the starved recognizer's weights with those at the cut, at the end."""
    return cut_off["cosine"][:, cut_off.config["causes"].index(cause), -1]


def share_shaped(shaping: Atlas, network: str) -> np.ndarray:
    """Of the units that start weak and are fed, the share that ends strong.

    A unit is weak if its cosine with every feature is below `WEAK`, fed if its norm is larger at
    the end than at the start, so that its dose outweighed erosion and decay, and strong if its
    cosine with a feature is above `STRONG`.
    """
    counted, strong = _fed_and_strong(shaping, network)
    return (strong & counted).sum(1) / counted.sum(1)


def second_cosine(shaping: Atlas, *, strong: bool) -> np.ndarray:
    """Mean second largest cosine with a feature, at the end, in the shared layer.

    Over the units of `share_shaped` that end strong, or over the others; nan for a seed that has
    none of them.
    """
    counted, ends_strong = _fed_and_strong(shaping, "shared ReLU layer")
    chosen = counted & (ends_strong == strong)
    second = np.sort(shaping["shared_cosine"][:, -1].astype(float), -1)[..., -2]
    count = chosen.sum(1)
    return (second * chosen).sum(1) / np.where(count, count, np.nan)


def _fed_and_strong(shaping: Atlas, network: str) -> tuple[np.ndarray, np.ndarray]:
    """Which units start weak and are fed, and which end strong [seeds, units]."""
    if network == "a patch each":
        cosine, norm = shaping["patch_cosine"][..., None], shaping["patch_norm"]
    else:
        cosine, norm = shaping["shared_cosine"], shaping["shared_norm"]
    best = cosine.max(-1)
    return (best[:, 0] < WEAK) & (norm[:, -1] > norm[:, 0]), best[:, -1] > STRONG


def accuracy_lost(competition: Atlas, setting: str, step: int) -> np.ndarray:
    """Accuracy with a head start of feature 1 minus without, so many steps after it."""
    number = competition.config["settings"].index(setting)
    at = competition["step"][0].tolist().index(step)
    accuracy = competition["accuracy"][:, number, :, at]
    starts = competition.config["starts"]
    return accuracy[:, starts.index("feature 1")] - accuracy[:, starts.index("none")]


def head_start_left(competition: Atlas, setting: str) -> np.ndarray:
    """Share of a head start that is left, at every record [seeds, records + 1].

    With D the net's reliance on feature 1 less that on feature 2, where feature 1 had the start,
    minus the same where feature 2 had it: D over what it was when the head start ended.
    """
    number = competition.config["settings"].index(setting)
    reliance = competition["reliance"][:, number].astype(float)
    lead = reliance[..., 0] - reliance[..., 1]
    apart = lead[:, 0] - lead[:, 1]
    return apart / apart[:, :1]


def head_start_left_at_the_end(competition: Atlas, setting: str) -> np.ndarray:
    """The last of `head_start_left`."""
    return head_start_left(competition, setting)[:, -1]


def diet_number(diets: Atlas, diet: str, strength: float) -> int:
    """Where a diet at a strength stands in the diets experiment's arrays.

    Raises:
        ValueError: It was not run; the message lists what was.
    """
    run = [(name, s) for name, strengths in diets.config["diets"] for s in strengths]
    if (diet, strength) not in run:
        raise ValueError(f"expected a diet and strength of {run}, got {(diet, strength)}")
    return run.index((diet, strength))


def cosine_by_optimizer(own_noise: Atlas, optimizer: str) -> np.ndarray:
    """Cosine of the starved recognizer's weights with those at the cut, at the end."""
    return own_noise["cosine"][:, own_noise.config["optimizers"].index(optimizer), -1]


def dose_over_decay(rest: Atlas, optimizer: str) -> np.ndarray:
    """Dose over λ times the norm, sum over the recognizers, at the end of training."""
    number = rest.config["optimizers"].index(optimizer)
    decay = rest.config["weight_decay"] * rest["norm"][:, number].sum(1)
    return rest["dose"][:, number].sum(1) / decay
