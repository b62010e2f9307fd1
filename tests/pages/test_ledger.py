"""The ledger in the built book: every claim, its verdict, and links that arrive."""

from pathlib import Path

import pytest

from gradbook.evidence import claims

HTML = Path(__file__).resolve().parents[2] / "_build/html/book"
PAGE = HTML / "ledger.html"
SETTLED = claims.of_chapter()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_claim_is_legible_with_its_verdict(visit, width, scheme):
    page = visit(PAGE, width=width, color_scheme=scheme).page
    for one in SETTLED:
        row = page.locator(f"#claim-{one.claim.id}")
        assert row.is_visible() and one.claim.sentence in row.inner_text()
        assert row.locator(".verdict").inner_text().strip().split(" ", 1)[1] == one.verdict
        assert claims.sentence(one) in row.inner_text()
        assert row.locator("svg").count() == (1 if one.outcomes else 0)
    dark = scheme == "dark"
    for part in ("strong", "label", "small"):
        ink, paper = page.evaluate(
            """selector => {
                const element = document.querySelector(`.ledger ${selector}`)
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
        if other.locator(f"#{anchor}[data-moved]").count() == 0:
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
    assert row.locator("details tr").count() == len(one.outcomes)


def test_a_claim_is_at_most_400_pixels_high_with_its_details_unfolded(visit):
    page = visit(PAGE, width=1440).page
    page.evaluate("document.querySelectorAll('.ledger details').forEach(one => one.open = true)")
    heights = page.evaluate(
        "[...document.querySelectorAll('.ledger article')].map(one => one.offsetHeight)"
    )
    assert len(heights) == len(SETTLED) and max(heights) <= 400


@pytest.mark.parametrize("chapter", ["all", *sorted({one.claim.chapter for one in SETTLED})])
@pytest.mark.parametrize("verdict", ["all", "holds", "void"])
def test_filters_show_the_claims_of_a_chapter_with_a_verdict(visit, chapter, verdict):
    page = visit(PAGE).page
    for name, value in (("chapter", chapter), ("verdict", verdict)):
        page.locator(f'input[name="ledger-{name}"][value="{value}"]').check()
    wanted = [
        f"claim-{one.claim.id}"
        for one in SETTLED
        if chapter in ("all", one.claim.chapter) and verdict in ("all", one.verdict)
    ]
    shown = page.locator(".ledger article:visible")
    assert [shown.nth(n).get_attribute("id") for n in range(shown.count())] == wanted
    assert page.locator(".ledger-none").is_visible() == (not wanted)


def test_filters_stand_in_the_address(visit):
    page = visit(PAGE).page
    page.locator('input[name="ledger-chapter"][value="starvation"]').check()
    page.locator('input[name="ledger-verdict"][value="fails"]').check()
    assert page.evaluate("location.hash") == "#chapter=starvation&verdict=fails"
    page.goto("about:blank")
    page.goto(f"{PAGE.as_uri()}#chapter=starvation&verdict=fails")
    assert page.locator('input[name="ledger-verdict"][value="fails"]').is_checked()
    count = sum((o.claim.chapter, o.verdict) == ("starvation", "fails") for o in SETTLED)
    assert page.locator(".ledger article:visible").count() == count
    page.locator('input[name="ledger-chapter"][value="all"]').check()
    page.locator('input[name="ledger-verdict"][value="all"]').check()
    assert page.evaluate("location.hash") == ""
    page.goto("about:blank")
    page.goto(f"{PAGE.as_uri()}#verdict=perhaps")
    assert (
        "verdict “perhaps”, which the ledger does not have"
        in page.get_by_role("status").inner_text()
    )
    assert page.locator(".ledger article:visible").count() == len(SETTLED)


def test_filters_work_by_keyboard(visit):
    page = visit(PAGE).page
    page.locator('input[name="ledger-verdict"]').first.focus()
    page.keyboard.press("ArrowRight")
    first = next(
        verdict for verdict in claims.VERDICTS if any(o.verdict == verdict for o in SETTLED)
    )
    count = sum(one.verdict == first for one in SETTLED)
    assert page.locator(".ledger article:visible").count() == count < len(SETTLED)


def test_a_chapter_ends_with_its_own_claims(visit):
    for chapter in {one.claim.chapter for one in SETTLED if one.outcomes}:
        evidence = HTML / chapter / "evidence.html"
        page = visit(evidence if evidence.exists() else HTML / f"{chapter}.html").page
        shown = page.locator("table.claims > tbody > tr")
        ids = [shown.nth(number).get_attribute("id") for number in range(shown.count())]
        assert ids == [f"claim-{one.claim.id}" for one in claims.of_chapter(chapter)]
