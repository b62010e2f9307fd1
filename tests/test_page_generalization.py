"""The generalization chapter's built page: what a reader without a kernel has of it."""

import pytest


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
