"""The chapter's full explorer, turned on its page, and the slides of a depth page."""

import numpy as np
import pytest
import torch

from gradbook import probes
from gradbook.chapters.dropout.explorer import MINIBATCHES
from gradbook.evidence import atlas

SHOT = {"left": "dropout", "right": "dropout, fresh masks"}
"""The views that the page starts with."""


@pytest.fixture
def chapter(read):
    return read("dropout_vs_batchnorm")


def numbers(page, side):
    found = page.eval_on_selector_all(
        f"td[data-side={side}]", "cells => cells.map(c => [c.dataset.number, c.dataset.value])"
    )
    return {name: float(value) for name, value in found if value not in (None, "NaN")}


def fields(page):
    return page.eval_on_selector_all(
        "svg[data-picture=field]",
        "all => all.map(svg => [...svg.querySelectorAll('path')]"
        ".map(p => p.getAttribute('d')).join())",
    )


@pytest.mark.parametrize("side", SHOT)
def test_each_side_shows_its_own_view_with_the_packages_numbers(chapter, side):
    chapter.locator(".gradbook-explorer [data-control=epoch] input[type=range]").fill("7")
    found, results = numbers(chapter, side), atlas.load("explorer")
    view = list(results.jobs).index(SHOT[side])
    centre = torch.from_numpy(results["centre"][view, 7, 0, :MINIBATCHES])
    assert found["mean-cosine"] == pytest.approx(probes.mean_cosine(centre), abs=1e-5)
    assert found["opposed-pairs"] == pytest.approx(probes.opposed_share(centre), abs=1e-6)
    assert found["norm"] == pytest.approx(np.linalg.norm(centre[0]), rel=1e-5)


@pytest.mark.parametrize(("control", "value"), [("epoch", "3"), ("minibatch", "11")])
def test_a_slider_turns_both_sides(chapter, control, value):
    before = fields(chapter)
    chapter.locator(f".gradbook-explorer [data-control={control}] input[type=range]").fill(value)
    after = fields(chapter)
    assert len(before) == 2 and all(a != b for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("side", [0, 1])
def test_every_regularizer_can_be_chosen_on_each_side(chapter, side):
    """The other side stays as it is; batch norm brings up where it stands."""
    picker = chapter.locator("[data-control=regularizer]").nth(side)
    seen = []
    for label in ("none", "batch norm", "dropout"):
        other = fields(chapter)[1 - side]
        picker.locator("label", has_text=label).first.click()
        drawn = fields(chapter)
        assert drawn[1 - side] == other
        seen.append(drawn[side])
    assert len(set(seen)) == 3


def test_the_cursor_is_shared(chapter):
    left, right = (chapter.locator("svg[data-picture=field]").nth(i) for i in range(2))
    left.scroll_into_view_if_needed()
    before = chapter.locator(".gradbook-explorer table").inner_text()
    left.focus()
    chapter.keyboard.press("ArrowRight")
    assert chapter.locator(".gradbook-explorer table").inner_text() != before
    marks = [svg.evaluate("s => s.outerHTML.length") for svg in (left, right)]
    chapter.keyboard.press("Escape")
    cleared = [svg.evaluate("s => s.outerHTML.length") for svg in (left, right)]
    assert all(a != b for a, b in zip(marks, cleared, strict=True))


def test_the_slides_turn(read):
    chapter = read("dropout_vs_batchnorm/depth")
    image = chapter.locator(".gradbook-slides img")
    described = set()
    for index in range(6):
        chapter.locator(".gradbook-slides input").fill(str(index))
        assert image.evaluate("i => i.complete && i.naturalWidth > 100")
        described.add(image.get_attribute("alt"))
    assert len(described) == 6 and all("depth" in text for text in described)
