"""Slides: what they refuse, and that turning the slider turns the picture."""

import base64

import matplotlib.pyplot as plt
import pytest

from gradbook import figures
from gradbook.widgets import Slides

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>{}</text></svg>'
PICTURES = {label: (SVG.format(label), f"shows {label}") for label in ("one", "two", "three")}


def test_what_the_browser_gets():
    shown = Slides("depth", PICTURES, index=1)
    assert shown.labels == ["one", "two", "three"]
    assert shown.pictures[shown.index] == SVG.format("two")
    assert shown.alts[2] == "shows three"


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ({}, "at least one picture"),
        ({"a": ("no svg", "alt")}, "expected an SVG document .*'a'"),
        ({"a": (SVG, " ")}, "a description for 'a'"),
    ],
)
def test_bad_pictures_are_named(pictures, message):
    with pytest.raises(ValueError, match=message):
        Slides("depth", pictures)


def test_the_still_is_the_picture_that_it_begins_with():
    still = Slides("depth", {"4": (SVG, 'the "bent" line')}).still()
    assert 'alt="the &quot;bent&quot; line"' in still and '<p>depth 4: the "bent" line</p>' in still
    assert base64.b64encode(SVG.encode()).decode() in still


def test_an_index_outside_loses_nothing():
    shown = Slides("depth", PICTURES)
    with pytest.raises(ValueError, match="from 0 to 2, got 3"):
        shown.index = 3
    assert shown.index == 0


def test_a_figure_as_svg_is_the_same_each_time_and_closes():
    def drawn():
        ax = plt.subplots()[1]
        ax.plot([0, 1], [0, 1])
        return figures.as_svg(ax)

    before = plt.get_fignums()
    first, second = drawn(), drawn()
    assert first == second and first.startswith("<svg") and "date" not in first
    assert plt.get_fignums() == before


@pytest.fixture
def shown(visit, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        "<body></body><script type=module>"
        + Slides._esm.replace("export default", "const widget =")
        + f"""
        const state = {{title: "depth", labels: {list(PICTURES)},
          pictures: {[svg for svg, _ in PICTURES.values()]},
          alts: {[alt for _, alt in PICTURES.values()]}, index: 0}};
        const calls = [];
        widget.render({{ el: document.body, model: {{
          get: (name) => state[name],
          set(name, value) {{ state[name] = value; calls.forEach((f) => f()); }},
          on: (event, f) => calls.push(f), off() {{}}, save_changes() {{}},
        }} }});
        </script>""",
        encoding="utf-8",
    )
    return visit(page).page


def test_turning_the_slider_turns_the_picture(shown):
    for i, (label, (svg, alt)) in enumerate(PICTURES.items()):
        shown.locator("input[type=range]").fill(str(i))
        assert shown.locator("output").inner_text() == label
        assert shown.locator("img").get_attribute("alt") == alt
        source = shown.locator("img").get_attribute("src")
        assert shown.evaluate("s => decodeURIComponent(s.split(',')[1])", source) == svg
        assert shown.evaluate("document.querySelector('img').naturalWidth") == 9
