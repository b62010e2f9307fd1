"""The experiment on depth repeated on new seeds, for a criterion that was written after the first.

What is measured is `depth.measure`; a job is a seed.
"""

from __future__ import annotations

from gradbook.chapters.dropout.experiments import depth

CONFIG = depth.CONFIG
JOBS = tuple(range(30, 50))
measure = depth.measure
