"""Small explorers of starvation: JavaScript and Python compute the same, and nothing is fitted."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from explorers import write_page
from gradbook.chapters.starvation import closed_forms, curves
from gradbook.evidence import atlas

EXPLORERS = {
    "reliance": lambda: curves.reliance_explorer(atlas.load("three_features")),
    "delay": lambda: curves.delay_explorer(atlas.load("rarely_wrong")),
    "outvoted": curves.outvoted_explorer,
}
FORMS = {form.name: form for form in curves.FORMS}
each = pytest.mark.parametrize("name", EXPLORERS)


def every_setting(explorer) -> list[dict]:
    (control,) = explorer.meta["controls"]
    return [explorer.meta["fixed"] | {control["name"]: value} for value in control["values"]]


@each
def test_javascript_computes_what_python_does(name):
    settings = every_setting(EXPLORERS[name]())
    text = Path(curves.__file__).with_name("forms.js").read_text(encoding="utf-8")
    script = (
        f"{text}\nconst form = FORMS[{json.dumps(name)}];"
        f"console.log(JSON.stringify({json.dumps(settings)}"
        ".map((s) => [form.lines(s), form.sentence(s)])))"
    )
    found = json.loads(subprocess.check_output(["node", "-e", script], text=True))
    for s, (lines, sentence) in zip(settings, found, strict=True):
        expected = FORMS[name].lines(s)
        assert list(lines) == list(expected)
        for label, (x, y) in expected.items():
            np.testing.assert_allclose(lines[label], [x, y], rtol=1e-9, atol=1e-9)
        assert sentence == FORMS[name].sentence(s)


def test_residuals_measured_are_those_of_the_closed_form():
    explorer = EXPLORERS["reliance"]()
    for points in explorer.meta["points"]:
        s = explorer.meta["fixed"] | points["when"]
        bar = FORMS["reliance"].lines(s)[points["line"]][1].max()
        half = points["high"][0] - points["mean"][0]
        assert abs(points["mean"][0] - bar) <= max(0.01, 1.6 * half)


def test_the_areas_of_the_bars_are_the_dose():
    explorer = EXPLORERS["reliance"]()
    for s in every_setting(explorer):
        q = s["reliability"]
        lines = list(FORMS["reliance"].lines(s).values())[:2]
        area = sum((x[-1] - x[0]) * y.max() for x, y in lines)
        assert (2 * q - 1) * area == pytest.approx(closed_forms.dose(q, s["reliance"]))


def test_catching_up_was_predicted():
    """Within a tenth, 1.6 of the interval's halves, or a step, since steps are whole."""
    explorer = EXPLORERS["delay"]()
    for points in explorer.meta["points"]:
        s = explorer.meta["fixed"] | points["when"]
        x, y = FORMS["delay"].lines(s)["steps to catch up"]
        predicted = np.exp(np.interp(np.log(points["x"]), np.log(x), np.log(y)))
        half = np.array(points["high"]) - points["mean"]
        reach = np.maximum(np.maximum(1, 0.1 * predicted), 1.6 * half)
        assert (np.abs(predicted - points["mean"]) <= reach).all()


def test_no_coefficient_turns_an_answer():
    signs = [
        [np.sign(answer) for answer in curves._answers(s)]
        for s in every_setting(EXPLORERS["outvoted"]())
    ]
    assert all(one == [1, -1, 1, -1] for one in signs)


@each
def test_the_control_turns_picture_and_sentence_and_it_fits_a_phone(visit, tmp_path, name):
    explorer = EXPLORERS[name]()
    seen = visit(write_page(tmp_path, explorer), width=390)
    page = seen.page
    page.wait_for_selector('[data-widget="ready"]')
    box = page.locator(".gradbook-curves").bounding_box()
    assert box["width"] <= 390 and box["height"] <= 560
    (control,) = explorer.meta["controls"]
    at, pictures = page.locator(f'[data-control="{control["name"]}"]'), set()
    for index, s in enumerate(every_setting(explorer)):
        if at.locator("label").count():
            at.locator("label").nth(index).click()
        else:
            at.locator("input").fill(str(index))
        assert page.locator(".sentence").inner_text() == FORMS[name].sentence(s)
        pictures.add(page.locator("svg.picture g").last.inner_html())
    assert len(pictures) == len(control["values"]) and seen.messages == []


@each
def test_the_still_says_where_it_starts_and_is_the_same_each_time(name):
    first, second = (EXPLORERS[name]().still() for _ in range(2))
    explorer = EXPLORERS[name]()
    assert first == second and "<svg" in first
    assert FORMS[name].sentence(explorer.settings).replace("'", "'") in first
