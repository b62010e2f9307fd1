"""A number in the prose is one that the page prints, computes with, or was measured under.

What is looked for, page by page: every number of a notebook's text, rounded as the text rounds
it, among the numbers of its outputs and its code, and the constants of its chapter's and the
core's code. Numbers up to a dozen, years and what stands in formulas are not looked at.
"""

from __future__ import annotations

import ast
import functools
import math
import re
from pathlib import Path

import nbformat
import pytest

from gradbook.chapters.optimizers.transformer import transformer

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "book").rglob("*.ipynb"))
CHAPTERS = {
    "gradient_dosage": "dosage",
    "starvation": "starvation",
    "generalization": "generalization",
    "minibatch_sensitivity": "minibatch",
    "dropout_vs_batchnorm": "dropout",
    "optimizers": "optimizers",
    "your_own_network": "own",
}
NUMBER = re.compile(r"(?<![\w.,/^_§])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w])")
CAPTION = re.compile(r"(?:Figure|Table) \d+\. ")
UNREAD = (
    r"^(?:Figure|Table) \d+\. ",
    r"\$\$.*?\$\$",
    r"\$[^$]*\$",
    r"```.*?```",
    r"`[^`]*`",
    r"\]\([^)]*\)",
    r"<[^>]+>",
    r"et al\., \d{4}|\b(?:19|20)\d\d\b(?!,\d)",
    r"95 % intervals?",
    r"Python \d[\d.]+\d",
)
# What follows from numbers that the text names, worked out.
SUM_PAIRS = 31**2
INPUTS = 44 * 15  # characters of a row, of an alphabet of fifteen
PARAMETERS = 3_523_401 / 1e6
MOONS_WEIGHTS = 500 * (2 + 1) + 500 + 1
DIGITS_WEIGHTS = 64 * 32 + 32 + 32 * 10 + 10
MAJORITY_OF_THREE = 100 * (0.9**3 + 3 * 0.9**2 * 0.1)
TRANSFORMERS = tuple(
    sum(weights.numel() for weights in transformer(0, *sizes).parameters()) / 1e6
    for sizes in ((258, 2, 64), (1001, 32, 1001))
)
TARGETS = (10 * 170 / 2, 10 * 170)  # their mean and the largest
FOLLOWS: dict[str, tuple[float, ...]] = {
    "dropout_vs_batchnorm/depth": TARGETS,
    "dropout_vs_batchnorm/drift": TARGETS,
    "dropout_vs_batchnorm/equal_loss": (*TARGETS, 0.2 / 9, (1 - 0.8**2 - 9 * (0.2 / 9) ** 2) / 10),
    "generalization": (SUM_PAIRS, math.log(10) / 0.1),
    "generalization/grokking": (SUM_PAIRS,),
    "generalization/noise_scale": (DIGITS_WEIGHTS, 1797 - 1),
    "gradient_dosage": (MAJORITY_OF_THREE,),
    "gradient_dosage/head_start": (MAJORITY_OF_THREE,),
    "gradient_dosage/survival": (1 / (1 - 0.02), 1 + math.exp(0.02)),
    "minibatch_sensitivity": (INPUTS, *TARGETS, 64 / 2 + 1),
    "minibatch_sensitivity/batch_size": (PARAMETERS,),
    "minibatch_sensitivity/vote": (INPUTS, PARAMETERS, *TARGETS, 50 * 25),
    "optimizers": (2**13,),
    "optimizers/fate": (1 / (0.1 * 0.003),),
    "optimizers/race": (SUM_PAIRS,),
    "optimizers/law": (4**2 / (16 * 0.25 * 0.75 + 4**2),),
    "optimizers/transformer": (*TRANSFORMERS, 1000 + 1),
    "starvation": (0.5 / (0.9 / (1 + math.exp(4)) + 0.1 / (1 + math.exp(-4))),),
    "starvation/nine": (0.4 * 4 * 0.9 * 0.1, 0.4 * 2 * 0.1),
    "starvation/outvoted": (2000 + 1,),
    "starvation/theory": (MOONS_WEIGHTS,),
}


def _value(text: str) -> float:
    return float(text.replace(",", ""))


def prose(page: Path) -> list[tuple[str, str]]:
    """The numbers of a page's text and captions, each with the words around it."""
    found = []
    for cell in nbformat.read(page, 4).cells:
        texts = [cell.source] if cell.cell_type == "markdown" else _captions(cell)
        for text in texts:
            for pattern in UNREAD:
                text = re.sub(pattern, " ", text, flags=re.S)
            for match in NUMBER.finditer(text):
                if "." in match.group() or _value(match.group()) > 12:
                    around = text[max(0, match.start() - 60) : match.end() + 30]
                    found.append((match.group(), " ".join(around.split())))
    return found


def _captions(cell) -> list[str]:
    """The captions among a code cell's outputs."""
    texts = [output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return [text for text in texts if CAPTION.match(text)]


def given(page: Path) -> set[float]:
    """The numbers that a page's code names and its outputs print, captions left out."""
    numbers: set[float] = set()
    for cell in nbformat.read(page, 4).cells:
        if cell.cell_type != "code":
            continue
        numbers |= _constants(cell.source)
        for output in cell.outputs:
            data = output.get("data", {})
            for text in (output.get("text", ""), data.get("text/plain", "")):
                if not CAPTION.match(text):
                    found = re.findall(r"\d[\d,]*\.?\d*(?:e[-+]?\d+)?", text)
                    numbers |= {_value(number.rstrip(",")) for number in found}
            if "text/plain" not in data or "<" not in data.get("text/html", ""):
                continue
            html = re.sub(r'<p class="gradbook-caption".*?</p>', " ", data["text/html"], flags=re.S)
            found = re.findall(r"\d[\d,]*\.?\d*", re.sub(r"<[^>]+>", " ", html))
            numbers |= {_value(number.rstrip(",")) for number in found}
    return numbers


def _constants(source: str) -> set[float]:
    """The numbers of some code, those in its texts left out."""
    return {
        float(node.value)
        for node in ast.walk(ast.parse(re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", source)))
        if isinstance(node, ast.Constant) and type(node.value) in (int, float)
    }


@functools.cache
def constants(folder: str) -> frozenset[float]:
    """The numbers in the code of a folder of the package."""
    paths = (ROOT / "gradbook" / folder).rglob("*.py")
    return frozenset().union(*(_constants(path.read_text()) for path in paths))


def stands(text: str, numbers: set[float]) -> bool:
    """Whether one of the numbers, or a hundred times it, rounds to what a text says."""
    decimals = len(text.partition(".")[2])
    return any(
        abs(factor * number - _value(text)) <= 0.5 * 10**-decimals + 1e-9
        for number in numbers
        for factor in (1, 100)
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT / "book")))
def test_every_number_of_the_prose_is_printed_or_set_somewhere(page):
    name = page.relative_to(ROOT / "book").with_suffix("").as_posix()
    numbers = given(page) | set(FOLLOWS.get(name, ()))
    for folder in ("tasks", "training", f"chapters/{CHAPTERS.get(name.split('/')[0], '.')}"):
        numbers |= constants(folder)
    missing = [
        f"{number}: … {around} …" for number, around in prose(page) if not stands(number, numbers)
    ]
    assert not missing, "print it, or compute it, in the page:\n" + "\n".join(missing)


def test_a_number_is_compared_as_the_text_rounds_it():
    assert stands("57", {0.571}) and stands("0.57", {0.571}) and stands("1,200", {1200.0})
    assert not stands("58", {0.571}) and not stands("0.58", {0.571}) and not stands("0.6", {0.53})


def test_a_typed_number_is_found(tmp_path):
    """Settings, what is printed and what is asserted count; a text and a caption do not."""
    cells = [
        nbformat.v4.new_markdown_cell("It falls to 0.37, or by 63 % (Li et al., 2019), at 1,250."),
        nbformat.v4.new_code_cell("show('0.37 is typed here', steps=1250)"),
    ]
    text = {"text/plain": "Figure 1. It falls to 0.37."}
    cells[1].outputs = [nbformat.v4.new_output("display_data", text)]
    page = tmp_path / "page.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), page)
    typed = [number for number, _ in prose(page) if not stands(number, given(page))]
    assert typed == ["0.37", "63", "0.37"]
