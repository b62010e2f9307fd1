"""The long tail in the page: its steps are Python's, its sentence the law's, its bars the law's."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from explorers import write_page
from gradbook.chapters.optimizers import closed_forms, long_tail
from gradbook.widgets.controls import FOLDER as WIDGETS

FOLDER = Path(long_tail.__file__).parent
SCRIPT = "".join(
    path.read_text("utf-8")
    for path in (WIDGETS / "numbers.js", FOLDER / "forms.js", FOLDER / "long_tail.js")
)


def in_node(script: str):
    text = SCRIPT.replace("export default", "const widget =") + script
    return json.loads(subprocess.check_output(["node", "-e", text], text=True))


def test_the_page_steps_as_python_does():
    generator = np.random.default_rng(0)
    counts = generator.binomial(64, long_tail.FREQUENCIES, (300, 10))
    settings = {"batch": 64, "decay": long_tail.DECAY, "rate": long_tail.RATE, "beta2": 0.999}
    found = in_node(
        f"const state = begin(10, {long_tail.START});"
        f"for (const shown of {counts.tolist()}) stepOf(state, shown, {json.dumps(settings)});"
        "console.log(JSON.stringify([...state.weight].map((w) => w * w)));"
    )
    np.testing.assert_allclose(found, long_tail.train(counts, 64), rtol=1e-12)


def test_the_pages_law_and_sentences_are_pythons():
    every = [{"batch": b, "decay": long_tail.DECAY, "beta2": 0.999} for b in long_tail.BATCHES]
    p = list(long_tail.FREQUENCIES)
    laws, sentences = in_node(
        f"const p = {p}; const all = {json.dumps(every)};"
        "console.log(JSON.stringify([all.map((s) => p.map((v) => adamw(v, s))),"
        "all.map((s) => sentenceOf(p, s, 0.5))]));"
    )
    for size, law, sentence in zip(long_tail.BATCHES, laws, sentences, strict=True):
        expected = closed_forms.adamw_answer(np.array(p), size, long_tail.DECAY, 0.999)
        np.testing.assert_allclose(law, expected, rtol=1e-12)
        assert sentence == long_tail.sentence(p, size)


def test_the_page_draws_poisson_numbers():
    found = in_node(
        "const random = generator(1); const of = (mean) => "
        "Array.from({ length: 20000 }, () => drawn(mean, random));"
        "console.log(JSON.stringify([0.05, 3, 200].map(of)));"
    )
    for mean, drawn in zip((0.05, 3, 200), found, strict=True):
        assert np.mean(drawn) == pytest.approx(mean, rel=0.1)
        assert np.var(drawn) == pytest.approx(mean, rel=0.1)


def test_training_ends_on_the_law():
    """To 0.15, the mean of eight trainings: at a step size of 0.01 the corner at 1 is round."""
    p = np.array(long_tail.FREQUENCIES)
    ends = [
        long_tail.train(np.random.default_rng(seed).binomial(256, p, (6000, 10)), 256)
        for seed in range(8)
    ]
    law = closed_forms.adamw_answer(p, 256, long_tail.DECAY, 0.999)
    np.testing.assert_allclose(np.mean(ends, 0), law, atol=0.15)


@pytest.fixture
def shown(visit, tmp_path):
    def show(**options):
        seen = visit(write_page(tmp_path, long_tail.tail_explorer()), **options)
        seen.page.wait_for_selector('[data-rest="true"]')
        assert seen.messages == []
        return seen.page

    return show


def test_the_slider_feeds_and_starves(shown):
    page = shown(reduced_motion="reduce")
    for index in (0, 8, 4):
        page.locator("input").fill(str(index))
        page.wait_for_selector('[data-rest="true"]')
        size = long_tail.BATCHES[index]
        sentence = long_tail.sentence(long_tail.FREQUENCIES, size)
        assert page.locator(".sentence").inner_text() == sentence
        law = closed_forms.adamw_answer(np.array(long_tail.FREQUENCIES), size, 0.3, 0.999)
        assert page.locator(".bar.starved").count() == int((law < 0.5).sum())
        tall = page.locator(".bar").evaluate_all("all => all.map(e => +e.getAttribute('height'))")
        np.testing.assert_allclose(np.array(tall) / 170, np.clip(law, 0.01, 1.05), atol=0.3)


@pytest.mark.parametrize(("width", "most"), [(390, 420), (1440, 480)])
def test_it_fits_the_first_screen(shown, width, most):
    page = shown(width=width, reduced_motion="reduce")
    box = page.locator(".gradbook-tail").bounding_box()
    assert box["height"] <= most and box["x"] + box["width"] <= width


def test_the_still_shows_the_rest_and_the_sentence():
    tail = long_tail.tail_explorer()
    still = tail.still()
    assert repr(tail) in still and still.count("#0072b2") == 8 and still.count("#d55e00") == 2
    assert still == long_tail.LongTail().still()
    with pytest.raises(ValueError, match="batch from 0 to 8"):
        long_tail.LongTail(batch=9)
