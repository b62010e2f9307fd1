"""The minibatch chapter's built page: its explorer, turned, and the panel that needs a kernel."""

import numpy as np
import pytest
import torch

from gradbook import atlas, models, probes

SLIDERS = {"epoch": "14", "minibatch": "30"}
RADIOS = {"regularizer": 1, "layer": 1}


@pytest.fixture
def chapter(read):
    return read("minibatch_sensitivity")


def picture(page, side="right"):
    return page.eval_on_selector_all(
        f"svg[data-side={side}] path", "paths => paths.map(p => p.getAttribute('d')).join()"
    )


def numbers(page, side="right"):
    return page.eval_on_selector_all(
        f"td[data-side={side}]", "cells => cells.map(c => [c.dataset.number, c.dataset.value])"
    )


def turn(page, control):
    if control in SLIDERS:
        page.locator(f"[data-control={control}] input[type=range]").fill(SLIDERS[control])
    else:
        page.locator(f"[data-control={control}] label").nth(RADIOS[control]).click()


@pytest.mark.parametrize("control", [*SLIDERS, *RADIOS])
def test_each_control_changes_the_picture_and_the_numbers(chapter, control):
    before = picture(chapter), numbers(chapter)
    turn(chapter, control)
    after = picture(chapter), numbers(chapter)
    assert before[0] != after[0], "the picture stayed"
    assert before[1] != after[1], "the numbers stayed"


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
    chapter.locator("[data-control=regularizer] label").nth(regularizer).click()
    chapter.locator("[data-control=layer] label").nth(layer).click()
    chapter.locator("[data-control=epoch] input").fill("7")
    found = dict(numbers(chapter))
    results = atlas.load("explorer")
    view = list(results.jobs).index(models.REGULARIZERS[regularizer])
    centre = torch.from_numpy(results["centre"][view, 7, layer])
    assert float(found["mean-cosine"]) == pytest.approx(probes.mean_cosine(centre), abs=1e-5)
    assert float(found["opposed-pairs"]) == pytest.approx(probes.opposed_share(centre), abs=1e-6)
    norm = np.linalg.norm(centre[0])
    assert float(found["norm"]) == pytest.approx(norm, rel=1e-5)


def test_the_live_panel_says_that_it_needs_a_kernel_and_links_to_one(chapter):
    note = chapter.locator("[data-widget=needs-kernel]")
    assert "needs a running Python kernel" in note.inner_text()
    targets = note.locator("a").evaluate_all("links => links.map(a => a.href)")
    assert any("colab" in target for target in targets)
    assert any("binder" in target for target in targets)
