"""The dose chapter's page: its shape, its bets, exercises and quiz, and its depth pages."""

import itertools
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from gradbook.chapters.dosage import effects
from gradbook.evidence import atlas
from gradbook.exercises import known

BOOK = Path(__file__).resolve().parents[2] / "book"
NOTEBOOK = nbformat.read(BOOK / "gradient_dosage.ipynb", as_version=4)
DEPTH = sorted(path.stem for path in (BOOK / "gradient_dosage").glob("*.ipynb"))
DIET, STRENGTH = "weight decay", 0.02
BETS = {
    "dosage/slope": None,
    "dosage/sharing": "None dies",
    "dosage/starved": None,
    "dosage/regularizers": "Weight decay alone",
    "dosage/head-start": "All but three weights in a row",
}
ANSWERS = {
    "dosage/quartic": "quartic threshold",
    "dosage/half-lives": "two half-lives",
    "dosage/rescue": "rescue",
    "dosage/break": "larger without a dose",
    "dosage/build": "own descent",
}


@pytest.fixture
def chapter(read):
    return read("gradient_dosage", width=1440)


def test_the_first_slider_says_what_dies(chapter):
    chapter.locator(".gradbook-growing input").fill("11")
    assert "15 of 100" in chapter.locator(".gradbook-growing .sentence").inner_text()


def test_every_bet_hides_what_it_asks_and_shows_it_after(chapter):
    found = chapter.locator("[data-bet]").evaluate_all("all => all.map(e => e.dataset.bet)")
    assert found == list(BETS)
    assert chapter.locator(".gradbook-bet .outcome:visible").count() == 0
    assert [chapter.locator(f"#figure-{n}").is_visible() for n in range(1, 6)] == [False] * 4 + [
        True
    ]
    for name, right in BETS.items():
        bet = chapter.locator(f'[data-bet="{name}"]')
        if right:
            bet.get_by_role("button", name=right, exact=True).click()
            assert "20 of 20 seeds agree" in bet.locator(".outcome").inner_text()
        elif name == "dosage/slope":
            bet.locator("input").fill("120")
            bet.get_by_role("button", name="Bet", exact=True).click()
            assert "20 of 20 seeds lie within" in bet.locator(".outcome").inner_text()
        else:
            bet.get_by_role("slider").first.press("End")
            bet.get_by_role("button", name="Bet", exact=True).click()
            assert "of the places" in bet.locator(".outcome").inner_text()
    assert all(chapter.locator(f"#figure-{n}").is_visible() for n in range(1, 6))
    assert "5 of 5 bets made" in chapter.locator(".gradbook-score").inner_text()


def test_the_explorer_breaks_the_rule_where_the_exercise_says(chapter):
    """The size that the small explorer reports is what the exercise expects."""
    chapter.locator('[data-bet="dosage/starved"]').get_by_role("button", name="Show me").click()
    small = chapter.locator('[data-curves="starved"]')
    small.locator('[data-control="decay"] input').fill("0")
    small.locator('[data-control="noise"] input').fill("3")
    size = float(re.search(r"size ([\d.]+) %", small.locator(".sentence").inner_text())[1])
    assert size == pytest.approx(known()["larger without a dose"].expected(), rel=0.005)


def test_without_javascript_the_results_are_there(visit):
    page = visit(
        BOOK.parent / "_build/html/book/gradient_dosage.html", java_script_enabled=False
    ).page
    text = page.locator("main").inner_text()
    for said in ("none dies", "features seen in fewer than 2.5 of 100", "Figure 4."):
        assert said in text
    assert page.locator(".gradbook-still svg").count() == 4
    assert page.locator("#figure-1").is_visible()


# The full explorer, on its depth page


@pytest.fixture
def garden(read):
    return read("gradient_dosage/regularizers")


def picture(page):
    return page.eval_on_selector_all(
        ".gradbook-garden .beds rect",
        "bars => bars.map(b => ['y', 'height', 'class'].map(a => b.getAttribute(a)).join()).join()",
    )


def numbers(page, name):
    values = page.eval_on_selector_all(
        f".gradbook-garden td[data-number={name}]", "cells => cells.map(c => c.dataset.value)"
    )
    return np.array(values, dtype=float)


def turn(page, control, value):
    if control == "epoch":
        page.locator("[data-control=epoch] input[type=range]").fill(str(value))
    else:
        page.locator(f"[data-control={control}] label").nth(value).click()


@pytest.mark.parametrize(("control", "value"), [("epoch", 3), ("diet", 2), ("strength", 0)])
def test_each_control_changes_the_picture_and_the_numbers(garden, control, value):
    before = picture(garden), numbers(garden, "answer").tolist()
    turn(garden, control, value)
    after = picture(garden), numbers(garden, "answer").tolist()
    assert before[0] != after[0], "the picture stayed"
    assert before[1] != after[1], "the numbers stayed"


@pytest.mark.parametrize("epoch", [0, 7, 25])
def test_the_numbers_are_the_atlas(garden, epoch):
    diets = atlas.load("diets")
    turn(garden, "epoch", epoch)
    number = effects.diet_number(diets, DIET, STRENGTH)
    for name in ("norm", "answer", "dose", "pull"):
        expected = diets[name][0, number, epoch]
        np.testing.assert_allclose(numbers(garden, name), expected, rtol=1e-6)


def test_alive_and_dead_are_told_apart_as_in_the_text(garden):
    states = garden.locator(".gradbook-garden tr.state td").all_inner_texts()
    answers = numbers(garden, "answer")
    assert states == ["alive" if a >= effects.ALIVE else "dead" for a in answers]
    assert {"alive", "dead"} == set(states)


def test_play_steps_through_the_epochs(garden):
    turn(garden, "epoch", 2)
    garden.locator("[data-action=play-epoch]").click()
    garden.wait_for_function(
        "() => Number(document.querySelector('[data-control=epoch] output').innerText) > 3"
    )
    garden.locator("[data-action=play-epoch]").click()


def test_the_page_grows_the_garden_that_was_measured(garden):
    """Offline, from disk, no kernel: the live course ends where the experiment's ended."""
    diets = atlas.load("diets")
    number = effects.diet_number(diets, "weight decay", 0.02)
    assert garden.locator("[data-widget=needs-kernel]").count() == 0
    garden.locator(".gradbook-lab [data-action=play]").click()
    garden.wait_for_function(
        "() => document.querySelector('.gradbook-lab').dataset.done === '2000'"
    )
    found = garden.evaluate("() => document.querySelector('.gradbook-lab').record")
    for name in ("norm", "answer", "dose", "pull"):
        np.testing.assert_allclose(found[name], diets[name][0, number, -1], rtol=1e-3, atol=1e-4)
    assert "needs Python" not in garden.content()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_layout_stays_and_can_be_read_under_every_diet(read, width):
    page = read("gradient_dosage/regularizers", width=width)
    bed = page.locator(".gradbook-garden").first
    heights = set()
    for i in range(bed.locator("[data-control=diet] label").count()):
        turn(page, "diet", i)
        heights.add(round(bed.bounding_box()["height"]))
    assert len(heights) == 1
    size = bed.locator("td").first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    assert size >= 12
    cells = bed.locator("tr").first.locator("th").all()[1:]
    edges = [(box["x"], box["x"] + box["width"]) for box in (c.bounding_box() for c in cells)]
    assert all(a[1] <= b[0] + 1 for a, b in itertools.pairwise(edges))
    assert all(c.evaluate("e => e.scrollWidth <= e.clientWidth + 1") for c in cells)
