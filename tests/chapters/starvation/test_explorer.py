"""The starvation explorer: what it refuses, and what a reader sees, hears and turns."""

import itertools

import numpy as np
import pytest

from explorers import heard, write_page
from gradbook.chapters.starvation import effects
from gradbook.chapters.starvation.explorer import CURVES, NOTES, Boundary, boundary_explorer
from gradbook.evidence import atlas

MARGINS, EPOCHS = [-0.1, 0.1], [0, 1, 5, 20, 50, 100]
NONE, DECAY, DECOUPLING = ["none", 0.0], ["weight decay", 0.01], ["spectral decoupling", 0.006]
COURSES = [
    [NONE],
    [["weight decay", 0.001]],
    [DECAY],
    [["batch norm", 0.0]],
    [DECOUPLING],
    *([a, [at, *b]] for a in (NONE, DECAY, DECOUPLING) for at in (5, 20) for b in (NONE, DECOUPLING)
      if a != b),
]  # fmt: skip
GRID = [[-1.0, 1.0, 5], [-1.5, 1.5, 7]]
NAMES = ["none", "weight decay", "batch norm", "spectral decoupling"]
STRENGTHS = [[0.0], [0.001, 0.01], [0.0], [0.006]]


def lengths():
    return [len(EPOCHS) - (EPOCHS.index(c[1][0]) + 1 if len(c) == 2 else 0) for c in COURSES]


def arrays(seed=0):
    """Made up; every answer is a plane a·x₁ + b·x₂ + c, so that its boundary is known."""
    generator = np.random.default_rng(seed)
    M, R, n = len(MARGINS), sum(lengths()), 12
    tilt = generator.uniform([2, -0.5, -0.5], [3, 0.5, 0.5], (M, R, 3))
    x, y = np.meshgrid(*(np.linspace(*axis) for axis in GRID), indexing="ij")
    answers = tilt @ np.stack([x, y, np.ones_like(x)]).reshape(3, -1)
    scale = np.abs(answers).max(-1)
    curves = generator.uniform(0.1, 1, (M, R, len(CURVES)))
    curves[..., :2] = generator.normal(0, 0.01, (M, R, 2))
    return {
        "field": np.rint(127 * answers / scale[..., None]).astype(np.int8).reshape(M, R, *x.shape),
        "scale": scale,
        "curves": curves,
        "low": curves - 0.1 * np.abs(curves),
        "high": curves + 0.1 * np.abs(curves),
        "points": generator.uniform(-1, 1, (M, n, 2)),
        "labels": np.tile(np.int8([1, -1]), (M, n // 2)),
    }


def widget(change=None, courses=COURSES, epochs=EPOCHS, **state):
    given = arrays() | (change or {})
    return Boundary(
        given, margins=MARGINS, epochs=epochs, courses=courses, grid=GRID, seeds=3, **state
    )


def record(margin, regularizer, strength, switch, then, epoch) -> tuple[int, int]:
    """Where a state's numbers are, found the plain way, and -1 or the record without the switch."""
    first = [NAMES[regularizer], STRENGTHS[regularizer][strength]]
    starts = np.cumsum([0, *lengths()])
    base = int(starts[COURSES.index([first])]) + epoch
    if switch:
        at = [5, 20][switch - 1]
        course = [first, [at, *[NONE, DECOUPLING][then]]]
        if course in COURSES and EPOCHS[epoch] > at:
            return int(starts[COURSES.index(course)]) + epoch - EPOCHS.index(at) - 1, base
    return base, base


# ------------------------------------------------------------------ Python


def test_the_bytes_are_the_arrays():
    given, shown = arrays(), widget()
    for name, values in given.items():
        kind = "int8" if name in ("field", "labels") else "<f4"
        back = np.frombuffer(getattr(shown, name), kind).reshape(values.shape)
        np.testing.assert_array_equal(back, values.astype(kind))
    assert [one["name"] for one in shown.meta["regularizers"]] == NAMES
    assert [one["strengths"] for one in shown.meta["regularizers"]] == STRENGTHS
    assert shown.meta["switches"] == [5, 20] and shown.epoch == len(EPOCHS) - 1
    assert [then["name"] for then in shown.meta["thens"]] == ["none", "spectral decoupling"]
    assert all(one["note"] == NOTES[one["name"]][1] for one in shown.meta["thens"])


def test_every_option_can_be_set_and_none_beyond():
    shown = widget()
    sizes = {"margin": 2, "regularizer": 4, "strength": 2, "switch": 3, "then": 2, "epoch": 6}
    for name, size in sizes.items():
        for value in range(size):
            setattr(shown, name, value)
            assert getattr(shown, name) == value
        for value in (-1, size):
            with pytest.raises(ValueError, match=f"expected {name} from 0 to {size - 1}, got"):
                setattr(shown, name, value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"field": np.zeros((2, 3, 5, 7), np.int8)}, r"expected finite 'field' \[2, 5\d, 5, 7\]"),
        ({"field": np.zeros((2, sum(lengths()), 5, 7))}, "expected 'field' as int8, got float64"),
        ({"curves": np.full((2, sum(lengths()), 9), np.nan)}, "expected finite 'curves'"),
        ({"scale": np.full((2, sum(lengths())), -1.0)}, "expected a scale that is not negative"),
        ({"labels": np.zeros((2, 12), np.int8)}, "expected labels of -1 and 1"),
        ({"points": np.zeros((2, 11, 2))}, r"expected finite 'points' \[2, 12, 2\]"),
        ({"high": np.zeros(3)}, "expected finite 'high'"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        widget(change)


@pytest.mark.parametrize(
    ("courses", "message"),
    [
        ([[["fasting", 1.0]]], r"expected regularizers of .* got 'fasting'"),
        ([[NONE, [5, "fasting", 1.0]], [NONE]], r"expected regularizers of .* got 'fasting'"),
        ([[NONE], [NONE, [7, *DECAY]]], r"expected switches at epochs of .* got \[7\]"),
        ([[NONE], [NONE, [100, *DECAY]]], r"expected switches at epochs of .* got \[100\]"),
        ([[NONE], [DECAY, [5, *NONE]]], r"expected also a course \[\['weight decay', 0.01\]\]"),
        ([[NONE], [NONE]], "expected each course once"),
        ([[NONE, [5, *DECAY], [20, *NONE]]], "expected courses of one or two stages"),
    ],
)
def test_courses_that_cannot_be_are_refused(courses, message):
    with pytest.raises(ValueError, match=message):
        widget(courses=courses)


def test_epochs_must_ascend_from_the_start():
    with pytest.raises(ValueError, match="expected epochs that ascend from 0"):
        widget(epochs=[1, 2, 3])


def test_it_reads_the_same_at_every_run():
    assert repr(widget()) == "Boundary: run this cell to turn it"


# ------------------------------------------------------------------ in a browser


@pytest.fixture(scope="module")
def given() -> dict:
    return arrays()


@pytest.fixture
def opened(tmp_path, visit):
    """Opens a page with the explorer; at the end it must have reported nothing."""
    pages = []

    def open_page(width=1280, state=None, **options):
        pages.append(visit(write_page(tmp_path, widget(**(state or {}))), width=width, **options))
        pages[-1].page.wait_for_selector("[data-widget=ready]")
        return pages[-1].page

    yield open_page
    assert all((seen.messages, seen.foreign) == ([], []) for seen in pages)


def turn(page, **state):
    for name, value in state.items():
        control = page.locator(f"[data-control={name}]")
        if name == "epoch":
            control.locator("input").fill(str(value))
        else:
            control.locator("label").nth(value).click()


def shown(page) -> dict[str, float]:
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("[data-number]")]
             .map((cell) => [cell.dataset.number, Number(cell.dataset.value)]))"""
    )


def test_every_option_shows_its_own_numbers(opened, given):
    page = opened(state={"margin": 0})
    curves = given["curves"].astype(np.float32)
    for margin, (regularizer, own) in itertools.product(range(2), enumerate(STRENGTHS)):
        turn(page, margin=margin, regularizer=regularizer)
        fixed = NAMES[regularizer] == "batch norm"
        for switch, then in [(0, 0)] if fixed else [(0, 0), *itertools.product((1, 2), (0, 1))]:
            if not fixed:
                turn(page, switch=0)
            open_strengths = range(len(own)) if switch == 0 else [len(own) - 1]
            for strength, epoch in itertools.product(open_strengths, range(len(EPOCHS))):
                if len(own) > 1:
                    turn(page, strength=strength)
                if switch:
                    turn(page, switch=switch, then=then)
                turn(page, epoch=epoch)
                place, _ = record(margin, regularizer, strength, switch, then, epoch)
                expected = dict(zip(CURVES, curves[margin, place].tolist(), strict=True))
                assert shown(page) == pytest.approx(expected, rel=1e-6)


def numbers(path: str) -> np.ndarray:
    """The points of an outline of straight lines."""
    return np.array([float(x) for x in path.replace("M", " ").replace("L", " ").split()]).reshape(
        -1, 2
    )


def test_the_boundary_is_where_the_answer_is_zero(opened, given):
    page = opened(state={"margin": 1, "epoch": 3})
    place = record(1, 0, 0, 0, 0, 3)[0]
    answers = given["field"][1, place] / 127 * given["scale"][1, place]
    line = numbers(page.locator("path.edge").get_attribute("d")) / 90
    x, y = line[:, 0] - 1, 1.5 - line[:, 1]
    slope, rise = answers[-1, 3] - answers[0, 3], answers[2, -1] - answers[2, 0]
    np.testing.assert_allclose(slope / 2 * x + rise / 3 * y + answers[2, 3], 0, atol=0.05)
    assert y.max() - y.min() > 2.5
    assert page.locator("circle.plus").count() == page.locator(".map path.minus").count() == 6
    first = page.locator("circle.plus").first
    drawn = [float(first.get_attribute(name)) / 90 for name in ("cx", "cy")]
    np.testing.assert_allclose([drawn[0] - 1, 1.5 - drawn[1]], given["points"][1, 0], atol=1e-3)


def test_the_still_shows_the_course_that_it_begins_with(given):
    plain, switched = (widget(margin=1, switch=w, then=1).still() for w in (0, 2))
    assert plain.count("<circle") == 12 and "margin +0.1, no regularizer, epoch 100" in plain
    assert "from epoch 20 on spectral decoupling" in switched
    place = record(1, 0, 0, 0, 0, len(EPOCHS) - 1)
    accuracy = given["curves"][1, place[0], 7]
    assert f"{100 * accuracy:.0f} % right" in plain and switched != plain


def test_a_switch_is_marked_and_the_course_without_it_stays(opened, given):
    page = opened(state={"margin": 1})
    curve, ghost = (page.locator(f".{kind}.second").nth(1) for kind in ("curve", "ghost"))
    whole = numbers(curve.get_attribute("d"))
    assert len(whole) == len(EPOCHS) and not ghost.get_attribute("d")
    np.testing.assert_allclose(whole[:, 0], 400 * np.sqrt(np.array(EPOCHS) / 100), atol=0.01)
    assert page.locator(".flags").inner_text() == ""
    turn(page, switch=2, then=1)
    switched, left = numbers(curve.get_attribute("d")), numbers(ghost.get_attribute("d"))
    np.testing.assert_array_equal(switched[:4], whole[:4])
    assert (switched[4:, 1] != whole[4:, 1]).all()
    np.testing.assert_array_equal(left, whole[3:])
    turns = page.locator("path.turn").evaluate_all("all => all.map(p => p.getAttribute('d'))")
    assert turns == [f"M{round(400 * np.sqrt(0.2), 2)} 0V100"] * 3
    assert page.locator(".flags").inner_text() == "switch"
    note = page.locator(".note").nth(1).locator("span:visible")
    assert note.inner_text().startswith("From the switch on spectral decoupling 0.006: κf²/2 is")
    turn(page, then=0)  # from none to none
    assert numbers(curve.get_attribute("d")).tolist() == whole.tolist()
    assert note.inner_text() == "From the switch on nothing changes."


def test_what_has_no_effect_is_not_offered(opened):
    page = opened()
    row = {name: page.locator(f"[data-control={name}]") for name in ("strength", "switch", "then")}

    def open_rows():
        return [name for name in row if row[name].locator("input:enabled:visible").count()]

    assert open_rows() == ["switch"]
    turn(page, regularizer=1)
    assert row["strength"].locator("label:visible").all_inner_texts() == ["0.001", "0.01"]
    turn(page, switch=1)
    assert row["strength"].locator("label:visible").all_inner_texts() == ["0.01"]
    assert open_rows() == ["strength", "switch", "then"]
    turn(page, regularizer=2)
    assert open_rows() == []


def test_keys_turn_and_the_numbers_are_spoken(opened):
    page = opened(state={"epoch": 2})
    page.locator("[data-control=regularizer] input").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")  # past the switch, to the slider's button
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.locator("[data-control=regularizer] input").nth(1).is_checked()
    assert page.locator("[data-control=epoch] output").inner_text() == "20"
    page.wait_for_function("document.querySelector('.spoken').textContent.includes('epoch 20')")
    first, whole = heard(page)
    assert first.startswith("margin −0.1, weight decay 0.001, epoch 20: loss") and len(first) <= 120
    assert whole.startswith(first) and "Response bent" in whole


def test_play_goes_to_the_end_and_a_chart_takes_the_reader_to_an_epoch(opened):
    page = opened(state={"epoch": 5})
    page.locator("[data-action=play-epoch]").click()
    page.wait_for_function("document.querySelector('input[type=range]').value === '2'")
    page.wait_for_selector("[aria-label='Play epochs']")
    assert page.locator("[data-control=epoch] output").inner_text() == "100"
    chart = page.locator(".area svg").first
    box = chart.bounding_box()
    chart.click(position={"x": box["width"] * np.sqrt(0.2) + 1, "y": 5})
    assert page.locator("[data-control=epoch] output").inner_text() == "20"


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_nothing_jumps_and_all_can_be_read(opened, width, scheme):
    page = opened(width, color_scheme=scheme)
    frame, heights = page.locator(".gradbook-boundary .frame"), set()
    for regularizer, switch in itertools.product(range(4), range(3)):
        turn(page, regularizer=regularizer)
        if NAMES[regularizer] != "batch norm":
            turn(page, switch=switch)
        heights.add(round(frame.bounding_box()["height"]))
    assert len(heights) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = frame.evaluate(
        """(frame) => [...frame.querySelectorAll("*")].filter((e) => e.textContent.trim())
             .map((e) => parseFloat(getComputedStyle(e).fontSize))"""
    )
    assert min(sizes) >= 12


def test_a_course_alone_has_no_choices_and_no_bands(tmp_path, visit):
    few = {name: values[:1] for name, values in arrays().items() if name not in ("low", "high")}
    rows = [name for name in ("field", "scale", "curves")]
    few |= {name: few[name][:, : len(EPOCHS)] for name in rows}
    alone = Boundary(few, margins=[0.1], epochs=EPOCHS, courses=[[NONE]], grid=GRID)
    seen = visit(write_page(tmp_path, alone))
    seen.page.wait_for_selector("[data-widget=ready]")
    assert seen.page.locator("[data-control]:visible").count() == 1
    assert not any(
        path.get_attribute("d") for path in seen.page.locator("path.band, path.ghost").all()
    )
    assert "seeds" not in seen.page.locator(".legend").inner_text()
    assert (seen.messages, seen.foreign) == ([], [])


def test_the_shipped_courses_open_and_show_their_numbers(tmp_path, visit):
    results = atlas.load("boundary")
    page = write_page(tmp_path, boundary_explorer(results, margin=1, switch=2, then=3))
    assert page.stat().st_size < 1.2e6
    seen = visit(page)
    seen.page.wait_for_selector("[data-widget=ready]")
    assert results.config["curves"] == list(CURVES)
    switched = [NONE, [500, *DECOUPLING]]
    expected = {
        curve: effects.of_course(results, 0.1, switched, curve)[0][-1].item() for curve in CURVES
    }
    assert shown(seen.page) == pytest.approx(expected, rel=1e-6)
    assert "10 seeds" in seen.page.locator(".legend").inner_text()
    assert (seen.messages, seen.foreign) == ([], [])
