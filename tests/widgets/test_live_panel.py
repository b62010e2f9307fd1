"""What the live panels share: a training can be left, and the panel is then as before."""

import threading

import ipywidgets
import pytest

from gradbook.chapters.minibatch import MinibatchPanel
from gradbook.widgets import background
from gradbook.widgets.panel import LivePanel

EPOCHS = (0, 1, 5, 20)


class Panel(LivePanel):
    """Trains nothing; `at` says what happens at an epoch, once its settings are locked."""

    def __init__(self, **at):
        self.at, self.size = at, ipywidgets.IntSlider()
        self.locked = []
        super().__init__(self.size, action="train nothing", unit="epoch")

    def measure(self):
        self.expect(EPOCHS)
        for epoch in EPOCHS:
            self.locked.append(self.size.disabled and self.seed.disabled and self.button.disabled)
            self.at.get(f"e{epoch}", lambda: None)()
            self.tick()
        return ipywidgets.HTML("explorer"), "done"


def raises(error):
    def act():
        raise error

    return act


def is_free(panel):
    trains = [one.disabled for one in (panel.size, panel.seed, panel.button)]
    return not any(trains) and panel.stop_button.disabled


@pytest.mark.parametrize(
    ("epoch", "where"),
    [(0, "before the first epoch"), (1, "after epoch 1"), (5, "after epoch 5")],
)
def test_a_stopped_training_says_where_and_shows_what_it_showed(epoch, where):
    panel = Panel()
    panel.train()
    before = panel.result.children
    panel.at[f"e{epoch}"] = panel.stop_button.click
    panel.button.click()
    panel.wait()
    assert panel.message.value == f"Stopped {where}; nothing of it is kept."
    assert panel.result.children == before and is_free(panel)
    assert panel.progress.value == EPOCHS.index(epoch) + 1
    panel.at.clear()
    panel.train()
    assert panel.message.value == "done" and panel.progress.value == panel.progress.max


def test_an_interrupt_says_where_and_interrupts_the_cell():
    panel = Panel(e5=raises(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        panel.train()
    assert panel.message.value == "Stopped after epoch 1; nothing of it is kept."
    assert panel.result.children == () and is_free(panel)


@pytest.mark.parametrize("error", [ValueError("a <b>"), FloatingPointError("a <b>")])
def test_what_a_reader_can_mend_is_told(error):
    panel = Panel(e1=raises(error))
    panel.train()
    assert panel.message.value == "Stopped: a &lt;b&gt;" and is_free(panel)


def test_a_mistake_of_the_code_is_told_and_raised():
    panel = Panel(e1=raises(KeyError("here")))
    with pytest.raises(KeyError, match="here"):
        panel.train()
    assert panel.message.value == "Stopped: &#x27;here&#x27;" and is_free(panel)


def test_settings_are_locked_while_it_trains():
    panel = Panel()
    panel.button.click()
    panel.wait()
    assert panel.locked == [True] * len(EPOCHS) and is_free(panel)


def test_stopping_nothing_stops_nothing():
    panel = Panel()
    panel.stop()
    panel.train()
    assert panel.message.value == "done"


def test_trainings_wait_for_each_other():
    inside, go_on, order = threading.Event(), threading.Event(), []
    first = background.start(
        lambda: (inside.set(), go_on.wait(), order.append("first")), lambda: None
    )
    inside.wait()
    second = background.start(lambda: order.append("second"), lambda: None)
    assert not second.wait(0.05) and order == []
    go_on.set()
    assert first.wait(5) and second.wait(5) and order == ["first", "second"]


def test_a_training_that_is_stopped_before_its_turn_does_not_begin():
    inside, go_on = threading.Event(), threading.Event()
    background.start(lambda: (inside.set(), go_on.wait()), lambda: None)
    inside.wait()
    panel = Panel()
    panel.button.click()
    assert panel.message.value == "Waiting for its turn …"
    panel.stop_button.click()
    go_on.set()
    panel.wait()
    assert panel.message.value == "Stopped before the first epoch; nothing of it is kept."
    assert panel.locked == [] and is_free(panel)


def test_the_button_gives_the_bits_that_a_cell_gives():
    panel = MinibatchPanel()
    panel.epochs.value, panel.regularizer.value = 1, "dropout"
    shown = []
    for train in (panel.train, lambda: (panel.button.click(), panel.wait())):
        train()
        shown.append(panel.result.children[0].centre)
    assert shown[0] == shown[1]
