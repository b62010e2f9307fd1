"""A fingerprint stays where code moves, and changes with any code that measures."""

import pytest

from gradbook.evidence import fingerprint

AREA = '''"""Module."""

import math  # why not

SCALE: float = 1.0


def area(r: float) -> float:
    """Of a circle."""
    # Archimedes
    return SCALE * math.pi * r**2 + len("# 2")


def unused() -> int:
    return 1
'''
MEASURE = """
from gradbook import tasks, training
from gradbook.probes import one

CONFIG = {"r": 2}
JOBS = (0, 1)


def measure(job, config):
    return {"area": tasks.area(job) + one.area(config["r"]) + training.grown(job)}
"""
TRAINING = """
from gradbook.models import area as of_models


def grown(r):
    return of_models(r)
"""
FILES = {
    "__init__": '"""A package."""\nVERSION = 1\n',
    "tasks": AREA,
    "models": AREA.replace("r**2", "r**2 + 1"),
    "training": TRAINING,
    "figures": AREA,
    "probes/__init__": "from gradbook.probes.one import area\n",
    "probes/one": AREA.replace("r**2", "r**2 + 2"),
    "experiments/circle": MEASURE,
}


@pytest.fixture
def package(tmp_path):
    """As it lies in a clone: in a folder of its own name."""
    root = tmp_path / "gradbook" / "gradbook"
    for name, source in FILES.items():
        write(root, name, source)
    return root


def write(root, name, source):
    path = root / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")


def change(root, name, *replacements):
    source = (root / f"{name}.py").read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in source
        source = source.replace(old, new)
    write(root, name, source)


def of(root, name="experiments/circle"):
    return fingerprint.of(root / f"{name}.py", root)


@pytest.mark.parametrize("name", ["tasks", "models", "probes/one"])
@pytest.mark.parametrize(
    "edit",
    [("r**2", "r**3"), ("(r:", "(s:"), ('"# 2"', '"# 3"'), ("= 1.0", "= 2.0"), ("math", "cmath")],
)
def test_code_that_measures_counts(package, name, edit):
    known = of(package)
    change(package, name, edit)
    assert of(package) != known


@pytest.mark.parametrize(
    "edit", [("(0, 1)", "(0, 2)"), ('"r": 2', '"r": 3'), ("tasks.area", "one.area")]
)
def test_the_experiments_own_code_counts(package, edit):
    known = of(package)
    change(package, "experiments/circle", edit)
    assert of(package) != known


def test_comments_docstrings_and_layout_do_not_count(package):
    known = of(package)
    change(package, "tasks", ("# Archimedes", "# After him: #1"), ("Of a", "Of the"))
    change(package, "probes/one", ("  # why not", "\n"), ("Module", "Module.\n\n    Longer"))
    change(package, "training", ("return of_models(r)", "return of_models(\n        r\n    )"))
    assert of(package) == known


def test_what_is_not_reached_does_not_count(package):
    known = of(package)
    change(package, "tasks", ("return 1", "return 2"))
    change(package, "figures", ("r**2", "r**3"))
    change(package, "__init__", ("VERSION = 1", "VERSION = 2"))
    write(package, "probes/two", "x = 1\n")
    assert of(package) == known


def test_moved_and_renamed_modules_do_not_count(package):
    known = of(package)
    (package / "core").mkdir()
    (package / "tasks.py").rename(package / "core" / "areas.py")
    (package / "core" / "__init__.py").touch()
    (package / "experiments" / "circle.py").rename(package / "core" / "round.py")
    edits = [
        ("from gradbook import tasks,", "from gradbook.core import areas\nfrom gradbook import")
    ]
    change(package, "core/round", *edits, ("tasks.area", "areas.area"))
    assert of(package, "core/round") == known


@pytest.mark.parametrize(
    "edit",
    [
        [("import one", "import one as first"), ("one.area", "first.area")],
        [("import one", "import area"), ("one.area", "area")],
        [("from gradbook.probes import one", "from gradbook import probes"),
         ("one.area", "probes.one.area")],
        [("from gradbook.probes import one", "from gradbook import probes"),
         ("one.area", "probes.area")],
    ],
)  # fmt: skip
def test_renamed_imports_do_not_count(package, edit):
    known = of(package)
    change(package, "experiments/circle", *edit)
    assert of(package) == known


def test_split_and_merged_modules_do_not_count(package):
    known = of(package)
    change(package, "training", ("from gradbook.models import area as of_models", ""))
    change(package, "training", ("def grown", AREA.replace("r**2", "r**2 + 1") + "\n\ndef grown"))
    change(package, "training", ("return of_models", "return area"))
    assert of(package) == known


def test_a_face_counts_as_far_as_it_is_used(package):
    known = of(package)
    (package / "probes" / "__init__.py").unlink()
    face = (
        "import lazy_loader as lazy\n"
        "__getattr__, __dir__, __all__ = lazy.attach(\n"
        "    __name__, submod_attrs={'one': ['area'], 'two': ['volume']})\n"
    )
    write(package, "probes/__init__", face)
    write(package, "probes/two", "def volume():\n    return 1\n")
    change(package, "experiments/circle", ("import one", "import area"), ("one.area", "area"))
    assert of(package) == known
    change(package, "probes/two", ("return 1", "return 2"))
    assert of(package) == known
    change(package, "probes/one", ("r**2", "r**3"))
    assert of(package) != known


def test_a_module_used_as_a_value_counts_whole(package):
    change(package, "experiments/circle", ("tasks.area(job)", "getattr(tasks, 'area')(job)"))
    known = of(package)
    change(package, "tasks", ("return 1", "return 2"))
    assert of(package) != known


def test_what_a_module_does_when_imported_counts(package):
    known = of(package)
    write(package, "tasks", AREA + "\nprint(SCALE)\n")
    assert of(package) != known


def test_definitions_that_use_each_other_end(package):
    change(package, "training", ("return of_models(r)", "return of_models(r) if r else shrunk(r)"))
    change(
        package, "training", ("def grown", "def shrunk(r):\n    return grown(r - 1)\n\n\ndef grown")
    )
    known = of(package)
    change(package, "training", ("r - 1", "r - 2"))
    assert of(package) != known


def test_two_definitions_of_one_name_are_told_apart(package):
    known = of(package)
    change(package, "experiments/circle", ("tasks.area(job) + one", "one.area(job) + tasks"))
    assert of(package) != known
