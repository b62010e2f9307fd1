"""The chapters as a reader gets them: in committed form, and alone with the installed wheel."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import colab
import notebooks
import repository

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
CHAPTERS = sorted(
    p for p in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.relative_to(BOOK).parts
)
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda p: str(p.relative_to(BOOK)))
FOLDED = {"hide-input", "remove-input"}

FIRST_CELL = """\
try:
    import gradbook
except ImportError:
    %pip install --quiet "{}\""""


def test_there_is_a_chapter():
    assert CHAPTERS


@each_chapter
def test_chapter_is_in_the_committed_form(chapter):
    assert notebooks.deviations(chapter) == []


@each_chapter
def test_chapter_starts_by_installing_what_it_needs(chapter):
    code = [c for c in nbformat.read(chapter, as_version=4).cells if c.cell_type == "code"]
    (requirement,) = repository.installing(ROOT)[chapter]
    assert code[0].source == FIRST_CELL.format(requirement)


@each_chapter
def test_a_cell_reads_at_a_glance(chapter):
    """A cell in sight has at most eight lines after the imports, and lines of 100 letters.

    Longer code belongs in the package. Cells that only print, draw or ask are folded by a tag.
    """
    code = [c for c in nbformat.read(chapter, as_version=4).cells if c.cell_type == "code"]
    seen = [cell for cell in code[2:] if not FOLDED & set(cell.metadata.get("tags", ()))]
    assert not {cell.id: cell.source for cell in seen if len(_lines(cell.source)) > 8}
    assert max((len(line) for cell in seen for line in _lines(cell.source)), default=0) <= 100


def _lines(source: str) -> list[str]:
    return [line for line in source.splitlines() if line.strip()]


def test_every_notebook_is_laid_out_alone_for_nbval(tmp_path, monkeypatch):
    """`make nbval` runs them so; its first cell stops where gradbook is not the wheel's."""
    monkeypatch.setattr(colab, "install", lambda target: target.mkdir(parents=True))
    (tmp_path / "left over").touch()
    colab.main(tmp_path)
    assert len([*(tmp_path / "notebooks").iterdir()]) == len(CHAPTERS)
    for chapter in CHAPTERS:
        folder = "-".join(chapter.relative_to(BOOK).with_suffix("").parts)
        (laid,) = (tmp_path / "notebooks" / folder).iterdir()
        first, *rest = nbformat.read(laid, as_version=4).cells
        assert f"== {str(tmp_path / 'package/gradbook')!r}" in first.source
        assert (laid.name, rest) == (chapter.name, nbformat.read(chapter, as_version=4).cells)


def test_wheel_holds_the_data_and_the_widgets(installed_wheel):
    """All that git would keep, and neither a stopped experiment's parts nor a test's own files."""
    kept = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "gradbook"]
    ours = subprocess.run(kept, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = (p for p in (installed_wheel / "gradbook").rglob("*") if p.is_file())
    shipped = {str(path.relative_to(installed_wheel)) for path in files}
    assert {file for file in shipped if "__pycache__" not in file} == set(ours.splitlines())


def test_no_requirement_of_the_package_forces_another_torch(installed_wheel):
    (metadata,) = installed_wheel.glob("gradbook-*.dist-info/METADATA")
    lines = metadata.read_text(encoding="utf-8").splitlines()
    needed = [line for line in lines if line.startswith("Requires-Dist") and ";" not in line]
    assert needed
    for line in needed:
        assert ">=" in line and not set("<~!=").intersection(line.replace(">=", "")), line


def sample() -> nbformat.NotebookNode:
    """A small notebook as an editor might leave it."""
    v4 = nbformat.v4
    widget = {"text/plain": "Explorer()", "application/vnd.jupyter.widget-view+json": {}}
    outputs = [
        v4.new_output("stream", name="stdout", text="1\n"),
        v4.new_output("stream", name="stdout", text="2\n"),
        v4.new_output("display_data", data=widget),
    ]
    code = v4.new_code_cell("\nshow()\n", outputs=outputs, metadata={"collapsed": True})
    metadata = {"widgets": {"state": {}}, "kernelspec": {"name": "mine", "display_name": "Me"}}
    return v4.new_notebook(cells=[v4.new_markdown_cell("# One"), code], metadata=metadata)


def test_normalised_keeps_text_and_drops_what_changes_from_run_to_run():
    before = sample()
    after = notebooks.normalised(copy.deepcopy(before), "a_chapter")
    assert after.metadata == notebooks.METADATA
    assert [cell.id for cell in after.cells] == ["a-chapter-00", "a-chapter-01"]
    cell = after.cells[1]
    assert (cell.source, cell.metadata, cell.execution_count) == ("show()", {}, 1)
    assert [output.get("text") for output in cell.outputs] == ["1\n2\n", None]
    assert cell.outputs[1].data == {"text/plain": "Explorer()"}
    assert notebooks.normalised(after, "a_chapter") == after
    nbformat.validate(after)


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("```{note}\nA note.\n```", "a directive"),
        (":::{note}\nA note.\n:::", "a directive"),
        ("see {ref}`elsewhere`", "a role"),
        ("(a-label)=\n## Two", "a label"),
        ('<div class="admonition tip">\n\nText\n</div>', "a blank line"),
        ("$\\{x\\}$ and `{x}` and ```python", None),
        ('<div class="admonition tip">\n<p>Text</p>\n</div>\n\nMore.', None),
    ],
)
def test_what_only_the_book_could_show_is_named(tmp_path, source, fault):
    notebook = sample()
    notebook.cells[0].source = source
    path = tmp_path / "a.ipynb"
    path.write_text(notebooks.as_text(notebooks.normalised(notebook, "a")), encoding="utf-8")
    found = notebooks.deviations(path)
    assert len(found) == (fault is not None)
    assert all(fault in line and line.startswith("a.ipynb: cell 0: ") for line in found)


@pytest.mark.parametrize(("start", "faults"), [("It holds", 0), ("It fails", 1)])
def test_a_slide_of_words_that_are_not_there_is_named_before_the_book_is_built(
    tmp_path, start, faults
):
    notebook = sample()
    notebook.cells[0].source = "One. (Two.) It holds, mostly."
    notebook.cells[0].metadata["slides"] = [[start]]
    path = tmp_path / "a.ipynb"
    path.write_text(notebooks.as_text(notebooks.normalised(notebook, "a")), encoding="utf-8")
    found = notebooks.deviations(path)
    assert len(found) == faults
    assert all("expected one sentence that begins 'It fails'" in line for line in found)


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        ({"output_type": "stream", "name": "stderr", "text": "late"}, "wrote to stderr: late"),
        ({"output_type": "error", "ename": "E", "evalue": "v", "traceback": []}, "E: v"),
        (
            {
                "output_type": "display_data",
                "data": {"text/plain": "<X at 0x7fdadcceb890>"},
                "metadata": {},
            },
            "memory address",
        ),
        (
            {"output_type": "display_data", "data": {"image/png": "iVBOR"}, "metadata": {}},
            "without alternative text",
        ),
    ],
)
def test_an_output_that_must_not_be_committed_is_named(tmp_path, output, fault):
    notebook = sample()
    notebook.cells[1].outputs = [nbformat.from_dict(output)]
    path = tmp_path / "a.ipynb"
    path.write_text(notebooks.as_text(notebooks.normalised(notebook, "a")), encoding="utf-8")
    (line,) = notebooks.deviations(path)
    assert fault in line


def test_the_command_line_checks_and_mends(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(sample()), encoding="utf-8")

    def run(command: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, ROOT / "tools/notebooks.py", command, path],
            capture_output=True,
            text=True,
        )

    before = run("check")
    assert before.returncode == 1 and "cell 1: id" in before.stdout
    assert run("normalise").returncode == 0
    after = run("check")
    assert (after.returncode, after.stdout, after.stderr) == (0, "", "")
    assert path.read_text(encoding="utf-8").endswith("}\n")


def test_a_described_picture_that_is_not_shown_is_noticed():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    notebook.cells[0].metadata["mystnb"] = {"image": {"alt": "a curve"}}
    assert "describes a picture and shows none" in list(notebooks._results(notebook.cells[0]))
