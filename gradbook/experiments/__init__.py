"""What is measured over seeds: each experiment is a module with `CONFIG`, `JOBS` and `measure`.

``measure(job, config)`` returns a dict of numpy arrays. A job is one seed (or one network of a
comparison) and depends on nothing but its arguments. Where an array may hold nan because a quantity
does not exist, such as the angle of a zero gradient, `UNDEFINED` names it; anywhere else a number
that is not finite is an error. `gradbook.evidence` runs them, `gradbook.atlas` keeps the results.
"""

from __future__ import annotations

import importlib
from types import ModuleType

NAMES = (
    "explorer",
    "agreement",
    "order",
    "tuning",
    "nets",
    "depth",
    "substitutes_tuning",
    "substitutes",
    "threshold",
    "cut_off",
    "shaping",
    "competition",
    "head_start",
    "diets",
    "three_features",
    "delay",
    "rarely_wrong",
    "moons",
    "cures",
    "shared_moments",
    "boundary",
    "dose_by_count",
    "late_memorization",
    "lag",
    "one_step",
    "memorizing_decay",
    "left_out",
    "spectrum",
    "digit_coherence",
    "modular_addition",
)


def module(name: str) -> ModuleType:
    """The module of an experiment.

    Raises:
        ValueError: There is no such experiment.
    """
    if name not in NAMES:
        raise ValueError(f"expected an experiment of {list(NAMES)}, got {name!r}")
    return importlib.import_module(f"gradbook.experiments.{name}")
