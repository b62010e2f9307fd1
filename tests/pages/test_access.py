"""axe-core finds nothing to mend on any page, in the light and in the dark."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from settled import settle

HTML = Path(__file__).resolve().parents[2] / "_build/html"
PAGES = sorted([*(HTML / "book").glob("*.html"), HTML / "search.html"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(HTML).as_posix())
def test_axe_finds_nothing(page, scheme, visit):
    seen = visit(page, color_scheme=scheme).page
    assert seen.locator("html").get_attribute("data-theme") == scheme
    settle(seen)
    found = Axe().run(seen, options={"resultTypes": ["violations"]}).response["violations"]
    places = [(violation["id"], n["target"][0]) for violation in found for n in violation["nodes"]]
    assert places == []
