"""The dosage chapter's small explorers: measured points lie on the closed forms, and stay."""

import itertools

import numpy as np
import pytest

from explorers import write_page
from gradbook.chapters.dosage import curves as dosage
from gradbook.evidence import atlas
from gradbook.widgets import Axis, Control

EXPLORERS = {
    "survival": lambda: dosage.survival_explorer(atlas.load("threshold")),
    "starved": lambda: dosage.starved_explorer(atlas.load("cut_off")),
    "regularizers": lambda: dosage.diets_explorer(atlas.load("diets")),
}
FORMS = {form.name: form for form in dosage.FORMS}
each = pytest.mark.parametrize("name", EXPLORERS)


def every_setting(explorer) -> list[dict]:
    controls = explorer.meta["controls"]
    values = itertools.product(*(control["values"] for control in controls))
    names = [control["name"] for control in controls]
    return [explorer.meta["fixed"] | dict(zip(names, v, strict=True)) for v in values]


@each
def test_a_measured_point_lies_near_the_closed_form(name):
    """To 0.03, or 1.6 of the 95 % interval's halves; nothing is fitted."""
    explorer = EXPLORERS[name]()
    measured_at = {"survival": {"decay": 0.01}}.get(name, {})
    far = []
    for points in explorer.meta["points"]:
        if "shared" in points["when"].get("network", ""):
            continue  # a ReLU unit that starts on the wrong side never answers: below the line
        settings = next(
            s
            for s in every_setting(explorer)
            if all(s[k] == v for k, v in (points["when"] | measured_at).items())
        )
        x, y = FORMS[name].lines(settings)[points["line"]]
        half = np.array(points["high"]) - points["mean"]
        off = np.abs(np.interp(points["x"], x, y) - points["mean"])
        far.append((off / np.maximum(0.03, 1.6 * half)).max())
    assert max(far) < 1


@pytest.fixture
def shown(visit, tmp_path):
    def show(explorer, **options):
        seen = visit(write_page(tmp_path, explorer), **options)
        seen.page.wait_for_selector('[data-widget="ready"]')
        assert seen.messages == []
        return seen.page

    return show


def test_measured_points_stay_under_the_decay_slider(shown):
    explorer = EXPLORERS["survival"]()
    page = shown(explorer)
    dots = "dots => dots.map(d => [d.getAttribute('cx'), d.getAttribute('cy')].join())"
    before = page.eval_on_selector_all("circle.dot", dots)
    page.locator('[data-control="decay"] input').fill("4")
    assert page.eval_on_selector_all("circle.dot", dots) == before
    assert len(before) == len(explorer.meta["points"][0]["x"])


def test_a_setting_outside_is_refused():
    explorer = EXPLORERS["survival"]()
    with pytest.raises(ValueError, match=r"expected indices below \[5, 3\]"):
        explorer.setting = [5, 0]


def test_controls_need_values():
    axis = Axis("x", 0, 1)
    for controls, message in (((), "at least one"), ((Control("a", "a", (1,)),), "two values")):
        with pytest.raises(ValueError, match=message):
            dosage.DosageCurves(
                dosage.SURVIVAL, id="a", title="b", controls=controls, x=axis, y=axis
            )
