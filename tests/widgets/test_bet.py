"""Bets: what the seeds say of a guess, and what the reader sees before and after it."""

import json

import numpy as np
import pytest

from explorers import write_page
from gradbook.widgets import Bet, Order, Score

QUESTION, RESULT = "Which will live?", "<p>Only the <b>common</b> ones.</p>"
BLOCKED = """<script>Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("no", "SecurityError"); } });</script>"""


def choice(id: str = "dosage/lives") -> Bet:
    return Bet.on_choices(id, QUESTION, {"all": 2, "common ones": 18, "none": 0}, RESULT)


def number() -> Bet:
    seeds = [1.0, 1.1, 1.2, 2.0]
    return Bet.on_number(
        "dosage/where", "Where?", seeds, RESULT, low=0.25, high=4, within=1.25, log=True
    )


def curve() -> Bet:
    seeds = np.array([[0, 0.2, 1.0], [0, 0.4, 1.0]])
    return Bet.on_curve(
        "dosage/shape", "How?", [1, 2, 3], seeds, RESULT,
        xlabel="p", ylabel="answer", low=0, high=1, within=0.1,
    )  # fmt: skip


def test_two_seeds_agree_as_often_as_counted():
    seeds = [0] * 2 + [1] * 18
    pairs = [(a, b) for i, a in enumerate(seeds) for j, b in enumerate(seeds) if i != j]
    assert choice().meta["between"] == pytest.approx(np.mean([a == b for a, b in pairs]))
    near = [(1.0, 1.1), (1.0, 1.2), (1.1, 1.2)]
    assert number().meta["between"] == pytest.approx(2 * len(near) / 12)
    assert curve().meta["between"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Bet.on_choices("a", QUESTION, {"x": 1, "y": 2}, ""), "an id such as"),
        (lambda: Bet.on_choices("a/b", QUESTION, {"x": 3}, ""), "two outcomes or more"),
        (
            lambda: Bet.on_number("a/b", "", [1, 9], "", low=0, high=5, within=1),
            "a slider that holds 1 to 9",
        ),
        (
            lambda: Bet.on_number("a/b", "", [1, 2], "", low=1, high=5, within=1, log=True),
            "within above 1",
        ),
        (
            lambda: Bet.on_curve(
                "a/b",
                "",
                [1, 2],
                np.zeros((3, 4)),
                "",
                xlabel="",
                ylabel="",
                low=0,
                high=1,
                within=1,
            ),
            r"seeds \[seeds, 2\]",
        ),
        (lambda: Score(choice(), choice()), "different bets of one page"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_without_javascript_the_result_is_there():
    data, _ = choice()._repr_mimebundle_()
    assert RESULT in data["text/html"] and QUESTION in data["text/html"]
    assert "common ones" in data["text/html"]


@pytest.fixture
def shown(visit, tmp_path):
    def show(*widgets, **options):
        seen = visit(write_page(tmp_path, *widgets, **options))
        seen.page.locator('[data-widget="ready"]').nth(len(widgets) - 1).wait_for()
        return seen.page

    return show


def kept(page) -> dict:
    return json.loads(page.evaluate("localStorage.getItem('gradbook.answers') ?? '{}'"))


def after(page, text="Below the bet"):
    """Puts an output after the first widget, in its cell."""
    page.evaluate(
        """(text) => document.querySelector('.cell_output').insertAdjacentHTML(
          'beforeend', `<div class="output">${text}</div>`)""",
        text,
    )
    return page.get_by_text(text)


@pytest.mark.parametrize(
    ("option", "said", "mark"),
    [("common ones", "18 of 20 seeds agree", "right"), ("none", "0 of 20 seeds agree", "wrong")],
)
def test_a_choice_is_kept_and_answered(shown, option, said, mark):
    page = shown(choice())
    outcome = page.locator(".outcome")
    assert not outcome.is_visible()
    page.get_by_role("button", name=option).click()
    assert said in outcome.inner_text() and "Only the common ones." in outcome.inner_text()
    assert mark in outcome.get_attribute("class").split()
    assert kept(page)["dosage/lives"]["agree"] == (0.9 if mark == "right" else 0)
    page.reload()
    page.locator(".outcome").wait_for()
    assert said in page.locator(".outcome").inner_text()
    page.get_by_role("button", name="Take it back").click()
    assert not page.locator(".outcome").is_visible() and kept(page) == {}


def test_show_me_shows_and_scores_nothing(shown):
    page = shown(choice(), Score(choice()))
    page.get_by_role("button", name="Show me").click()
    assert "Only the common ones." in page.locator(".outcome").inner_text()
    assert "None of this page's 1 bets" in page.locator(".gradbook-score").inner_text()


def test_what_stands_after_a_bet_waits_for_it(shown):
    page = shown(choice())
    below = after(page)
    page.evaluate("window.gradbookRecord.set('dosage/other', { kind: 'bet' })")
    assert not below.is_visible()
    page.get_by_role("button", name="none").click()
    assert below.is_visible()


def test_a_number_is_bet_with_the_arrow_keys(shown):
    page = shown(number())
    slider = page.get_by_role("slider", name="Where?")
    slider.focus()
    for _ in range(110):
        page.keyboard.press("ArrowRight")
    bet = 0.25 * 16 ** (110 / 200)
    assert page.locator("output").inner_text() == f"{bet:.2g}"
    page.get_by_role("button", name="Bet", exact=True).press("Enter")
    said = page.locator(".outcome").inner_text()
    agree = sum(abs(np.log(v / bet)) <= np.log(1.25) for v in (1.0, 1.1, 1.2, 2.0))
    assert f"{agree} of 4 seeds lie within a factor of 1.25" in said
    assert kept(page)["dosage/where"]["guess"] == pytest.approx(bet)
    assert page.locator("circle.seed").count() == 4


def test_a_curve_is_drawn_by_pointer_or_by_keys(shown):
    page = shown(curve())
    page.get_by_role("button", name="Bet", exact=True).click()
    assert "Draw your curve first" in page.locator(".frame").inner_text()
    axes = page.locator("svg.axes").bounding_box()
    page.mouse.move(axes["x"] + 0.1 * axes["width"], axes["y"] + 0.8 * axes["height"])
    page.mouse.down()
    page.mouse.move(axes["x"] + 0.97 * axes["width"], axes["y"] + 0.1 * axes["height"], steps=8)
    page.mouse.up()
    last = page.get_by_role("slider", name="answer at 3")
    assert float(last.input_value()) > 0.8
    last.press("Home")
    assert float(last.input_value()) == 0
    last.press("End")
    page.get_by_role("button", name="Bet", exact=True).click()
    guess = kept(page)["dosage/shape"]["guess"]
    seeds = np.array([[0, 0.2, 1.0], [0, 0.4, 1.0]])
    share = (np.abs(seeds - guess) <= 0.1).mean()
    assert kept(page)["dosage/shape"]["agree"] == pytest.approx(share)
    assert page.locator("path.mean").get_attribute("d")
    assert "of the places" in page.locator(".outcome").inner_text()


def test_the_page_is_scored_exported_and_cleared(shown):
    one, two = choice(), number()
    page = shown(one, two, Score(one, two))
    score = page.locator(".gradbook-score")
    page.get_by_role("button", name="common ones").click()
    line = score.locator(".verdict").inner_text()
    between = 100 * one.meta["between"]
    assert line.startswith("1 of 2 bets made. A seed agrees with you in 90 %")
    assert f"with each other in {between:.2g} %" in line
    with page.expect_download() as download:
        score.get_by_role("button", name="Export").click()
    saved = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert saved["dosage/lives"]["guess"] == 1
    page.evaluate("window.gradbookRecord.set('starvation/other', { kind: 'bet' })")
    score.get_by_role("button", name="Clear").click()
    assert list(kept(page)) == ["starvation/other"]
    assert not page.locator(".outcome").first.is_visible()


def test_where_storage_is_blocked_bets_work_and_are_forgotten(shown):
    page = shown(choice(), Score(choice()), head=BLOCKED)
    page.get_by_role("button", name="none").click()
    assert "0 of 20 seeds agree" in page.locator(".outcome").inner_text()
    assert "1 of 1 bets made" in page.locator(".gradbook-score").inner_text()
    assert "keeps no answers" in page.locator(".gradbook-score").inner_text()
    page.reload()
    page.locator('[data-widget="ready"]').nth(1).wait_for()
    assert not page.locator(".outcome").is_visible()


@pytest.mark.parametrize("junk", ["not json", "[1]", "null", '{"dosage/lives": 5}'])
def test_junk_in_storage_harms_nothing(shown, junk):
    head = f"<script>localStorage.setItem('gradbook.answers', {json.dumps(junk)})</script>"
    page = shown(choice(), head=head)
    assert page.locator(".question").inner_text() == QUESTION


def test_an_order_is_sorted_by_keyboard_and_judged_by_pairs(shown):
    seeds = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 1.0]), "c": np.array([2.0, 0.0])}
    bet = Order.on_order("dosage/sorted", "Sort them.", seeds, RESULT, ends=("most", "least"))
    assert bet.meta["between"] == pytest.approx(1 / 3)  # b before c alone
    page = shown(bet)
    names = page.locator("ol.order li")
    assert names.evaluate_all("all => all.map((li) => li.dataset.name)") == ["a", "b", "c"]
    page.get_by_role("button", name="Move b up").focus()
    page.keyboard.press("Enter")
    assert page.locator(".spoken").inner_text() == "b: place 1 of 3"
    assert page.evaluate("document.activeElement.ariaLabel") == "Move b down"
    box = page.locator("[data-name=a] .name").bounding_box()
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.down()
    page.mouse.move(box["x"] + 9, box["y"] + 90, steps=4)
    page.mouse.up()
    assert names.evaluate_all("all => all.map((li) => li.dataset.name)") == ["b", "c", "a"]
    for place, order in ((0, ["a", "b", "c"]), (2, ["b", "c", "a"])):  # past two others
        box = page.locator("[data-name=a] .name").bounding_box()
        there = names.nth(place).bounding_box()
        page.mouse.move(box["x"] + 9, box["y"] + 9)
        page.mouse.down()
        page.mouse.move(box["x"] + 9, there["y"] + 9, steps=8)
        page.mouse.up()
        assert names.evaluate_all("all => all.map((li) => li.dataset.name)") == order
    page.get_by_role("button", name="Bet").click()
    said = page.locator(".outcome .verdict").inner_text()
    assert said == (
        "By the means 2 of 3 pairs stand as you sorted them; a seed agrees on 67 % of the pairs."
    )
    page.get_by_role("button", name="Take it back").click()
    assert page.get_by_role("button", name="Move c up").is_enabled()
