"""The explorer's facets, and two views side by side."""

import pytest

from explorers import (
    EPOCHS,
    REGULARIZERS,
    STAND_IN,
    expected,
    heard,
    landscapes,
    results,
    shown,
    turn,
    write_page,
)
from gradbook.chapters.dropout.explorer import comparison_explorer
from gradbook.widgets import Explorer

FACETS = ("Regularizer", "Mode")
VIEWS = {
    "none": ("none", ""),
    "dropout, one mask": ("dropout", "one mask"),
    "dropout, fresh masks": ("dropout", "fresh masks"),
    "batch norm, a label that needs two lines on a phone": ("batch norm", ""),
}
TRAITS = {"left": "other", "right": "view"}


@pytest.fixture(scope="module")
def atlas() -> dict:
    return landscapes(FACETS, VIEWS, points=7)


@pytest.fixture
def explore(atlas, tmp_path, visit):
    """Opens a page with one explorer, by default two views at epoch 5."""

    def open_explorer(state=None, **options):
        start = {"other": 1, "view": 3, "epoch": 3, "minibatch": 6}
        widget = Explorer(**atlas, **start | (state or {}))
        seen = visit(write_page(tmp_path, widget), **options)
        seen.page.wait_for_selector(".gradbook-explorer")
        return seen

    return open_explorer


# ------------------------------------------------------------------ facets


def best(views: list[list[str]], start: list[str], facet: int, value: str) -> int:
    """The view that a click on a facet's value leads to, the plain way."""
    others = [f for f in range(len(start)) if f != facet]
    found = [i for i, view in enumerate(views) if view[facet] == value]
    for f in others:  # an earlier facet's value is kept where any view left can keep it
        found = [i for i in found if views[i][f] == start[f]] or found
    return found[0]


def leads(views: list[list[str]], facets: list[str]) -> dict[tuple[int, str, str], int]:
    """Every click a reader can make, from every view, and the view it leads to."""
    found = {}
    for i, start in enumerate(views):
        for f, facet in enumerate(facets):
            offered = {view[f] for view in views if view[:f] == start[:f]}
            for value in offered if offered != {""} else ():
                found[i, facet.lower(), value] = best(views, start, f, value)
    return found


@pytest.mark.parametrize("side", ["left", "right"])
def test_every_value_of_every_facet_leads_to_the_nearest_view(tmp_path, visit, side):
    explorer = comparison_explorer(results())
    page = visit(write_page(tmp_path, explorer)).page
    page.wait_for_selector(".gradbook-explorer")
    clicks = page.evaluate(
        f"async ([trait, side]) => {{ {STAND_IN}"
        """
          const clicks = [];
          const picker = el.querySelectorAll(".picker")[side];
          for (let i = 0; i < state.meta.views.length; i++) {
            model.set(trait, i);
            const open = [...picker.querySelectorAll(".choice")].filter((row) => !row.hidden);
            for (const row of open) {
              const control = row.dataset.control;
              model.set(trait, i);
              for (const label of [...row.querySelectorAll("label")].filter((l) => !l.hidden)) {
                model.set(trait, i);
                label.querySelector("input").click();
                const at = [...picker.querySelectorAll("input:checked")]
                  .map((input) => input.parentElement.textContent);
                clicks.push([i, control, label.textContent, state[trait], at]);
              }
            }
          }
          return clicks;
        }""",
        [TRAITS[side], ["left", "right"].index(side)],
    )
    facets = explorer.meta["facets"]
    views = [view["facets"] for view in explorer.meta["views"]]
    assert {tuple(click[:3]): click[3] for click in clicks} == leads(views, facets)
    assert len(clicks) > 60
    for *_, landed, checked in clicks:
        assert checked == [value or "–" for value in views[landed]]


def test_a_click_keeps_the_earlier_facets():
    explorer = comparison_explorer(results())
    views = [view["facets"] for view in explorer.meta["views"]]
    facets = [title.lower() for title in explorer.meta["facets"]]
    for (start, facet, _), end in leads(views, explorer.meta["facets"]).items():
        before = facets.index(facet)
        assert views[start][:before] == views[end][:before]


def test_one_facet_is_one_row_of_toggles(tmp_path, visit):
    page = visit(write_page(tmp_path, Explorer(**landscapes()))).page
    page.wait_for_selector(".gradbook-explorer")
    rows = page.locator(".choice")
    assert rows.evaluate_all("(all) => all.map((row) => row.dataset.control)") == [
        "regularizer",
        "layer",
    ]
    assert rows.first.locator("label").all_inner_texts() == list(REGULARIZERS)


# ------------------------------------------------------------------ two views


def pick(page, side: str, facet: str, value: str):
    group = page.get_by_role("group", name=side, exact=True)
    group.locator(f'[data-control="{facet}"] label', has_text=value).click()


def test_each_side_has_its_picker_and_its_numbers(atlas, explore):
    seen = explore()
    page = seen.page
    views = list(VIEWS.values())
    state = {"left": 1, "right": 3}
    moves = [("Right", 0, "dropout"), ("Right", 1, "fresh masks"), ("Left", 0, "batch norm")]
    for side, facet, value in moves:
        pick(page, side, FACETS[facet].lower(), value)
        now = side.lower()
        state[now] = best(views, views[state[now]], facet, value)
        turn(page, epoch=4, layer=1, minibatch=12)
        numbers = shown(page)[1]
        for each, view in state.items():
            for name, value in expected(atlas, view, 4, 1, 12).items():
                got = numbers[f"{name} {each}"][0]
                assert got == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), name
    assert state == {"left": 3, "right": 2}
    assert (seen.messages, seen.foreign) == ([], [])


def test_a_side_s_picker_leaves_the_other_side_alone(explore):
    page = explore().page
    for side, other in (("Left", "right"), ("Right", "left")):
        before = shown(page)[0]
        pick(page, side, "regularizer", "none")
        after = shown(page)[0]
        changed = {name for name in after if after[name] != before[name]}
        assert changed == {
            f"{picture} {side.lower()}"
            for picture in ("field", "rose", "strip epoch", "strip minibatch")
        }, other


def test_the_same_view_on_both_sides_is_the_same_picture(explore):
    pictures, numbers = shown(explore({"other": 2, "view": 2}).page)
    for picture in ("field", "rose", "strip epoch", "strip minibatch"):
        assert pictures[f"{picture} left"] == pictures[f"{picture} right"]
    left = [value for name, value in numbers.items() if name.endswith("left")]
    assert left == [value for name, value in numbers.items() if name.endswith("right")]


def visible(page, selector: str) -> list[str]:
    return page.locator(selector).evaluate_all(
        """(all) => all.filter((e) => e.checkVisibility({ visibilityProperty: true }))
             .map((e) => e.innerText)"""
    )


def test_headings_heads_hints_and_notes_say_which_side_is_which(explore):
    page = explore().page
    assert visible(page, ".heading .pile span") == [list(VIEWS)[1], list(VIEWS)[3]]
    assert visible(page, ".name") == ["at epoch 5"] * 2
    assert visible(page, "thead th") == ["Left", "Right"]
    assert visible(page, ".notes p") == [
        f"{side}: How {list(VIEWS)[i]} was differentiated."
        for side, i in (("Left", 1), ("Right", 3))
    ]
    assert visible(page, ".slider small") == [
        "L, R: mean pairwise cosine",
        "L, R: cosine with the mean",
    ]
    assert visible(page, ".bars > span") == ["L", "R"] * 2
    for side in ("Left", "Right"):
        group = page.get_by_role("group", name=side, exact=True)
        assert group.get_by_role("radiogroup", name="Regularizer").count() == 1


def test_in_the_start_mode_nothing_of_the_comparison_shows(explore):
    page = explore({"other": -1}).page
    assert visible(page, ".heading .pile span") == []
    assert visible(page, ".name") == ["Start: epoch 0", "Now: epoch 5"]
    assert visible(page, "thead th") == ["Start", "Now"]
    assert visible(page, ".notes p") == [f"How {list(VIEWS)[3]} was differentiated."]
    assert visible(page, ".bars > span") == []
    assert page.locator(".picker").count() == 1
    assert page.get_by_role("group", name="View").count() == 1
    strips = page.locator(".strip").evaluate_all("(all) => all.map((e) => e.checkVisibility())")
    assert strips == [False, True] * 2


def test_the_left_side_can_be_given_and_taken_away_while_it_shows(atlas, explore):
    page = explore({"other": -1}).page
    heads = page.evaluate(
        f"async () => {{ {STAND_IN}"
        """
          const seen = [];
          for (const other of [-1, 2, -1, 0]) {
            model.set("other", other);
            seen.push([el.querySelectorAll(".picker").length,
              el.querySelector(".name").textContent,
              Number(el.querySelector("[data-number=norm]").dataset.value)]);
          }
          return seen;
        }"""
    )
    want = [(3, 0), (2, 3), (3, 0), (0, 3)]  # view and epoch on the left
    for (pickers, name, norm), (view, epoch) in zip(heads, want, strict=True):
        assert pickers == (2 if epoch else 1)
        assert name == ("at epoch 5" if epoch else "Start: epoch 0")
        assert norm == pytest.approx(expected(atlas, view, epoch, 0, 6)["norm"])


def test_a_screen_reader_hears_both_views(explore):
    page = explore().page
    turn(page, epoch=2, minibatch=8)
    _, spoken = heard(page)
    names = list(VIEWS)
    assert spoken.startswith(f"Minibatch 9, epoch 2, left {names[1]}, right {names[3]}: mean pair")
    for name in (names[1], names[3]):
        label = f"Gradient field of minibatch 9 at epoch {EPOCHS[2]}, {name}"
        assert page.get_by_role("application", name=label).count() == 1


PLACES = """() => [...document.querySelectorAll(".gradbook-explorer :is(svg, table, .legend)")]
  .filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect())
  .map((b) => [b.x, b.y, b.width, b.height])"""


@pytest.mark.parametrize("other", [-1, 0])
@pytest.mark.parametrize(
    ("width", "options"),
    [
        (320, {"is_mobile": True, "has_touch": True}),
        (390, {"is_mobile": True, "has_touch": True}),
        *((width, {}) for width in (390, 720, 1280)),
    ],
)
@pytest.mark.parametrize("font", ["serif", "sans-serif"])
def test_nothing_jumps_whichever_views_are_shown(tmp_path, visit, width, options, font, other):
    explorer = comparison_explorer(results(), other=other)
    path = write_page(tmp_path, explorer, body=f'style="font-family: {font}"')
    page = visit(path, width, **options).page
    page.wait_for_selector(".gradbook-explorer")
    page.evaluate(
        "async () => {"
        + STAND_IN
        + "document.querySelector('main').remove(); window.explorer = model; }"
    )
    page.wait_for_function("document.querySelector('.picker').style.minHeight")
    before = page.evaluate(PLACES)
    for view in range(11):
        page.evaluate(
            """([view, other]) => {
              window.explorer.set("view", view);
              window.explorer.set("other", other);
              window.explorer.set("cursor", view % 9);
            }""",
            [view, other if other < 0 else 10 - view],
        )
        assert page.evaluate(PLACES) == before


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_needs_no_sideways_scroll_and_no_small_fingers(tmp_path, visit, width):
    path = write_page(tmp_path, comparison_explorer(results(), other=10, view=4, cursor=0))
    page = visit(path, width=width, height=844, has_touch=True, is_mobile=True).page
    page.wait_for_selector(".gradbook-explorer")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    edges = page.locator(".gradbook-explorer :is(span, td, th, svg, small)").evaluate_all(
        """(all) => all.filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect())
             .map((b) => [b.left, b.right]).flat()"""
    )
    assert min(edges) >= 0
    assert max(edges) <= width
    targets = page.locator(
        ".gradbook-explorer :is(button:not(.rest), label, input[type=range])"
    ).evaluate_all(
        """(all) => all.filter((e) => e.checkVisibility())
             .map((e) => [e.offsetWidth, e.offsetHeight])"""
    )
    assert min(min(size) for size in targets) >= 44
