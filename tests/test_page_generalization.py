"""The generalization chapter's built page: what a reader without a kernel has of it."""

import numpy as np
import pytest

from gradbook import atlas
from gradbook.widgets.examples import CURVES


@pytest.fixture
def chapter(read):
    return read("generalization")


def test_the_page_says_how_long_its_cells_run(chapter):
    assert "run in less than a minute" in chapter.locator("main").inner_text()


def test_solutions_are_folded_until_asked_for(chapter):
    solutions = chapter.locator("main details:has(summary:text('Solution'))")
    assert solutions.count() == 3
    assert all(solutions.nth(i).get_attribute("open") is None for i in range(3))


def test_the_claims_table_gives_both_claims_a_verdict(chapter):
    table = chapter.locator("main table.claims").inner_text()
    for sentence in ("orders of magnitude larger", "learn functions that generalize"):
        assert sentence in table
    assert "not yet run" not in table


def test_every_figure_says_what_it_shows(chapter):
    texts = chapter.eval_on_selector_all(
        "main .cell_output img", "images => images.map(image => image.alt)"
    )
    assert len(texts) >= 8 and all(len(text) > 60 for text in texts), texts


def turn(page, control, value):
    if control == "epoch":
        page.locator("[data-control=epoch] input").fill(str(value))
    else:
        page.locator(f"[data-control={control}] label").nth(value).click()


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


def test_a_click_on_a_wrong_label_finds_its_gradient_against_the_rest(chapter):
    results = atlas.load("spectrum")
    setting = results.jobs.index("100 examples, 30% wrong")
    right, wrong = results["counts"][setting]
    chapter.locator(f"[data-example='{right + wrong - 1}']").click()
    own = chapter.locator(".gradbook-examples [data-number=own_rest]")
    assert float(own.get_attribute("data-value")) < -0.3


def test_the_live_panel_says_that_it_needs_a_kernel(chapter):
    note = chapter.locator("[data-widget=needs-kernel]")
    assert "needs a running Python kernel" in note.inner_text()
