"""The page of a run: what it says is what was recorded, with the network off, in Chromium."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from gradbook import track
from gradbook.track import page as pages


@pytest.fixture(scope="module")
def run():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(12, 70), nn.ReLU(), nn.Linear(70, 9), nn.ReLU(),
                          nn.Linear(9, 3))  # fmt: skip
    with torch.no_grad():
        model[0].bias[:5] = -100
    rows = torch.randn(60, 12)
    labels = rows[:, :3].argmax(1)
    labels[7] = (labels[7] + 1) % 3
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=0.1)
    with track.Doses(model, every=1, held=(rows, labels)) as doses:
        for _ in range(90):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(rows), labels).backward()
            optimizer.step()
    return doses.run


@pytest.fixture
def opened(run, tmp_path, visit):
    def at(**options):
        path = track.report(run, tmp_path / "report.html", title="A <test> & more")
        seen = visit(path, **options)
        seen.page.wait_for_function("document.querySelectorAll('.picture path').length > 9")
        return seen

    return at


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_it_opens_offline_and_asks_for_nothing(opened, width, scheme):
    seen = opened(width=width, color_scheme=scheme)
    assert seen.messages == [] and seen.requests == [seen.page.url]
    assert seen.page.title() == "A <test> & more"
    assert seen.page.evaluate("document.scrollingElement.scrollWidth") <= width
    ink, paper = seen.page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    light = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ink, paper)]
    assert (light[0] < light[1]) == (scheme == "light") and abs(light[0] - light[1]) > 400


def test_the_squares_are_the_groups_states_at_the_record(opened, run):
    page = opened().page
    slider = page.get_by_role("slider", name="Steps made")
    for record, key in ((-1, None), (0, "Home")):
        if key:
            slider.press(key)
        states = pages.state_of(run, record)
        for code in range(3):
            count = (states == code).sum()
            assert page.locator(f"#states rect.state{code}").count() == count
        said = page.locator("#states .sentence").inner_text()
        numbers = [int(n) for n in re.findall(r"\d+", said)]
        assert numbers == [
            run.steps[record], (states == 2).sum(), 79, (states == 1).sum(), (states == 0).sum(),
        ]  # fmt: skip
    assert (pages.state_of(run)[:5] == 0).all() and (pages.state_of(run)[5:] > 0).any()


def test_a_group_of_zeros_is_still_zero_until_it_has_moved(tmp_path, visit):
    model = nn.Linear(3, 2)
    nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    groups = {"weight": {"weight": ...}, "bias": {"bias": ...}}
    with track.Doses(model, groups=groups, every=1) as doses:
        for _ in range(2):
            optimizer.zero_grad()
            model(torch.ones(4, 3)).square().mean().backward()
            optimizer.step()
    assert pages.state_of(doses.run, 0)[1] == 3 and pages.state_of(doses.run)[1] in (1, 2)
    page = visit(track.report(doses.run, tmp_path / "report.html")).page
    page.get_by_role("slider", name="Steps made").press("Home")
    assert page.locator("#states .sentence").inner_text().endswith("; 1 are still zero.")
    assert page.locator("#states rect.state3").count() == 1


def test_a_square_shows_its_group_over_time(opened, run):
    page = opened().page
    page.locator("#states rect").nth(72).click()  # the third unit of the second layer
    said = page.locator("#times .sentence").inner_text()
    assert said.startswith("2[2], after 89 steps: norm ")
    assert run.names[72] == "2[2]"
    told = re.search(r"norm ([\d.e−]+), dose ([\d.e−]+), erosion ([\d.e−]+)\. ", said).groups()
    told = [float(text.replace("−", "-")) for text in told]
    expected = [run.values[name][-1, 72] for name in ("norm", "dose", "erosion")]
    assert told == pytest.approx(expected, rel=6e-3, abs=1e-12)
    page.get_by_label("Layer").select_option("0")
    assert page.locator("#times .sentence").inner_text().startswith("The groups of 0, on average")
    page.get_by_role("slider", name="Group").press("ArrowRight")
    assert page.locator("#times .sentence").inner_text().startswith("0[0], after 89")


def test_the_noise_says_what_a_batch_makes_of_a_large_ones_step(opened, run):
    page = opened().page
    slider = page.get_by_role("slider", name="Batch size")
    slider.press("Home")
    said = page.locator("#noise .sentence").inner_text()
    scale = run.held["noise_scale"][-1]
    share = float(re.search(r"batch of 1 makes ([\d.]+) %", said)[1])
    assert share == pytest.approx(100 / (1 + scale), rel=0.06)
    assert f"{run.held['noise_low'][-1]:,.3g}" in page.locator("#noise .lead").inner_text()
    assert page.locator("#noise path.band").count() == 1


def test_the_rows_that_stand_alone_are_those_of_least_agreement(opened, run):
    page = opened().page
    listed = [int(t) for t in page.locator("tbody td:first-child").all_inner_texts()]
    assert listed == np.argsort(run.held["agreement"][-1])[: len(listed)].tolist()
    losses = [float(t) for t in page.locator("tbody td:last-child").all_inner_texts()]
    assert losses == pytest.approx(run.held["loss"][-1][listed].tolist(), rel=5e-3)
    assert listed[0] == 7 and losses[0] == max(losses)  # the one whose label is wrong


def test_without_javascript_its_numbers_are_there(run, tmp_path, visit):
    path = track.report(run, tmp_path / "report.html")
    page = visit(path, java_script_enabled=False).page
    counts = [(pages.state_of(run) == code).sum() for code in (2, 1, 0)]
    said = page.locator(".lead").first.inner_text()
    assert [int(n) for n in re.findall(r"\d+", said)][2:] == counts
    assert page.locator("tbody tr").count() == pages.ALONE


def test_a_long_run_is_thinned_and_says_so(run, tmp_path):
    text = track.report(run, tmp_path / "a.html").read_text("utf-8")
    assert len(run) == 90 and "90 records, of which 60 are shown here" in text
    assert '"steps":[0,' in text and ",89]" in text


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((40.0, 20.0, 90.0), "Noise scale 40 examples (95 % interval from 20 to 90)"),
        ((40.0, 20.0, np.inf), "at least 20 (95 % interval"),
        ((np.inf, 20.0, np.inf), "Noise scale not measurable, at least 20"),
        ((np.inf, np.inf, np.inf), "agree no more than by chance"),
        ((np.nan, np.nan, np.nan), "no gradient at all"),
    ],
)
def test_the_sentence_on_batches_says_what_is_known(numbers, said):
    assert said in pages.batch_sentence(*numbers, rows=64)


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(TypeError, match="expected a run"):
        track.report(3, tmp_path / "a.html")
    empty = track.Doses(nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1)))
    with pytest.raises(ValueError, match="a record at least"):
        track.report(empty, tmp_path / "a.html")
    assert not list(tmp_path.iterdir())


def test_groups_of_ones_own_and_runs_without_held_rows_have_a_page(tmp_path, visit):
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    groups = {"all of the first": {"0.weight": ..., "0.bias": ...}}
    path = tmp_path / "run.doses"
    with track.Doses(model, groups, every=1, path=path):
        model(torch.ones(3, 2)).sum().backward()
        torch.optim.SGD(model.parameters(), 0.1).step()
    seen = visit(track.report(path, tmp_path / "a.html"))
    seen.page.wait_for_function("document.querySelectorAll('.picture path').length > 5")
    assert seen.messages == [] and seen.page.locator("#noise").count() == 0
    assert seen.page.locator("#states rect").count() == 1
