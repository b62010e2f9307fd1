"""A student's notebook has no solution and fails its checks; the teacher's passes them."""

from pathlib import Path

import nbformat
import pytest

import course
import notebooks

ROOT = Path(__file__).resolve().parents[2]
V4 = nbformat.v4
CHAPTERS = [
    path
    for path in sorted((ROOT / "book").rglob("*.ipynb"))
    if course.exercises_of(nbformat.read(path, as_version=4))
]
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=course.stem)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def checks(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [c for c in notebook.cells if c.cell_type == "code" and points(c)]


def points(cell: nbformat.NotebookNode) -> float:
    return cell.metadata.get("nbgrader", {}).get("points", 0)


@each_chapter
def test_teachers_notebook_passes_its_checks(path, run_alone):
    """Alone with the installed wheel, as a teacher has it."""
    graded = checks(run_alone(course.twin(read(path), teacher=True), path.name))
    assert len(graded) == len(course.exercises_of(read(path)))
    for cell in graded:
        assert "".join(output.text for output in cell.outputs).startswith("Right: ")


def test_students_notebooks_fail_each_check(tmp_path):
    """Their imports and their exercises are run, all in one kernel; what lies between needs no
    answer."""
    together, expected = V4.new_notebook(), 0
    for path in CHAPTERS:
        student = course.twin(read(path), teacher=False)
        code = [cell for cell in student.cells if cell.cell_type == "code"]
        together.cells += [c for c in code if "import " in c.source or c.metadata.get("nbgrader")]
        expected += len(course.exercises_of(read(path)))
    for number, cell in enumerate(together.cells):
        cell.id = str(number)
    nbformat.write(together, tmp_path / "students.ipynb")
    executed = notebooks.execute(tmp_path / "students.ipynb", allow_errors=True)
    assert len(checks(executed)) == expected
    for cell in checks(executed):
        told, failed = cell.outputs
        assert told.text.startswith("No answer yet")
        assert (failed.output_type, failed.ename) == ("error", "TypeError")


@each_chapter
def test_students_notebook_has_no_solution(path):
    notebook, exercises = read(path), course.exercises_of(read(path))
    essays = [essay for cell in notebook.cells if (essay := course.essay_of(cell))]
    if path.parent.name == "book" and path.stem != "ledger":
        assert essays
    teacher, student = (course.twin(notebook, teacher=teacher) for teacher in (True, False))
    for twin in (teacher, student):
        nbformat.validate(twin)
        ids = [c.metadata.nbgrader.grade_id for c in twin.cells if "nbgrader" in c.metadata]
        assert len(ids) == len({*ids}) == 3 * len(exercises) + len(essays)
    theirs = nbformat.writes(student)
    assert "BEGIN SOLUTION" not in theirs and "<summary>Solution" not in theirs
    for exercise in exercises:
        sources = [cell.source for cell in student.cells]
        assert not [source for source in sources if exercise.solution in source]
        assert not [source for source in sources if exercise.answer in source]
    assert "Answer.text" not in theirs
    for essay in essays:
        assert [cell for cell in teacher.cells if essay.solution in cell.source]
        assert essay.prompt in "".join(cell.source for cell in student.cells)
        assert not [cell for cell in student.cells if essay.solution in cell.source]


@each_chapter
def test_nothing_but_solutions_is_lost(path):
    notebook = read(path)
    student = course.twin(notebook, teacher=False)
    left = "\n\n".join(c.source for c in student.cells if c.cell_type == "markdown")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for text, is_solution in course.pieces(cell.source):
                assert is_solution or text in left


FOUR = "Four:\n\n```python\nto_rescue = 2 + 2\n```"


def exercise(*cells: str) -> nbformat.NotebookNode:
    """A notebook of code cells, with a solution after the last."""
    solution = f"<details>\n<summary>Solution</summary>\n\n{FOUR}\n\n</details>\n\nOn we go."
    code = [V4.new_code_cell(cell) for cell in cells]
    return V4.new_notebook(cells=[*code, V4.new_markdown_cell(solution)])


def test_field_on_the_page_becomes_a_variable():
    field = exercise('n = 3\nexercises.answer("dosage/rescue", "to rescue", f"For {n}?", "m")')
    with pytest.raises(ValueError, match="expected the output of 'to rescue'"):
        course.exercises_of(field)
    field.cells[0].outputs = [V4.new_output("execute_result", {"text/plain": "Answer: For 3?"})]
    (found,) = course.exercises_of(field)
    assert (found.variable, found.prompt) == ("to_rescue", "For 3?")
    assert found.answer == "to_rescue = 2 + 2"
    student = course.twin(field, teacher=False)
    assert [cell.source for cell in student.cells[:2]] == [
        "For 3?",
        "to_rescue = None  # your answer",
    ]
    assert [cell.source for cell in student.cells[3:]] == [course.STUB, "On we go."]
    assert "exercises.answer" not in nbformat.writes(student)


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        (['a = None\nexercises.check("one", a)'] * 2, "a solution of 'one', found none"),
        (['a = 4\nexercises.check("one", a)'], "expected `a = None` before the check of 'one'"),
    ],
)
def test_exercise_that_cannot_be_told_apart_is_refused(cells, fault):
    with pytest.raises(ValueError, match=fault):
        course.exercises_of(exercise(*cells))


@pytest.mark.parametrize(
    "code", ["Four.", "```python\na = known['a'].expected()\n```", "```python\nb = 4\n```"]
)
def test_solution_that_computes_no_answer_of_its_own_is_refused(code):
    asked = course.Exercise("a", "a", "a = None", solution=code)
    with pytest.raises(ValueError, match="in the solution of 'a' that computes `a` anew"):
        asked.answer  # noqa: B018
