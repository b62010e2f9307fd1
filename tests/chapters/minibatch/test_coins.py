"""Fifty votes of 64 coins: the closed form is what many of them show, in words as in Python."""

import numpy as np
import pytest

from explorers import write_page
from gradbook.chapters.minibatch import closed_forms, coins


def test_many_votes_are_opposed_as_often_as_the_closed_form_says():
    many = coins.coins(minibatches=4000)
    for chance in (0.4, 0.5, 0.55, 0.6, 0.65):
        found = coins.votes(many, chance)
        heads, tails = (found > 0).mean(), (found < 0).mean()
        _, expected = closed_forms.vote_agreement(chance, coins.ROWS)
        assert 2 * heads * tails / (heads + tails) ** 2 == pytest.approx(expected, abs=0.015)


def test_a_larger_chance_turns_coins_one_way_only():
    tossed = coins.coins()
    found = np.array([coins.votes(tossed, chance) for chance in np.linspace(0, 1, 101)])
    assert (np.diff(found, axis=0) >= 0).all()
    assert found[0].tolist() == [-64] * 50 and found[-1].tolist() == [64] * 50


def test_a_tie_is_no_vote_and_unanimity_no_opposition():
    assert "1 of 3 minibatches vote “too high”, 1 “too low”. Of these pairs 100 %" in (
        coins.sentence(0.5, np.array([2, 0, -2]))
    )
    assert "Of these pairs 0 %" in coins.sentence(0.9, np.array([2, 2]))


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_page_says_at_every_chance_what_python_says(visit, tmp_path, width):
    made = coins.coins_explorer()
    seen = visit(write_page(tmp_path, made), width=width)
    page = seen.page
    page.wait_for_selector("[data-widget=ready]")
    box = page.locator(".gradbook-coins").bounding_box()
    assert box["width"] <= width and box["height"] <= 560  # as other small explorers
    assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    assert page.locator(".sentence").inner_text() in repr(made)
    tossed = coins.coins()
    slider = page.locator("input[type=range]")
    for index in range(0, 101) if width == 1280 else (0, 60):
        slider.fill(str(index))
        found = coins.votes(tossed, index / 100)
        assert page.locator(".sentence").inner_text() == coins.sentence(index / 100, found)
        assert page.locator("path.right").count() == (found > 0).sum()
        assert 2 * page.locator("circle.heads").count() - coins.ROWS == found[0]
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert "Chance 0." in page.locator(".sentence").inner_text()
    assert seen.messages == []


def test_the_still_is_the_same_each_time_and_a_chance_outside_is_refused():
    made = coins.coins_explorer(0.6)
    assert (
        made.still() == made.still()
        and coins.sentence(0.6, coins.votes(coins.coins(), 0.6)) in made.still()
    )
    with pytest.raises(ValueError, match=r"expected a chance from 0 to 1, got 1\.2"):
        coins.coins_explorer(1.2)
