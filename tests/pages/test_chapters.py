"""Every chapter's page has the design's shape, and all that it asks can be answered on it."""

import importlib
import re
import time
from pathlib import Path

import nbformat
import pytest

import shape
from gradbook.evidence import registry
from gradbook.exercises import known
from gradbook.widgets.controls import FOLDER, within

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
CHAPTERS = sorted(p.stem for p in BOOK.glob("*.ipynb") if (BOOK / p.stem).is_dir())
DEPTH = [(c, path.stem) for c in CHAPTERS for path in sorted((BOOK / c).glob("*.ipynb"))]
ANSWER = re.compile(r'exercises\.answer\(\s*"([\w/-]+)",\s*"([\w %-]+)"')


def notebook(name: str) -> nbformat.NotebookNode:
    return nbformat.read(BOOK / f"{name}.ipynb", as_version=4)


def source(name: str) -> str:
    return "\n".join(cell.source for cell in notebook(name).cells)


@pytest.fixture(params=CHAPTERS)
def chapter(request):
    return request.param


@pytest.fixture
def page(chapter, read):
    return read(chapter, width=1440)


def test_a_page_is_as_short_as_the_design_says(chapter):
    found = notebook(chapter)
    assert shape.words(found) <= 2500
    assert shape.words(found) / shape.pictures(found) <= 200
    stated = int(re.search(r"about (\d+) minutes", source(chapter))[1])
    assert abs(stated - shape.minutes(found)) <= 1 and stated <= 15


@pytest.mark.parametrize(("chapter", "name"), DEPTH)
def test_a_depth_page_is_short_and_leads_back(chapter, name):
    assert shape.words(notebook(f"{chapter}/{name}")) <= 4000
    assert f"(../{chapter}.ipynb)" in notebook(f"{chapter}/{name}").cells[0].source
    assert f"({chapter}/{name}.ipynb)" in source(chapter)


@pytest.mark.parametrize("path", [*CHAPTERS, *(f"{chapter}/{name}" for chapter, name in DEPTH)])
def test_figures_tables_and_formulas_are_numbered_in_order(path):
    html = "".join(
        output.get("data", {}).get("text/html", "")
        for cell in notebook(path).cells
        for output in cell.get("outputs", ())
    )
    for kind in ("figure", "table"):
        numbers = [int(n) for n in re.findall(rf'id="{kind}-(\d+)"', html)]
        assert numbers == list(range(1, len(numbers) + 1))
        referred = re.findall(rf"\[{kind.capitalize()} (\d+)\]\(#{kind}-(\d+)\)", source(path))
        assert all(a == b and int(a) in numbers for a, b in referred)
    tags = [int(n) for n in re.findall(r"\\tag\{(\d+)\}", source(path))]
    assert tags == list(range(1, len(tags) + 1))


BOXES = """[...document.querySelectorAll(".gradbook-widget *")].map((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return [element.tagName, x, y + scrollY, width, height].join(" ");
})"""


def boxes(page) -> list[str]:
    """The places of all parts of all widgets, once they are the same twice."""
    found, end = None, time.monotonic() + 60
    while found != (found := page.evaluate(BOXES)):
        assert time.monotonic() < end, "the widgets did not come to rest"
        page.wait_for_timeout(300)
    return found


SHARED = [FOLDER / f"{name}.css" for name in ("controls", "record", "curves")]


@pytest.mark.parametrize("width", [1440, 390])
def test_a_widget_keeps_its_form_beside_others(chapter, read, width):
    """Each widget brings the shared sheets once more, after the sheets of those above it."""
    opened = read(chapter, width=width, reduced_motion="reduce")
    before = boxes(opened)
    for sheet in SHARED:
        text = sheet.read_text("utf-8")
        opened.add_style_tag(content=text if sheet.stem == "controls" else within(":root", text))
    assert len(before) > 50
    assert boxes(opened) == before
    acts = opened.locator(".gradbook-widget button.act:visible")
    heights = acts.evaluate_all("all => all.map((act) => act.getBoundingClientRect().height)")
    assert len(heights) > 10 and max(heights) < 44  # one line of text each


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_something_moves_in_the_first_screen(chapter, read, width, height):
    """One control: a slider, a button or a row of choices; what it shows is said in words too."""
    opened = read(chapter, width=width, height=height)
    first = opened.locator("[data-widget] > .gradbook-widget").first
    box = first.bounding_box()
    assert box["y"] + box["height"] <= height
    if width == 390:
        assert box["height"] <= 420
    controls = first.locator("input[type=range], [role=radiogroup], [data-control] > button")
    assert controls.count() == 1
    before = first.locator(".sentence").inner_text()
    if (slider := first.locator("input[type=range]")).count():
        slider.focus()
        opened.keyboard.press("ArrowRight")
    elif (rows := first.locator("[role=radiogroup] label")).count():
        rows.last.click()
    else:
        controls.click()
    opened.wait_for_function(
        "before => document.querySelector('[data-widget] .sentence').innerText !== before",
        arg=before,
    )


def test_a_page_is_as_low_as_the_design_says(page):
    assert page.evaluate("document.scrollingElement.scrollHeight") <= 12_000


def test_every_bet_hides_its_result_and_shows_it_after(page):
    bets = page.locator("[data-bet]")
    count = bets.count()
    assert count >= 2 and page.locator(".gradbook-bet .outcome:visible").count() == 0
    for bet in bets.all():
        after = bet.locator("xpath=ancestor::*[contains(@class, 'cell_output')]")
        hidden = after.locator(".gradbook-caption")
        assert all(not caption.is_visible() for caption in hidden.all())
        made = bet.get_by_role("button", name="Bet", exact=True)
        if made.count():
            if (sliders := bet.get_by_role("slider")).count():
                sliders.first.press("End")
            made.click()
        elif (run := bet.locator("[data-action=run]")).count():
            run.click()
            bet.locator("[data-action=stop]").click()
        else:
            bet.locator(".choices button").first.click()
        assert re.search(r"\d+ of (the )?\d+|of the places", bet.locator(".outcome").inner_text())
        assert all(caption.is_visible() for caption in hidden.all())
    score = page.locator(".gradbook-score").inner_text()
    assert f"{count} of {count} bets made" in score


@pytest.mark.parametrize("right", [True, False])
def test_every_exercise_is_answered(chapter, page, right):
    asked = ANSWER.findall(source(chapter))
    assert 3 <= len(asked) <= 6
    for name, exercise in asked:
        field = page.locator(f'[data-answer="{name}"]')
        expected = float(known()[exercise].expected())
        field.locator("input").fill(repr(expected if right else 1.5 * expected))
        field.get_by_role("button", name="Check").click()
        said = field.locator(".outcome").inner_text()
        assert said.startswith("Right" if right else "Not yet")
        assert right or known()[exercise].hint in said


def test_there_is_one_to_explain_one_to_break_and_one_to_build(chapter):
    for kind in ("Explain", "Break it", "Build"):
        assert re.search(rf"(<b>|\*\*){kind}", source(chapter)), kind


@pytest.mark.parametrize("right", [True, False])
def test_the_quiz_is_answered(chapter, page, right):
    module = f"gradbook.chapters.{registry.chapter_of(chapter)}.quiz"
    questions = importlib.import_module(module).QUESTIONS
    assert len(questions) == 5
    for number, choices in enumerate(questions.values()):
        text, why, _ = next(choice for choice in choices if choice[2] == right)
        asked = page.locator(f'[data-question="{number}"]')
        asked.get_by_label(text, exact=True).check()
        assert asked.locator(".outcome").inner_text() == (
            f"{'Right.' if right else 'Not so.'} {why}"
        )
    assert page.locator(".gradbook-quiz .verdict").inner_text() == (
        f"{5 if right else 0} of 5 right at the first try."
    )


def test_old_links_lead_to_where_things_moved(chapter, page):
    moved = page.locator("[data-moved]").evaluate_all("all => all.map(e => e.dataset.moved)")
    assert moved
    for address in moved:
        target, _, fragment = address.partition("#")
        path = ROOT / "_build/html/book" / target
        assert path.exists(), address
        assert not fragment or f'id="{fragment}"' in path.read_text(encoding="utf-8"), address
    anchor, address = page.locator("[data-moved]").first.evaluate("e => [e.id, e.dataset.moved]")
    page.evaluate("anchor => { location.hash = anchor; }", anchor)
    page.wait_for_url(f"**/{address}*")


@pytest.mark.parametrize("script", [False, True], ids=["no JavaScript", "an old browser"])
def test_without_widgets_results_and_stills_are_there(chapter, script, visit):
    path = ROOT / f"_build/html/book/{chapter}.html"
    opened = visit(path, java_script_enabled=script).page
    if script:  # without what the widgets' styles need
        opened.add_init_script("delete window.CSSScopeRule")
        opened.reload()
        assert opened.locator("[data-widget]").count() == 0
    assert opened.locator("#figure-1").is_visible()
    stills = opened.locator(".gradbook-still")
    assert stills.count() >= 8 and all(still.inner_text().strip() for still in stills.all())
    first = stills.first
    assert first.locator("svg, img").count() >= 1
