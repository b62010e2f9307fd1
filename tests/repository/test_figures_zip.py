"""The archive of figures: what the notebooks show, as SVG and PNG, captioned and licensed."""

import base64
import zipfile
from pathlib import Path

import nbformat
import pytest

import figures
import notebooks

ROOT = Path(__file__).resolve().parents[2]
ALT = "A line that rises from zero to one."


CODE = f"""\
import matplotlib.pyplot as plt
from gradbook import figures
_, ax = plt.subplots()
ax.plot([0, 1])
figures.show(ax, 1, "{ALT}")"""


def chapter(folder: Path, *, alt: str = ALT, shown: int = 1) -> Path:
    """A notebook of one drawing cell, with as many committed pictures as are said to be shown."""
    cells = [nbformat.v4.new_markdown_cell("# One"), nbformat.v4.new_code_cell(CODE)]
    path = folder / "one.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    executed = notebooks.normalised(notebooks.execute(path), "one")
    picture = next(o for o in executed.cells[1].outputs if "image/png" in o.get("data", {}))
    picture.metadata["image/png"]["alt"] = alt
    executed.cells[1].outputs = [picture] * shown
    nbformat.write(executed, path)
    return path


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    path = chapter(tmp_path_factory.mktemp("book"))
    return path, figures.figures(path)


def test_figure_is_the_committed_png_and_an_svg_of_the_same_cell(drawn):
    path, (figure,) = drawn
    committed = nbformat.read(path, as_version=4).cells[1].outputs[0].data["image/png"]
    assert figure.name == "one-01" and figure.caption == ALT
    assert figure.png.startswith(b"\x89PNG") and figure.png == base64.b64decode(committed)
    assert "<svg" in figure.svg and "CC-BY-4.0" in figure.svg and "<dc:date>" not in figure.svg


def test_archive_has_captions_and_licence_and_follows_from_its_contents(drawn, tmp_path):
    _, found = drawn
    for name in ("a.zip", "b.zip"):
        figures.write(tmp_path / name, {"One": found})
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = ["captions.md", "LICENSE-TEXT", "one-01.png", "one-01.svg"]
        assert archive.namelist() == [f"figures/{name}" for name in names]
        captions = archive.read("figures/captions.md").decode()
        assert f"## One\n\n**one-01.svg, one-01.png.** {ALT}" in captions
        assert "CC BY 4.0" in captions
        assert archive.read("figures/LICENSE-TEXT") == (ROOT / "LICENSE-TEXT").read_bytes()


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [({"shown": 2}, "expected 2 SVGs as committed, got 1"), ({"alt": ""}, "alternative text")],
)
def test_figure_that_is_not_the_committed_one_stops(tmp_path, wrong, fault):
    with pytest.raises(ValueError, match=fault):
        figures.figures(chapter(tmp_path, **wrong))


def test_a_page_of_the_book_is_drawn():
    (figure,) = figures.figures(ROOT / "book/dropout_vs_batchnorm/depth.ipynb")
    assert figure.name == "dropout_vs_batchnorm-depth-01" and "<svg" in figure.svg


def test_name_tells_the_depth_page_from_the_chapter(tmp_path):
    assert figures.stem(ROOT / "book/starvation/theory.ipynb") == "starvation-theory"
    assert figures.stem(ROOT / "book/starvation.ipynb") == "starvation"
    assert figures.title(ROOT / "book/starvation.ipynb") == "Gradient starvation: late, or lost?"
