"""Make a course of the chapters: a student's and a teacher's notebook of each, for nbgrader too.

    python tools/course.py [--out _build/course] [NOTEBOOK ...]

A chapter's exercise is a code cell ``steps = None  # your answer`` that ends with
``exercises.check("sated", steps)``, or a field ``exercises.answer("dosage/rescue", "rescue",
"<p>…</p>")``, whose answer is then called ``rescue``. After it comes
``<details><summary>Solution</summary>``, whose blocks of Python assign the answer: they compute it
anew, and never ask the check. A question that is answered in words is a cell
``widgets.Answer.text("dosage/explain", "<b>Explain</b> …", "<p>a model answer</p>")``. Of each
notebook with exercises this makes

    source/<chapter>/<chapter>.ipynb   the teacher's: solutions filled in, as nbgrader reads them
    student/<chapter>.ipynb            the student's: no solutions, checks that fail until answered
    nbgrader_config.py                 settings for `nbgrader generate_assignment` and what follows
"""

from __future__ import annotations

import argparse
import ast
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

from figures import stem

ROOT = Path(__file__).resolve().parents[1]
SOLUTION = re.compile(r"<details>\s*<summary>Solution</summary>\s*(.*?)\s*</details>", re.S)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)
STUB = "Your answer, and how you found it:"
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
GRADED = """\
exercises.check("{name}", {variable})
exercise = exercises.known()["{name}"]
assert abs({variable} - exercise.expected()) <= exercise.tolerance * abs(exercise.expected())\
"""
CONFIG = """\
# Settings of nbgrader for the course "Gradient Dosage".
c = get_config()
c.CourseDirectory.course_id = "gradient-dosage"
c.ClearSolutions.code_stub = {"python": ""}
c.ClearSolutions.text_stub = "{stub}"
c.ExecutePreprocessor.timeout = 300
""".replace("{stub}", STUB)


@dataclass(frozen=True)
class Question:
    """What a cell asks.

    Attributes:
        name: As `gradbook.exercises.check` knows it.
        variable: The name that the answer gets.
        setup: Code before the check; the variable is None in it.
        prompt: What the field says above it, or nothing.
    """

    name: str
    variable: str
    setup: str
    prompt: str = ""

    @property
    def slug(self) -> str:
        """The name as nbgrader's identifiers allow it."""
        return re.sub(r"\W+", "-", self.name).strip("-")


@dataclass(frozen=True)
class Exercise(Question):
    """A question with the text of its solution, code and all."""

    solution: str = ""

    @property
    def answer(self) -> str:
        """The solution's code, which assigns the right answer.

        Raises:
            ValueError: It assigns nothing to the answer's name, or asks what is checked against.
        """
        code = "\n".join(block.strip("\n") for block in PYTHON.findall(self.solution))
        if not re.search(rf"^{self.variable} = ", code, re.M) or "expected()" in code:
            raise ValueError(
                f"expected Python in the solution of {self.name!r} that computes "
                f"`{self.variable}` anew, got {code!r}"
            )
        return code


@dataclass(frozen=True)
class Essay:
    """A question that is answered in words and read by whoever teaches.

    Attributes:
        id: Such as ``"dosage/explain"``.
        prompt: What is asked, HTML.
        solution: An answer that would be good, HTML.
    """

    id: str
    prompt: str
    solution: str


def essay_of(cell: nbformat.NotebookNode) -> Essay | None:
    """The question in words that a cell asks, if it asks one."""
    if cell.cell_type != "code" or not cell.source.startswith("widgets.Answer.text("):
        return None
    call = ast.parse(cell.source).body[-1].value
    return Essay(*(ast.literal_eval(arg) for arg in call.args))


def nbgrader(slug: str, cell_type: str, *, solution: bool = False, points: int = 0) -> dict:
    """nbgrader's metadata of a cell, in its third schema."""
    grading: dict = {"grade_id": slug, "schema_version": 3, "cell_type": cell_type}
    grading |= {"solution": solution, "grade": points > 0, "locked": not solution, "task": False}
    return {"nbgrader": grading | ({"points": points} if points else {})}


def pieces(source: str) -> list[tuple[str, bool]]:
    """A text's parts in their order, each with whether it is a solution; empty ones left out."""
    parts = SOLUTION.split(source)
    return [(part.strip(), n % 2 == 1) for n, part in enumerate(parts) if part.strip()]


def question_of(cell: nbformat.NotebookNode) -> Question | None:
    """What a cell asks, if it asks something that can be checked.

    Raises:
        ValueError: It checks a variable that it does not set to None, or has not been run.
    """
    if cell.cell_type != "code" or not re.search(
        r"^exercises\.(check|answer)\(", cell.source, re.M
    ):
        return None
    call = ast.parse(cell.source).body[-1].value
    if call.func.attr == "answer":
        name = call.args[1].value
        variable = re.sub(r"\W+", "_", name).strip("_")
        return Question(name, variable, f"{variable} = None  # your answer", _asked(cell, name))
    name, variable = call.args[0].value, call.args[1].id
    setup = "\n".join(cell.source.splitlines()[: call.lineno - 1])
    if not re.search(rf"^{variable} = None\b", setup, re.M):
        raise ValueError(f"expected `{variable} = None` before the check of {name!r}")
    return Question(name, variable, setup)


def _asked(cell: nbformat.NotebookNode, name: str) -> str:
    """What a field asks, with the numbers that its cell puts in."""
    shown = [out.data["text/plain"] for out in cell.outputs if "text/plain" in out.get("data", {})]
    if not shown:
        raise ValueError(
            f"expected the output of {name!r}, which says what it asks: run its notebook"
        )
    return shown[-1].removeprefix("Answer: ")


def exercises_of(notebook: nbformat.NotebookNode) -> list[Exercise]:
    """The exercises of a notebook in their order.

    Raises:
        ValueError: An exercise has no solution before the next one.
    """
    found: list[Exercise] = []
    waiting: Question | None = None
    for cell in notebook.cells:
        if question := question_of(cell):
            if waiting:
                break
            waiting = question
        elif cell.cell_type == "markdown" and waiting:
            for text, is_solution in pieces(cell.source):
                if is_solution and waiting:
                    found.append(Exercise(**vars(waiting), solution=text))
                    waiting = None
    if waiting:
        raise ValueError(f"expected a solution of {waiting.name!r}, found none")
    return found


def twin(notebook: nbformat.NotebookNode, *, teacher: bool) -> nbformat.NotebookNode:
    """The teacher's notebook, with solutions between nbgrader's marks, or the student's, without.

    Cells' outputs are left out: who teaches or learns runs them.
    """
    waiting = iter(exercises_of(notebook))
    exercise: Exercise | None = None
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if question_of(cell):
                exercise = next(waiting)
                cells += exercise_cells(exercise, teacher=teacher)
            elif essay := essay_of(cell):
                slug = re.sub(r"\W+", "-", essay.id)
                cells.append(new_markdown_cell(essay.prompt))
                cells.append(written_cell(slug, essay.solution, teacher=teacher))
            else:
                cells.append(new_code_cell(cell.source, metadata=cell.metadata))
            continue
        for text, is_solution in pieces(cell.source):
            if not is_solution:
                cells.append(new_markdown_cell(text))
            elif exercise:
                slug = f"{exercise.slug}-derivation"
                cells.append(written_cell(slug, exercise.solution, teacher=teacher))
                exercise = None
            elif teacher:
                cells.append(new_markdown_cell(f"**Solution.** {text}"))
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number:03d}"
    return nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)


def exercise_cells(exercise: Exercise, *, teacher: bool) -> list[nbformat.NotebookNode]:
    """The cell for the answer, and the one that checks and grades it."""
    solved = f"{exercise.setup}\n{BEGIN}\n{exercise.answer}\n{END}"
    answer = solved if teacher else exercise.setup
    graded = GRADED.format(name=exercise.name, variable=exercise.variable)
    prompt = [new_markdown_cell(exercise.prompt)] if exercise.prompt else []
    return [
        *prompt,
        new_code_cell(answer, metadata=nbgrader(exercise.slug, "code", solution=True)),
        new_code_cell(graded, metadata=nbgrader(f"{exercise.slug}-check", "code", points=1)),
    ]


def written_cell(slug: str, solution: str, *, teacher: bool) -> nbformat.NotebookNode:
    """The cell for a derivation or an answer in words, a point by hand: the teacher's is the
    book's."""
    text = f"{BEGIN}\n{solution}\n{END}" if teacher else STUB
    metadata = nbgrader(slug, "markdown", solution=True, points=1)
    return new_markdown_cell(text, metadata=metadata)


def write(paths: list[Path], out: Path) -> list[str]:
    """Write the course of these notebooks; returns the names of those that have exercises."""
    written = []
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        if not exercises_of(notebook):
            continue
        for place, teacher in ((out / "source" / stem(path), True), (out / "student", False)):
            place.mkdir(parents=True, exist_ok=True)
            nbformat.write(twin(notebook, teacher=teacher), place / f"{stem(path)}.ipynb")
        written.append(stem(path))
    (out / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    return written


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_build/course")
    parser.add_argument("paths", nargs="*", type=Path, metavar="NOTEBOOK")
    args = parser.parse_args()
    written = write(args.paths or sorted((ROOT / "book").rglob("*.ipynb")), args.out)
    print(f"{args.out}: {', '.join(written)}")


if __name__ == "__main__":
    main()
