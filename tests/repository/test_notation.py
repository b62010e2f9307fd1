"""One letter, one meaning: every letter of a page in the new shape stands on the notation page."""

import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).resolve().parents[2] / "book"
CHAPTERS = [path for path in sorted(BOOK.glob("*.ipynb")) if (BOOK / path.stem).is_dir()]
PAGES = [page for path in CHAPTERS for page in (path, *sorted((BOOK / path.stem).glob("*.ipynb")))]
GREEK = (
    r"\\(?:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|kappa|lambda|mu|nu|xi|rho|sigma|tau|phi"
    r"|ell)\b"
)
WORDS = r"\\(?:text|operatorname|mathrm)\{[^}]*\}|\\tag\{\d+\}"
COINED = r"\b(own paths?|private|told|bills?|rent|tax(?:es|ed)?|price|pays?|paid|debt|books)\b"


def formulas(path: Path) -> str:
    text = "\n".join(
        re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.S)
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "markdown"
    )
    return " ".join(re.findall(r"\$\$.*?\$\$|\$[^$]+\$", text, flags=re.S))


def letters(formula: str) -> set[str]:
    """Latin letters and Greek commands of a formula."""
    plain = re.sub(WORDS, " ", formula)
    greek = set(re.findall(GREEK, plain))
    latin = set(re.findall(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", " ", plain)))
    return greek | latin


def listed() -> list[str]:
    rows = re.findall(r"^\| (\$.*?) \|", (BOOK / "notation.md").read_text("utf-8"), re.M)
    return [letter for row in rows for letter in re.findall(r"\$(\\?[A-Za-z]+)\$", row)]


def test_a_letter_is_listed_once():
    twice = [letter for letter, count in Counter(listed()).items() if count > 1]
    assert listed() and not twice


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(BOOK).as_posix())
def test_every_letter_of_a_page_is_on_the_notation_page(path):
    assert letters(formulas(path)) <= set(listed())


def test_letters_are_found():
    assert letters(r"$ab = \ln(\tfrac{p}{\lambda}) \text{ if so} \tag{3}$") == {
        "a", "b", "p", r"\lambda",
    }  # fmt: skip


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(BOOK).as_posix())
def test_no_coined_word_and_no_money(path):
    cells = nbformat.read(path, as_version=4).cells
    found = [
        re.findall(COINED, re.sub(r"`[^`]*`", "", cell.source), re.I)
        for cell in cells
        if cell.cell_type == "markdown"
    ]
    assert not [word for words in found for word in words]


def test_the_glossary_has_at_most_forty_entries_in_order():
    text = (BOOK / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| (?!word|---)([^|]+?) \|", text, re.M)
    assert 20 <= len(words) <= 40
    assert words == sorted(words, key=str.lower) and len(set(words)) == len(words)
