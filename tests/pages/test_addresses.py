"""An explorer's whole state in the page's address: read back, followed, copied, refused."""

import re
from pathlib import Path

import pytest

from settled import settle

HTML = Path(__file__).resolve().parents[2] / "_build/html"
PAGES = [
    p for p in sorted((HTML / "book").rglob("*.html")) if "widget-view" in p.read_text("utf-8")
]
STATE = """(id) => {
    const shown = document.getElementById(id);
    const controls = [...shown.querySelectorAll("input:checked, input[type=range], output")];
    return [...controls.map((e) => e.type === "radio" ? e.nextSibling?.textContent : e.value),
        shown.querySelector(".sentence, tbody")?.textContent];
}"""
SAME = f"([id, state]) => JSON.stringify(({STATE})(id)) === JSON.stringify(state)"


def opened(page):
    """The page with every bet's result shown: some explorers stand among these."""
    settle(page)
    page.locator("[data-action=show]:visible").evaluate_all("all => all.forEach((e) => e.click())")
    return page


def moved(page, name: str) -> None:
    """Move the explorer's last slider, or choose its last row's other end, or press its button."""
    shown = page.locator(f"#{name}")
    last = "input[type=range], label:has(input[type=radio]), [data-control] > button"
    control = shown.locator(last).and_(shown.locator(":visible")).last
    if control.get_attribute("type") == "range":
        control.press("Home" if control.input_value() != control.get_attribute("min") else "End")
    else:
        control.click()


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(HTML / "book").as_posix())
def test_every_explorer_is_found_again_by_its_address(path, read, visit):
    """Moved, its state stands in the address, and the address gives the state again."""
    page = opened(read(str(path.relative_to(HTML / "book").with_suffix(""))))
    names = page.locator("[data-widget=ready]:has(> .gradbook-share)").evaluate_all(
        "all => all.map((element) => element.id)"
    )
    assert len(set(names)) == len(names)
    bare = page.locator(
        "[data-widget=ready]:not(:has(> .gradbook-share), :has(> :is(.gradbook-bet, .gradbook-quiz,"
        " .gradbook-answer, .gradbook-score, .gradbook-lab)))"
    )
    assert bare.count() == 0
    kept = {}
    for name in names:
        moved(page, name)
        page.wait_for_function("id => location.hash.startsWith(`#${id}?`)", arg=name)
        address = None
        while address != (address := page.evaluate("location.hash")):
            page.wait_for_timeout(500)  # longer than the address waits for a change to end
        kept[address] = page.evaluate(STATE, name)
    again = opened(visit(path).page)
    for address, state in kept.items():
        name = re.match(r"#([\w-]+)\?", address)[1]
        again.evaluate("address => { location.hash = address; }", address)
        again.wait_for_function(SAME, arg=[name, state])
        assert again.locator(f"#{name} .said").inner_text() == ""
    if kept:
        again.goto("about:blank")
        again.goto(path.as_uri() + address)
        settle(again)
        assert again.evaluate(STATE, name) == state, address


def test_an_address_that_asks_for_what_is_not_there_says_so(visit):
    path = HTML / "book/starvation.html"
    page = visit(path).page
    settle(page)
    usual = page.evaluate(STATE, "boundary")
    for wrong in ("margin=9", "epoch=-1", "colour=2", "margin=1,2", "margin="):
        page.goto("about:blank")
        page.goto(f"{path.as_uri()}#boundary?{wrong}")
        settle(page)
        assert page.evaluate(STATE, "boundary") == usual
        said = page.locator("#boundary .said").inner_text()
        assert wrong.replace("=", " = ").strip() in said and "which this explorer" in said


def test_the_link_is_copied(browser, served):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{served}/book/starvation.html")
    settle(page)
    page.locator("#boundary").get_by_role("button", name="Copy a link").click()
    page.get_by_text("The link is copied.").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.url and "#boundary?margin=1&" in copied
    context.close()
