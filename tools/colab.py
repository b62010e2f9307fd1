"""Lay out the notebooks as Colab has them: each in a folder that holds nothing else, and the
package as a wheel installs it.

    python tools/colab.py

They lie in `_build/colab/notebooks`, the package in `_build/colab/package`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "_build/colab"
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT")


def install(target: Path, root: Path = ROOT) -> None:
    """Install the package as it is in the working tree, by a wheel, into an empty folder."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory() as place:
        # Built from a copy: setuptools would pick up what an earlier build left beside the source.
        for name in SOURCES:
            shutil.copy(root / name, place)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / "gradbook", Path(place, "gradbook"), ignore=ignored)
        build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", place, place]
        subprocess.run(build, check=True)
        (wheel,) = Path(place).glob("*.whl")
        subprocess.run([*pip, "install", "--no-deps", "--target", target, wheel], check=True)


def put(notebook: nbformat.NotebookNode, path: Path, package: Path) -> None:
    """Write a notebook that begins by looking where it is: alone, and with the installed package.

    Args:
        notebook: As it is in the book, outputs included.
        path: Where to; its folder should be empty.
        package: The folder that :func:`install` filled. It has to come first on `PYTHONPATH`.
    """
    where = nbformat.v4.new_code_cell(
        f"import gradbook, os\n"
        f"assert os.path.dirname(gradbook.__file__) == {str(package / 'gradbook')!r}\n"
        f"assert os.listdir() == [{path.name!r}]"
    )
    notebook.cells.insert(0, where)
    nbformat.write(notebook, path)


def main(place: Path = PLACE, book: Path = ROOT / "book") -> None:
    shutil.rmtree(place, ignore_errors=True)
    install(place / "package")
    for path in sorted(book.rglob("*.ipynb")):
        name = path.relative_to(book)
        if not any(part.startswith(".") for part in name.parts):
            folder = place / "notebooks" / "-".join(name.with_suffix("").parts)
            folder.mkdir(parents=True)
            put(nbformat.read(path, as_version=4), folder / path.name, place / "package")


if __name__ == "__main__":
    main()
