"""The starvation chapter's page: its shape, its bets, exercises and quiz, and its depth pages."""

import re
from pathlib import Path

import pytest

from gradbook.chapters.starvation import bending, effects
from gradbook.chapters.starvation.explorer import CURVES
from gradbook.evidence import atlas
from gradbook.exercises import known
from reader import Reader

BOOK = Path(__file__).resolve().parents[2] / "book"
COURSE, MARGIN = [["none", 0.0], [250, "spectral decoupling", 0.006]], 0.1
BETS = {
    "starvation/fold": None,
    "starvation/lost": ("Three weights in a row alone", 20),
    "starvation/cures": ["spectral decoupling", "Adam"],
    "starvation/outvoted": ("0 to 10 points", 19),
}


@pytest.fixture
def chapter(read):
    return read("starvation", width=1440)


def test_the_first_boundary_bends_when_it_is_decoupled(chapter):
    page, widget = chapter, chapter.locator(".gradbook-bending")
    straight = widget.locator("path.edge").get_attribute("d")
    widget.get_by_role("radio", name="spectral decoupling").check(force=True)
    page.wait_for_function(
        f"document.querySelector('.gradbook-bending').dataset.right == {bending.RINGS}"
    )
    assert widget.locator("path.edge").get_attribute("d") != straight
    assert "99 % where coordinate 1 misleads" in widget.locator(".sentence").inner_text()


def test_the_page_answers_before_it_asks(chapter):
    """What is true stands before the first bet: five lines that the ledger generates."""
    truths, first = chapter.locator("#what-is-true"), chapter.locator("[data-bet]").first
    assert truths.bounding_box()["y"] < first.bounding_box()["y"]
    assert truths.locator("li").count() == 5


def test_every_bet_hides_what_it_asks_and_shows_it_after(chapter):
    found = chapter.locator("[data-bet]").evaluate_all("all => all.map(e => e.dataset.bet)")
    assert found == list(BETS)
    shown = ["#figure-1", "#figure-2", "#table-3", "#figure-3"]
    shown += ['[data-curves="reliance"]', '[data-curves="outvoted"]']
    assert not any(chapter.locator(place).is_visible() for place in shown)
    for name, right in BETS.items():
        bet = chapter.locator(f'[data-bet="{name}"]')
        if isinstance(right, list):
            for place, cure in enumerate(right):
                while bet.locator("ol.order li").nth(place).get_attribute("data-name") != cure:
                    bet.get_by_role("button", name=f"Move {cure} up").click()
            bet.get_by_role("button", name="Bet", exact=True).click()
            assert "a seed agrees on 8" in bet.locator(".outcome").inner_text()
        elif right:
            bet.get_by_role("button", name=right[0], exact=True).click()
            assert f"{right[1]} of 20 seeds agree" in bet.locator(".outcome").inner_text()
        else:
            bet.locator("input").press("End")
            bet.get_by_role("button", name="Bet", exact=True).click()
            assert "0 of 20 seeds lie within" in bet.locator(".outcome").inner_text()
    assert all(chapter.locator(place).is_visible() for place in shown)
    assert "4 of 4 bets made" in chapter.locator(".gradbook-score").inner_text()


def test_the_explorer_breaks_the_rule_where_the_exercise_says(chapter):
    """The factor that the bars report at their right end is what the exercise expects."""
    chapter.locator('[data-bet="starvation/fold"]').get_by_role("button", name="Show me").click()
    bars = chapter.locator('[data-curves="reliance"]')
    bars.locator('[data-control="reliance"] input').press("End")
    fold = float(re.search(r"gets ([\d.]+) times less", bars.locator(".sentence").inner_text())[1])
    assert fold == pytest.approx(known()["beyond rest"].expected(), rel=0.02)


@pytest.mark.parametrize(
    ("anchor", "page"),
    [
        ("where-no-feature-is-ever-wrong", "starvation/delay.html#where-no-feature-is-ever-wrong"),
        ("its-tangent-features", "starvation/theory.html#its-tangent-features"),
        ("claim-nine-fold-dose", "starvation/evidence.html#claim-nine-fold-dose"),
    ],
)
def test_old_links_lead_to_where_things_moved(read, anchor, page):
    opened = read("starvation")
    opened.evaluate("anchor => { location.hash = anchor; }", anchor)
    opened.wait_for_url(f"**/{page}")
    assert opened.locator(f"[id='{anchor}']").count() == 1


def test_every_anchor_that_moved_is_where_it_is_said_to_be(chapter):
    moved = chapter.locator("[data-moved]").evaluate_all("all => all.map(e => e.dataset.moved)")
    folder = BOOK.parent / "_build/html/book"
    for address in moved:
        path, _, anchor = address.partition("#")
        text = (folder / path).read_text(encoding="utf-8")
        assert not anchor or f'id="{anchor}"' in text, address


def test_without_javascript_the_results_are_there(visit):
    page = visit(BOOK.parent / "_build/html/book/starvation.html", java_script_enabled=False).page
    text = page.locator("main").inner_text()
    for said in ("36 % where coordinate 1 misleads", "2.79 (2.76 to 2.82) times", "Figure 3."):
        assert said in text
    assert page.locator(".gradbook-still svg").count() == 5
    assert page.locator("#figure-1").is_visible()


# The full explorer


def numbers(page):
    return page.evaluate(
        """() => Object.fromEntries(
             [...document.querySelectorAll(".gradbook-boundary [data-number]")]
               .map((cell) => [cell.dataset.number, Number(cell.dataset.value)]))"""
    )


def turn(page, control, value):
    at = page.locator(f".gradbook-boundary [data-control={control}]")
    if control == "epoch":
        at.locator("input").fill(str(value))
    else:
        at.locator("label:visible").nth(value).click()


def test_it_opens_on_the_switch_and_each_control_turns_it(chapter):
    shipped = atlas.load("boundary")
    expected = {
        curve: float(effects.of_course(shipped, MARGIN, COURSE, curve)[0][-1]) for curve in CURVES
    }
    assert numbers(chapter) == pytest.approx(expected, rel=1e-6)
    edge = chapter.locator(".gradbook-boundary path.edge")
    for control, value in (("switch", 0), ("regularizer", 1), ("margin", 0), ("epoch", 6)):
        before = edge.get_attribute("d"), numbers(chapter)
        turn(chapter, control, value)
        assert edge.get_attribute("d") != before[0], f"{control}: the picture stayed"
        assert numbers(chapter) != before[1], f"{control}: the numbers stayed"
        if control == "switch":
            assert numbers(chapter)["share_2"] < expected["share_2"]


def test_play_steps_through_the_epochs(chapter):
    turn(chapter, "epoch", 2)
    chapter.locator(".gradbook-boundary [data-action=play-epoch]").click()
    chapter.wait_for_function(
        "() => document.querySelector('.gradbook-boundary [data-control=epoch] input').value > 3"
    )
    chapter.locator(".gradbook-boundary [data-action=play-epoch]").click()


def test_the_claims_stand_with_their_intervals(read):
    rows = read("starvation/evidence").locator("table.claims tr[id^=claim-]")
    assert rows.count() == 8
    assert all("not yet run" not in rows.nth(i).inner_text() for i in range(8))


def test_the_page_listens_to_three_features_when_the_experiment_did(read):
    """Offline, from disk, no kernel, at a head start of 1,000, where features can be lost."""
    delay = atlas.load("delay")
    reader = Reader(read("starvation/delay"))
    place = delay.config["head_starts"].index(1000), delay.config["weight_decays"].index(0.003)
    for number, network in enumerate(("logistic regression", "three in a row", "deep linear")):
        reader.choose("network", network)
        reader.enter("head_start", 1000)
        reader.press("play")
        found = reader.wait_for(2500)
        measured = delay["delay"][delay.jobs.index(10), number][place]
        since = -1 if found["since"] is None else found["since"] - 1000
        assert since == measured, network
