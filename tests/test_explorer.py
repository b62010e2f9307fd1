"""The explorer: what it refuses, and what a reader sees, hears and turns in a browser."""

import json
import re
import subprocess
import sys
from pathlib import Path

import anywidget
import ipywidgets
import numpy as np
import pytest
import traitlets
from ipywidgets.embed import dependency_state

from gradbook.widgets import Explorer

HOST = Path(__file__).parents[1] / "book/_static/host/widgets.js"
REGULARIZERS = ("none", "dropout", "batch norm")
EPOCHS = (0, 1, 2, 5, 10)
R, E, L, M, G = len(REGULARIZERS), len(EPOCHS), 2, 50, 11
CONTROLS = ("regularizer", "epoch", "layer", "minibatch")


@pytest.fixture(scope="module")
def atlas() -> dict:
    """Landscapes that differ at every index; some batch norm gradients are exactly zero."""
    rng = np.random.default_rng(0)
    noise = np.array([0.1, 1.0, 3.0, 0.3, 8.0])[:, None, None, None]
    centre = rng.normal(size=(R, 1, L, 1, 2)) + noise * rng.normal(size=(R, E, L, M, 2))
    centre[2, :, 0, ::5] = 0
    slope = rng.normal(size=(R, E, L, M, 2, 2)) * np.abs(centre).mean(-1)[..., None, None]
    offsets = np.linspace(-0.05, 0.05, G)
    grid = np.stack(np.meshgrid(offsets, offsets, indexing="ij"), -1)
    landscape = centre[..., None, None, :] + 20 * np.einsum("relmij,xyj->relmxyi", slope, grid)
    scale = np.abs(landscape).max((-3, -2, -1))
    unit = np.where(scale > 0, scale, 1)[..., None, None, None]
    return {
        "meta": {
            "regularizers": [
                {"name": name, "label": name, "note": f"How {name} was differentiated."}
                for name in REGULARIZERS
            ],
            "epochs": list(EPOCHS),
            "layers": [{"label": "second hidden layer"}, {"label": "third hidden layer"}],
            "parameters": [[["b₁", "b₂"]] * L, [["b₁", "b₂"]] * L, [["β₁", "β₂"]] * L],
            "offsets": offsets.tolist(),
            "batch_size": 64,
            "minibatches": M,
            "test_loss": rng.uniform(1, 900, (R, E)).tolist(),
            "test_r2": rng.uniform(0, 1, (R, E)).tolist(),
            "loss_label": "test L1",
        },
        "field": np.rint(127 * landscape / unit).astype(np.int8),
        "scale": scale.astype(np.float32),
        "centre": centre.astype(np.float32),
    }


# ------------------------------------------------------------------ Python


def test_bytes_are_the_arrays(atlas):
    widget = Explorer(**atlas, epoch=3)
    for name, dtype in (("field", "int8"), ("scale", "<f4"), ("centre", "<f4")):
        back = np.frombuffer(getattr(widget, name), dtype).reshape(atlas[name].shape)
        np.testing.assert_array_equal(back, atlas[name])
    assert (widget.regularizer, widget.epoch, widget.playing) == (0, 3, False)


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": None}, "meta lacks 'epochs'"),
        ({"epochs": []}, "at least one regularizer, epoch"),
        ({"offsets": [0.0, 1.0]}, "odd length.* got 2"),
        ({"layers": [{"label": "second"}, {}]}, r"meta\['layers'\]\[1\] lacks 'label'"),
        ({"parameters": [["b₁", "b₂"]]}, r"'parameters'.* lengths \(3, 2, 2\), got \(1, 2\)"),
        ({"test_loss": [[1.0] * E] * 2}, r"'test_loss'.* lengths \(3, 5\), got \(2, 5\)"),
        ({"test_r2": [[float("nan")] * E] * R}, "finite numbers"),
        ({"batch_size": np.int64(64)}, "plain JSON"),
    ],
)
def test_labels_that_do_not_fit_are_refused(atlas, change, message):
    meta = {k: v for k, v in (atlas["meta"] | change).items() if v is not None}
    with pytest.raises(ValueError, match=message):
        Explorer(**atlas | {"meta": meta})


def test_state_outside_the_data_is_refused(atlas):
    with pytest.raises(ValueError, match=r"epoch is an index .* from 0 to 4, got 10"):
        Explorer(**atlas, epoch=10)
    with pytest.raises(TypeError, match="no state 'epochs'; it has regularizer"):
        Explorer(**atlas, epochs=1)
    widget = Explorer(**atlas)
    with pytest.raises(ValueError, match=r"minibatch is an index .* from 0 to 49, got -1"):
        widget.minibatch = -1


def test_widgets_load_neither_torch_nor_matplotlib():
    code = (
        "import sys, gradbook.widgets\n"
        "print([m for m in ('torch', 'matplotlib', 'gradbook.probes') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# ------------------------------------------------------------------ the page


def write_page(folder: Path, *widgets, html: str = "", head: str = "", body: str = "") -> Path:
    """A page as myst-nb writes it: one state, a view for each widget, the host."""
    state = {"state": dependency_state(widgets, drop_defaults=False), "version_major": 2}
    views = "\n".join(
        f'<div class="cell_output"><script type="application/vnd.jupyter.widget-view+json">'
        f'{{"model_id": "{widget.model_id}", "version_major": 2}}</script></div>'
        for widget in widgets
    )
    text = json.dumps(state).replace("</script>", r"<\/script>")
    host = f'<script src="{HOST.as_uri()}"></script>'
    page = folder / "page.html"
    page.write_text(
        f"""<!DOCTYPE html><html lang="en" {html}><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<script type="application/vnd.jupyter.widget-state+json">{text}</script>
{host}{head}</head><body {body}><main>{views}</main></body></html>""",
        encoding="utf-8",
    )
    return page


@pytest.fixture
def explore(atlas, tmp_path, visit):
    """Opens a page with one explorer: ``explore(epoch=3, width=390)``."""

    def open_explorer(state=None, page=None, views=1, **options):
        widget = Explorer(**atlas, **(state or {}))
        seen = visit(write_page(tmp_path, *[widget] * views, **(page or {})), **options)
        seen.page.wait_for_selector(".gradbook-explorer")
        return seen

    return open_explorer


def turn(page, **state: int):
    """Set controls as a reader would."""
    for name, value in state.items():
        control = page.locator(f'[data-control="{name}"]').first
        if name in ("regularizer", "layer"):
            control.locator("label").nth(value).click()
        else:
            control.locator("input").fill(str(value))


def shown(page) -> tuple[dict, dict]:
    """What is drawn and what is written, by side."""
    pictures, numbers = page.evaluate(
        """() => {
          const all = (selector) => [...document.querySelectorAll(selector)];
          return [
            Object.fromEntries(all("[data-picture]").map((svg) => [
              svg.dataset.picture + " " + svg.dataset.side,
              [...svg.querySelectorAll("path")].map((p) => p.getAttribute("d")).join()])),
            Object.fromEntries(all("[data-number]").map((cell) => [
              cell.dataset.number + " " + cell.dataset.side,
              [Number(cell.dataset.value), cell.textContent]])),
          ];
        }"""
    )
    return pictures, numbers


def expected(atlas, regularizer, epoch, layer, minibatch) -> dict[str, float]:
    """The numbers, the plain way, in float64."""
    g = atlas["centre"][regularizer, epoch, layer].astype(np.float64)
    norms = np.linalg.norm(g, axis=1)
    live = g[norms > 0] / norms[norms > 0, None]
    cosines = (live @ live.T)[np.triu_indices(len(live), 1)]
    mean = g.mean(0)
    own = g[minibatch] @ mean / np.linalg.norm(mean)
    return {
        "mean-cosine": cosines.mean(),
        "opposed-pairs": (cosines < 0).mean(),
        "against-mean": (g @ mean < 0).sum(),
        "zero": (norms == 0).sum(),
        "norm": norms[minibatch],
        "cosine-with-mean": own / norms[minibatch] if norms[minibatch] > 0 else np.nan,
        "test-loss": atlas["meta"]["test_loss"][regularizer][epoch],
        "test-r2": atlas["meta"]["test_r2"][regularizer][epoch],
    }


def test_the_numbers_are_numpys(atlas, explore):
    page = explore().page
    for state in [(0, 0, 0, 0), (0, 4, 1, 49), (1, 2, 0, 7), (2, 3, 0, 10), (2, 1, 1, 11)]:
        turn(
            page,
            **dict(zip(("regularizer", "epoch", "layer", "minibatch"), state, strict=True)),
        )
        numbers = shown(page)[1]
        for side, epoch in (("start", 0), ("now", state[1])):
            want = expected(atlas, state[0], epoch, *state[2:])
            for name, value in want.items():
                got = numbers[f"{name} {side}"][0]
                assert got == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), name


def test_the_text_rounds_the_numbers(atlas, explore):
    page = explore({"regularizer": 2, "epoch": 2, "minibatch": 10}).page
    want = expected(atlas, 2, 2, 0, 10)
    texts = {name: text for name, (_, text) in shown(page)[1].items()}
    assert texts["mean-cosine now"] == f"{want['mean-cosine']:.2f}".replace("-", "−")
    assert texts["opposed-pairs now"] == f"{100 * want['opposed-pairs']:.0f} %"
    assert texts["zero now"] == "10 of 50"
    assert texts["norm now"] == "0"
    assert texts["cosine-with-mean now"] == "–"
    assert page.get_by_text("How batch norm was differentiated.").is_visible()
    assert not page.get_by_text("How dropout was differentiated.").is_visible()


def test_every_control_changes_picture_and_numbers(explore):
    seen = explore({"epoch": 1})
    page = seen.page
    changed = {
        "regularizer": ("field start", "field now", "rose start", "rose now", "strip epoch"),
        "layer": ("field start", "field now", "rose start", "rose now", "strip epoch"),
        "epoch": ("field now", "rose now", "strip minibatch"),
        "minibatch": ("field start", "field now", "rose start", "rose now"),
    }
    for control in CONTROLS:
        pictures, numbers = shown(page)
        turn(page, **{control: 1 if control in ("regularizer", "layer") else 3})
        after, numbers_after = shown(page)
        assert {name for name in after if after[name] != pictures[name]} >= {*changed[control]}
        assert numbers["norm now"] != numbers_after["norm now"]
    assert after["field now"] != after["field start"]
    assert page.locator("output").all_inner_texts() == ["5", "4 of 50"]
    assert seen.messages == []
    assert seen.foreign == []


def test_the_start_stays_when_the_epoch_changes(explore):
    page = explore().page
    before, _ = shown(page)
    turn(page, epoch=4)
    after, _ = shown(page)
    assert before["field start"] == after["field start"]
    assert before["rose start"] == after["rose start"]


def test_an_arrow_lies_at_its_offsets_and_points_along_its_gradient(atlas, tmp_path, visit):
    """One gradient, upwards, at the largest first and the smallest second offset."""
    field = np.zeros_like(atlas["field"])
    field[:, :, :, :, -1, 0] = (0, 127)
    widget = Explorer(**atlas | {"field": field})
    page = visit(write_page(tmp_path, widget)).page
    page.wait_for_selector(".gradbook-explorer")
    outlines = page.evaluate(
        """() => [...document.querySelectorAll("[data-picture=field][data-side=now] path")]
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
    page = explore({"regularizer": 2, "epoch": 2}).page
    counts = page.evaluate(
        """() => ["with", "against", "neither"].map((kind) => document
             .querySelector(`[data-picture=rose][data-side=now] path.${kind}`)
             .getAttribute("d").split("M").length - 1)"""
    )
    numbers = shown(page)[1]
    against, zero = numbers["against-mean now"][0], numbers["zero now"][0]
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
    assert shown(page)[0]["field now"] != before["field now"]
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
        """async () => {
          const text = document.querySelector("script[type$='widget-state+json']").textContent;
          const { state, buffers } = Object.values(JSON.parse(text).state)
            .find((record) => record.state._esm);
          for (const { path, data } of buffers) {
            const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
            state[path[0]] = new DataView(bytes.buffer);
          }
          const listeners = [];
          let sets = 0;
          const model = {
            get: (name) => state[name],
            set(name, value) {
              sets += 1;
              state[name] = value;
              for (const [event, call] of [...listeners]) if (event === `change:${name}`) call();
            },
            save_changes() {},
            on: (event, call) => listeners.push([event, call]),
            off(event, call) {
              listeners.splice(listeners.findIndex(([e, c]) => e === event && c === call), 1);
            },
          };
          const url = URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" }));
          const el = document.createElement("div");
          const undo = (await import(url)).default.render({ model, el });
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
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => document.activeElement.dataset.action
                     ?? document.activeElement.closest("[data-control]")?.dataset.control"""
            )
        )
        if reached[-1] in ("regularizer", "layer", "epoch"):
            page.keyboard.press("ArrowRight")
        elif reached[-1] == "minibatch":
            page.keyboard.press("End")
    assert reached == [
        *("regularizer", "layer", "play-epoch", "epoch"),
        *("previous", "play-minibatch", "next", "minibatch"),
    ]
    assert page.locator("input:checked + span").all_inner_texts() == [
        "dropout",
        "third hidden layer",
    ]
    assert page.locator("output").all_inner_texts() == ["1", "50 of 50"]


def test_a_screen_reader_hears_names_and_numbers(explore):
    page = explore().page
    turn(page, epoch=3, minibatch=6)
    page.wait_for_function("document.querySelector('[aria-live=polite]').textContent")
    spoken = page.locator("[aria-live=polite]").inner_text()
    cosine = shown(page)[1]["mean-cosine now"][1]
    assert spoken.startswith("Minibatch 7, epochs 0 and 5: mean pairwise cosine ")
    assert cosine in spoken
    assert page.get_by_role("radiogroup", name="Regularizer").count() == 1
    assert page.get_by_role("radio", name="dropout").count() == 1
    assert page.get_by_role("slider", name="Epoch").get_attribute("aria-valuetext") == "5"
    for name in ("Previous minibatch", "Play minibatches", "Next minibatch", "Play epochs"):
        assert page.get_by_role("button", name=name).count() == 1
    assert page.get_by_role("img", name="Gradient field of minibatch 7 at epoch 5").count() == 1


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
    targets = page.locator(".gradbook-explorer :is(button, label, input[type=range])").evaluate_all(
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


# ------------------------------------------------------------------ the host


LAUNCH = """<div class="dropdown dropdown-launch-buttons"><ul>
<li><a href="https://hub.example/v2/gh/o/r/main?urlpath=lab">Binder</a></li>
<li><a href="https://notebooks.example/github/o/r">Colab</a></li>
<li><button onclick="thebe()">Live Code</button></li></ul></div>"""


def small(esm: str, **traits):
    """An anywidget made of a module's text."""
    return type("Small", (anywidget.AnyWidget,), {"_esm": esm, **traits})()


def test_a_widget_that_needs_python_says_so_and_links_to_the_launch_buttons(tmp_path, visit):
    panel = ipywidgets.VBox([ipywidgets.Button(description="Train")])
    page = write_page(tmp_path, panel)
    page.write_text(page.read_text(encoding="utf-8").replace("<main>", LAUNCH + "<main>"))
    seen = visit(page)
    note = seen.page.locator('[data-widget="needs-kernel"]')
    assert "it needs a running Python kernel" in note.inner_text()
    links = note.locator("a").evaluate_all("(all) => all.map((a) => [a.textContent, a.href])")
    assert links == [
        ["Open in Binder", "https://hub.example/v2/gh/o/r/main?urlpath=lab"],
        ["Open in Colab", "https://notebooks.example/github/o/r"],
    ]
    assert (seen.messages, seen.foreign) == ([], [])


@pytest.mark.parametrize(
    "esm",
    [
        "export default { render() { throw new Error('the sky fell'); } };",
        "throw new Error('the sky fell');",
        "export default { initialize() { throw new Error('the sky fell'); } };",
    ],
)
def test_a_widget_that_fails_says_why(tmp_path, visit, esm):
    seen = visit(write_page(tmp_path, small(esm)))
    failed = seen.page.locator('[data-widget="failed"]')
    failed.wait_for()
    assert "This widget could not be shown" in failed.inner_text()
    assert "the sky fell" in failed.inner_text()


def test_a_widget_from_elsewhere_is_not_fetched(tmp_path, visit):
    seen = visit(write_page(tmp_path, small("https://elsewhere.example/widget.js")))
    seen.page.locator('[data-widget="failed"]').wait_for()
    assert seen.foreign == []


def test_models_behave_as_in_jupyter(tmp_path, visit):
    """Bytes as DataView, events at once and in order, one initialize for two views."""
    esm = """
    const log = [];
    export default async () => ({
      initialize({ model }) { log.push("initialize " + model.get("count")); },
      render({ model, el }) {
        const view = model.get("data");
        log.push(view instanceof DataView ? [...new Uint8Array(view.buffer)].join() : "?");
        const one = (source, value) => log.push(`one ${value} ${source.get("count")}`);
        const any = () => log.push("any");
        model.on("change:count", one);
        model.on("change", any);
        model.set("count", model.get("count") + 1);
        log.push("set");
        model.set({ count: model.get("count") });
        model.off("change:count", one);
        model.set("count", 10);
        model.off();
        model.set("count", 20);
        model.save_changes();
        el.textContent = log.join("; ");
        return () => { document.title = "cleaned"; };
      },
    });
    """
    widget = small(
        esm,
        count=traitlets.Int(1).tag(sync=True),
        data=traitlets.Bytes(bytes([0, 1, 128, 255])).tag(sync=True),
    )
    seen = visit(write_page(tmp_path, widget, widget))
    views = seen.page.locator('[data-widget="ready"]')
    views.nth(1).wait_for()
    first = "initialize 1; 0,1,128,255; one 2 2; any; set; any"
    assert views.nth(0).inner_text() == first
    second = "0,1,128,255; one 21 21; any; set; any"
    assert views.nth(1).inner_text() == f"{first}; {second}"
    seen.page.evaluate("document.querySelector('[data-widget]').remove()")
    seen.page.wait_for_function("document.title === 'cleaned'")
    assert seen.messages == []


@pytest.mark.parametrize("attribute", ["", "defer", "async"])
def test_the_host_runs_once_however_it_is_loaded(tmp_path, visit, attribute):
    again = f'<script {attribute} src="{HOST.as_uri()}"></script>'
    widget = small("export default { render({ el }) { el.textContent = 'here'; } };")
    page = write_page(tmp_path, widget, head=again)
    text = page.read_text(encoding="utf-8")
    if attribute:
        text = text.replace(again.replace(f"{attribute} ", ""), "")
    page.write_text(text + again, encoding="utf-8")
    seen = visit(page)
    seen.page.wait_for_selector('[data-widget="ready"]')
    assert seen.page.get_by_text("here").count() == 1
    assert seen.messages == []
