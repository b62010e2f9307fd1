"""The growing garden: the page's descent is Python's, and ends where the closed form says."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from explorers import write_page
from gradbook.chapters.dosage import closed_forms, growing


def test_it_comes_to_rest_at_the_closed_form():
    for decay in growing.DECAYS:
        a, b = growing.grow(growing.FREQUENCIES, decay, 20_000)
        expected = closed_forms.survivor(np.array(growing.FREQUENCIES) / decay)
        np.testing.assert_allclose(a * b, expected, atol=2e-6)


@pytest.mark.parametrize("decay", [0.001, 0.025, 0.25])
def test_the_page_steps_as_python_does(decay):
    text = Path(growing.__file__).with_name("growing.js").read_text(encoding="utf-8")
    script = (
        text.replace("export default", "const widget =")
        + f"\nconst p = {list(growing.FREQUENCIES)};"
        f"const [a, b] = {list(growing.SEEDLING)}.map((w) => Float64Array.from(p, () => w));"
        f"for (let i = 0; i < 500; i++) stepOf(p, {decay}, a, b);"
        "console.log(JSON.stringify([[...a], [...b]]));"
    )
    found = json.loads(subprocess.check_output(["node", "-e", script], text=True))
    np.testing.assert_allclose(found, growing.grow(growing.FREQUENCIES, decay, 500), rtol=1e-12)


@pytest.fixture
def shown(visit, tmp_path):
    def show(**options):
        seen = visit(write_page(tmp_path, growing.GrowingGarden()), **options)
        seen.page.wait_for_selector('[data-rest="true"]')
        assert seen.messages == []
        return seen.page

    return show


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_slider_kills_and_revives(shown, motion):
    page = shown(reduced_motion=motion)
    for index in (11, 3, 7):
        decay = growing.DECAYS[index]
        page.locator("input").fill(str(index))
        page.wait_for_selector('[data-rest="true"]')
        assert page.locator(".sentence").inner_text() == growing.sentence(
            growing.FREQUENCIES, decay
        )
        dead = sum(p < decay for p in growing.FREQUENCIES)
        assert page.locator(".plant.dead").count() == dead


@pytest.mark.parametrize(("width", "most"), [(390, 420), (1440, 480)])
def test_it_fits_the_first_screen(shown, width, most):
    page = shown(width=width)
    box = page.locator(".gradbook-growing").bounding_box()
    assert box["height"] <= most and box["x"] + box["width"] <= width


def test_the_still_shows_the_rest_and_the_sentence():
    garden = growing.GrowingGarden()
    still = garden.still()
    assert repr(garden) in still and still.count("#009e73") == 5
    assert still == growing.GrowingGarden().still()


def test_what_cannot_be_planted_is_refused():
    with pytest.raises(ValueError, match="together at most 1"):
        growing.GrowingGarden([0.6, 0.6])
    with pytest.raises(ValueError, match="decay from 0 to 12"):
        growing.GrowingGarden(decay=13)
