"""The live garden: what it shows is what was asked for, and failures lose nothing."""

import numpy as np
import pytest

from gradbook.chapters.dosage import closed_forms, growth, live
from gradbook.chapters.dosage.live import STRENGTHS, GardenPanel
from gradbook.chapters.starvation import shared_layer
from gradbook.evidence.intervals import mean_interval


@pytest.fixture
def panel(monkeypatch):
    monkeypatch.setattr(live, "EPOCHS", 4)
    return GardenPanel()


def test_the_books_balance():
    """At rest dose is decay; on the way their difference adds up to the change of the norm."""
    course = growth.balance([0.3, 0.05], weight_decay=0.1, learning_rate=0.05, steps=2500)
    np.testing.assert_allclose(course["net"][-1], course["decay"][-1], atol=1e-6)
    total = 0.05 * (course["net"] - course["decay"])[:-1].sum(0)
    np.testing.assert_allclose(total, course["norm"][-1] - course["norm"][0], atol=0.01)


@pytest.mark.parametrize("diet", STRENGTHS)
def test_the_button_grows_a_garden_under_every_diet(panel, diet):
    panel.diet.value = diet
    panel.frequencies.value = "0.1, 0.3"
    panel.button.click()
    panel.wait()
    (garden,) = panel.result.children
    assert garden.meta["diets"][0]["name"] == diet
    assert garden.meta["diets"][0]["strengths"] == [panel.strength.value]
    assert panel.strength.value in STRENGTHS[diet]
    assert garden.meta["frequencies"] == [0.1, 0.3] and len(garden.meta["epochs"]) == 5
    assert panel.progress.value == panel.progress.max == 5 and not panel.button.disabled


def test_the_end_is_the_closed_form():
    panel = GardenPanel()
    panel.frequencies.value, panel.strength.value = "0.3, 0.01", 0.05
    panel.train()
    (garden,) = panel.result.children
    answers = np.frombuffer(garden.answer, "<f4").reshape(-1, 2)[-5:].mean(0)
    np.testing.assert_allclose(answers, closed_forms.survivor(np.array([6, 0.2])), atol=0.06)
    assert "1 of 2" in panel.message.value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a few", "expected frequencies such as"),
        ("", "expected 1 to 12 frequencies, got 0"),
        ("0.9, 0.9", "expected frequencies from 0 that sum to 1 at most"),
    ],
)
def test_what_cannot_grow_is_explained_and_the_last_garden_stays(panel, text, message):
    panel.train()
    before = panel.result.children
    panel.frequencies.value = text
    panel.train()
    assert (
        "Stopped" in panel.message.value and message.replace("'", "&#x27;") in panel.message.value
    )
    assert panel.result.children == before and not panel.button.disabled


def test_sharing_shields_the_second_feature():
    """On the mean its gradient falls by less than in a net that shares nothing, 1/(4q(1 − q))."""
    folds = shared_layer.folds_in_a_shared_layer(0.9)
    assert len(set(folds)) == 10
    _, low, high = mean_interval(np.array(folds))
    assert low > 1 and high < 1 / (4 * 0.9 * 0.1)
