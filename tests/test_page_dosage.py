"""The dose chapter's built page: its garden, turned, and the panel that needs a kernel."""

from pathlib import Path

import numpy as np
import pytest

from gradbook import atlas, effects

PAGE = Path(__file__).resolve().parents[1] / "_build/html/book/gradient_dosage.html"
DIET, STRENGTH = "weight decay", 0.02


@pytest.fixture
def chapter(visit):
    assert PAGE.exists(), "there is no book in _build/html: run `make book`"
    seen = visit(PAGE)
    seen.page.wait_for_selector("[data-widget=ready]")
    yield seen.page
    errors = [m for m in seen.messages if not m.startswith(("log:", "info:"))]
    assert errors == [] and seen.foreign == []


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
def test_each_control_changes_the_picture_and_the_numbers(chapter, control, value):
    before = picture(chapter), numbers(chapter, "answer").tolist()
    turn(chapter, control, value)
    after = picture(chapter), numbers(chapter, "answer").tolist()
    assert before[0] != after[0], "the picture stayed"
    assert before[1] != after[1], "the numbers stayed"


@pytest.mark.parametrize("epoch", [0, 7, 25])
def test_the_numbers_are_the_atlas(chapter, epoch):
    diets = atlas.load("diets")
    turn(chapter, "epoch", epoch)
    number = effects.diet_number(diets, DIET, STRENGTH)
    for name in ("norm", "answer", "dose", "pull"):
        expected = diets[name][0, number, epoch]
        np.testing.assert_allclose(numbers(chapter, name), expected, rtol=1e-6)


def test_alive_and_dead_are_told_apart_as_in_the_text(chapter):
    states = chapter.locator(".gradbook-garden tr.state td").all_inner_texts()
    answers = numbers(chapter, "answer")
    assert states == ["alive" if a >= effects.ALIVE else "dead" for a in answers]
    assert {"alive", "dead"} == set(states)


def test_play_steps_through_the_epochs(chapter):
    turn(chapter, "epoch", 2)
    chapter.locator("[data-action=play-epoch]").click()
    chapter.wait_for_function(
        "() => Number(document.querySelector('[data-control=epoch] output').innerText) > 3"
    )
    chapter.locator("[data-action=play-epoch]").click()


def test_the_live_panel_says_that_it_needs_a_kernel(chapter):
    note = chapter.locator("[data-widget=needs-kernel]")
    assert "needs a running Python kernel" in note.inner_text()


def test_the_page_says_how_long_its_cells_run(chapter):
    assert "run in less than a minute" in chapter.locator("main").inner_text()


def test_solutions_are_folded_until_asked_for(chapter):
    solutions = chapter.locator("main details:has(summary:text('Solution'))")
    assert solutions.count() == 3
    assert all(solutions.nth(i).get_attribute("open") is None for i in range(3))
