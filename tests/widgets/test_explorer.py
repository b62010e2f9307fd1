"""The explorer: what it refuses, and what a reader sees, hears and turns in a browser."""

import re
import subprocess
import sys

import numpy as np
import pytest

from explorers import (
    EPOCHS,
    REGULARIZERS,
    STAND_IN,
    expected,
    heard,
    landscapes,
    shown,
    turn,
    write_page,
)
from gradbook.widgets import Explorer

R, E, M, G = len(REGULARIZERS), len(EPOCHS), 50, 11
CONTROLS = ("regularizer", "epoch", "layer", "minibatch")


@pytest.fixture(scope="module")
def atlas() -> dict:
    return landscapes()


# ------------------------------------------------------------------ Python


def test_bytes_are_the_arrays(atlas):
    widget = Explorer(**atlas, epoch=3)
    for name, dtype in (("field", "int8"), ("scale", "<f4"), ("centre", "<f4")):
        back = np.frombuffer(getattr(widget, name), dtype).reshape(atlas[name].shape)
        np.testing.assert_array_equal(back, atlas[name])
    assert (widget.view, widget.epoch, widget.playing) == (0, 3, False)
    assert (widget.other, widget.cursor) == (-1, -1)


@pytest.mark.parametrize("order", ["transposed", "big endian", "float64"])
def test_arrays_in_another_layout_give_the_same_bytes(atlas, order):
    change = {
        "transposed": np.asfortranarray,
        "big endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
        "float64": lambda a: a.astype(np.float64) if a.dtype.kind == "f" else a,
    }[order]
    arrays = {name: change(atlas[name]) for name in ("field", "scale", "centre")}
    same = Explorer(atlas["meta"], **arrays)
    for name in arrays:
        assert getattr(same, name) == atlas[name].tobytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"field": lambda a: a[:, :-1]}, r"field must have shape \(3, 5, 2, 50, 11, 11, 2\)"),
        ({"scale": lambda a: a[..., 0]}, r"scale must have shape .* got \(3, 5, 2\)"),
        ({"centre": lambda a: a[..., :1]}, r"centre must have shape .* got \(3, 5, 2, 50, 1\)"),
        ({"field": lambda a: a.astype(float)}, "field must be int8.* got float64"),
        ({"scale": lambda a: -a - 1}, "scale must not be negative"),
        ({"centre": lambda a: a * np.nan}, "centre must be real and finite"),
        ({"centre": lambda a: a * 1j}, "centre must be real and finite"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(atlas, change, message):
    (name, bend), *_ = change.items()
    with pytest.raises(ValueError, match=message):
        Explorer(**atlas | {name: bend(atlas[name])})


VIEW = {"name": "none", "label": "none", "note": "", "facets": ["none"]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": None}, "meta lacks 'epochs'"),
        ({"epochs": []}, "at least one view, epoch"),
        ({"offsets": [0.0, 1.0]}, "odd length.* got 2"),
        ({"layers": [{"label": "second"}, {}]}, r"meta\['layers'\]\[1\] lacks 'label'"),
        ({"parameters": [["b₁", "b₂"]]}, r"'parameters'.* lengths \(3, 2, 2\), got \(1, 2\)"),
        ({"test_loss": [[1.0] * E] * 2}, r"'test_loss'.* lengths \(3, 5\), got \(2, 5\)"),
        ({"test_r2": [[float("nan")] * E] * R}, "finite numbers"),
        ({"batch_size": np.int64(64)}, "plain JSON"),
        ({"facets": []}, r"'facets'.* one or more different titles, got \[\]"),
        ({"facets": ["Mode", "Mode"]}, r"different titles, got \['Mode', 'Mode'\]"),
        ({"facets": ["Regularizer", "Mode"]}, r"\[0\]\['facets'\] needs a text for each of .*Mode"),
        ({"views": [VIEW | {"facets": [None]}] * R}, r"needs a text .* got \[None\]"),
        ({"views": [VIEW] * R}, r"\[0\] and \[1\] have the same facets \['none'\]"),
        ({"views": [{"name": "none", "label": "none", "note": ""}] * R}, "lacks 'facets'"),
    ],
)
def test_labels_that_do_not_fit_are_refused(atlas, change, message):
    meta = {k: v for k, v in (atlas["meta"] | change).items() if v is not None}
    with pytest.raises(ValueError, match=message):
        Explorer(**atlas | {"meta": meta})


def test_state_outside_the_data_is_refused(atlas):
    with pytest.raises(ValueError, match=r"epoch is an index .* from 0 to 4, got 10"):
        Explorer(**atlas, epoch=10)
    with pytest.raises(TypeError, match="no state 'epochs'; it has view, other"):
        Explorer(**atlas, epochs=1)
    widget = Explorer(**atlas)
    with pytest.raises(ValueError, match=r"minibatch is an index .* from 0 to 49, got -1"):
        widget.minibatch = -1
    with pytest.raises(ValueError, match=r"view is an index .* from 0 to 2, got -1"):
        widget.view = -1
    for name, last in (("other", 2), ("cursor", G * G - 1)):
        for index in (-1, 0, last):
            setattr(widget, name, index)
        for index in (-2, last + 1):
            message = rf"{name} is .* from 0 to {last}, or -1 for none, got {index}"
            with pytest.raises(ValueError, match=message):
                setattr(widget, name, index)


def test_widgets_load_neither_torch_nor_matplotlib():
    code = (
        "import sys, gradbook.widgets\n"
        "print([m for m in ('torch', 'matplotlib', 'gradbook.probes') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# ------------------------------------------------------------------ the page


@pytest.fixture
def explore(atlas, tmp_path, visit):
    """Opens a page with one explorer: ``explore(epoch=3, width=390)``."""

    def open_explorer(state=None, page=None, views=1, **options):
        widget = Explorer(**atlas, **(state or {}))
        seen = visit(write_page(tmp_path, *[widget] * views, **(page or {})), **options)
        seen.page.wait_for_selector(".gradbook-explorer")
        return seen

    return open_explorer


def test_the_numbers_are_numpys(atlas, explore):
    page = explore().page
    for state in [(0, 0, 0, 0), (0, 4, 1, 49), (1, 2, 0, 7), (2, 3, 0, 10), (2, 1, 1, 11)]:
        turn(
            page,
            **dict(zip(("regularizer", "epoch", "layer", "minibatch"), state, strict=True)),
        )
        numbers = shown(page)[1]
        for side, epoch in (("left", 0), ("right", state[1])):
            want = expected(atlas, state[0], epoch, *state[2:])
            for name, value in want.items():
                got = numbers[f"{name} {side}"][0]
                assert got == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), name


def test_the_text_rounds_the_numbers(atlas, explore):
    page = explore({"view": 2, "epoch": 2, "minibatch": 10}).page
    want = expected(atlas, 2, 2, 0, 10)
    texts = {name: text for name, (_, text) in shown(page)[1].items()}
    assert texts["mean-cosine right"] == f"{want['mean-cosine']:.2f}".replace("-", "−")
    assert texts["opposed-pairs right"] == f"{100 * want['opposed-pairs']:.0f} %"
    assert texts["zero right"] == "10 of 50"
    assert texts["norm right"] == "0"
    assert texts["cosine-with-mean right"] == "–"
    notes = page.locator(".notes p")
    visible = [notes.nth(i).inner_text() for i in range(notes.count()) if notes.nth(i).is_visible()]
    assert visible == ["How batch norm was differentiated."]


def test_every_control_changes_picture_and_numbers(explore):
    seen = explore({"epoch": 1})
    page = seen.page
    changed = {
        "regularizer": (
            "field left",
            "field right",
            "rose left",
            "rose right",
            "strip epoch right",
        ),
        "layer": ("field left", "field right", "rose left", "rose right", "strip epoch right"),
        "epoch": ("field right", "rose right", "strip minibatch right"),
        "minibatch": ("field left", "field right", "rose left", "rose right"),
    }
    for control in CONTROLS:
        pictures, numbers = shown(page)
        turn(page, **{control: 1 if control in ("regularizer", "layer") else 3})
        after, numbers_after = shown(page)
        assert {name for name in after if after[name] != pictures[name]} >= {*changed[control]}
        assert numbers["norm right"] != numbers_after["norm right"]
    assert after["field right"] != after["field left"]
    assert page.locator("output").all_inner_texts() == ["5", "4 of 50"]
    assert seen.messages == []
    assert seen.foreign == []


def test_the_start_stays_when_the_epoch_changes(explore):
    page = explore().page
    before, _ = shown(page)
    turn(page, epoch=4)
    after, _ = shown(page)
    assert before["field left"] == after["field left"]
    assert before["rose left"] == after["rose left"]


def test_an_arrow_lies_at_its_offsets_and_points_along_its_gradient(atlas, tmp_path, visit):
    """One gradient, upwards, at the largest first and the smallest second offset."""
    field, centre = np.zeros_like(atlas["field"]), np.zeros_like(atlas["centre"])
    field[:, :, :, :, -1, 0] = (0, 127)
    widget = Explorer(**atlas | {"field": field, "centre": centre})
    page = visit(write_page(tmp_path, widget)).page
    page.wait_for_selector(".gradbook-explorer")
    outlines = page.evaluate(
        """() => [...document.querySelectorAll("[data-picture=field][data-side=right] path")]
             .map((path) => path.getAttribute("d"))"""
    )
    (arrow,) = re.findall(r"M[^M]*L[^M]*Z", "".join(outlines))
    points = np.array(re.findall(r"-?\d+\.\d+", arrow), dtype=float).reshape(-1, 2)
    tip = points[3]
    cell = 20
    assert tip[0] == pytest.approx((G - 0.5) * cell)
    assert points[:, 1].mean() == pytest.approx((G - 0.5) * cell, abs=cell / 4)
    assert tip[1] == points[:, 1].min() < points[:, 1].max() - 0.9 * cell
    assert page.locator(".longest").first.inner_text().endswith(f"{atlas['scale'][0, 0, 0, 0]:.3g}")


def test_a_rose_has_an_arrow_for_every_minibatch(explore):
    page = explore({"view": 2, "epoch": 2}).page
    counts = page.evaluate(
        """() => ["with", "against", "neither"].map((kind) => document
             .querySelector(`[data-picture=rose][data-side=right] path.${kind}`)
             .getAttribute("d").split("M").length - 1)"""
    )
    numbers = shown(page)[1]
    against, zero = numbers["against-mean right"][0], numbers["zero right"][0]
    assert counts == [M - against - zero, against, zero]


def test_previous_next_and_play(explore):
    seen = explore({"minibatch": 48})
    page = seen.page
    where = page.locator('[data-control="minibatch"] output')
    page.locator('[data-action="next"]').click()
    page.locator('[data-action="next"]').click()
    assert where.inner_text() == "1 of 50"
    page.locator('[data-action="previous"]').click()
    assert where.inner_text() == "50 of 50"
    play = page.locator('[data-action="play-minibatch"]')
    before, _ = shown(page)
    play.click()
    assert play.get_attribute("aria-label") == "Pause minibatches"
    page.wait_for_function("document.querySelectorAll('output')[1].textContent === '3 of 50'")
    assert shown(page)[0]["field right"] != before["field right"]
    turn(page, minibatch=48)
    page.wait_for_function(
        """document.querySelector("[data-action='play-minibatch']")
             .getAttribute("aria-label") === "Play minibatches" """
    )
    assert where.inner_text() == "50 of 50"
    assert seen.messages == []


def test_play_steps_through_the_epochs(explore):
    page = explore({"epoch": 3}).page
    page.locator('[data-action="play-epoch"]').click()
    page.wait_for_function("document.querySelector('output').textContent === '10'")
    page.get_by_label("Play epochs").wait_for()


def test_two_views_keep_in_step(explore):
    page = explore(views=2).page
    page.wait_for_function("document.querySelectorAll('.gradbook-explorer').length === 2")
    turn(page, regularizer=1, layer=1, epoch=2, minibatch=5)
    page.evaluate(
        """() => {
          window.steps = [];
          const output = document.querySelectorAll("[data-control=minibatch] output")[1];
          new MutationObserver(() => window.steps.push([parseInt(output.textContent),
            performance.now()])).observe(output, { childList: true });
        }"""
    )
    page.locator('[data-action="play-minibatch"]').nth(1).click()
    page.wait_for_function("window.steps.some(([step]) => step === 10)")
    page.locator('[data-action="play-minibatch"]').nth(0).click()
    first_seen = {step: time for step, time in reversed(page.evaluate("window.steps"))}
    steps, times = zip(*sorted(first_seen.items()), strict=True)
    assert set(np.diff(steps)) == {1}
    assert min(np.diff(times[steps.index(7) :])) > 300  # one view steps, not both
    halves = page.evaluate(
        """() => [...document.querySelectorAll(".gradbook-explorer")].map((root) => [
             [...root.querySelectorAll("path")].map((p) => p.getAttribute("d")),
             [...root.querySelectorAll("td, output")].map((cell) => cell.textContent),
             [...root.querySelectorAll("input")].map((i) => i.checked || i.value)])"""
    )
    assert halves[0] == halves[1]


def test_an_undone_view_leaves_no_listener_and_no_timer(explore):
    left = explore().page.evaluate(
        "async () => {"
        + STAND_IN
        + """
          model.set("playing", true);
          model.set("playing_epochs", true);
          await new Promise((resolve) => setTimeout(resolve, 500));
          const [played, heard] = [sets - 2, listeners.length];
          undo();
          sets = 0;
          await new Promise((resolve) => setTimeout(resolve, 900));
          return { played, heard: heard > 0, sets, listeners: listeners.length,
            children: el.childElementCount };
        }"""
    )
    assert left.pop("played") > 0
    assert left == {"heard": True, "sets": 0, "listeners": 0, "children": 0}


def test_the_keyboard_reaches_and_turns_everything(explore):
    page = explore().page
    reached = []
    for _ in range(10):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => document.activeElement.dataset.action
                     ?? document.activeElement.closest("[data-control]")?.dataset.control
                     ?? document.activeElement.dataset.side"""
            )
        )
        if reached[-1] in ("regularizer", "layer", "epoch"):
            page.keyboard.press("ArrowRight")
        elif reached[-1] == "minibatch":
            page.keyboard.press("End")
    assert reached == [
        *("regularizer", "layer", "play-epoch", "epoch"),
        *("previous", "play-minibatch", "next", "minibatch"),
        *("left", "right"),
    ]
    assert page.locator("input:checked + span").all_inner_texts() == [
        "dropout",
        "third hidden layer",
    ]
    assert page.locator("output").all_inner_texts() == ["1", "50 of 50"]


def test_a_screen_reader_hears_names_and_numbers(explore):
    page = explore().page
    turn(page, epoch=3, minibatch=6)
    first, spoken = heard(page)
    assert spoken.startswith(first) and len(first) <= 120
    cosine = shown(page)[1]["mean-cosine right"][1]
    assert spoken.startswith("Minibatch 7, epochs 0 and 5: mean pairwise cosine ")
    assert cosine in spoken
    assert page.get_by_role("radiogroup", name="Regularizer").count() == 1
    assert page.get_by_role("radio", name="dropout").count() == 1
    assert page.get_by_role("slider", name="Epoch").get_attribute("aria-valuetext") == "5"
    for name in ("Previous minibatch", "Play minibatches", "Next minibatch", "Play epochs"):
        assert page.get_by_role("button", name=name).count() == 1
    field = page.get_by_role(
        "application", name="Gradient field of minibatch 7 at epoch 5, longest"
    )
    assert field.count() == 1


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_needs_no_sideways_scroll_and_no_small_fingers(atlas, tmp_path, visit, width):
    tiny = {name: atlas[name] * np.float32(1.23e-12) for name in ("scale", "centre")}
    path = write_page(tmp_path, Explorer(**atlas | tiny))
    page = visit(path, width=width, height=844, has_touch=True, is_mobile=True).page
    page.wait_for_selector(".gradbook-explorer")
    assert "× 10⁻¹³" in page.locator(".longest").first.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    spill = """(all) => all.map((e) => e.getBoundingClientRect())
      .map((b) => [b.left, b.right]).flat()"""
    edges = page.locator(".gradbook-explorer :is(span, td, th, svg)").evaluate_all(spill)
    assert min(edges) >= 0
    assert max(edges) <= width
    controls = ".gradbook-explorer :is(button:not(.rest), label, input[type=range])"
    targets = page.locator(controls).evaluate_all(
        "(all) => all.map((e) => [e.offsetWidth, e.offsetHeight])"
    )
    assert min(min(size) for size in targets) >= 44
    sizes = page.evaluate(
        """() => [...document.querySelectorAll(".gradbook-explorer *")]
             .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
             .map((e) => parseFloat(getComputedStyle(e).fontSize)
               * (e.ownerSVGElement ? e.getScreenCTM().a : 1))"""
    )
    assert len(sizes) > 30
    assert min(sizes) >= 12
    page.locator("label", has_text="dropout").tap()
    page.locator('[data-action="next"]').tap()
    assert page.locator("input:checked").first.get_attribute("value") == "1"
    assert page.locator("output").nth(1).inner_text() == "2 of 50"


@pytest.mark.parametrize("width", [390, 720, 1280])
def test_nothing_jumps_when_the_numbers_change(explore, width):
    page = explore(width=width).page
    places = """() => [...document.querySelectorAll(".gradbook-explorer :is(svg, table, p)")]
      .map((e) => e.getBoundingClientRect()).map((b) => [b.x, b.y, b.width, b.height])"""
    before = page.evaluate(places)
    turn(page, epoch=4, regularizer=2, layer=1, minibatch=10)
    assert page.evaluate(places) == before


DARK, LIGHT = "rgb(20, 24, 30)", "rgb(255, 255, 255)"


@pytest.mark.parametrize(
    ("page", "system", "colour"),
    [
        ({}, "light", LIGHT),
        ({}, "dark", DARK),
        ({"html": 'data-theme="dark"'}, "light", DARK),
        ({"html": 'data-theme="light"'}, "dark", LIGHT),
        ({"body": 'data-jp-theme-light="false"'}, "light", DARK),
        ({"body": 'data-jp-theme-light="true"'}, "dark", LIGHT),
        ({"body": 'class="vscode-dark"'}, "light", DARK),
        ({"body": 'class="vscode-light"'}, "dark", LIGHT),
    ],
)
def test_the_theme_of_the_page_wins_over_the_system(explore, page, system, colour):
    found = explore(page=page, color_scheme=system).page.evaluate(
        "getComputedStyle(document.querySelector('.gradbook-explorer .frame')).backgroundColor"
    )
    assert found == colour


def test_text_and_arrows_stand_out(explore):
    """Contrast by WCAG: 4.5 for text, 3 for what is drawn, in both themes."""
    measure = """() => {
      const parse = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
      const light = (text) => parse(text).map((c) => c / 255)
        .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
      const style = (selector) => getComputedStyle(
        document.querySelector(".gradbook-explorer " + selector));
      const ratio = (one, other) => {
        const [a, b] = [light(one), light(other)].sort((p, q) => q - p);
        return (a + 0.05) / (b + 0.05);
      };
      const paper = style(".frame").backgroundColor;
      const shade = style(".field").backgroundColor;
      const words = [".frame", ".legend", ".longest", "tbody th", ".key"];
      const text = words.map((s) => ratio(style(s).color, paper));
      text.push(ratio(style("label span").color, style(".options").backgroundColor));
      const arrows = [".with", ".against"].map((s) => ratio(style(".field " + s).fill, shade));
      return [Math.min(...text), Math.min(...arrows)];
    }"""
    for theme in ("light", "dark"):
        text, arrows = explore(color_scheme=theme).page.evaluate(measure)
        assert text >= 4.5
        assert arrows >= 3


def test_reduced_motion_leaves_no_transition(explore):
    count = """() => [...document.querySelectorAll(".gradbook-explorer *")]
      .filter((e) => parseFloat(getComputedStyle(e).transitionDuration) > 0).length"""
    assert explore().page.evaluate(count) > 0
    assert explore(reduced_motion="reduce").page.evaluate(count) == 0
