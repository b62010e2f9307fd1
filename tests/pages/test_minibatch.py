"""The minibatch chapter's coins and its full explorer, turned on its page."""

import numpy as np
import pytest
import torch

from gradbook import models, probes
from gradbook.evidence import atlas

SLIDERS = {"epoch": "14", "minibatch": "30"}
RADIOS = {"regularizer": 1, "layer": 1}


@pytest.fixture
def chapter(read):
    page = read("minibatch_sensitivity")
    page.locator(".gradbook-explorer").scroll_into_view_if_needed()
    return page


def picture(page, side="right"):
    return page.eval_on_selector_all(
        f"svg[data-side={side}] path", "paths => paths.map(p => p.getAttribute('d')).join()"
    )


def numbers(page, side="right"):
    return page.eval_on_selector_all(
        f"td[data-side={side}]", "cells => cells.map(c => [c.dataset.number, c.dataset.value])"
    )


def turn(page, control):
    explorer = page.locator(".gradbook-explorer")
    if control in SLIDERS:
        explorer.locator(f"[data-control={control}] input[type=range]").fill(SLIDERS[control])
    else:
        explorer.locator(f"[data-control={control}] label").nth(RADIOS[control]).click()


@pytest.mark.parametrize("control", [*SLIDERS, *RADIOS])
def test_each_control_changes_the_picture_and_the_numbers(chapter, control):
    before = picture(chapter), numbers(chapter)
    turn(chapter, control)
    after = picture(chapter), numbers(chapter)
    assert before[0] != after[0], "the picture stayed"
    assert before[1] != after[1], "the numbers stayed"


@pytest.mark.parametrize("width", [390, 1440])
def test_its_sliders_can_be_drawn_beside_other_widgets(read, width):
    """Each widget brings the shared style again; it must not undo the explorer's own."""
    page = read("minibatch_sensitivity", width=width)
    assert page.locator(".gradbook-explorer[data-mode=start] .compared:visible").count() == 0
    for control in ("epoch", "minibatch"):
        at = page.locator(f".gradbook-explorer [data-control={control}]")
        track, label = (
            at.locator(part).first.bounding_box() for part in ("input[type=range]", ".label")
        )
        buttons = [button.bounding_box() for button in at.locator("button").all()]
        assert track["width"] >= 100
        assert all(box["y"] >= label["y"] + label["height"] - 1 for box in buttons)


def test_the_coins_flip_arrows(chapter):
    coins = chapter.locator(".gradbook-coins")
    coins.locator("input").fill("60")
    assert "47 of 50 minibatches vote" in coins.locator(".sentence").inner_text()
    coins.locator("input").fill("40")
    assert "1 of 50 minibatches vote" in coins.locator(".sentence").inner_text()


def test_play_and_step_move_through_the_minibatches(chapter):
    shown = chapter.locator("[data-control=minibatch] output")
    first = shown.inner_text()
    chapter.locator("[data-action=next]").click()
    second = shown.inner_text()
    chapter.locator("[data-action=previous]").click()
    assert shown.inner_text() == first != second
    chapter.locator("[data-action=play-minibatch]").click()
    chapter.wait_for_function(
        "text => document.querySelector('[data-control=minibatch] output').innerText !== text",
        arg=first,
    )
    chapter.locator("[data-action=play-minibatch]").click()


@pytest.mark.parametrize("regularizer", range(4))
@pytest.mark.parametrize("layer", range(2))
def test_the_numbers_are_the_packages(chapter, regularizer, layer):
    chapter.locator(".gradbook-explorer [data-control=regularizer] label").nth(regularizer).click()
    chapter.locator("[data-control=layer] label").nth(layer).click()
    chapter.locator(".gradbook-explorer [data-control=epoch] input[type=range]").fill("7")
    found = dict(numbers(chapter))
    results = atlas.load("explorer")
    view = list(results.jobs).index(models.REGULARIZERS[regularizer])
    centre = torch.from_numpy(results["centre"][view, 7, layer])
    assert float(found["mean-cosine"]) == pytest.approx(probes.mean_cosine(centre), abs=1e-5)
    assert float(found["opposed-pairs"]) == pytest.approx(probes.opposed_share(centre), abs=1e-6)
    norm = np.linalg.norm(centre[0])
    assert float(found["norm"]) == pytest.approx(norm, rel=1e-5)
