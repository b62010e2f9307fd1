"""Curves of the courses on two moons, as the starvation explorer draws them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook.atlas import Atlas


def of_course(
    results: Atlas, margin: float, course: Sequence[Sequence[Any]], curve: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One curve of one course.

    Args:
        results: Those of the experiment `boundary`.
        margin: One of its jobs.
        course: One of ``results.config["courses"]``; with a switch, its records begin after it.
        curve: One of ``results.config["curves"]``.

    Returns:
        Of the seed that is drawn, and the smallest and the largest over all seeds, [epochs] each.

    Raises:
        ValueError: There is no such margin, course or curve.
    """
    config = results.config
    known = {"margin": results.jobs, "course": config["courses"], "curve": config["curves"]}
    wanted = {"margin": margin, "course": [list(stage) for stage in course], "curve": curve}
    for name, value in wanted.items():
        if value not in known[name]:
            raise ValueError(f"expected a {name} of {known[name]}, got {value}")
    epochs, start = config["epochs"], 0
    for one in config["courses"]:
        length = len(epochs) - (epochs.index(one[1][0]) + 1 if len(one) == 2 else 0)
        if one == wanted["course"]:
            break
        start += length
    place = (list(results.jobs).index(margin), slice(start, start + length))
    number = config["curves"].index(curve)
    return tuple(results[name][place][..., number] for name in ("curves", "low", "high"))
