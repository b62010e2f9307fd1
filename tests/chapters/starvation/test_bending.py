"""The boundary under one choice: its sentences are the seeds', its marks the drawn net's."""

import numpy as np
import pytest

from explorers import write_page
from gradbook.chapters.starvation import bending, effects
from gradbook.chapters.starvation.over_time import misleading
from gradbook.evidence import atlas


@pytest.fixture(scope="module")
def make():
    results = atlas.load("boundary"), atlas.load("cures"), misleading()
    return lambda choice=0: bending.bending_explorer(*results, choice)


def test_each_sentence_says_the_means_of_twenty_seeds(make):
    cures = atlas.load("cures")
    for one in make().meta["choices"]:
        strength = bending.STRENGTHS[one["name"]]
        right = 100 * effects.misled(cures, one["name"], strength).mean()
        assert f", {right:.0f} % where coordinate 1 misleads." in one["sentence"]


def test_what_is_drawn_is_the_end_of_the_training_without_a_switch(make):
    boundary = atlas.load("boundary")
    number = list(boundary.jobs).index(bending.MARGIN)
    fields = np.frombuffer(make().field, "int8").reshape(5, 21, 21)
    for field, (name, strength) in zip(fields, bending.STRENGTHS.items(), strict=True):
        share = effects.of_course(boundary, bending.MARGIN, [[name, float(strength)]], "share_2")[
            0
        ][-1]
        record = bending._last_record(boundary.config, name, strength)
        assert boundary["curves"][number, record, 5] == share
        np.testing.assert_array_equal(field, boundary["field"][number, record])


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_decoupling_bends_the_line_round_all_rings_and_back(make, visit, tmp_path, motion):
    seen = visit(write_page(tmp_path, make()), width=390, reduced_motion=motion)
    page, right = seen.page, []
    page.wait_for_selector('[data-rest="true"]')
    for name in (*bending.STRENGTHS, "none"):
        page.get_by_role("radio", name=name, exact=True).check(force=True)
        page.wait_for_function("document.querySelector('.gradbook-bending').dataset.rest == 'true'")
        shown = make(list(bending.STRENGTHS).index(name))
        assert page.locator(".sentence").inner_text() == repr(shown)
        right.append(int(page.locator(".gradbook-bending").get_attribute("data-right")))
        assert page.locator(".asked.wrong").count() == bending.RINGS - right[-1]
    assert right[4] == bending.RINGS and right[0] == right[-1] < bending.RINGS / 2
    assert page.locator(".gradbook-bending").bounding_box()["height"] <= 420
    assert seen.messages == []


def test_the_still_shows_the_boundary_and_says_every_choice(make):
    still = make().still()
    assert still == make().still() and still.count("<circle") == 300
    assert all(one["sentence"] in still for one in make().meta["choices"])


def test_what_does_not_fit_is_refused(make):
    with pytest.raises(ValueError, match="choice from 0 to 4, got 5"):
        make(5)
    arrays = {name: np.zeros((1, 2)) for name in ("field", "points", "asked")}
    arrays |= {name: np.zeros(1) for name in ("scale", "labels", "answers")}
    with pytest.raises(ValueError, match="expected arrays of shapes"):
        bending.Bending({"none": "No regularizer."}, arrays, [[-1, 1, 3], [-1, 1, 3]])
    with pytest.raises(ValueError, match="expected a training of"):
        bending._last_record(atlas.load("boundary").config, "none", 1)
