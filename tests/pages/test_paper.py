"""On paper no code is cut and no explorer torn; the book can be taken along."""

import io
import re
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

import paper
from settled import settle

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build/html"
BOOK = HTML / "book"
# Chapters, and the pages with the longest tables.
PAGES = ("*.ipynb", "*/evidence.ipynb")
CHAPTERS = sorted(
    str(path.relative_to(ROOT / "book").with_suffix(""))
    for pattern in PAGES
    for path in (ROOT / "book").glob(pattern)
)
# A4 less the margins of print.css, in CSS pixels.
SHEET = {"width": 182 / 25.4 * 96, "height": 265 / 25.4 * 96}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_nothing_is_wider_or_torn_on_paper(chapter, visit):
    page = visit(BOOK / f"{chapter}.html", width=int(SHEET["width"]), height=1000).page
    settle(page)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")  # opens what is folded
    page.wait_for_timeout(300)  # explorers draw anew
    cut, wide, widgets = page.evaluate(
        """() => [
            [...document.querySelectorAll("main *")].filter((e) => !e.closest("svg")
                && getComputedStyle(e).overflow !== "visible" && e.clientHeight > 1
                && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))
                .map((e) => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 80)}`),
            [...document.querySelectorAll("main *")]
                .filter((e) => !e.closest("svg") && e.getBoundingClientRect().width > 0
                    && e.getBoundingClientRect().right > innerWidth + 1)
                .map((e) => `${e.tagName}.${e.className}`),
            [...document.querySelectorAll(".gradbook-widget")].map((e) =>
                [e.getBoundingClientRect().height, getComputedStyle(e).breakInside]),
        ]"""
    )
    assert cut == [] and wide == []
    assert [w for w in widgets if w[0] > SHEET["height"] or w[1] != "avoid"] == []


def plain(text: str) -> str:
    """Letters without spaces, as a PDF may set them."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def test_all_code_and_all_solutions_reach_the_pdf(browser):
    page = browser.new_context(offline=True).new_page()
    pdf = PdfReader(io.BytesIO(paper.print_page(page, BOOK / "starvation.html")))
    printed = plain("".join(sheet.extract_text() for sheet in pdf.pages))
    code = page.locator("main .cell_input pre").all_text_contents()
    lines = [plain(line) for block in code for line in block.splitlines() if line.strip()]
    assert len(lines) > 30 and [line for line in lines if line not in printed] == []
    solution = page.locator("main details:has(summary:text('Solution')) p").first.text_content()
    assert plain(solution)[:20] in printed
    page.context.close()


def test_a_dark_screen_prints_dark_letters_on_white(visit):
    page = visit(BOOK / "gradient_dosage.html", color_scheme="dark").page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("html").get_attribute("data-theme") == "light"
    assert page.locator("main details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.locator("main details:not([open])").count() >= 3


def test_the_archive_opens_from_disk(tmp_path, visit):
    paper.pack(tmp_path / "book.zip")
    zipfile.ZipFile(tmp_path / "book.zip").extractall(tmp_path)
    seen = visit(tmp_path / paper.NAME / "index.html")
    seen.page.locator("main").get_by_role("link", name="Gradient starvation").click()
    settle(seen.page)
    assert seen.page.locator("[data-widget=ready]").count() > 0
    assert [m for m in seen.messages if not m.startswith(("log:", "info:"))] == []


def test_the_books_pages_are_those_of_the_table_of_contents():
    assert paper.pages()[0] == "book/index"
    assert {f"book/{name}" for name in CHAPTERS} <= set(paper.pages())


def test_a_figure_has_one_paper_in_the_dark(visit):
    page = visit(BOOK / "minibatch_sensitivity/vote.html", color_scheme="dark").page
    figure = page.locator("main .cell_output img").nth(1)
    figure.scroll_into_view_if_needed()
    page.wait_for_function("(e) => e.complete", arg=figure.element_handle())
    pixels = np.asarray(Image.open(io.BytesIO(figure.screenshot())).convert("RGB")).astype(int)
    frame, sheet = pixels[4, pixels.shape[1] // 2], pixels[11, 20]
    assert abs(frame - sheet).max() <= 2, (frame, sheet)
