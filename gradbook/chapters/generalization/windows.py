"""The window of weight decay in which memory ends and the shared feature lives."""

from __future__ import annotations

import numpy as np

from gradbook.evidence.atlas import Atlas


def decay_window(memorizing_decay: Atlas, network: str) -> dict[str, np.ndarray]:
    """Weight decays that end memory and halve the shared answer, one a seed.

    Both are interpolated in ln λ between the decays of the grid; nan where the grid ends first.

    Args:
        memorizing_decay: The experiment's results.
        network: One of its networks.

    Returns:
        - ``memory``: λ at which the mean answer to wrong labels is 0, neither the given label nor
          the right one.
        - ``shared``: λ at which the answer to fresh examples is half of that without decay.
        - ``factor``: the second over the first.

    Raises:
        ValueError: The network was not measured; the message lists those that were.
    """
    known = memorizing_decay.config["networks"]
    if network not in known:
        raise ValueError(f"expected a network of {known}, got {network!r}")
    decays = np.array(memorizing_decay.config["decays"])
    answer, shared = (
        memorizing_decay[name][:, known.index(network)].astype(float)
        for name in ("answer", "general")
    )
    found = {
        "memory": np.array([_reached(decays[1:], seed[1:]) for seed in answer]),
        "shared": np.array([_reached(decays[1:], seed[1:] - seed[0] / 2) for seed in shared]),
    }
    return found | {"factor": found["shared"] / found["memory"]}


def _reached(decays: np.ndarray, values: np.ndarray) -> float:
    """The first decay at which a value is 0."""
    below = np.flatnonzero(values <= 0)
    if not below.size or below[0] == 0:
        return np.nan
    k = below[0]
    part = values[k - 1] / (values[k - 1] - values[k])
    low, high = np.log(decays[k - 1 : k + 1])
    return float(np.exp(low + part * (high - low)))
