"""The examples explorer: what it refuses, and what a reader sees, turns and hears in a browser."""

import itertools

import numpy as np
import pytest

from explorers import STAND_IN, heard, write_page
from gradbook.chapters.generalization.explorer import (
    AGREEMENTS,
    CURVES,
    Examples,
    examples_explorer,
    halves,
    whole,
)
from gradbook.evidence import atlas

SHARES, SIZES, EPOCHS = (0.0, 0.2), (10, 300), (0, 1, 2, 5, 10)
REGULARIZERS = {"none": [0.0], "weight decay": [0.01, 0.02], "dropout": [0.5]}
SHOWN = [(10, 0)] * 4 + [(30, 0)] * 4 + [(8, 2)] * 4 + [(24, 6)] * 4
S, E, M = len(SHOWN), len(EPOCHS), 30
RUNS = 4


def arrays(seed: int = 0) -> dict[str, np.ndarray]:
    """Different numbers at every index; nothing wrong-labelled where the share is 0."""
    rng = np.random.default_rng(seed)
    line = np.exp(rng.normal(-4, 2, (S, len(CURVES), E)))
    errors = [name.endswith("error") for name in CURVES]
    line[:, errors] = rng.uniform(size=(S, sum(errors), E))
    curves = np.stack([line, 0.8 * line, np.minimum(1.1 * line, 1)], 1)
    agreements = rng.integers(-127, 128, (S, E, M, 3)).astype(np.int8)
    curves[: S // 2, :, [name.startswith("wrong") for name in CURVES]] = np.nan
    agreements[: S // 2, ..., AGREEMENTS.index("wrong")] = -128
    return {
        "curves": curves,
        "doses": rng.normal(0, 1e-2, (S, E, M)),
        "agreements": agreements,
        "answered": rng.uniform(size=(S, E, M)) < 0.5,
    }


@pytest.fixture(scope="module")
def given() -> dict[str, np.ndarray]:
    return arrays()


def explorer(given: dict[str, np.ndarray], **change) -> Examples:
    labels = {
        "shares": SHARES,
        "sizes": SIZES,
        "regularizers": REGULARIZERS,
        "epochs": EPOCHS,
        "shown": SHOWN,
        "seeds": "Lines are seed 10.",
    }
    return Examples(given, **labels | change)


# ------------------------------------------------------------------ Python


def test_the_bytes_are_the_arrays(given):
    widget = explorer(given)
    curves = np.frombuffer(widget.curves, "<f4").reshape(S, 3, len(CURVES), E)
    np.testing.assert_array_equal(curves, given["curves"].astype("<f4"))
    doses = whole(np.frombuffer(widget.doses, "<u2").reshape(S, E, M))
    np.testing.assert_allclose(doses, given["doses"], rtol=2**-8)
    cosines = np.frombuffer(widget.agreements, "i1").reshape(S, E, M, 3)
    np.testing.assert_array_equal(cosines, given["agreements"])
    bits = np.frombuffer(widget.answered, "u1").reshape(S, E, -1)
    np.testing.assert_array_equal(np.unpackbits(bits, axis=-1, count=M), given["answered"])
    assert [r["name"] for r in widget.meta["regularizers"]] == list(REGULARIZERS)
    assert (widget.meta["sizes"], widget.meta["epochs"]) == ([10, 300], [0, 1, 2, 5, 10])


def test_the_still_has_the_doses_that_it_begins_with(given):
    still = explorer(given, share=1, size=1, regularizer=1, strength=1, epoch=3).still()
    setting = (1 * 2 + 1) * RUNS + 2
    general, right, wrong = given["curves"][setting, 0, :3, 3]
    assert "300 examples, 20 % with wrong labels, weight decay, epoch 5" in still
    assert f"{general:.3f}, own, with a right label {right:.3f}" in still
    assert f"wrong label {wrong:.3f}" in still and still.count("<rect") == 3
    assert explorer(given).still().count("<rect") == 2  # no label is wrong


def test_halves_round_to_the_nearest_and_keep_nan_zero_and_sign():
    values = np.float32([0, -1, 1.5, 1 + 2**-8, 1 + 3 * 2**-8, -3e-30, 2e30])
    np.testing.assert_allclose(whole(halves(values)), values, rtol=2**-8)
    assert whole(halves(np.float32([1 + 2**-9]))) == 1
    assert np.isnan(whole(halves(np.float32([np.nan])))).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"curves": lambda a: a[:, 1:]},
            r"'curves' \[16, 3, 9, 5\] of floating, got \[16, 2, 9, 5\]",
        ),
        ({"doses": lambda a: a[:, 1:]}, r"expected 'doses' \[16, 5, 30\] .*, got \[16, 4, 30\]"),
        ({"agreements": lambda a: a[..., 0]}, r"expected 'agreements' \[16, 5, 30, 3\] of int8"),
        ({"agreements": lambda a: a / 127}, r"of int8, got \[16, 5, 30, 3\] of float64"),
        ({"answered": lambda a: a[1:]}, r"expected 'answered' \[16, 5, 30\] of bool"),
        ({"answered": lambda a: 1 * a}, r"of bool, got \[16, 5, 30\] of int64"),
        ({"doses": lambda a: a + np.nan}, "expected finite 'doses'"),
        ({"curves": lambda a: a / 0}, "expected finite 'curves'"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_arrays_that_do_not_fit_are_refused(given, change, message):
    ((name, bend),) = change.items()
    with pytest.raises(ValueError, match=message):
        explorer(given | {name: bend(given[name])})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"regularizers": {"prayer": [1, 2, 3, 4]}}, "expected regularizers of .* got 'prayer'"),
        ({"shown": SHOWN[1:]}, "expected 'shown' to be 16 pairs that add up to 1 to 30"),
        ({"shown": [(30, 1)] * S}, "expected 'shown' to be 16 pairs"),
        ({"sizes": (10, 100, 1000)}, r"expected 'curves' \[24, 3, 9, 5\]"),
        ({"epoch": 5}, "expected epoch from 0 to 4, got 5"),
    ],
)
def test_labels_that_do_not_fit_are_refused(given, change, message):
    with pytest.raises(ValueError, match=message):
        explorer(given, **change)


@pytest.mark.parametrize(
    ("name", "last"),
    [("share", 1), ("size", 1), ("regularizer", 2), ("strength", 1), ("epoch", 4), ("example", 29)],
)
def test_an_index_out_of_range_is_refused(given, name, last):
    widget = explorer(given)
    setattr(widget, name, last)
    for index in (-1, last + 1):
        with pytest.raises(ValueError, match=f"expected {name} from 0 to {last}, got {index}"):
            setattr(widget, name, index)


def test_it_reads_the_same_at_every_run(given):
    assert repr(explorer(given)) == "Examples: run this cell to turn it"


# ------------------------------------------------------------------ the browser


@pytest.fixture
def explore(given, tmp_path, visit):
    """Opens a page with one explorer; at the end it must have said nothing."""
    opened = []

    def open_explorer(state=None, **options):
        page = write_page(tmp_path, explorer(given, **(state or {})))
        opened.append(visit(page, **options))
        opened[-1].page.wait_for_selector(".gradbook-examples")
        return opened[-1].page

    yield open_explorer
    assert all((seen.messages, seen.foreign) == ([], []) for seen in opened)


def turn(page, **state: int):
    for name, value in state.items():
        if name == "epoch":
            page.locator("[data-control=epoch] input").fill(str(value))
        elif name == "example":
            page.locator(f"[data-example='{value}']").click()
        else:
            page.locator(f"[data-control={name}] label").nth(value).click()


def numbers(page) -> dict[str, float]:
    cells = page.locator(".gradbook-examples [data-number]")
    return dict(cells.evaluate_all("all => all.map(c => [c.dataset.number, +c.dataset.value])"))


def expected(given, share=0, size=0, regularizer=0, strength=0, epoch=0, example=0):
    """The arrays' numbers in one setting."""
    runs = [(r, s) for r, each in enumerate(REGULARIZERS.values()) for s in range(len(each))]
    setting = (share * len(SIZES) + size) * RUNS + runs.index((regularizer, strength))
    found = dict(zip(CURVES, given["curves"][setting, 0, :, epoch], strict=True))
    found["own"] = given["doses"][setting, epoch, example]
    cosines = np.where(
        (codes := given["agreements"][setting, epoch, example]) < -127, np.nan, codes
    )
    return found | {f"own_{name}": c / 127 for name, c in zip(AGREEMENTS, cosines, strict=True)}


def check(page, given, **state):
    shown, known = numbers(page), expected(given, **state)
    assert set(shown) == set(known)
    for name, value in known.items():
        assert shown[name] == pytest.approx(value, rel=2**-8, nan_ok=True), name


SETTINGS = [
    dict(zip(("share", "size", "regularizer", "strength"), (w, n, *run), strict=True))
    for w, n, run in itertools.product((0, 1), (0, 1), [(0, 0), (1, 0), (1, 1), (2, 0)])
]


def test_the_numbers_are_the_arrays_in_every_setting_at_every_epoch(given, explore):
    page = explore()
    for setting in SETTINGS:
        choices = dict(setting)
        if setting["regularizer"] != 1:
            choices.pop("strength")
        turn(page, **choices)
        for epoch in range(E):
            turn(page, epoch=epoch)
            check(page, given, **setting, epoch=epoch)


def test_a_click_chooses_an_example_and_its_numbers(given, explore):
    page = explore({"share": 1, "size": 1, "epoch": 3})
    for example in (0, 11, 12, 24, 29):
        turn(page, example=example)
        check(page, given, share=1, size=1, epoch=3, example=example)
        title = page.locator("[data-chart=agreement] .title").inner_text()
        label = "right" if example < 24 else "wrong"
        assert title == f"Example {example + 1}, {label} label"


def test_the_arrow_keys_walk_the_field_and_stop_at_its_ends(given, explore):
    page = explore({"share": 1, "size": 1})
    field = page.get_by_role("application")
    field.focus()
    at = 0
    walk = [("ArrowRight", 1), ("ArrowDown", 13), ("ArrowLeft", 12), ("ArrowUp", 0)]
    for key, at in [*walk, ("ArrowUp", 0), ("ArrowLeft", 0), ("End", 29), ("ArrowDown", 29)]:
        page.keyboard.press(key)
        assert f"example {at + 1} chosen" in field.get_attribute("aria-label"), key
    check(page, given, share=1, size=1, example=at)


def test_marks_tell_labels_apart_by_shape_and_what_is_answered_by_filling(given, explore):
    page = explore({"share": 1, "size": 1, "epoch": 2})
    heads = page.locator("[data-example]").evaluate_all(
        "all => all.filter(h => h.checkVisibility()).map(h => [h.getAttribute('d'), "
        "h.classList.contains('wrong'), h.classList.contains('answered'), "
        "h.transform.baseVal[0].matrix.f])"
    )
    setting = 12
    shapes = {wrong: {d for d, w, *_ in heads if w is wrong} for wrong in (True, False)}
    assert all(len(shape) == 1 for shape in shapes.values()) and shapes[True] != shapes[False]
    assert [wrong for _, wrong, *_ in heads] == [False] * 24 + [True] * 6
    assert [full for *_, full, _ in heads] == given["answered"][setting, 2].tolist()
    heights = np.array([y for *_, y in heads])
    cosines = given["agreements"][setting, 2, :, 0] / 127
    np.testing.assert_allclose(
        heights, cosines / (cosines @ cosines) * (cosines @ heights), atol=0.01
    )
    assert cosines @ heights < 0, "agreement points up"


def test_an_example_that_a_smaller_set_lacks_gives_way_to_its_last(given, explore):
    page = explore({"share": 1, "size": 1, "example": 29})
    turn(page, size=0)
    check(page, given, share=1, size=0, example=9)
    assert page.locator("[data-example]:visible").count() == 10
    assert "Shown of 10: 8 right, 2 wrong labels" in page.locator(".field .counts").inner_text()


def test_a_line_goes_through_its_numbers(given, explore):
    page = explore({"share": 1, "size": 1})
    drawn = page.locator("[data-line=test_error]").get_attribute("d").replace("h0", "")
    points = [[float(x) for x in point.split()] for point in drawn[1:].split("L")]
    known = given["curves"][12, 0, CURVES.index("test_error")]
    np.testing.assert_allclose(points, np.transpose([np.linspace(0, 100, E), 100 - 100 * known]),
                               atol=0.5)  # fmt: skip


def test_early_stopping_is_where_the_fewest_new_examples_are_missed(given, explore):
    page = explore({"share": 1, "size": 1})
    best = int(given["curves"][12, 0, CURVES.index("test_error")].argmin())
    text = page.get_by_text("Early stopping").inner_text()
    assert text.endswith(f"at epoch {EPOCHS[best]}")


def test_a_line_of_doses_has_gaps_where_there_is_none(given, tmp_path, visit):
    changed = given | {"doses": np.where(np.arange(E)[:, None] == 2, 0, abs(given["doses"]))}
    page = visit(write_page(tmp_path, explorer(changed, epoch=2))).page
    line = page.locator("[data-line=own]").get_attribute("d")
    assert [part.count("L") for part in line.split("M")[1:]] == [1, 1]
    assert page.locator("[data-number=own]").inner_text() == "0"
    assert page.locator("[data-chart=dose] .mark.own:visible").count() == 1, "the table's"
    turn(page, epoch=3)
    assert page.locator("[data-chart=dose] .mark.own:visible").count() == 2


def test_where_no_label_is_wrong_no_line_pretends(explore):
    page = explore()
    for line in ("wrong", "wrong_error", "own_wrong"):
        assert page.locator(f"[data-line={line}]").get_attribute("d") == ""
        assert page.locator(f"[data-number={line}]").inner_text() == "–"


@pytest.fixture(scope="module")
def shipped() -> atlas.Atlas:
    return atlas.load("spectrum")


@pytest.mark.parametrize("width", [390, 1280])
def test_every_shipped_setting_is_shown_without_a_jump(shipped, tmp_path, visit, width):
    """Each number is the atlas's, the height stays, nothing overflows or is too small to read."""
    font = "<style>body { font-family: Verdana, 'DejaVu Sans', sans-serif; }</style>"  # wide ones
    path = write_page(tmp_path, examples_explorer(shipped, example=9), head=font)
    seen = visit(path, width=width)
    page, heights, config = seen.page, set(), shipped.config
    runs = [(r, s) for r, (_, all_) in enumerate(config["regularizers"]) for s in range(len(all_))]
    for (w, n), (run, (r, s)) in itertools.product(
        itertools.product(range(3), range(4)), enumerate(runs)
    ):
        epoch = (7 * w + 5 * n + run) % len(config["epochs"])
        turn(page, share=w, size=n, regularizer=r, epoch=epoch)
        if len(config["regularizers"][r][1]) > 1:
            turn(page, strength=s)
        job = w * len(config["sizes"]) + n
        known = dict(zip(CURVES, shipped["curves"][job, run, 0, :, epoch], strict=True))
        known["own"] = shipped["doses"][job, run, epoch, 9]
        for k, name in enumerate(AGREEMENTS):
            code = shipped["agreements"][job, run, epoch, 9, k]
            known[f"own_{name}"] = np.nan if code == -128 else code / 127
        assert numbers(page) == pytest.approx(known, rel=2**-8, nan_ok=True)
        unseen = shipped["curves"][job, run, 0, CURVES.index("test_error")]
        best = unseen.argmin()
        last = best + np.append(unseen[best:] > unseen[best], True).argmax() - 1
        when = " to ".join(f"{config['epochs'][i]:,}" for i in dict.fromkeys([best, last]))
        stop = page.get_by_text("Early stopping").inner_text()
        assert stop.removesuffix(when).endswith(("at epoch ", "at epochs "))
        heights.add(round(page.locator(".gradbook-examples").bounding_box()["height"]))
    assert len(heights) == 1 and seen.messages == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = page.locator(".gradbook-examples").evaluate(
        """root => [...root.querySelectorAll("*")].filter(e => e.children.length === 0
             && e.textContent.trim()).map(e => parseFloat(getComputedStyle(e).fontSize))"""
    )
    assert min(sizes) >= 12


def test_play_steps_to_the_end_and_starts_again_from_there(explore):
    page = explore({"epoch": 3})
    button = page.locator("[data-action=play-epoch]")
    button.click()
    page.wait_for_function("() => document.querySelector('output').innerText === '10'")
    page.wait_for_selector("[data-action=play-epoch][aria-label='Play epochs']")
    button.click()
    assert page.locator("output").inner_text() == "0"
    button.click()


def test_what_is_heard_is_what_is_seen(given, explore):
    page = explore({"share": 1, "size": 1, "regularizer": 1, "epoch": 2, "example": 24})
    page.wait_for_timeout(700)
    assert page.locator(".spoken").text_content() == "", "nothing is said before a change"
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowRight")
    first, said = heard(page)
    assert said.startswith(first) and len(first) <= 120
    ratio = given["curves"][13, 0, 0, 2] / given["curves"][13, 0, 1, 2]
    assert said.startswith("weight decay. At epoch 2 the general recognizer’s dose is")
    assert f"{float(f'{ratio:.2g}'):,g} times" in said or "× 10" in said
    assert "Example 26, wrong label" in said
    for figure in page.locator("[data-chart]").all():
        label = figure.locator("svg").get_attribute("aria-label")
        cells = figure.locator("td[data-number]").all_inner_texts()
        assert all(cell in label for cell in cells)


def test_a_view_that_is_removed_leaves_no_listener(given, tmp_path, visit):
    page = visit(write_page(tmp_path, explorer(given))).page
    left = page.evaluate(f"async () => {{ {STAND_IN} undo(); return listeners.length; }}")
    assert left == 0
