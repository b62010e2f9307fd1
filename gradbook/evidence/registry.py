"""What the book consists of: found in the folders of `gradbook.chapters`, listed nowhere.

A chapter is a folder with an ``__init__.py``, its face, which says `ORDER` (its place in the book)
and `NOTEBOOK` (its page). Where they are there, its other parts are found by their names:

- ``experiments/<name>.py``: `CONFIG`, `JOBS` and ``measure(job, config)``, which returns a dict of
  numpy arrays. A job is one seed (or one network of a comparison) and depends on nothing but its
  arguments. Where an array may hold nan because a quantity does not exist, such as the angle of a
  zero gradient, `UNDEFINED` names it; anywhere else a number that is not finite is an error.
- ``data/<name>.npz``: their results.
- ``effects.py``: what claims are judged by, one number a seed.
- ``claims.toml`` and ``exercises.py``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

CHAPTERS = Path(__file__).parents[1] / "chapters"


def chapters() -> tuple[str, ...]:
    """The chapters' folders, in the order of the book."""
    found = [path.parent.name for path in CHAPTERS.glob("*/__init__.py")]
    return tuple(sorted(found, key=lambda name: face(name).ORDER))


def face(chapter: str) -> ModuleType:
    """A chapter's face: what its notebooks and later chapters use of it."""
    return importlib.import_module(f"gradbook.chapters.{chapter}")


def chapter_of(notebook: str) -> str:
    """The folder of the chapter whose page is a notebook.

    Raises:
        ValueError: No chapter has it.
    """
    found = {face(chapter).NOTEBOOK: chapter for chapter in chapters()}
    if notebook not in found:
        raise ValueError(f"expected the notebook of a chapter, of {list(found)}, got {notebook!r}")
    return found[notebook]


def experiments() -> dict[str, Path]:
    """Every experiment's file by its name.

    Raises:
        ValueError: Two chapters have an experiment of one name.
    """
    found: dict[str, Path] = {}
    for chapter in chapters():
        for file in sorted((CHAPTERS / chapter / "experiments").glob("[a-z]*.py")):
            if file.stem in found:
                raise ValueError(
                    f"expected one experiment of the name {file.stem!r}, got two: "
                    f"{found[file.stem]} and {file}. Rename one"
                )
            found[file.stem] = file
    return found


def experiment_file(name: str) -> Path:
    """The file of an experiment.

    Raises:
        ValueError: There is no such experiment.
    """
    known = experiments()
    if name not in known:
        raise ValueError(f"expected an experiment of {list(known)}, got {name!r}")
    return known[name]


def experiment(name: str) -> ModuleType:
    """The module of an experiment; raises as `experiment_file`."""
    chapter = experiment_file(name).parents[1].name
    return importlib.import_module(f"gradbook.chapters.{chapter}.experiments.{name}")


def results_file(name: str) -> Path:
    """Where an experiment's results lie; raises as `experiment_file`."""
    return experiment_file(name).parents[1] / "data" / f"{name}.npz"


def effect(chapter: str, name: str) -> Callable[..., Any]:
    """A function of a chapter's ``effects.py``.

    Raises:
        ValueError: There is none of that name.
    """
    found = getattr(importlib.import_module(f"gradbook.chapters.{chapter}.effects"), name, None)
    if not callable(found):
        raise ValueError(f"expected a function of the effects of {chapter!r}, got {name!r}")
    return found


def claims() -> dict[str, Path]:
    """The file of claims of each chapter that has one, in the order of the book."""
    files = {chapter: CHAPTERS / chapter / "claims.toml" for chapter in chapters()}
    return {chapter: file for chapter, file in files.items() if file.exists()}


def exercises() -> dict[str, Any]:
    """All exercises by name; see `gradbook.exercises`."""
    found: dict[str, Any] = {}
    for chapter in chapters():
        if (CHAPTERS / chapter / "exercises.py").exists():
            module = importlib.import_module(f"gradbook.chapters.{chapter}.exercises")
            found |= module.EXERCISES
    return found
