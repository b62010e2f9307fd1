"""The explorer's shared cursor: mouse, finger and keys, and the numbers at a grid point."""

import numpy as np
import pytest

from explorers import heard, landscapes, shown, turn, write_page
from gradbook.widgets import Explorer

G = 7
CENTRE = G * G // 2
VIEWS = {"none": ("none",), "dropout": ("dropout",), "batch norm": ("batch norm",)}
START = {"other": -1, "view": 1, "epoch": 3, "minibatch": 6}
COMPARED = START | {"other": 2}


@pytest.fixture(scope="module")
def atlas() -> dict:
    return landscapes(views=VIEWS, points=G)


@pytest.fixture
def explore(atlas, tmp_path, visit):
    """Opens a page with one explorer; ``state`` says where it starts."""

    def open_explorer(state, **options):
        seen = visit(write_page(tmp_path, Explorer(**atlas, **state)), **options)
        seen.page.wait_for_selector(".gradbook-explorer")
        return seen

    return open_explorer


def at(page, side: str, point: int) -> tuple[float, float]:
    """Where a grid point's arrow is drawn on the screen."""
    field = page.locator(f".field[data-side={side}]")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    x, y = divmod(point, G)
    return box["x"] + (x + 0.5) * box["width"] / G, box["y"] + (G - y - 0.5) * box["height"] / G


def marked(page) -> list[int | None]:
    """The grid point marked in each field, from where its box is drawn."""
    centres = page.locator(".field .cursor").evaluate_all(
        """(all) => all.map((box) => box.checkVisibility()
             ? [box.x.baseVal.value + box.width.baseVal.value / 2,
                box.y.baseVal.value + box.height.baseVal.value / 2] : null)"""
    )
    return [c and round(c[0] / 20 - 0.5) * G + round(G - c[1] / 20 - 0.5) for c in centres]


def gradients(atlas, view, epoch, layer, minibatch) -> np.ndarray:
    """A landscape in float64, [G · G, 2]; its middle is the centre, which is stored exactly."""
    place = (view, epoch, layer, minibatch)
    field = (atlas["field"][place].astype(float) / 127 * atlas["scale"][place]).reshape(-1, 2)
    field[CENTRE] = atlas["centre"][place]
    return field


def degrees(v: np.ndarray, w: np.ndarray) -> float:
    """The angle between two vectors as complex numbers' difference of arguments."""
    if not (v.any() and w.any()):
        return np.nan
    return abs(np.degrees(np.angle(complex(*v) / complex(*w))))


def check(atlas, page, point: int, places: dict[str, tuple[int, int, int, int]]):
    """The marks are at the point, and the numbers are the arrays'."""
    assert marked(page) == [point, point]
    numbers = shown(page)[1]
    for side, place in places.items():
        field = gradients(atlas, *place)
        norm, angle = np.linalg.norm(field[point]), degrees(field[point], field[CENTRE])
        assert numbers[f"cursor-norm {side}"][0] == pytest.approx(norm, rel=1e-6)
        assert numbers[f"cursor-angle {side}"][0] == pytest.approx(angle, abs=1e-4, nan_ok=True)
        text = numbers[f"cursor-angle {side}"][1]
        assert text == ("–" if np.isnan(angle) else f"{angle:.0f}°")


def off(page):
    """No mark, no number."""
    assert marked(page) == [None, None]
    texts = [text for name, (_, text) in shown(page)[1].items() if name.startswith("cursor")]
    assert texts == ["–"] * 4
    assert page.get_by_text("at the cursor", exact=True).is_visible()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    ("state", "places"),
    [
        (START, {"left": (1, 0, 0, 6), "right": (1, 3, 0, 6)}),
        (COMPARED, {"left": (2, 3, 0, 6), "right": (1, 3, 0, 6)}),
    ],
)
def test_the_mouse_marks_one_offset_in_both_fields(atlas, explore, width, state, places):
    seen = explore(state, width=width)
    page = seen.page
    off(page)
    for point in (0, G - 1, G * (G - 1), G * G - 1, CENTRE, 17, 30):
        for side in ("left", "right"):
            page.mouse.move(*at(page, side, point))
            check(atlas, page, point, places)
    page.mouse.move(1, 1)
    off(page)
    assert (seen.messages, seen.foreign) == ([], [])


def test_at_the_centre_stands_the_minibatch_s_own_gradient(explore):
    numbers = shown(explore(COMPARED | {"cursor": CENTRE}).page)[1]
    for side in ("left", "right"):
        assert numbers[f"cursor-norm {side}"] == numbers[f"norm {side}"]
        assert numbers[f"cursor-angle {side}"] == [0, "0°"]


def test_a_zero_gradient_has_no_angle(atlas, explore):
    page = explore({"other": 2, "view": 0, "epoch": 1, "minibatch": 5, "cursor": 3}).page
    places = {"left": (2, 1, 0, 5), "right": (0, 1, 0, 5)}
    check(atlas, page, 3, places)
    numbers = shown(page)[1]
    assert numbers["cursor-norm left"] == [0, "0"]
    assert numbers["cursor-angle left"][1] == "–"
    assert numbers["cursor-angle right"][1].endswith("°")


def test_the_cursor_stays_at_its_offset_while_the_rest_turns(atlas, explore):
    page = explore(START | {"cursor": 11}).page
    turn(page, regularizer=0, layer=1, epoch=4, minibatch=30)
    check(atlas, page, 11, {"left": (0, 0, 1, 30), "right": (0, 4, 1, 30)})


@pytest.mark.parametrize("width", [390, 1280])
def test_a_tap_marks_and_stays_until_the_next(atlas, explore, width):
    seen = explore(COMPARED, width=width, height=844, has_touch=True, is_mobile=width == 390)
    page = seen.page
    places = {"left": (2, 3, 0, 6), "right": (1, 3, 0, 6)}
    for side, point in (("left", 9), ("right", 40), ("left", CENTRE + 1)):
        page.touchscreen.tap(*at(page, side, point))
        check(atlas, page, point, places)
    page.locator('[data-action="next"]').tap()
    assert marked(page) == [CENTRE + 1] * 2
    assert seen.messages == []


def test_a_finger_that_scrolls_the_page_leaves_the_mark(explore):
    page = explore(COMPARED, width=390, height=500, has_touch=True, is_mobile=True).page
    page.touchscreen.tap(*at(page, "right", 40))
    x, y = at(page, "left", 10)
    before = page.evaluate("scrollY")
    finger = page.context.new_cdp_session(page)
    for event, dy in [("Start", 0), *(("Move", -20 * i) for i in range(1, 8)), ("End", None)]:
        points = [] if dy is None else [{"x": x, "y": y + dy}]
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{event}", "touchPoints": points})
    page.wait_for_function("before => scrollY > before + 20", arg=before)
    assert marked(page) == [40, 40]


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_arrow_keys_move_by_one_point_from_the_centre(explore, side):
    page = explore(COMPARED).page
    page.locator(f".field[data-side={side}]").focus()
    x = y = G // 2
    keys = ["ArrowRight", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowDown"] + ["ArrowLeft"] * G
    for key in keys:
        page.keyboard.press(key)
        x += {"ArrowRight": 1, "ArrowLeft": -1}.get(key, 0)
        y += {"ArrowUp": 1, "ArrowDown": -1}.get(key, 0)
        x = max(x, 0)  # the border holds it
        assert marked(page) == [x * G + y] * 2
    page.keyboard.press("Escape")
    off(page)
    page.keyboard.press("ArrowDown")
    assert marked(page) == [CENTRE - 1] * 2
    assert page.evaluate("scrollY") == 0


def test_the_row_says_the_offset_and_a_screen_reader_hears_it(explore):
    page = explore(START).page
    page.locator(".field[data-side=right]").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.get_by_text("at the cursor (+0.017, −0.033)", exact=True).is_visible()
    _, spoken = heard(page)
    numbers = {name: text for name, (_, text) in shown(page)[1].items()}
    norms, angles = (
        " and ".join(numbers[f"cursor-{name} {side}"] for side in ("left", "right"))
        for name in ("norm", "angle")
    )
    assert spoken == f"at the cursor (+0.017, −0.033): norm {norms}; angle to the centre {angles}"


@pytest.mark.parametrize("state", [START, COMPARED])
@pytest.mark.parametrize("width", [320, 390, 720, 1280])
def test_nothing_jumps_when_the_cursor_moves(explore, width, state):
    page = explore(state, width=width).page
    places = """() => [...document.querySelectorAll(".gradbook-explorer :is(svg, tr, p)")]
      .map((e) => e.getBoundingClientRect()).map((b) => [b.x, b.y, b.width, b.height])"""
    page.locator(".field[data-side=left]").focus()
    before = page.evaluate(places)
    for key in ("ArrowLeft", "ArrowDown", "ArrowDown", "Escape"):
        page.keyboard.press(key)
        assert page.evaluate(places) == before


def test_two_views_of_one_model_share_the_cursor(atlas, tmp_path, visit):
    widget = Explorer(**atlas)
    page = visit(write_page(tmp_path, widget, widget)).page
    page.wait_for_function("document.querySelectorAll('.gradbook-explorer').length === 2")
    page.locator(".field").first.focus()
    page.keyboard.press("ArrowUp")
    assert marked(page) == [CENTRE + 1] * 4
