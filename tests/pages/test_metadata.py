"""What a page says of itself, the page at the book's address, and the notebook that is saved."""

import json
import re
import struct
from html import unescape
from pathlib import Path

import pytest

import metadata
import repository
from settled import settle

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build/html"
PAGES = sorted([*(HTML / "book").glob("*.html"), HTML / "index.html"])
CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("*.ipynb"))
BASE = metadata.pages_address(repository.current())


def tags(page: Path) -> dict[str, list[str]]:
    """A page's meta tags and its canonical address."""
    found: dict[str, list[str]] = {}
    html = page.read_text(encoding="utf-8")
    for key, content in re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', html):
        found.setdefault(key, []).append(unescape(content))
    found["canonical"] = re.findall(r'<link rel="canonical" href="([^"]*)"', html)
    found["title"] = [unescape(title) for title in re.findall(r"<title>(.*?)</title>", html)]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(HTML).as_posix())
def test_each_page_describes_itself_once(page):
    found = tags(page)
    once = ["description", "viewport", "canonical", "title", "og:title", "og:image", "og:url"]
    assert {key: len(found.get(key, [])) for key in once} == dict.fromkeys(once, 1)
    assert 40 < len(found["description"][0]) <= metadata.LONGEST
    name = page.relative_to(HTML).as_posix()
    address = BASE if page.name == "index.html" else BASE + name
    assert found["canonical"] == found["og:url"] == [address]
    card = HTML / found["og:image"][0].removeprefix(BASE)
    assert struct.unpack(">II", card.read_bytes()[16:24]) == (metadata.WIDTH, metadata.HEIGHT)


def test_descriptions_and_cards_differ():
    chapters = [tags(HTML / "book" / f"{name}.html") for name in CHAPTERS]
    for key in ("description", "og:title", "og:image"):
        assert len({found[key][0] for found in chapters}) == len(chapters)


def test_addresses_of_pages_follow_the_repository():
    assert metadata.pages_address("Me/fork") == "https://me.github.io/fork/"
    assert metadata.pages_address("Me/me.github.io") == "https://me.github.io/"


def test_the_books_own_address_is_a_page_and_not_a_redirect(visit):
    seen = visit(HTML / "index.html")
    assert "http-equiv" not in (HTML / "index.html").read_text(encoding="utf-8").lower()
    assert seen.page.locator("main h1:visible").count() == 1
    front = visit(HTML / "book/index.html")
    settle(seen.page)
    settle(front.page)
    assert seen.page.locator("main").inner_text() == front.page.locator("main").inner_text()
    targets = "[...document.querySelectorAll('a[href]')].map((a) => a.href.replace(/#.*/, ''))"
    own = {HTML.as_uri() + "/index.html", HTML.as_uri() + "/book/index.html"}
    assert set(seen.page.evaluate(targets)) - own == set(front.page.evaluate(targets)) - own
    seen.page.locator("main").get_by_role("link", name="Gradient starvation").click()
    seen.page.wait_for_url("**/book/starvation.html")
    assert [m for m in seen.messages if not m.startswith(("log:", "info:"))] == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_notebook_is_saved_also_from_disk(chapter, visit):
    page = visit(HTML / "book" / f"{chapter}.html").page
    page.get_by_role("button", name="Download this page").click()
    with page.expect_download() as saving:
        page.locator(".dropdown-menu a[download]").click()
    assert saving.value.suggested_filename == f"{chapter}.ipynb"
    saved = json.loads(Path(saving.value.path()).read_text(encoding="utf-8"))
    assert saved == json.loads((ROOT / f"book/{chapter}.ipynb").read_text(encoding="utf-8"))
    assert page.url.endswith(f"{chapter}.html")


def test_the_notebook_is_saved_where_the_server_names_a_type(browser, served):
    page = browser.new_page()
    page.goto(f"{served}/book/starvation.html")
    page.get_by_role("button", name="Download this page").click()
    with page.expect_download() as saving:
        page.locator(".dropdown-menu a[download]").click()
    assert saving.value.suggested_filename == "starvation.ipynb"
    page.close()
