"""What the race takes for granted, read where it was won, and from which share on it is won."""

from __future__ import annotations

import numpy as np

from gradbook.chapters.optimizers.race_effects import crossing, decay_of, ratios, settings
from gradbook.evidence.atlas import Atlas


def strengths_at_crossing(found: Atlas, optimizer: str) -> np.ndarray:
    """Of the rule and of memory when half is reached [seeds, settings, 2]; nan where never."""
    crossed = crossing(found, optimizer)
    last, points = found.config["steps"][optimizer], found.config["points"]
    at = np.arange(points + 1) * (last // points)
    read = np.full((*crossed.shape, 2), np.nan)
    for place, (number, _, _) in enumerate(settings(found, optimizer)):
        for seed in np.flatnonzero(np.isfinite(crossed[:, place])):
            course = np.log(np.maximum(found["course"][seed, number].astype(float), 1e-4))
            # What is repeated after the end was measured at the last record before it.
            kept = at <= found["stopped"][seed, number]
            step = crossed[seed, place]
            read[seed, place] = [np.interp(step, at[kept], one[kept]) for one in course.T]
    return np.exp(read)


def ratios_over_race(found: Atlas, optimizer: str) -> np.ndarray:
    """The rule's dose over memory's, both relative, from step 300 to the crossing.

    [seeds, settings]; nan where half is never reached.
    """
    chosen, end = settings(found, optimizer), found.config["window"][1]
    start = found["strength"][:, [n for n, _, _ in chosen], 1].astype(float)
    gained = np.log(strengths_at_crossing(found, optimizer) / np.where(start > 0, start, np.nan))
    decay = np.array([decay_of(found, optimizer, each) for _, each, _ in chosen])
    lost = decay * (crossing(found, optimizer) - end)
    fed = gained + lost[..., None]
    return fed[..., 0] / fed[..., 1]


def critical_share(found: Atlas, optimizer: str, account: str) -> np.ndarray:
    """Share of the pairs at which the rule becomes as well fed as memory, by an account.

    Read between the shares that were trained, of the strongest decay; at most the largest of them,
    and at least the smallest.
    """
    shares = found.config["shares"]
    return _where(
        shares, np.log(np.maximum(ratios(found, optimizer, account)[:, -len(shares) :], 1e-3))
    )


def measured_critical_share(found: Atlas, optimizer: str) -> np.ndarray:
    """Share of the pairs from which on half of the others are right at the last step."""
    shares = found.config["shares"]
    places = [n for n, _, _ in settings(found, optimizer)][-len(shares) :]
    return _where(shares, found["unseen"][:, places, 1].astype(float) - 0.5)


def _where(shares: list[float], above: np.ndarray) -> np.ndarray:
    """Where a row last turns from below 0 to above, between shares."""
    found = []
    for row in above:
        below = np.flatnonzero(row < 0)
        if not len(below) or below[-1] + 1 == len(row):
            found.append(shares[-1] if len(below) else shares[0])
            continue
        at = below[-1]
        part = -row[at] / (row[at + 1] - row[at])
        found.append(shares[at] + part * (shares[at + 1] - shares[at]))
    return np.array(found)


def critical_share_beyond(found: Atlas, optimizer: str, account: str) -> np.ndarray:
    """The measured critical share less that of an account."""
    return measured_critical_share(found, optimizer) - critical_share(found, optimizer, account)
