"""Formulas are part of the page: no script, no network, no tab stop, in the book's own font."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "_build/html/book"
CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("*.ipynb"))
TEX = re.compile(r"\$\$.+?\$\$|(?<![\\$])\$[^$]+?\$", re.S)


def written(chapter: str) -> int:
    """Formulas in a notebook's text."""
    notebook = json.loads((ROOT / "book" / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    texts = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"]
    code = re.compile(r"`[^`]*`")
    return sum(len(TEX.findall(code.sub("", text))) for text in texts)


@pytest.fixture(params=CHAPTERS)
def plain(request, visit):
    """A chapter where scripts do not run."""
    seen = visit(BOOK / f"{request.param}.html", java_script_enabled=False)
    seen.chapter = request.param
    return seen


def test_every_formula_shows_without_a_script(plain):
    formulas = plain.page.locator("main .math > math")
    assert formulas.count() == written(plain.chapter) == plain.page.locator("main .math").count()
    boxes = [formula.bounding_box() for formula in formulas.all()]
    hidden = plain.page.locator("main details:not([open]) math").count()
    assert sum(box is None or box["width"] < 3 or box["height"] < 3 for box in boxes) <= hidden
    assert plain.page.locator("merror, mrow.error").count() == 0
    assert not re.search(
        r"\\[a-z]{2,}|\$",
        plain.page.locator("main").evaluate(
            "m => { m = m.cloneNode(true); m.querySelectorAll('pre, code, script').forEach("
            "(e) => e.remove()); return m.textContent; }"
        ),
    )


def test_formulas_are_set_in_the_font_of_the_book(plain):
    """A letter that the font lacks would come from a font of the machine, or as a box."""
    session = plain.page.context.new_cdp_session(plain.page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    found = session.send("DOM.querySelectorAll", {"nodeId": root, "selector": "main math"})
    fonts = {}
    for node in found["nodeIds"]:
        for font in session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]:
            if not font["isCustomFont"]:
                text = session.send("DOM.getOuterHTML", {"nodeId": node})["outerHTML"]
                fonts.setdefault(font["familyName"], text)
    assert fonts == {}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_no_formula_is_a_tab_stop(chapter, visit):
    """Nor a box that scrolls, which browsers make one, on a screen of a laptop."""
    stops = visit(BOOK / f"{chapter}.html").page.evaluate(
        """() => [...document.querySelectorAll("main .math, main .math *")].filter((e) =>
            e.tabIndex >= 0 || (getComputedStyle(e).overflowX === "auto"
                && e.scrollWidth > e.clientWidth)).map((e) => e.textContent)"""
    )
    assert stops == []


def test_a_formula_is_selected_as_text(read):
    page = read("gradient_dosage")
    selected = page.locator("main .math").first.evaluate(
        "(e) => { getSelection().selectAllChildren(e); return String(getSelection()); }"
    )
    assert selected.strip()


def test_a_formula_that_cannot_be_converted_stops_the_build(caplog):
    import mathml

    assert mathml.mathml(r"\nosuchcommand < 1", displayed=False) == r"\nosuchcommand &lt; 1"
    assert "no MathML for the formula" in caplog.text
