"""In JupyterLab: what is pressed on a control works the control, and leaves the notebook alone."""

import os
import re
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from playwright.sync_api import Browser, Locator, expect

import lab

WIDGETS = {
    "garden": "dosage.garden_explorer(atlas.load('diets'), diet=1, strength=2)",
    "boundary": "starvation.boundary_explorer(atlas.load('boundary'), margin=1, switch=1, then=3)",
    "examples": "generalization.examples_explorer(atlas.load('spectrum'), share=2, epoch=8)",
    "minibatch": "minibatch.minibatch_explorer(atlas.load('explorer'), epoch=2)",
    "comparison": "dropout.comparison_explorer(atlas.load('explorer'), epoch=10)",
    "garden lab": "dosage.GardenLab(atlas.load('diets'))",
    "moons lab": "starvation.MoonsLab(atlas.load('boundary'), width=20)",
    "minibatch lab": "minibatch.MinibatchLab(atlas.load('explorer'))",
    "examples lab": "generalization.ExamplesLab(atlas.load('spectrum'))",
    "three features lab": "starvation.ThreeFeaturesLab(atlas.load('delay'))",
    "slides": "widgets.Slides('depth', {n: (SVG.format(n), f'a {n}') for n in 'abc'}, index=1)",
}
PANELS = {
    "garden panel": "dosage.GardenPanel()",
    "boundary panel": "starvation.BoundaryPanel()",
    "examples panel": "generalization.ExamplesPanel()",
    "minibatch panel": "minibatch.MinibatchPanel()",
}
ASKED = {
    "choice": "starvation.bets.lost(atlas.load('delay'))",
    "number": "starvation.bets.fold(atlas.load('three_features'))",
    "order": "starvation.bets.cures(atlas.load('cures'))",
    "curve": "dosage.bets.starved(atlas.load('cut_off'))",
    "run": "generalization.bets.stopping(atlas.load('late_memorization'))",
    "quiz": "starvation.quiz.quiz()",
    "answer": "exercises.answer('starvation/odds', 'fold at 80 %', 'By which factor?')",
}
"""What asks: a bet of every kind, a quiz and an exercise."""
IMPORTS = """
from IPython.display import HTML
from gradbook import exercises
import gradbook.chapters.dosage.bets, gradbook.chapters.generalization.bets
import gradbook.chapters.starvation.bets, gradbook.chapters.starvation.quiz
from gradbook import widgets
from gradbook.chapters import dosage, dropout, generalization, minibatch, starvation
from gradbook.chapters.dosage import live as garden
from gradbook.chapters.generalization import live as examples
from gradbook.chapters.generalization.experiments import spectrum
from gradbook.chapters.starvation import live as moons
from gradbook.chapters.starvation.experiments import boundary
from gradbook.evidence import atlas
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>{}</text></svg>'
panels = {}

def lengthen(epochs):
    garden.EPOCHS = moons.EPOCHS = epochs
    examples.EPOCHS = spectrum.CONFIG["epochs"] = [*range(epochs + 1)]
    boundary.CONFIG.update(width=20, epochs=[*range(0, epochs, 5)])
    panels["boundary panel"].switch.value = "never"
    panels["minibatch panel"].epochs.max = panels["minibatch panel"].epochs.value = epochs
"""
LONG = 20_000
"""Epochs that no training gets through before it is stopped."""

SHOWN = WIDGETS | PANELS
TRAINED = {
    f"trained {name}": f"panels['{name}'] = {code}\npanels['{name}']"
    for name, code in PANELS.items()
}
ASKING = {
    f"asked {name}": f"display({code})\nHTML('<p class=\"after\">result</p>')"
    for name, code in ASKED.items()
}
CELLS = {"Imports": IMPORTS} | SHOWN | TRAINED | ASKING
CONTROLS = "input, button, select, textarea, [tabindex='0'], [contenteditable='true']"
TRAINS = "mod-primary"
"""The class of a panel's button that trains: it is pressed where it may take its time."""

FIRST_OF_EACH_KIND = """(controls) => {
  const kinds = controls.map((one) => one.checkVisibility() && !one.disabled
    ? `${one.tagName} ${one.type ?? ""} ${one.getAttribute("class") ?? ""}` : "");
  return kinds.map((kind, i) => [i, kind]).filter(([i, kind]) => kind && kinds.indexOf(kind) === i);
}"""
EFFECT = """(control) => {
  if (control.pressed === undefined) {
    control.pressed = 0;
    control.addEventListener("click", () => { control.pressed += 1; });
  }
  const now = document.activeElement;
  const drawn = control.tagName === "svg" ? control.closest(".gradbook-widget").innerHTML : "";
  const { value, textContent } = now;
  return [control.pressed, value, textContent, now.getAttribute("aria-valuetext"), drawn].join();
}"""
"""What works a control changes this."""

KEYS = (
    *("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "x", "a", "b", "d", "d", "c", "v", "z"),
    *("m", "y", "r", "j", "k", "Shift+ArrowUp", "Shift+M", "Home", "End"),
    *("Enter", "Shift+Enter", "Control+Enter", "Control+Backspace", "Escape"),
)


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lab.Lab]:
    """JupyterLab; where it is missing, a failure in CI and a skip elsewhere."""
    if find_spec("jupyterlab") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no JupyterLab")
    with lab.running(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def notebook(jupyterlab: lab.Lab, browser: Browser) -> Iterator[lab.Notebook]:
    """A notebook that shows every widget and every panel."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    opened = jupyterlab.open(page, CELLS)
    output(opened, [*CELLS][-1])
    yield opened
    context.close()


def output(notebook: lab.Notebook, name: str) -> Locator:
    """Where a cell's widget is shown."""
    place = 2 * [*CELLS].index(name) + 1
    cell = notebook.page.locator(".jp-Notebook .jp-Cell").nth(place)
    cell.scroll_into_view_if_needed()
    shown = cell.locator(".jp-OutputArea-output")
    shown.locator(CONTROLS).first.wait_for()
    return shown


def controls(shown: Locator) -> Iterator[tuple[str, Locator]]:
    """What takes the focus in a widget: the first of each tag, type and class."""
    found = shown.locator(CONTROLS)
    for place, kind in found.evaluate_all(FIRST_OF_EACH_KIND):
        yield kind, found.nth(place)


def key_for(kind: str) -> str:
    """What works a control from the keyboard."""
    if "BUTTON" in kind:
        return "Space"
    if "INPUT number" in kind:
        return "ArrowUp"
    return "1" if "INPUT text" in kind or "widget-readout" in kind else "ArrowRight"


@pytest.mark.parametrize("name", SHOWN)
def test_keys_work_the_control_and_leave_the_notebook_alone(notebook, name):
    page, seen = notebook.page, []
    for kind, control in controls(output(notebook, name)):
        seen.append(kind)
        control.focus()
        before = notebook.state()
        keys = [key for key in KEYS if TRAINS not in kind or "Enter" not in key]
        for key in keys:
            control.focus()
            page.keyboard.press(key)
            assert notebook.state() == before, f"{key} on {kind}"
        control.focus()
        if TRAINS not in kind:
            page.keyboard.press("Home")
            shown = control.evaluate(EFFECT)
            page.keyboard.press(key_for(kind))
            assert control.evaluate(EFFECT) != shown, f"{key_for(kind)} does nothing on {kind}"
        page.wait_for_timeout(100)  # for a command that comes late
        assert notebook.state() == before, f"keys on {kind}"
        page.keyboard.press("Tab")
        assert not control.evaluate("control => control === document.activeElement"), kind
    assert len(seen) >= (1 if name == "slides" else 3), seen


@pytest.mark.parametrize("name", ASKED)
def test_what_is_asked_is_answered_and_leaves_the_notebook_alone(notebook, name):
    """Keys stay in the widget; a bet shows what stands below it in its cell once it is made."""
    shown, page = output(notebook, f"asked {name}"), notebook.page
    cell = shown.first.locator("xpath=ancestor::*[contains(@class, 'jp-CodeCell')]")
    below, bet = cell.locator(".after"), name not in ("quiz", "answer")
    assert below.is_visible() is not bet
    asking = [*controls(shown)]
    asking[0][1].focus()
    before = notebook.state()
    for kind, control in asking:
        for key in (key for key in KEYS if "Enter" not in key):
            control.focus()
            page.keyboard.press(key)
            assert notebook.state() == before, f"{key} on {kind}"
    if name == "curve":
        shown.get_by_role("slider").nth(3).press("Home")
    elif name == "run":
        shown.locator("[data-action=run]").press("Enter")
    elif name == "answer":
        shown.get_by_role("textbox").fill("1.5625")
    acts = ("input[type=radio]", ".choices button", "[data-action=bet]", "[data-action=stop]")
    last = ", ".join((*acts, "[data-action=check]"))
    act = shown.locator(last).and_(shown.locator(":visible")).first
    act.wait_for()
    act.press("Space" if name == "quiz" else "Enter")
    shown.locator(".outcome:visible").first.wait_for()
    assert below.is_visible() and notebook.state() == before


def test_the_key_that_saves_still_saves(notebook):
    output(notebook, "slides").locator("input").focus()
    notebook.page.evaluate("jupyterapp.shell.currentWidget.context.model.dirty = true")
    notebook.page.keyboard.press("Control+s")
    notebook.page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")


class Training:
    """A panel as its reader sees it.

    Attributes:
        message: What it says.
        explorer: What it shows.
        stop: The button that stops.
    """

    def __init__(self, shown: Locator) -> None:
        self._train, self._bar = shown.locator(".mod-primary"), shown.locator(".progress-bar")
        self.stop = shown.locator("button", has_text="Stop")
        self.message = shown.locator(".widget-html-content").first
        self.explorer = shown.locator(".gradbook-widget")

    def begin(self) -> None:
        """Press the button, and see the training under way."""
        before = self._bar.evaluate("bar => bar.style.width")
        expect(self._train).to_be_enabled()
        self._train.press("Enter")
        self._bar.page.wait_for_function(
            "([bar, ...waiting]) => !waiting.includes(bar.style.width)",
            arg=[self._bar.element_handle(), before, "0%"],
        )

    def end(self) -> str:
        """What is said once the panel can be used again."""
        expect(self._train).to_be_enabled()
        expect(self.stop).to_be_disabled()
        return self.message.inner_text()


CUT_OFF = re.compile(r"Stopped after epoch \d+; nothing of it is kept\.")


@pytest.mark.parametrize("name", PANELS)
def test_a_training_ends_is_stopped_and_is_interrupted(notebook, name):
    training = Training(output(notebook, f"trained {name}"))
    notebook.python("lengthen(2)")
    training.begin()
    trained = training.end()
    assert training.explorer.count() == 1
    notebook.python(f"lengthen({LONG})")
    for cut_off in (training.stop.click, lambda: notebook.execute("kernelmenu:interrupt")):
        training.begin()
        cut_off()
        assert CUT_OFF.fullmatch(training.end())
        assert training.explorer.count() == 1
    notebook.python("lengthen(2)")
    training.begin()
    assert training.end() == trained


def test_a_cell_waits_for_a_training(notebook):
    training = Training(output(notebook, "trained garden panel"))
    notebook.python(f"lengthen({LONG})")
    training.begin()
    notebook.python("told = panels['garden panel'].message.value", wait=False)
    notebook.page.wait_for_timeout(500)
    assert training.message.inner_text() == "Training …"
    notebook.execute("kernelmenu:interrupt")
    assert CUT_OFF.fullmatch(training.end())
    assert notebook.python("", value="told") == repr(training.message.inner_text())
