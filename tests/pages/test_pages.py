"""The built book, opened from disk in headless Chromium with the network off."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import repository
from settled import settle

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build/html"
PAGES = sorted(
    p for p in HTML.rglob("*.html") if not {"_static", "slides"} & {*p.relative_to(HTML).parts}
)
CHAPTERS = [p for p in PAGES if (ROOT / p.relative_to(HTML)).with_suffix(".ipynb").exists()]
NEW_SHAPE = {"index", "ledger", *(p.parent.name for p in CHAPTERS if p.parent.name != "book")}
OLD_SHAPE = [p for p in CHAPTERS if p.parent.name == "book" and p.stem not in NEW_SHAPE]
PHONE = {"width": 390, "height": 844}
IGNORED_LINKS = ("http:", "https:", "mailto:", "data:", "javascript:")


def name(path: Path) -> str:
    return str(path.relative_to(HTML))


class Links(HTMLParser):
    """The ids of a page and what it points at."""

    def __init__(self, path: Path):
        super().__init__()
        self.ids, self.links, self.images = set(), [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list) -> None:
        attributes = dict(attrs)
        self.ids.update(filter(None, (attributes.get("id"), attributes.get("name"))))
        self.links += filter(None, (attributes.get("href"), attributes.get("src")))
        if tag == "img":
            self.images.append(attributes)


@pytest.fixture(scope="module")
def links() -> dict[Path, Links]:
    return {path: Links(path) for path in PAGES}


@pytest.fixture(scope="module", params=PAGES, ids=name)
def opened(request, browser):
    """A page once its scripts have run, with what it said and what it asked for."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.said, page.asked = [], []
    page.on("console", lambda message: page.said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: page.said.append(f"exception: {error}"))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(request.param.as_uri())
    settle(page)
    page.evaluate("document.fonts.ready")
    yield page
    context.close()


def test_the_book_is_built():
    assert PAGES, "there is no book in _build/html: run `make book`"
    built = {path.relative_to(HTML).with_suffix("") for path in PAGES}
    written = {
        path.relative_to(ROOT).with_suffix("")
        for path in (ROOT / "book").rglob("*")
        if path.suffix in (".md", ".ipynb")
        and not {"_static", ".ipynb_checkpoints"} & {*path.relative_to(ROOT).parts}
    }
    assert written <= built, "a page is missing: is it in _toc.yml?"


def test_the_book_is_newer_than_its_text():
    newest = max(p.stat().st_mtime for p in (ROOT / "book").rglob("*") if p.is_file())
    assert newest <= (HTML / "index.html").stat().st_mtime, "out of date: run `make book`"


def test_page_is_silent(opened):
    assert [line for line in opened.said if not line.startswith(("log:", "info:"))] == []


def test_page_asks_no_other_host(opened):
    assert [url for url in opened.asked if not url.startswith(("file:", "blob:", "data:"))] == []


def test_page_has_a_heading_and_text(opened):
    assert opened.locator("h1").first.inner_text().strip("# \n")
    assert len(opened.locator("main").inner_text()) > 20


def test_page_fits_a_phone(opened):
    opened.set_viewport_size(PHONE)
    width = opened.evaluate("document.scrollingElement.scrollWidth")
    wide = opened.evaluate(
        """() => [...document.querySelectorAll("main *")]
            .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
            .map((e) => `${e.tagName}.${e.className}`).slice(0, 5)"""
    )
    assert width <= PHONE["width"], wide


def test_mathematics_within_a_line_fits_a_phone(opened):
    """Displayed mathematics scrolls in its own box; within a line nothing would."""
    opened.set_viewport_size(PHONE)
    cut = opened.evaluate(
        """() => [...document.querySelectorAll("main math:not([display])")]
            .filter((e) => e.getBoundingClientRect().right > innerWidth)
            .map((e) => e.closest("p, li").innerText.slice(0, 60))"""
    )
    assert cut == []


def test_no_cell_is_blank(opened):
    blank = opened.evaluate(
        """() => [...document.querySelectorAll(".cell, .cell_output")]
            .filter((e) => !e.closest("details:not([open])"))
            .filter((e) => e.getBoundingClientRect().height < 8)
            .map((e) => e.outerHTML.slice(0, 200))"""
    )
    assert blank == []


def test_widgets_are_drawn(opened):
    """Each view that the kernel left has something to see beside it, and no complaint."""
    bare = opened.evaluate(
        """() => [...document.querySelectorAll("script[type*='widget-view+json']")]
            .filter((view) => ![...view.parentElement.children].some(
                (e) => e.tagName !== "SCRIPT" && e.getBoundingClientRect().height > 8))
            .map((view) => view.textContent)"""
    )
    assert bare == []
    text = opened.locator("main").inner_text()
    assert not re.search(r"Error displaying widget|Loading widget", text)
    assert opened.locator(".jupyter-widgets-disconnected, .lm-mod-loading").count() == 0


def test_a_panel_of_a_kernel_stands_beside_what_the_page_trains(opened):
    """No page says that it needs Python: it says what a kernel adds, next to a lab of its own."""
    panels = opened.locator("[data-widget=needs-kernel]")
    assert all("With a kernel" in text for text in panels.all_inner_texts())
    assert panels.count() <= opened.locator(".gradbook-lab").count()
    assert not re.search(r"needs? (Python|a kernel)", opened.locator("body").inner_text(), re.I)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_within_the_book_resolve(page, links):
    broken = []
    for link in links[page].links:
        if link.startswith(IGNORED_LINKS):
            continue
        url = urlsplit(link)
        target = (page.parent / unquote(url.path)).resolve() if url.path else page
        anchor = unquote(url.fragment)
        settings = "?" in anchor or anchor.startswith("lab-")  # a test of its own opens these
        known = not anchor or settings or target not in links or anchor in links[target].ids
        if not (target.is_file() and known):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pictures_are_described(page, links):
    """A text for who cannot see them; Sphinx puts a file's name where an author gave none."""
    missing = [
        image["src"]
        for image in links[page].images
        if not (image.get("alt") or "").strip() or Path(image["alt"]).suffix == ".png"
    ]
    assert missing == []


@pytest.mark.parametrize("page", CHAPTERS, ids=name)
def test_chapter_can_be_launched_and_downloaded(page, links):
    notebook = str(page.relative_to(HTML).with_suffix(".ipynb"))
    where = repository.current()
    assert {
        f"https://colab.research.google.com/github/{where}/blob/main/{notebook}",
        f"https://mybinder.org/v2/gh/{where}/main?urlpath=lab/tree/{notebook}",
        "../" * (notebook.count("/")) + f"_sources/{notebook}",
    } <= set(links[page].links)
    assert 'data-calls="initThebeSBT"' in page.read_text(encoding="utf-8")


def test_live_code_without_a_network_says_so_and_can_be_tried_again(visit):
    seen = visit(CHAPTERS[0])
    seen.page.locator(".dropdown-launch-buttons > button").click()
    seen.page.get_by_text("Live Code").click()
    button = seen.page.locator(".thebe-launch-button")
    for tries in (1, 2):
        button.get_by_text("needs a network: press to try again").wait_for()
        assert len(seen.foreign) == tries
        button.click()


@pytest.mark.parametrize("page", OLD_SHAPE, ids=name)
def test_chapter_says_how_long_it_runs_and_folds_its_solutions(page, read):
    chapter = read(page.stem)
    assert "run in less than a minute" in chapter.locator("main").inner_text()
    solutions = chapter.locator("main details:has(summary:text('Solution'))")
    assert solutions.count() == 3
    assert all(solutions.nth(i).get_attribute("open") is None for i in range(3))
    solutions.first.locator("summary").click()
    assert solutions.first.locator("p").first.is_visible()
