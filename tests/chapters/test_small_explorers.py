"""Small explorers: JavaScript and Python compute the same, and controls turn the picture."""

import importlib.util
import itertools
import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from explorers import write_page
from gradbook.evidence import atlas, registry
from gradbook.widgets.controls import FOLDER

NUMBERS = FOLDER / "numbers.js"
MODULES = [
    importlib.import_module(f"gradbook.chapters.{chapter}.curves")
    for chapter in registry.chapters()
    if importlib.util.find_spec(f"gradbook.chapters.{chapter}.curves")
]
EXPLORERS = {
    (module.__name__.split(".")[2], name): (module, make, experiment)
    for module in MODULES
    for name, (make, experiment) in getattr(module, "EXPLORERS", {}).items()
}


@pytest.fixture(params=EXPLORERS, ids="-".join)
def made(request):
    """An explorer, its form, and the chapter's closed forms in JavaScript."""
    module, make, experiment = EXPLORERS[request.param]
    explorer = make(atlas.load(experiment))
    form = next(form for form in module.FORMS if form.name == explorer.meta["form"])
    return explorer, form, Path(module.__file__).with_name("forms.js")


def every_setting(explorer) -> list[dict]:
    controls = explorer.meta["controls"]
    values = itertools.product(*(control["values"] for control in controls))
    names = [control["name"] for control in controls]
    return [explorer.meta["fixed"] | dict(zip(names, v, strict=True)) for v in values]


def test_javascript_computes_what_python_does(made):
    explorer, form, script = made
    settings = every_setting(explorer)
    text = NUMBERS.read_text(encoding="utf-8") + script.read_text(encoding="utf-8")
    script = (
        f"{text}\nconst form = FORMS[{json.dumps(form.name)}];"
        f"console.log(JSON.stringify({json.dumps(settings)}"
        ".map((s) => [form.lines(s), form.sentence(s)])))"
    )
    found = json.loads(subprocess.check_output(["node", "-"], input=script, text=True))
    for s, (lines, sentence) in zip(settings, found, strict=True):
        expected = form.lines(s)
        assert list(lines) == list(expected)
        for label, (x, y) in expected.items():
            np.testing.assert_allclose(lines[label], [x, y], rtol=1e-9, atol=1e-9)
        assert sentence == form.sentence(s)


@pytest.fixture
def shown(visit, tmp_path):
    def show(explorer, **options):
        seen = visit(write_page(tmp_path, explorer), **options)
        seen.page.wait_for_selector('[data-widget="ready"]')
        assert seen.messages == []
        return seen.page

    return show


def test_each_control_turns_the_picture_and_the_sentence(shown, made):
    explorer, form, _ = made
    page = shown(explorer)
    for number, control in enumerate(explorer.meta["controls"]):
        seen = set()
        at = page.locator(f'[data-control="{control["name"]}"]')
        for index in range(len(control["values"])):
            if at.locator("label").count():
                at.locator("label").nth(index).click()
            else:
                at.locator("input").fill(str(index))
            setting = [c["start"] for c in explorer.meta["controls"]]
            setting[number] = index
            seen.add(page.locator("svg.picture g").last.inner_html())
            chosen = dict(zip(
                [c["name"] for c in explorer.meta["controls"]],
                [c["values"][i] for c, i in zip(explorer.meta["controls"], setting, strict=True)],
                strict=True,
            ))  # fmt: skip
            expected = form.sentence(explorer.meta["fixed"] | chosen)
            assert page.locator(".sentence").inner_text() == expected
        assert len(seen) == len(control["values"])
        start = str(control["start"])
        if at.locator("label").count():
            at.locator("label").nth(control["start"]).click()
        else:
            at.locator("input").fill(start)


@pytest.mark.parametrize("width", [390, 1280])
def test_it_is_low_enough_for_a_phone(shown, made, width):
    page = shown(made[0], width=width)
    box = page.locator(".gradbook-curves").bounding_box()
    assert box["width"] <= width and box["height"] <= 560
    overflow = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
    assert overflow <= 0


def test_the_still_says_where_it_starts_and_is_the_same_each_time(made):
    explorer, form, _ = made
    first = explorer.still()
    assert first == explorer.still()
    assert form.sentence(explorer.settings) in first and "<svg" in first
    assert not re.search(r"\d\.\d", re.sub('<p>.*?</p>|aria-label="[^"]*"', "", first)[:200])
