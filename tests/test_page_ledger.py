"""The ledger in the built book: every claim, its verdict, and links that arrive."""

from pathlib import Path

import pytest

from gradbook import claims

HTML = Path(__file__).resolve().parents[1] / "_build/html/book"
PAGE = HTML / "ledger.html"
SETTLED = claims.of_chapter()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_claim_is_legible_with_its_verdict(visit, width, scheme):
    page = visit(PAGE, width=width, color_scheme=scheme).page
    for one in SETTLED:
        row = page.locator(f"#claim-{one.claim.id}")
        assert row.is_visible() and one.claim.sentence in row.inner_text()
        first = row.locator(".verdict").inner_text().splitlines()[0]
        assert first.split(" ", 1)[1] == one.verdict
        assert row.locator("svg").count() == (len(one.claim.criteria) if one.findings else 0)
    dark = scheme == "dark"
    for part in ("td", "code", "small"):
        ink, paper = page.evaluate(
            """selector => {
                const element = document.querySelector(`table.claims ${selector}`)
                const light = colour => {
                    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number)
                    return (0.299 * r + 0.587 * g + 0.114 * b) / 255
                }
                let box = element
                const clear = box => getComputedStyle(box).backgroundColor
                while (box.parentElement && /, 0\\)$|transparent/.test(clear(box))) {
                    box = box.parentElement
                }
                return [light(getComputedStyle(element).color), light(clear(box))]
            }""",
            part,
        )
        assert ink - paper > 0.4 if dark else paper - ink > 0.4, part


def test_a_link_leads_to_the_section_that_settles_the_claim(visit):
    page = visit(PAGE).page
    for one in SETTLED:
        links = page.locator(f"#claim-{one.claim.id} a")
        assert links.count() == (one.claim.section is not None)
        if one.claim.section is None:
            continue
        target, _, anchor = links.get_attribute("href").partition("#")
        other = visit(HTML / target).page
        heading = other.locator(f"section#{anchor} > h2, section#{anchor} > h3").first
        assert one.claim.section in heading.inner_text().replace("’", "'")


def test_all_numbers_are_one_click_away(visit):
    page = visit(PAGE).page
    row = page.locator("#claim-minibatches-disagree")
    cells = row.locator("details td")
    assert not cells.first.is_visible()
    row.locator("summary").click()
    assert cells.first.is_visible()
    (one,) = (one for one in SETTLED if one.claim.id == "minibatches-disagree")
    assert row.locator("details tr").count() == len(one.findings)


def test_a_chapter_ends_with_its_own_claims(visit):
    for chapter in {one.claim.chapter for one in SETTLED if one.findings}:
        page = visit(HTML / f"{chapter}.html").page
        shown = page.locator("table.claims > tbody > tr")
        ids = [shown.nth(number).get_attribute("id") for number in range(shown.count())]
        assert ids == [f"claim-{one.claim.id}" for one in claims.of_chapter(chapter)]
