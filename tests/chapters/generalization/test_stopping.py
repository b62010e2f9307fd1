"""Stopping a run: who agrees with a stop, and what the reader sees before and after it."""

import json
import re

import numpy as np
import pytest

from explorers import write_page
from gradbook.chapters.generalization import bets
from gradbook.chapters.generalization.stopping import Run
from gradbook.evidence import atlas

STEP = np.array([0, 1, 2, 4, 8])
LOSSES = np.array([[1, 0.3, 0.2, 0.25, 0.6], [1, 0.5, 0.4, 0.2, 0.7], [1, 0.2, 0.3, 0.4, 0.5]])


def small(within: float = 0.1) -> Run:
    counts = {"are missed": (np.array([0.5, 0, 0, 0.1, 0.25]), 20)}
    return Run.on_run("generalization/small", "?", STEP, LOSSES, "", within=within, counts=counts)


def test_its_still_is_hidden_where_a_bet_is():
    """The book's styles hide what follows a bet until the bet stands there."""
    assert 'data-kind="bet"' in small()._repr_mimebundle_()[0]["text/html"]


def test_a_seed_agrees_where_its_own_loss_is_nearly_lowest():
    assert small().meta["agree"] == [0, 2, 2, 2, 0]
    lowest = LOSSES.argmin(1)
    pairs = [
        LOSSES[a, lowest[b]] <= LOSSES[a].min() + 0.1 for a in range(3) for b in range(3) if a != b
    ]
    assert small().meta["between"] == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize(
    ("step", "losses", "within", "message"),
    [
        (STEP[1:], LOSSES, 0.1, r"finite losses \[seeds, 4\], got \(3, 5\)"),
        (STEP, np.where(LOSSES == 1, np.nan, LOSSES), 0.1, "expected finite losses"),
        (STEP + 1, LOSSES, 0.1, "steps that rise from 0"),
        (STEP, LOSSES, 0, "within above 0"),
    ],
)
def test_what_does_not_fit_is_refused(step, losses, within, message):
    with pytest.raises(ValueError, match=message):
        Run.on_run("a/b", "?", step, losses, "", within=within, counts={})


@pytest.fixture
def shown(visit, tmp_path):
    def show(bet, **options):
        seen = visit(write_page(tmp_path, bet), **options)
        seen.page.wait_for_selector('[data-widget="ready"]')
        assert seen.messages == []
        return seen.page

    return show


def press(page, name: str):
    page.get_by_role("button", name=name, exact=True).press("Enter")


def drawn(page) -> int:
    """How many points of the course are drawn."""
    return len(re.findall("[ML]", page.locator("path.course").get_attribute("d")))


@pytest.mark.parametrize(("width", "motion"), [(320, "reduce"), (1280, "no-preference")])
def test_a_stop_is_kept_and_says_what_it_has_cost(shown, width, motion):
    late = atlas.load("late_memorization")
    bet = bets.stopping(late)
    page = shown(bet, width=width, reduced_motion=motion)
    assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    assert not page.get_by_role("button", name="Stop here").is_visible()
    assert not page.locator("svg.axes").is_visible()
    press(page, "Start training")
    page.wait_for_function("document.querySelector('.now').textContent.match(/Step [1-9]/)")
    press(page, "Pause")
    paused = page.locator(".now").inner_text()
    page.wait_for_timeout(300)
    assert page.locator(".now").inner_text() == paused
    assert page.locator(".spoken").text_content() == paused
    stop = int(re.match(r"Step (\d+)", paused)[1])
    at = bet.meta["step"].index(stop)
    assert drawn(page) == at + 1 and not page.locator(".outcome").is_visible()
    press(page, "Stop here")
    loss = late["fresh_loss"][0, list(late.config["settings"]).index("deep linear")]
    said = page.locator(".verdict").inner_text()
    assert f"at step {stop}, at a loss of {loss[at]:.3f}" in said
    assert f"lowest, {loss.min():.3f}, at step {bet.meta['step'][loss.argmin()]}:" in said
    assert float(re.search(r"lost ([\d.]+\d)", said)[1]) == pytest.approx(
        loss[at] - loss.min(), abs=0.0011
    )
    assert f"In {bet.meta['agree'][at]} of 20 seeds" in said
    assert drawn(page) == len(loss)
    kept = json.loads(page.evaluate("localStorage.getItem('gradbook.answers')"))
    assert kept["generalization/stopping"]["guess"] == stop
    press(page, "Take it back")
    assert drawn(page) == 1 and page.get_by_role("button", name="Start training").is_visible()


def test_a_run_that_nobody_stops_is_a_bet_on_its_last_step(shown):
    page = shown(small())
    press(page, "Start training")
    page.locator(".outcome").wait_for()
    said = page.locator(".verdict").inner_text()
    assert "at step 8, at a loss of 0.600" in said and "you lost 0.400" in said
    assert "5 of 20 are missed" in said and "In 0 of 3 seeds a stop here costs at most 0.1" in said
    assert "wrong" in page.locator(".outcome").get_attribute("class").split()


def test_what_comes_is_hidden_and_show_me_shows_it(shown):
    page = shown(small())
    assert "hidden" in page.locator("svg.axes").get_attribute("aria-label") and drawn(page) == 1
    press(page, "Show me")
    assert drawn(page) == 5 and "did not bet" in page.locator(".verdict").inner_text()
    assert "lowest at step 2" in page.locator("svg.axes").get_attribute("aria-label")
