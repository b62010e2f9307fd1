"""Pages at 400 % zoom, and what a link into the middle of one shows."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from settled import settle

HTML = Path(__file__).resolve().parents[2] / "_build/html"
PAGES = sorted([*(HTML / "book").glob("*.html"), HTML / "index.html", HTML / "search.html"])
CHAPTERS = [p for p in PAGES if "widget-state" in p.read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(HTML).as_posix())
def test_text_figures_and_formulas_fit_320_pixels(page, visit):
    """A screen of 1280 pixels at 400 % zoom. Explorers have tests of their own."""
    seen = visit(page, width=320, height=640).page
    wide = seen.evaluate(
        """() => {
            const scrolls = (e) => e && (/auto|scroll|hidden/.test(getComputedStyle(e).overflowX)
                || scrolls(e.parentElement));
            const parts = ".bd-article *, .bd-header-article *";
            return [...document.querySelectorAll(parts)].filter((e) =>
                e.getBoundingClientRect().right > innerWidth + 1
                && !e.closest(".gradbook-widget") && !scrolls(e.parentElement))
                .map((e) => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`);
        }"""
    )
    assert wide == []


# As in a browser that does not anchor its scroll, where a page grows above what is read.
GROW = """() => {
    document.documentElement.style.overflowAnchor = "none";
    document.querySelector("main h1").style.marginTop = "700px";
}"""
PLACE = """(name) => {
    const top = document.querySelector(`#${name} :is(h1, h2, h3)`).getBoundingClientRect().top;
    const header = document.querySelector(".bd-header-article").getBoundingClientRect().bottom;
    const rest = document.scrollingElement.scrollHeight - innerHeight - scrollY;
    return header - 2 <= top && (top < 200 || rest < 3);
}"""


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_a_link_to_a_section_shows_its_heading(page, visit):
    """Below the header that stays, once explorers and pictures above have taken their place."""
    sections = re.findall(r'<section id="([\w-]+)">', page.read_text(encoding="utf-8"))
    for name in (sections[len(sections) // 2], sections[-1]):
        seen = visit(page, width=1000).page
        seen.goto("about:blank")
        seen.goto(f"{page.as_uri()}#{name}")
        settle(seen)
        seen.evaluate(GROW)
        seen.wait_for_function(PLACE, arg=name)


def test_a_reader_who_moves_is_not_brought_back(visit):
    page = CHAPTERS[0]
    seen = visit(page, width=1000).page
    name = re.findall(r'<section id="([\w-]+)">', page.read_text(encoding="utf-8"))[-1]
    seen.goto("about:blank")
    seen.goto(f"{page.as_uri()}#{name}")
    settle(seen)
    seen.wait_for_function(PLACE, arg=name)
    seen.keyboard.press("Home")
    seen.wait_for_function("scrollY < 100")
    seen.evaluate(GROW)
    seen.wait_for_timeout(200)
    assert seen.evaluate("scrollY") < 800 and not seen.evaluate(PLACE, name)


def test_a_figure_in_the_dark_has_the_page_for_its_paper(read):
    """No frame of another tone, and letters that are light."""
    page = read("dropout_vs_batchnorm/depth", color_scheme="dark")
    figure = page.locator(".cell_output img:not(.gradbook-slides *)").first
    figure.scroll_into_view_if_needed()
    figure.evaluate("image => image.decode()")
    with Image.open(io.BytesIO(figure.screenshot())) as shown:
        pixels = np.asarray(shown.convert("RGB")).astype(int)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    behind = [int(n) for n in re.findall(r"\d+", paper)[:3]]
    assert abs(pixels[2:-2, [2, -3]] - behind).max() <= 2
    assert pixels.max() > 200
