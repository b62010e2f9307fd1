"""The dose chapter's built page: its garden, turned, and the panel that needs a kernel."""

import itertools

import numpy as np
import pytest

from gradbook import atlas, effects

DIET, STRENGTH = "weight decay", 0.02


@pytest.fixture
def chapter(read):
    return read("gradient_dosage")


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


@pytest.mark.parametrize("width", [390, 1280])
def test_the_layout_stays_and_can_be_read_under_every_diet(read, width):
    page = read("gradient_dosage", width=width)
    garden = page.locator(".gradbook-garden").first
    heights = set()
    for i in range(garden.locator("[data-control=diet] label").count()):
        turn(page, "diet", i)
        heights.add(round(garden.bounding_box()["height"]))
    assert len(heights) == 1
    size = garden.locator("td").first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    assert size >= 12
    cells = garden.locator("tr").first.locator("th").all()[1:]
    edges = [(box["x"], box["x"] + box["width"]) for box in (c.bounding_box() for c in cells)]
    assert all(a[1] <= b[0] + 1 for a, b in itertools.pairwise(edges))
    assert all(c.evaluate("e => e.scrollWidth <= e.clientWidth + 1") for c in cells)
