"""The real nbgrader assigns, grades and gives feedback on what `tools/course.py` makes.

It runs where NBGRADER names the program, or it is on the path: `make nbgrader`.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import course

ROOT = Path(__file__).resolve().parents[2]
NBGRADER = os.environ.get("NBGRADER") or shutil.which("nbgrader")
CHAPTER = "ledger"
OTHER = "gradient_dosage"  # with a question that is answered in words
pytestmark = pytest.mark.skipif(not NBGRADER, reason="nbgrader is not installed: `make nbgrader`")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A course whose notebooks nbgrader runs with this Python."""
    folder = tmp_path_factory.mktemp("course")
    paths = [ROOT / f"book/{name}.ipynb" for name in (CHAPTER, OTHER)]
    assert course.write(paths, folder) == [CHAPTER, OTHER]
    kernel = folder / "jupyter/kernels/python3"
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    return folder


def environment(folder: Path) -> dict[str, str]:
    """nbgrader calls programs of its own environment, and the notebooks' kernel is this Python."""
    path = f"{Path(NBGRADER).parent}{os.pathsep}{os.environ['PATH']}"
    ours = {"JUPYTER_PATH": str(folder / "jupyter"), "PYTHONPATH": str(ROOT), "PATH": path}
    return os.environ | ours


def nbgrader(folder: Path, command: str, chapter: str = CHAPTER) -> str:
    result = subprocess.run(
        [NBGRADER, command, chapter],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stderr


def hand_in(folder: Path, student: str, answer: str | None) -> None:
    """Let a student answer in the assigned notebook, or leave it as it was."""
    place = folder / "submitted" / student / CHAPTER
    place.mkdir(parents=True)
    notebook = nbformat.read(folder / f"release/{CHAPTER}/{CHAPTER}.ipynb", as_version=4)
    for cell in notebook.cells:
        if answer and cell.metadata.get("nbgrader", {}).get("grade_id") == "forty-intervals":
            cell.source = answer
    nbformat.write(notebook, place / f"{CHAPTER}.ipynb")


def test_nbgrader_assigns_grades_and_gives_feedback(folder):
    nbgrader(folder, "generate_assignment")
    assigned = (folder / f"release/{CHAPTER}/{CHAPTER}.ipynb").read_text(encoding="utf-8")
    assert "SOLUTION" not in assigned and course.STUB in assigned
    assert "chance = None  # your answer" in assigned and "0.95^{40}" not in assigned

    answers = {"right": "chance = 1 - 0.95**40", "wrong": "chance = 0.05", "silent": None}
    for student, answer in answers.items():
        hand_in(folder, student, answer)
    nbgrader(folder, "autograde")
    scores = {student: score(folder, student) for student in answers}
    assert scores == {"right": 1.0, "wrong": 0.0, "silent": 0.0}

    nbgrader(folder, "generate_feedback")
    for student, points in scores.items():
        page = folder / f"feedback/{student}/{CHAPTER}/{CHAPTER}.html"
        assert f"Score: {points} / 2.0" in page.read_text(encoding="utf-8")


def test_nbgrader_leaves_room_for_an_answer_in_words(folder):
    nbgrader(folder, "generate_assignment", OTHER)
    assigned = nbformat.read(folder / f"release/{OTHER}/{OTHER}.ipynb", as_version=4)
    asked = {c.metadata.nbgrader.grade_id: c for c in assigned.cells if "nbgrader" in c.metadata}
    assert asked["dosage-explain"].source == course.STUB
    assert asked["dosage-explain"].metadata.nbgrader.points == 1
    assert asked["rescue"].source.strip() == "rescue = None  # your answer"
    assert "SOLUTION" not in nbformat.writes(assigned)


def score(folder: Path, student: str) -> float:
    """Points in nbgrader's own database."""
    code = (
        "import sys\nfrom nbgrader.api import Gradebook\n"
        "with Gradebook('sqlite:///gradebook.db') as book:\n"
        f"    print(book.find_submission({CHAPTER!r}, sys.argv[1]).score)"
    )
    python = Path(NBGRADER).with_name("python")
    shown = subprocess.run(
        [python, "-c", code, student],
        cwd=folder,
        env=environment(folder),
        check=True,
        capture_output=True,
        text=True,
    )
    return float(shown.stdout)
