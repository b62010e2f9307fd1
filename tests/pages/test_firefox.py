"""The same pages in Firefox ESR, from disk: formulas, explorers, every control once."""

import os
from pathlib import Path

import pytest

from benchmarks.marionette import Firefox

HTML = Path(__file__).resolve().parents[2] / "_build/html"
PAGES = sorted([*(HTML / "book").glob("*.html"), HTML / "index.html"])
# Moves every slider to both ends and presses everything that is neither folded nor the theme's.
TURN_ALL = """
    let turned = 0;
    for (const widget of document.querySelectorAll("[data-widget=ready]")) {
        for (const input of widget.querySelectorAll("input, select")) {
            for (const value of input.type === "range" ? [input.min, input.max] : [input.value]) {
                if (input.type === "radio" || input.type === "checkbox") input.click();
                input.value = value;
                input.dispatchEvent(new Event("input", { bubbles: true }));
                input.dispatchEvent(new Event("change", { bubbles: true }));
            }
            turned++;
        }
        for (const button of widget.querySelectorAll("button:not([disabled])")) {
            button.click();
            button.click();
            turned++;
        }
    }
    await new Promise((done) => setTimeout(done, 300));
    return turned;
"""


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    try:
        started = Firefox(tmp_path_factory.mktemp("firefox"))
    except FileNotFoundError as error:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(error))
    yield started
    started.close()


def test_an_error_of_a_page_is_heard(firefox, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<script>undefinedName()</script>", encoding="utf-8")
    firefox.open(page.as_uri())
    assert firefox.errors() == ["ReferenceError: undefinedName is not defined"]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(HTML).as_posix())
def test_page_works_in_firefox(page, firefox):
    firefox.errors()
    firefox.open(page.as_uri())
    states = firefox.evaluate(
        """
        window.gradbookWidgetHost?.showAll();
        for (let i = 0; i < 100 && document.querySelector("[data-widget=loading]"); i++) {
            await new Promise((done) => setTimeout(done, 100));
        }
        await document.fonts.ready;
        return [...document.querySelectorAll("[data-widget]")].map((e) => e.dataset.widget);
        """
    )
    assert set(states) <= {"ready", "needs-kernel"}
    formulas, small = firefox.evaluate(
        """
        const all = [...document.querySelectorAll("main details[open] math, main math")]
            .filter((e) => !e.closest("details:not([open])"));
        const tiny = all.filter((e) => e.getBoundingClientRect().height < 3);
        return [all.length, tiny.map((e) => e.textContent)];
        """
    )
    assert small == []
    if formulas:
        assert firefox.evaluate("""return document.fonts.check('16px "Book Math"');""")
    turned = firefox.evaluate(TURN_ALL)
    assert turned > 3 * states.count("ready") or not states.count("ready")
    assert firefox.errors() == []
