"""A lab whose worker dies, is forbidden or throws trains on the page, or says that it cannot."""

from __future__ import annotations

import re

import pytest

from benchmarks import pressed
from explorers import write_page
from gradbook.chapters import dosage, minibatch, starvation
from gradbook.evidence import atlas
from reader import Reader

NO_WORKER = "window.Worker = class { constructor() { throw new Error('forbidden'); } };"
REMEMBERED = """
window.workers = [];
window.Worker = class extends Worker {
  constructor(url) { super(url); window.workers.push(this); }
};
"""
CAUGHT = """{
  const { prototype } = gradbookLab.Course;
  const { burst } = prototype;
  prototype.burst = function (...all) { window.course = this; return burst.apply(this, all); };
  null;
}"""
RECORDED = "new Promise((done) => setTimeout(() => done(course.look() && null)))"
ENDS = {
    "killed": "window.workers[0].terminate()",
    "throws": "window.workers[0].postMessage({ order: 'nothing that there is' })",
}


@pytest.fixture(scope="module")
def garden():
    return dosage.GardenLab(atlas.load("diets"))


@pytest.mark.parametrize("without", ["worker", "answer", "WebAssembly"])
def test_where_something_is_forbidden_the_page_trains_all_the_same(
    tmp_path, visit, garden, without
):
    """No worker, a worker that never answers, or no WebAssembly on the main thread either."""
    forbid = {
        "worker": NO_WORKER,
        "answer": "window.Worker = class { postMessage() {} terminate() {} };",
        "WebAssembly": f"{NO_WORKER}"
        "WebAssembly.Module = class { constructor() { throw new Error('forbidden'); } };",
    }
    page = write_page(tmp_path, garden, head=f"<script>{forbid[without]}</script>")
    reader = Reader(visit(page).page)
    reader.press("play")
    found = reader.wait_for(2000)
    assert sum(answer >= 0.02 for answer in found["answer"]) == 4
    way = "JavaScript" if without == "WebAssembly" else "WebAssembly"
    assert reader.root.get_attribute("data-way") == way


@pytest.mark.parametrize("end", ENDS)
def test_a_worker_that_ends_in_mid_training_is_replaced_by_slices_of_the_page(
    tmp_path, visit, end, capsys
):
    """The page repeats the log, a regularizer changed on the way, and goes on where it was."""
    lab = starvation.MoonsLab(atlas.load("boundary"), width=300, steps=10_000, seed=4)
    page = write_page(tmp_path, lab, head=f"<script>{REMEMBERED}</script>")
    reader = Reader(visit(page).page)
    reader.press("play")
    reader.page.wait_for_function(
        "document.querySelector('.gradbook-lab').dataset.done > 300", polling=5
    )
    reader.choose("regularizer", "spectral decoupling")
    reader.page.evaluate(ENDS[end])
    assert reader.root.get_attribute("data-running") == "true"
    found = reader.wait_for(10_000)
    assert reader.page.evaluate("typeof gradbookLab") == "object"  # it was the page that trained
    curve = reader.root.locator("path[data-line]").get_attribute("d")
    across = [float(x) for x in re.findall(r"[ML]([\d.]+) ", curve)]
    assert across == sorted(across) and len(across) > 100
    assert "Diet(decoupling=0.006)" in reader.root.locator("pre code").text_content()
    assert found["share_2"] == pytest.approx(reader.in_python()["share"], rel=1e-3)


def test_where_nothing_may_train_the_measured_curves_stay_with_a_sentence(tmp_path, visit, garden):
    """No worker, and no script from a blob as long as the engine."""
    blobs = (
        "const make = URL.createObjectURL; URL.createObjectURL = (blob) => {"
        " if (blob.size > 60000) throw new Error('forbidden'); return make(blob); };"
    )
    page = write_page(tmp_path, garden, head=f"<script>{NO_WORKER}{blobs}</script>")
    reader = Reader(visit(page).page)
    status = reader.root.locator(".status")
    status.get_by_text("This browser does not get through the training (forbidden).").wait_for()
    assert "measured before" in status.inner_text()
    assert reader.root.locator("path.grey").count() == 8
    assert reader.root.locator("[data-action=play]").is_disabled()
    reader.choose("regularizer", "dropout")
    assert "does not get through" in status.inner_text()
    assert reader.root.locator("path.grey").count() == 8


def test_an_engine_that_throws_on_the_page_too_says_so_and_can_be_tried_again(
    tmp_path, visit, garden
):
    page = write_page(tmp_path, garden, head=f"<script>{NO_WORKER}</script>")
    reader = Reader(visit(page).page)
    reader.page.wait_for_function("document.querySelector('.gradbook-lab').record")
    reader.page.evaluate(
        "{ const { prototype } = gradbookLab.Course; window.whole = prototype.burst;"
        " prototype.burst = () => { throw new Error('out of order'); }; null; }"
    )
    reader.press("play")
    status = reader.root.locator(".status")
    status.get_by_text("does not get through the training (out of order).").wait_for()
    assert reader.root.locator("path.grey").count() == 8
    reader.page.evaluate("gradbookLab.Course.prototype.burst = window.whole; null")
    reader.press("reset")
    reader.press("play")
    reader.wait_for(2000)


def in_one_task(page) -> float:
    """Milliseconds of the processor of a record, landscapes and all, drawn in a single task.

    It grows with a slow processor as every task does.
    """
    page.evaluate(CAUGHT)
    page.evaluate(pressed.PRESS)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(1e3 * each["value"] for each in metrics if each["name"] == "TaskDuration")

    before = spent()
    page.evaluate(RECORDED)
    return spent() - before


def test_no_task_of_the_page_is_long_where_it_trains_and_draws_landscapes(tmp_path, browser):
    """The largest lab, played and played again: a record is minibatches drawn one by one, and a
    third of the processor's time for all of them is more than any task takes, opening included."""
    lab = minibatch.MinibatchLab(atlas.load("explorer"), epochs=4)
    page = browser.new_page()
    page.goto(write_page(tmp_path, lab, head=f"<script>{NO_WORKER}</script>").as_uri())
    first, again, _, longest = pressed.pressed(browser, page)
    assert first > 0 and again > 0
    assert 0 < longest < in_one_task(page) / 3
    page.close()
