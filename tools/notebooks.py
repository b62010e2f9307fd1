"""Put the book's notebooks in the form in which they are committed, or check that they are.

    python tools/notebooks.py normalise [--execute] [NOTEBOOK ...]
    python tools/notebooks.py check [NOTEBOOK ...]

A committed notebook has its text and PNG outputs, so that it reads well anywhere and
`pytest --nbval` can compare them. It has no widget state: where a widget was shown its text
stays. Cell ids and execution counts follow from the file's name and the cells' order. Of a
cell's metadata only tags, slides and myst-nb's own are kept, of an output's a picture's
alternative text.
Without NOTEBOOK, every notebook in book/ is meant.
"""

import argparse
import copy
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient

import slide_text

ROOT = Path(__file__).resolve().parents[1]
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}
CELL_METADATA = ("mystnb", "slides", "tags")
MIME_TYPES = ("image/png", "text/html", "text/latex", "text/markdown", "text/plain")
MYST = (
    (re.compile(r"^\s*(`{3,}|~{3,}|:{3,})\s*\{", re.M), "a directive"),
    (re.compile(r"(?<!`)\{[a-z][a-z0-9_:-]*\}`"), "a role"),
    (re.compile(r"^\([^()\s]+\)=\s*$", re.M), "a label"),
)


def normalised(notebook: nbformat.NotebookNode, stem: str) -> nbformat.NotebookNode:
    """A copy in the committed form; ``stem`` is the file's name without its ending."""
    notebook = copy.deepcopy(notebook)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(METADATA)
    count = 0
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{stem.replace('_', '-')}-{number:02d}"
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in CELL_METADATA if cell.metadata.get(key)}
        )
        cell.source = cell.source.strip("\n")
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = _outputs(cell.outputs, count)
    return notebook


def _outputs(outputs: list, count: int) -> list:
    kept = []
    for output in outputs:
        if output.output_type == "stream":
            if kept and kept[-1].output_type == "stream" and kept[-1].name == output.name:
                kept[-1].text += output.text
                continue
        elif "data" in output:
            output.data = nbformat.from_dict(
                {mime: output.data[mime] for mime in MIME_TYPES if mime in output.data}
            )
            alt = output.metadata.get("image/png", {}).get("alt")
            output.metadata = nbformat.from_dict({"image/png": {"alt": alt}} if alt else {})
            if output.output_type == "execute_result":
                output.execution_count = count
            if not output.data:
                continue
        kept.append(output)
    return kept


def deviations(path: Path) -> list[str]:
    """What keeps a notebook from being committed, one line each."""
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    wanted = normalised(notebook, path.stem)
    found = []
    if notebook.metadata != wanted.metadata:
        found.append("metadata is not in the committed form")
    for number, (cell, want) in enumerate(zip(notebook.cells, wanted.cells, strict=True)):
        lines = [
            f"{key} is not in the committed form"
            for key in sorted(set(cell) | set(want))
            if cell.get(key) != want.get(key)
        ]
        lines += _markdown(cell) if cell.cell_type == "markdown" else _results(cell)
        found += [f"cell {number}: {line}" for line in lines]
    if not found and text != as_text(wanted):
        found.append("layout of the JSON is not the committed form's")
    return [f"{path.name}: {line}" for line in found]


def _markdown(cell: nbformat.NotebookNode) -> Iterator[str]:
    for pattern, what in MYST:
        if pattern.search(cell.source):
            yield f"holds {what} of MyST, which is raw text in Colab and JupyterLab"
    for box in re.findall(r'<div class="admonition.*?</div>', cell.source, re.S):
        if re.search(r"\n\s*\n", box):
            yield "an admonition holds a blank line, which ends it in the book"
    for starts in cell.metadata.get("slides", ()):
        try:
            slide_text.chosen(cell.source, starts)
        except ValueError as error:
            yield f"names for a slide what it does not hold: {error}"


def _results(cell: nbformat.NotebookNode) -> Iterator[str]:
    pictures = ["image/png" in output.get("data", {}) for output in cell.get("outputs", ())]
    if _alternative(cell) and not any(pictures):
        yield "describes a picture and shows none"
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        if output.output_type == "error":
            yield f"ended with {output.ename}: {output.evalue}"
        if output.get("name") == "stderr":
            yield f"wrote to stderr: {output.text.strip()[:100]}"
        described = _alternative(cell) or output.get("metadata", {}).get("image/png", {}).get("alt")
        if "image/png" in data and not described:
            yield "shows a picture without alternative text: show it with figures.show"
        if re.search(r"\b0x[0-9a-f]{6,}", output.get("text", "") + data.get("text/plain", "")):
            yield "prints a memory address, which is another one at the next run"


def _alternative(cell: nbformat.NotebookNode) -> str:
    return cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")


def execute(path: Path, **options) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom in its own folder, with a new kernel.

    A line that reaches us in two messages is one output. Options go to the client.
    """
    return NotebookClient(
        nbformat.read(path, as_version=4),
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        coalesce_streams=True,
        **options,
    ).execute()


def as_text(notebook: nbformat.NotebookNode) -> str:
    """The file's text: one newline at its end."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def main() -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=["normalise", "check"])
    parser.add_argument("--execute", action="store_true", help="run the notebooks first")
    parser.add_argument("paths", nargs="*", type=Path, metavar="NOTEBOOK")
    args = parser.parse_intermixed_args()
    paths = args.paths or sorted((ROOT / "book").rglob("*.ipynb"))
    if args.command == "check":
        found = [line for path in paths for line in deviations(path)]
        print(*found, sep="\n", end="\n" if found else "")
        if found:
            print("Run `make notebooks`, or `python tools/notebooks.py normalise`.")
        return 1 if found else 0
    for path in paths:
        notebook = execute(path) if args.execute else nbformat.read(path, as_version=4)
        path.write_text(as_text(normalised(notebook, path.stem)), encoding="utf-8", newline="\n")
        print(f"normalised {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
