"""The live examples: what is shown is what was asked for, and failures lose nothing."""

import numpy as np
import pytest

from gradbook.chapters.generalization import live
from gradbook.chapters.generalization.experiments import spectrum
from gradbook.chapters.generalization.explorer import CURVES
from gradbook.chapters.generalization.live import SIZES, STRENGTHS, ExamplesPanel


@pytest.fixture
def panel(monkeypatch):
    monkeypatch.setattr(live, "EPOCHS", [0, 1, 5])
    monkeypatch.setitem(spectrum.CONFIG, "epochs", [0, 1, 5])
    panel = ExamplesPanel()
    panel.size.value = 10
    return panel


def curves(explorer):
    return np.frombuffer(explorer.curves, "<f4").reshape(3, len(CURVES), -1)


@pytest.mark.parametrize("regularizer", STRENGTHS)
def test_the_button_trains_under_every_regularizer_at_every_strength(panel, regularizer):
    seen = set()
    panel.regularizer.value = regularizer
    assert panel.strength.value in STRENGTHS[regularizer]
    for strength in STRENGTHS[regularizer]:
        panel.strength.value = strength
        panel.button.click()
        panel.wait()
        (explorer,) = panel.result.children
        (shown,) = explorer.meta["regularizers"]
        assert (shown["name"], shown["strengths"]) == (regularizer, [strength])
        assert explorer.meta["epochs"] == [0, 1, 5] and not panel.button.disabled
        assert panel.progress.value == panel.progress.max == 3
        seen.add(explorer.curves)
    assert len(seen) == len(STRENGTHS[regularizer]), "the strength changed nothing"


@pytest.mark.parametrize("size", SIZES)
def test_every_size_can_be_chosen(panel, size):
    panel.size.value, panel.share.value = size, 0.4
    panel.train()
    (explorer,) = panel.result.children
    right, wrong = explorer.meta["shown"][0]
    assert (right + wrong, wrong) == (min(48, size), round(0.4 * min(48, size)))
    assert (explorer.meta["sizes"], explorer.meta["shares"]) == ([size], [0.4])


def test_every_share_can_be_chosen(panel):
    for share in np.arange(0, 0.55, 0.05).round(2):
        panel.share.value = share
        panel.train()
        (explorer,) = panel.result.children
        assert explorer.meta["shares"] == [pytest.approx(share)]
        wrong = np.isnan(curves(explorer)[0, CURVES.index("wrong_error")])
        assert wrong.all() == (round(10 * share) == 0)


def test_what_is_shown_is_the_course_of_the_experiment(panel):
    panel.regularizer.value, panel.seed.value = "weight decay", 7
    panel.train()
    config = spectrum.CONFIG | {"epochs": [0, 1, 5]}
    known = spectrum.course("weight decay", panel.strength.value, 10, 0.2, [7], config)
    (explorer,) = panel.result.children
    np.testing.assert_allclose(curves(explorer), known["curves"], rtol=1e-6)
    error = known["curves"][0, CURVES.index("test_error"), -1]
    assert f"misses {error:.1%} of new examples" in panel.message.value


@pytest.mark.filterwarnings("ignore:some losses are no numbers")
def test_a_failed_training_says_why_and_keeps_the_last_result(panel, monkeypatch):
    panel.train()
    before = panel.result.children
    monkeypatch.setitem(spectrum.CONFIG, "learning_rate", 1e200)
    with np.errstate(all="ignore"):
        panel.train()
    assert "Stopped: " in panel.message.value and "finite" in panel.message.value
    assert panel.result.children == before and not panel.button.disabled


def test_it_reads_the_same_at_every_run(panel):
    assert repr(panel) == "ExamplesPanel: run this cell to train on your own examples"
