"""What a first visit fetches, and in what order a reader sees it."""

from pathlib import Path

import pytest

from benchmarks import pages

HTML = pages.HTML
BOOK = HTML / "book"


@pytest.fixture(scope="module")
def weights(browser):
    return pages.first_loads(browser)


def test_first_visits_stay_within_what_was_set(weights):
    """In kB, gzipped: the front page 500, any other page 1,200."""
    total = {name: sum(weight[c] for c in pages.COLUMNS) for name, weight in weights.items()}
    heavy = {n: t for n, t in total.items() if t > (500e3 if "index" in n else 1200e3)}
    assert heavy == {}


def test_no_page_asks_for_a_script_or_a_font_that_it_does_not_use(weights):
    """The theme's icon script, its icon font and MathJax were 540, 156 and 720 kB."""
    for name, weight in weights.items():
        font = (HTML / "_static/vendor/mathfont/math.woff2").stat().st_size
        has_formulas = "<math" in (HTML / name).read_text(encoding="utf-8")
        assert weight["font"] in ((0, font) if has_formulas else (0,)), name  # 0: all folded
        index = pages.gzipped(HTML / "searchindex.js") if name == "search.html" else 0
        assert weight["scripts"] - index < 60e3, name  # the index grows with the book


def test_pictures_wait_until_they_are_near(visit):
    seen = visit(BOOK / "minibatch_sensitivity/vote.html")
    pictures = seen.page.locator("main .cell_output img")
    assert pictures.count() > 5
    last = pictures.last
    assert not last.evaluate("(image) => image.complete")
    height = last.bounding_box()["height"]
    last.scroll_into_view_if_needed()
    seen.page.wait_for_function("(image) => image.complete", arg=last.element_handle())
    assert last.bounding_box()["height"] == pytest.approx(height, abs=1)


@pytest.mark.parametrize("page", sorted(BOOK.glob("*.html")), ids=lambda path: path.stem)
def test_text_comes_before_the_widgets_data(page: Path):
    html = page.read_text(encoding="utf-8")
    data = html.find("widget-state+json")
    assert data == -1 or data > html.find("</main>") > 0


def test_every_icon_is_drawn_in_the_page(visit):
    seen = visit(BOOK / "starvation.html")
    assert seen.page.locator("i[class*=fa-], span[class*=fa-]").count() == 0
    icons = seen.page.locator("svg.icon:visible")
    assert icons.count() >= 6
    boxes = [icon.bounding_box() for icon in icons.all()]
    assert all(8 < box["height"] < 40 and 4 < box["width"] < 40 for box in boxes)
