"""Data flow one way: the core knows no chapter, a chapter knows earlier ones by their faces."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gradbook
from gradbook.evidence import registry

PACKAGE = Path(gradbook.__file__).parent
ROOT = PACKAGE.parent
CHAPTERS = registry.chapters()
FILES = sorted(PACKAGE.rglob("*.py"))
DRAWING = [
    path
    for path in FILES
    if (
        {"figures", "widgets"} & {*path.relative_to(PACKAGE).parts}
        or path.stem in ("figures", "explorer")
    )
    and "experiments" not in path.relative_to(PACKAGE).parts
]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path, *, at_once: bool = False) -> set[str]:
    """Dotted names of the package's modules, and others, that a file imports.

    With at_once, only those imported when the file itself is.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body if at_once else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if is_module(name) else node.module for name in names}
    return found


def is_module(name: str) -> bool:
    place = ROOT.joinpath(*name.split("."))
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def chapter_of(name: str) -> str | None:
    parts = name.split(".")
    return parts[2] if parts[:2] == ["gradbook", "chapters"] and len(parts) > 2 else None


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_imports_point_down(path):
    own = chapter_of(dotted(path))
    for name in imports(path):
        other = chapter_of(name)
        if other is None or other == own:
            continue
        assert own is not None, f"the core imports {name}"
        assert name == f"gradbook.chapters.{other}", f"{name} is not a face"
        assert CHAPTERS.index(other) < CHAPTERS.index(own), f"{other} stands later in the book"


@pytest.mark.parametrize("path", DRAWING, ids=dotted)
def test_drawing_measures_nothing(path):
    measuring = ("torch", "gradbook.probes", "gradbook.training", "gradbook.models")
    assert not [name for name in imports(path) if name.startswith(measuring)]


def test_nothing_goes_round():
    graph = {dotted(p): {n for n in imports(p, at_once=True) if is_module(n)} for p in FILES}
    done: set[str] = set()
    while layer := {name for name in graph.keys() - done if graph[name] - {name} <= done}:
        done |= layer
    assert graph.keys() == done, f"a circle among {sorted(graph.keys() - done)}"


def test_the_top_level_is_small():
    rooms = {p.name for p in PACKAGE.iterdir()} - {"__pycache__"}
    assert len(rooms - {"__init__.py", "__main__.py", "py.typed"}) <= 12


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_has_the_same_rooms_as_the_others(chapter):
    folder = PACKAGE / "chapters" / chapter
    rooms = {path.stem for path in folder.iterdir()}
    expected = {"__init__", "claims", "closed_forms", "data", "effects", "exercises", "experiments"}
    assert expected | {"bets", "card", "figures", "quiz"} <= rooms
    assert {p.stem for p in (folder / "data").glob("*.npz")} == {
        p.stem for p in (folder / "experiments").glob("[a-z]*.py")
    }


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_face_exports_what_is_there_and_draws_without_torch(chapter):
    code = (
        "import sys\n"
        f"from gradbook.chapters import {chapter} as face\n"
        "assert not {'numpy', 'matplotlib', 'torch'} & set(sys.modules)\n"
        "for name in face.__all__:\n"
        "    if name.startswith(('plot_', 'predicted_')) and name != 'predicted_changes':\n"
        "        getattr(face, name)\n"
        "    if name.endswith('_explorer'):\n"
        "        getattr(face, name)\n"
        "assert 'matplotlib' in sys.modules and 'torch' not in sys.modules\n"
        "for name in face.__all__:\n"
        "    getattr(face, name)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


READ = """
import importlib, pkgutil
import gradbook
from gradbook import exercises
from gradbook.evidence import claims, registry
from gradbook.figures import claims_table

for module in pkgutil.walk_packages(gradbook.__path__, "gradbook."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
claims_table(claims.of_chapter())
print(",".join(registry.chapters()))
print(len(claims.load()), len(registry.experiments()), len(exercises.known()))
"""


def read(folder: Path) -> tuple[list[str], list[int]]:
    """Chapters, and numbers of claims, experiments and exercises, of a copy of the package."""
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(
        [sys.executable, "-c", READ], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    chapters, numbers = result.stdout.splitlines()[-2:]
    return chapters.split(","), [int(number) for number in numbers.split()]


@pytest.fixture
def copy(tmp_path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "gradbook", ignore=ignored)
    return tmp_path


def dependants() -> dict[str, set[str]]:
    """The chapters that import a chapter, directly or through others."""
    uses: dict[str, set[str]] = {}
    for chapter in CHAPTERS:  # in the order of the book, so that what is used is known
        own = [path for path in FILES if chapter_of(dotted(path)) == chapter]
        direct = {chapter_of(name) for path in own for name in imports(path)} - {None, chapter}
        uses[chapter] = direct.union(*(uses[other] for other in direct))
    return {one: {other for other in CHAPTERS if one in uses[other]} for one in CHAPTERS}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_deleting_a_chapter_deletes_nothing_else(copy, chapter):
    gone = {chapter} | dependants()[chapter]
    for name in gone:
        shutil.rmtree(copy / "gradbook" / "chapters" / name)
    left, (claims, experiments, exercises) = read(copy)
    assert left == [name for name in CHAPTERS if name not in gone]
    assert claims > 0 and experiments > 0 and exercises > 0


def test_a_chapter_is_added_by_adding_its_folder(copy):
    """As CONTRIBUTING.md says: a closed form, an experiment, an effect, a claim, a figure."""
    before = read(copy)
    folder = copy / "gradbook" / "chapters" / "squares"
    for name, text in TINY.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(copy), "MPLBACKEND": "agg"}
    run = [sys.executable, "-m", "gradbook", "evidence", "run", "squares-grow"]
    subprocess.run(run, cwd=copy, env=environment, check=True, capture_output=True)
    after = read(copy)
    assert after[0] == [*before[0], "squares"]
    assert [b - a for a, b in zip(before[1], after[1], strict=True)] == [1, 1, 0]
    code = (
        "from gradbook.chapters import squares\n"
        "from gradbook.evidence import atlas, claims\n"
        "results = atlas.load('squares')\n"
        "assert squares.plot_squares(results).lines[0].get_ydata()[1] == squares.square(2)\n"
        "print(claims.settle(claims.find('squares-grow')).verdict)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=copy, env=environment, capture_output=True, text=True
    )
    assert told.stdout.strip() == "holds", told.stderr


TINY = {
    "__init__.py": '''"""Squares."""

import lazy_loader as lazy

ORDER = 9
NOTEBOOK = "squares"

__getattr__, __dir__, __all__ = lazy.attach(
    __name__, submod_attrs={"closed_forms": ["square"], "figures": ["plot_squares"]}
)
''',
    "closed_forms.py": '''"""Closed forms."""


def square(x):
    """x²."""
    return x * x
''',
    "experiments/__init__.py": "",
    "experiments/squares.py": '''"""A job is a seed."""

import numpy as np

CONFIG = {"numbers": [1, 2, 3]}
JOBS = (0, 1)


def measure(seed, config):
    return {"square": np.array(config["numbers"], float) ** 2}
''',
    "effects.py": '''"""What the experiment says."""


def growth(results):
    """The largest square over the smallest [seeds]."""
    return results["square"][:, -1] / results["square"][:, 0]
''',
    "figures.py": '''"""What the chapter draws."""

from gradbook.figures.style import styled


@styled
def plot_squares(results, *, ax):
    """The squares of one seed."""
    ax.plot(results["square"][0])
    return ax
''',
    "claims.toml": """[[claims]]
id = "squares-grow"
sentence = "Squares grow."
quote = "squares grow"
kind = "does"
source_words = "squares grow"
source = "nowhere, paragraph 1"
chapter = "squares"
section = "Squares"
experiment = "squares"
[[claims.criteria]]
measure = "largest square over the smallest"
quantity = "growth"
scale = "positive"
basis = "predicted"
holds = [2, inf]
fails = [-inf, 1]
effect = "growth"
""",
}
