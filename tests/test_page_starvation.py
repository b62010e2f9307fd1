"""The starvation chapter's built page: its explorer, turned, and what it says of itself."""

import numpy as np
import pytest

from gradbook import atlas, effects
from gradbook.widgets.boundary import CURVES

COURSE, MARGIN = [["none", 0.0], [250, "spectral decoupling", 0.006]], 0.1


@pytest.fixture
def chapter(read):
    return read("starvation")


def numbers(page):
    return page.evaluate(
        """() => Object.fromEntries(
             [...document.querySelectorAll(".gradbook-boundary [data-number]")]
               .map((cell) => [cell.dataset.number, Number(cell.dataset.value)]))"""
    )


def turn(page, control, value):
    if control == "epoch":
        page.locator("[data-control=epoch] input").fill(str(value))
    else:
        page.locator(f"[data-control={control}] label:visible").nth(value).click()


def picture(page):
    return page.locator(".gradbook-boundary path.edge").get_attribute("d")


@pytest.mark.parametrize(
    ("control", "value"), [("margin", 0), ("regularizer", 1), ("switch", 0), ("epoch", 6)]
)
def test_each_control_changes_the_picture_and_the_numbers(chapter, control, value):
    before = picture(chapter), numbers(chapter)
    turn(chapter, control, value)
    assert picture(chapter) != before[0], "the picture stayed"
    assert numbers(chapter) != before[1], "the numbers stayed"


def test_it_opens_on_the_switch_that_brings_the_second_feature_back(chapter):
    shipped = atlas.load("boundary")
    expected = {
        curve: float(effects.of_course(shipped, MARGIN, COURSE, curve)[0][-1]) for curve in CURVES
    }
    assert numbers(chapter) == pytest.approx(expected, rel=1e-6)


def test_without_the_switch_the_second_coordinate_carries_less(chapter):
    switched = numbers(chapter)["share_2"]
    turn(chapter, "switch", 0)
    assert numbers(chapter)["share_2"] < switched


def test_play_steps_through_the_epochs(chapter):
    turn(chapter, "epoch", 2)
    chapter.locator("[data-action=play-epoch]").click()
    chapter.wait_for_function(
        "() => Number(document.querySelector('[data-control=epoch] input').value) > 3"
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


def test_the_claims_stand_with_their_intervals(chapter):
    rows = chapter.locator("table.claims tr[id^=claim-]")
    assert rows.count() == 3
    assert np.all(["not yet run" not in rows.nth(i).inner_text() for i in range(3)])
