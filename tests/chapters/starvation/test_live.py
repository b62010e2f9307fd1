"""The live explorer of starvation: it shows what was asked for, and failures lose nothing."""

import numpy as np
import pytest

from gradbook.chapters.starvation import live
from gradbook.chapters.starvation.experiments import boundary
from gradbook.chapters.starvation.live import STRENGTHS, BoundaryPanel


@pytest.fixture
def panel(monkeypatch):
    monkeypatch.setattr(live, "EPOCHS", 60)
    monkeypatch.setitem(boundary.CONFIG, "width", 20)
    panel = BoundaryPanel()
    panel.switch.value = 50
    return panel


@pytest.mark.parametrize("regularizer", STRENGTHS)
def test_the_button_trains_with_every_regularizer(panel, regularizer):
    panel.switch.value, panel.margin.value = "never", -0.05
    panel.regularizer.value = regularizer
    panel.button.click()
    panel.wait()
    (explorer,) = panel.result.children
    shown = explorer.meta["regularizers"]
    assert [(one["name"], one["strengths"]) for one in shown] == [
        (regularizer, [panel.strength.value])
    ]
    assert panel.strength.value in STRENGTHS[regularizer]
    assert explorer.meta["margins"] == [-0.05] and explorer.meta["epochs"][-1] == 60
    assert panel.progress.value == panel.progress.max == len(explorer.meta["epochs"])
    assert not panel.button.disabled and explorer.low == b""


@pytest.mark.parametrize("then", [name for name in STRENGTHS if name != "batch norm"])
def test_the_button_switches_to_every_regularizer(panel, then):
    panel.regularizer.value = "weight decay"
    panel.then.value = then
    panel.button.click()
    panel.wait()
    (explorer,) = panel.result.children
    assert explorer.switch == 1 and explorer.meta["switches"] == [50]
    (shown,) = explorer.meta["thens"]
    assert (shown["name"], shown["strength"]) == (then, panel.then_strength.value)
    assert panel.progress.value == panel.progress.max == len(explorer.meta["epochs"]) + 1
    assert "without the switch" in panel.message.value


def test_the_message_tells_the_shares_at_the_end(panel):
    panel.train()
    (explorer,) = panel.result.children
    curves = np.frombuffer(explorer.curves, "<f4").reshape(-1, 9)
    place = boundary.CONFIG["curves"].index("share_2")
    ends = [curves[i, place] for i in (-1, len(explorer.meta["epochs"]) - 1)]
    assert panel.message.value == (
        f"Share that coordinate 2 carries at the end: {100 * ends[0]:.1f} % "
        f"(without the switch {100 * ends[1]:.1f} %)"
    )


def test_what_cannot_train_is_explained_and_the_last_course_stays(panel):
    panel.train()
    before = panel.result.children
    panel.regularizer.value = "batch norm"
    panel.train()
    assert "Stopped" in panel.message.value and "batch norm is a layer" in panel.message.value
    assert panel.result.children == before and not panel.button.disabled
