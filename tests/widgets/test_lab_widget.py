"""The lab as its reader sees it: trained in Chromium with the network off, against Python."""

from __future__ import annotations

import re

import numpy as np
import pytest

from explorers import write_page
from gradbook.chapters import dosage, generalization, minibatch, starvation
from gradbook.chapters.generalization.explorer import CURVES
from gradbook.evidence import atlas
from reader import Reader


@pytest.fixture(scope="module")
def garden():
    return dosage.GardenLab(atlas.load("diets"))


@pytest.fixture
def reader(tmp_path, visit, garden):
    seen = visit(write_page(tmp_path, garden))
    yield Reader(seen.page)
    assert (seen.messages, seen.foreign) == ([], [])


def test_a_garden_grows_to_what_the_cell_gives_and_to_what_was_measured(reader, garden, capsys):
    reader.press("play")
    found = reader.wait_for(2000)
    assert reader.root.get_attribute("data-way") == "WebAssembly"
    np.testing.assert_allclose(found["answer"], reader.in_python()["answers"].detach(), atol=1e-13)
    run = next(
        run
        for run in garden.meta["measured"]["runs"]
        if (run["regularizer"], run["strength"]) == ("weight decay", 0.02)
    )
    np.testing.assert_allclose(found["answer"], run["answer"][-1], atol=1e-3)  # shipped as float16
    assert reader.root.locator("path.grey").count() == len(found["answer"])
    status = reader.root.locator(".status").inner_text()
    assert "Your browser, seed 10, step 2000 of 2000" in status and "4 of 8" in status


def test_settings_change_in_mid_training_and_the_cell_and_the_link_say_so(reader, visit, capsys):
    reader.enter("frequencies", "0.45, 0.3")
    reader.choose("factors", "3")
    reader.enter("seed", 3)
    for _ in range(3):
        reader.press("step")
    assert reader.wait_for(3) is not None
    reader.choose("regularizer", "dropout")
    reader.enter("strength", 0.4)
    reader.press("play")
    found = reader.wait_for(2000)
    ended = reader.in_python()["answers"].detach()
    np.testing.assert_allclose(found["answer"], ended, atol=1e-12)
    reader.press("copy-link")
    address = reader.page.evaluate("location.href")
    reader.page.goto("about:blank")
    reader.page.goto(address)
    again = Reader(reader.page)
    again.press("play")
    assert again.wait_for(2000)["answer"] == found["answer"]
    code = again.root.locator("pre code")
    assert "(1997, 1" in code.text_content()
    reader.page.goto("about:blank")
    reader.page.goto(address)
    again = Reader(reader.page)
    again.choose("regularizer", "none")  # instead of what the link changes later
    again.press("play")
    again.wait_for(2000)
    assert "(2000, 1, Diet())" in code.text_content()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("frequencies", "2", "Expected 1 to 12 frequencies from 0 that sum to 1 at most"),
        ("frequencies", "a few", "Expected 1 to 12 frequencies"),
        ("rate", "-1", "Expected a number from 0.000001 to 100 for learning rate, got -1."),
        ("strength", "", "Expected a number from 0 to 10 for strength, got nothing."),
        ("seed", "1.5", "Expected a whole number from 0 to 4000 for seed, got 1.5."),
    ],
)
def test_bad_input_is_answered_beside_its_control_and_the_picture_stays(
    reader, name, value, sentence
):
    reader.press("play")
    reader.wait_for(2000)
    before = reader.root.locator(".chart").inner_html()
    reader.enter(name, value)
    assert sentence in reader.wrong(name)
    assert reader.root.locator(".chart").inner_html() == before


def test_a_rate_that_is_too_large_is_said_and_the_last_picture_stays(reader):
    reader.choose("regularizer", "none")
    diverges(reader, 30)


def test_more_seeds_draw_a_band(reader):
    reader.press("play")
    reader.wait_for(2000)
    reader.press("more-seeds")
    reader.root.get_by_text("Band: 5 seeds.").wait_for()
    assert reader.root.locator("path.band").count() == 8


def test_a_page_with_two_labs_holds_the_engine_once(tmp_path, visit, garden):
    other = dosage.GardenLab(atlas.load("diets"), regularizer="none", seed=3)
    page = write_page(tmp_path, garden, other)
    assert page.read_text("utf-8").count("globalThis.gradbookLab = ") == 1
    seen = visit(page)
    for number in (0, 1):
        reader = Reader(seen.page, number)
        reader.press("play")
        reader.wait_for(2000)


def test_a_garden_says_what_it_shows_where_nothing_runs(garden):
    still = garden.still()
    assert 'role="img" aria-label="Under weight decay 0.02, 4 of 8 recognizers' in still
    assert still.count("<polyline") == 8
    with pytest.raises(TypeError, match="expected settings of"):
        dosage.GardenLab(atlas.load("diets"), frequency=1)


def test_two_moons_lie_on_what_was_measured_and_the_cell_gives_the_same(tmp_path, visit, capsys):
    """In float32, as the experiment. What the sums' order leaves, such as an example that lies on a
    unit's kink, is less than a thousandth of the picture's height: less than a pixel."""
    boundary = atlas.load("boundary")
    lab = starvation.MoonsLab(boundary)
    reader = Reader(visit(write_page(tmp_path, lab)).page)
    reader.press("play")
    found = reader.wait_for(1000)
    names, last = boundary.config["curves"], len(boundary.config["epochs"]) - 1
    for name in ("share_1", "share_2", "dose_1", "dose_2", "loss", "accuracy", "erased"):
        course = boundary["curves"][1, : last + 1, names.index(name)].astype(float)
        assert found[name] == pytest.approx(course[-1], abs=1e-3 * np.abs(course).max()), name
    assert found["share_2"] == pytest.approx(reader.in_python()["share"], rel=1e-4)
    assert reader.root.locator("path.grey").count() == 1
    reader.enter("width", 1_000_000)
    assert "Expected a whole number from 1 to 4000 for hidden units" in reader.wrong("width")


def test_a_net_that_is_switched_is_that_of_the_cell(tmp_path, visit, capsys):
    lab = starvation.MoonsLab(atlas.load("boundary"), width=60, steps=300, seed=4)
    reader = Reader(visit(write_page(tmp_path, lab)).page)
    for _ in range(5):
        reader.press("step")
    reader.wait_for(5)
    reader.choose("regularizer", "spectral decoupling")
    reader.choose("optimizer", "Adam")
    reader.press("play")
    found = reader.wait_for(300)
    code = reader.root.locator("pre code").text_content()
    assert "(5, 295, ensemble.Adam(0.001), Diet(decoupling=0.006))" in code
    assert found["share_2"] == pytest.approx(reader.in_python()["share"], rel=1e-3)
    reader.choose("shown", "loss")
    assert reader.root.locator(".chart").get_by_text("logistic loss").count() == 1
    assert reader.wait_for(300)["step"] == 300  # what is shown trains nothing


@pytest.mark.parametrize("regularizer", ["none", "batch norm"])
def test_the_small_network_is_trained_as_the_cell_trains_it(tmp_path, visit, regularizer, capsys):
    """In float64, and its landscapes are drawn after every epoch."""
    lab = minibatch.MinibatchLab(atlas.load("explorer"), epochs=3, seed=7)
    reader = Reader(visit(write_page(tmp_path, lab)).page)
    reader.choose("regularizer", regularizer)
    reader.press("play")
    found = reader.wait_for(96)
    r2 = reader.in_python()["run"].test_r2
    assert found["test_r2"] == pytest.approx(r2[-1].item(), rel=1e-9)
    assert len(found["landscape"]["centre"]) == 2
    picture = reader.root.locator("canvas")
    first = picture.evaluate("(canvas) => canvas.toDataURL()")
    reader.choose("layer", "3")
    assert picture.evaluate("(canvas) => canvas.toDataURL()") != first
    assert "hidden layer 3" in picture.get_attribute("aria-label")
    assert reader.root.locator("path.grey").count() == 1


def test_the_small_network_changes_its_decay_in_mid_training(tmp_path, visit, capsys):
    lab = minibatch.MinibatchLab(atlas.load("explorer"), epochs=2, regularizer="dropout", seed=7)
    reader = Reader(visit(write_page(tmp_path, lab)).page)
    for _ in range(3):
        reader.press("step")
    reader.enter("decay", 0.03)
    reader.enter("rate", 0.002)
    reader.press("play")
    found = reader.wait_for(64)
    assert "{0: (0.005, 0), 3: (0.002, 0.03)}" in reader.root.locator("pre code").text_content()
    assert found["test_r2"] == pytest.approx(reader.in_python()["test_r2"], rel=1e-9)


def test_examples_lie_on_what_was_measured_and_the_cell_gives_the_same(tmp_path, visit, capsys):
    """The shipped curves keep three digits; the axis of steps is logarithmic."""
    spectrum = atlas.load("spectrum")
    lab = generalization.ExamplesLab(spectrum, examples=30)
    reader = Reader(visit(write_page(tmp_path, lab)).page)
    reader.press("play")
    found = reader.wait_for(3000)
    setting = spectrum.jobs.index("30 examples, 30% wrong")
    names = ("general", "right", "wrong", "wrong_error", "test_error")
    shipped = dict(zip(CURVES, spectrum["curves"][setting, 0, 0, :, -1], strict=True))
    for name in names:
        assert found[name] == pytest.approx(float(shipped[name]), abs=1e-6), name
    cell = reader.in_python()
    assert found["test_error"] == pytest.approx(cell["missed"].mean(), abs=1e-12)
    assert 1 - found["wrong_error"] == pytest.approx(cell["given"].mean(), abs=1e-12)
    live, grey = (
        [path.get_attribute("d") for path in reader.root.locator(f".chart path{kind}").all()]
        for kind in ("[data-line]", ".grey")
    )
    assert len(live) == len(grey) == 2
    for line, measured in zip(live, grey, strict=True):
        there = points(line)
        for across, up in points(measured).items():
            assert up == pytest.approx(there[across], abs=0.5)  # half a pixel of 640 by 280
    reader.choose("shown", "agreement of gradients")
    assert "mean cosine" in reader.root.locator(".chart").text_content()
    reader.choose("regularizer", "dropout")
    reader.choose("layers", "1")
    assert "Expected 2 layers or more for dropout" in reader.wrong("layers")
    reader.enter("examples", 1_000_000)
    assert "Expected a whole number from 2 to 300 for examples" in reader.wrong("examples")
    reader.choose("regularizer", "none")
    diverges(reader, 100)


def test_three_features_come_when_it_was_measured_and_the_cell_gives_the_same(
    tmp_path, visit, capsys
):
    delay = atlas.load("delay")
    config, place = delay.config, delay["delay"][0]
    lab = starvation.ThreeFeaturesLab(delay)
    reader = Reader(visit(write_page(tmp_path, lab)).page)
    for number, network in enumerate(lab.meta["measured"]["networks"]):
        reader.choose("network", network)
        reader.press("play")
        found = reader.wait_for(1800)
        starts, decays = config["head_starts"].index(300), config["weight_decays"].index(0.003)
        assert found["since"] - 300 == place[number, starts, decays]
        assert reader.root.locator("path.grey").count() == 1
        expected = reader.in_python()["reliance"]
        np.testing.assert_allclose(found["reliance"], expected.detach(), rtol=1e-10)
    reader.choose("network", "three in a row")
    reader.choose("loss", "hinge")
    reader.enter("head_start", 40)
    for _ in range(3):
        reader.press("step")
    reader.enter("decay", 0.2)
    reader.press("play")
    found = reader.wait_for(1540)
    assert found["since"] is None and reader.root.locator("path.grey").count() == 0
    code = reader.root.locator("pre code").text_content()
    assert "(0, 3, 0.1, 0.003)" in code and "(3, 1540, 0.1, 0.2)" in code
    expected = reader.in_python()["reliance"].detach()
    np.testing.assert_allclose(found["reliance"], expected, atol=1e-10)
    reader.enter("head_start", -1)
    assert "Expected a whole number from 0 to 10000" in reader.wrong("head_start")
    reader.choose("loss", "squared")
    diverges(reader, 100)


def diverges(reader, rate):
    """A rate that is too large is said beside its control, and what can be drawn stays."""
    reader.enter("rate", rate)
    reader.press("play")
    reader.root.locator("[data-control=rate] .wrong:not(:empty)").wait_for()
    assert "is no longer finite at step" in reader.wrong("rate")
    assert reader.root.locator("path[data-line]").count() >= 1
    assert "NaN" not in reader.root.locator(".chart").inner_html()


def points(path):
    """How far up a path is, by how far across."""
    return {x: float(y) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)}
