"""What the generalization chapter's page alone has: its crossing, its bets, its full explorer."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from gradbook.chapters.generalization import closed_forms
from gradbook.chapters.generalization.explorer import CURVES
from gradbook.evidence import atlas
from gradbook.exercises import known
from reader import Reader

BOOK = Path(__file__).resolve().parents[2] / "book"
BETS = {
    "generalization/stopping": None,
    "generalization/levelled": ("In the linear network alone", "18 of 20"),
    "generalization/who": ("The labels of the ten pictures nearest to it", "20 of 20"),
    "generalization/grokking": ("Memory", "20 of 20"),
}


@pytest.fixture
def chapter(read):
    return read("generalization", width=1440)


def test_ten_times_as_many_examples_move_the_crossing_by_22_steps(chapter):
    first, steps = chapter.locator('[data-curves="crossing"]'), []
    for index, count in ((2, 100), (4, 1000), (6, 10_000)):
        first.locator("input").fill(str(index))
        said = first.locator(".sentence").inner_text()
        steps.append(int(re.match(rf"With n = {count} the shared .* for (\d+) steps", said)[1]))
        assert steps[-1] == np.ceil(closed_forms.crossing(count, 0.2, 0.1))
    assert steps[1] - steps[0] == steps[2] - steps[1] == 22


def test_every_bet_hides_what_it_asks_and_shows_it_after(chapter):
    found = chapter.locator("[data-bet]").evaluate_all("all => all.map(e => e.dataset.bet)")
    assert found == list(BETS)
    assert chapter.locator(".gradbook-bet .outcome:visible").count() == 0
    hidden = ('[data-curves="stopping"]', '[data-curves="grokking"]')
    assert not any(chapter.locator(name).is_visible() for name in hidden)
    assert not any(chapter.locator(f"#figure-{n}").is_visible() for n in range(1, 4))
    for name, right in BETS.items():
        bet = chapter.locator(f'[data-bet="{name}"]')
        if right:
            bet.get_by_role("button", name=right[0], exact=True).click()
            assert f"{right[1]} seeds agree" in bet.locator(".outcome").inner_text()
        else:
            bet.get_by_role("button", name="Start training").click()
            chapter.wait_for_function("document.querySelector('.now').textContent.match(/ 7\\d,/)")
            bet.get_by_role("button", name="Stop here").click()
            assert (
                "20 of 20 seeds a stop here costs at most 0.01"
                in bet.locator(".outcome").inner_text()
            )
    assert all(chapter.locator(f"#figure-{n}").is_visible() for n in range(1, 4))
    assert all(chapter.locator(name).is_visible() for name in hidden)
    assert "4 of 4 bets made" in chapter.locator(".gradbook-score").inner_text()


@pytest.mark.parametrize("name", ["levelled", "who", "grokking"])
def test_a_wrong_bet_is_said_to_be_wrong(chapter, name):
    bet = chapter.locator(f'[data-bet="generalization/{name}"]')
    bet.locator(".option").first.click()
    assert "0 of 20 seeds agree" in bet.locator(".outcome").inner_text()


def test_the_explorer_breaks_the_rule_where_the_exercise_says(chapter):
    """Every step at which the linear network's loss is shown as lowest is a right answer, and no
    wrong label is memorized there."""
    chapter.locator('[data-bet="generalization/stopping"]').get_by_role(
        "button", name="Show me"
    ).click()
    small = chapter.locator('[data-curves="stopping"]')
    small.locator('[data-control="network"] label').first.click()
    slider = small.locator('[data-control="stop"] input')
    lowest = {}
    for index in range(int(slider.get_attribute("max")) + 1):
        slider.fill(str(index))
        text = small.locator(".sentence").inner_text()
        step, loss, least, memory = re.search(
            r"step (\d+): loss ([\d.]+) .*lowest: ([\d.]+)\).* (\d+) of 1000 wrong", text
        ).groups()
        if loss == least:
            lowest[int(step)] = memory
    exercise = known()["lowest loss"]
    assert np.mean([*lowest]) == exercise.expected() and {*lowest.values()} == {"0"}
    assert all(math.isclose(s, exercise.expected(), rel_tol=exercise.tolerance) for s in lowest)


def test_without_javascript_the_results_are_there(visit):
    page = visit(
        BOOK.parent / "_build/html/book/generalization.html", java_script_enabled=False
    ).page
    text = page.locator("main").inner_text()
    for said in ("gets more for 35 steps", "In the linear network alone", "Figure 3."):
        assert said in text
    assert page.locator(".gradbook-still svg").count() == 6
    assert page.locator("#figure-1").is_visible()


# The full explorer


def turn(page, control, value):
    if control == "epoch":
        page.locator("[data-control=epoch] input").fill(str(value))
    else:
        page.locator(f".gradbook-examples [data-control={control}] label").nth(value).click()


@pytest.mark.parametrize(("share", "size", "epoch"), [(2, 2, 0), (2, 2, 9), (1, 3, 17)])
def test_the_explorer_shows_the_atlas(chapter, share, size, epoch):
    results = atlas.load("spectrum")
    for control, value in (("share", share), ("size", size), ("epoch", epoch)):
        turn(chapter, control, value)
    setting = share * len(results.config["sizes"]) + size
    for number, name in enumerate(CURVES[:3]):
        cell = chapter.locator(f".gradbook-examples [data-number={name}]")
        shown = float(cell.get_attribute("data-value"))
        expected = float(results["curves"][setting, 0, 0, number, epoch])
        np.testing.assert_allclose(shown, expected, rtol=1e-2)


def test_a_regularizer_changes_the_numbers(chapter):
    cell = chapter.locator(".gradbook-examples [data-number=wrong]")
    before = cell.get_attribute("data-value")
    turn(chapter, "regularizer", 1)
    assert cell.get_attribute("data-value") != before


def test_a_click_on_a_wrong_label_finds_its_gradient_against_the_rest(chapter):
    results = atlas.load("spectrum")
    setting = results.jobs.index("100 examples, 30% wrong")
    right, wrong = results["counts"][setting]
    chapter.locator(f"[data-example='{right + wrong - 1}']").click()
    own = chapter.locator(".gradbook-examples [data-number=own_rest]")
    assert float(own.get_attribute("data-value")) < -0.3


def test_the_page_trains_the_examples_that_were_measured(read):
    """Offline, from disk, no kernel: the live course ends where the experiment's ended."""
    spectrum = atlas.load("spectrum")
    reader = Reader(read("generalization/memorization"))
    assert reader.root.locator("path.grey").count() == 2  # measured is what stands there at first
    reader.press("play")
    found = reader.wait_for(3000)
    setting = spectrum.jobs.index("100 examples, 30% wrong")
    shipped = dict(zip(CURVES, spectrum["curves"][setting, 0, 0, :, -1], strict=True))
    for name in ("general", "right", "wrong", "wrong_error", "test_error"):
        assert found[name] == pytest.approx(float(shipped[name]), abs=1e-6), name


def test_the_live_panel_says_what_a_kernel_adds(read):
    page = read("generalization/memorization")
    assert "With a kernel" in page.locator("[data-widget=needs-kernel]").inner_text()
