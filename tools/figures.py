"""Gather every figure of the book in one archive, as SVG and PNG, with captions and the licence.

    python tools/figures.py [--out _build/figures.zip] [NOTEBOOK ...]

The PNG is the one in the committed notebook. The SVG is drawn by the same cell, which is run again
in a kernel that draws SVG. The caption is the figure's alternative text, which says what it shows.
"""

from __future__ import annotations

import argparse
import base64
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from page_foot import version

ROOT = Path(__file__).resolve().parents[1]
# What a release of zip formats allows at the least: the archive's bytes follow from its contents.
DATE = (1980, 1, 1, 0, 0, 0)
DRAW_SVG = """\
import functools
import matplotlib
from matplotlib.figure import Figure
matplotlib.rcParams.update({"savefig.format": "svg", "svg.hashsalt": "gradbook"})
about = {"Date": None, "Rights": "CC-BY-4.0"}
Figure.savefig = functools.partialmethod(Figure.savefig, metadata=about)
"""
ABOUT = """\
# Figures of Gradient Dosage, version {version}

By The Gradient Dosage authors, licensed under CC BY 4.0: use and change them, name the authors, \
link to https://creativecommons.org/licenses/by/4.0/ and say what you changed. The licence's text \
is in LICENSE-TEXT.

"""


@dataclass(frozen=True)
class Figure:
    """A figure of a chapter.

    Attributes:
        name: The notebook's name and the figure's number in it, as in ``starvation-03``.
        caption: What it shows.
        png: The file's bytes.
        svg: The file's text.
    """

    name: str
    caption: str
    png: bytes
    svg: str


def pictures(cell: nbformat.NotebookNode, kind: str) -> list[tuple[str, str]]:
    """A cell's pictures of a kind, ``"image/png"`` or ``"image/svg+xml"``, with their
    alternative texts, in their order."""
    return [
        ("".join(output.data[kind]), output.get("metadata", {}).get(kind, {}).get("alt", ""))
        for output in cell.get("outputs", ())
        if kind in output.get("data", {})
    ]


def drawn_as_svg(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Run a notebook in a folder with figures drawn as SVG; returns it with its own cells."""
    run = nbformat.from_dict({**notebook, "cells": [*notebook.cells]})
    run.cells.insert(0, nbformat.v4.new_code_cell(DRAW_SVG))
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(run, timeout=300, kernel_name="python3", resources=resources)
    executed = client.execute()
    del executed.cells[0]
    return executed


def figures(path: Path) -> list[Figure]:
    """All figures of a notebook.

    Raises:
        ValueError: A cell draws another number of SVGs than the PNGs that are committed, or a
            figure has no alternative text.
    """
    committed = nbformat.read(path, as_version=4)
    pngs = [pictures(cell, "image/png") for cell in committed.cells]
    if not any(pngs):
        return []
    executed = drawn_as_svg(committed, path.parent)
    found: list[Figure] = []
    for number, cell in enumerate(executed.cells):
        svgs = pictures(cell, "image/svg+xml")
        if len(svgs) != len(pngs[number]):
            raise ValueError(
                f"{path.name}, cell {number}: expected {len(pngs[number])} SVGs as committed, "
                f"got {len(svgs)}; run `make notebooks`"
            )
        for (png, alt), (svg, _) in zip(pngs[number], svgs, strict=True):
            if not alt:
                raise ValueError(f"{path.name}, cell {number}: expected an alternative text")
            name = f"{stem(path)}-{len(found) + 1:02d}"
            found.append(Figure(name, alt, base64.b64decode(png), svg))
    return found


def write(out: Path, chapters: dict[str, list[Figure]], root: Path = ROOT) -> None:
    """Write the archive; chapters are titles to figures."""
    about = ABOUT.format(version=version(root))
    for title, drawn in chapters.items():
        about += f"## {title}\n\n"
        about += "".join(f"**{f.name}.svg, {f.name}.png.** {f.caption}\n\n" for f in drawn)
    entries: dict[str, str | bytes] = {
        "captions.md": about.rstrip() + "\n",
        "LICENSE-TEXT": (root / "LICENSE-TEXT").read_text(encoding="utf-8"),
    }
    for figure in (figure for drawn in chapters.values() for figure in drawn):
        entries |= {f"{figure.name}.png": figure.png, f"{figure.name}.svg": figure.svg}
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(f"figures/{name}", DATE), content, compresslevel=9)


def stem(path: Path) -> str:
    """A notebook's name, with the folder's before it where it lies in one of book/."""
    path = path.resolve()
    inside = path.relative_to(ROOT / "book") if path.is_relative_to(ROOT / "book") else path.name
    return "-".join(Path(inside).with_suffix("").parts)


def title(path: Path) -> str:
    """A notebook's first heading."""
    return re.search(r'"# (.+?)(?:\\n)?"', path.read_text(encoding="utf-8"))[1]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_build/figures.zip")
    parser.add_argument("paths", nargs="*", type=Path, metavar="NOTEBOOK")
    args = parser.parse_args()
    chapters = {}
    for path in args.paths or sorted((ROOT / "book").rglob("*.ipynb")):
        if drawn := figures(path):
            chapters[title(path)] = drawn
            print(f"{path.name}: {len(drawn)} figures")
    write(args.out, chapters)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
