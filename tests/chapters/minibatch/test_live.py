"""The live panel: every option is trained for real, and failures lose nothing."""

import numpy as np
import pytest
import torch

from gradbook import models, probes, tasks
from gradbook.chapters.minibatch.live import NETS, MinibatchPanel

UNIT = {f"b{n}".translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")): n - 1 for n in range(1, 65)}


@pytest.fixture
def panel():
    panel = MinibatchPanel()
    panel.epochs.value = 2
    return panel


@pytest.mark.parametrize("regularizer", models.REGULARIZERS)
def test_the_button_trains_every_regularizer_and_shows_its_landscapes(panel, regularizer):
    panel.regularizer.value = regularizer
    panel.batch_size.value = 32
    panel.seed.value = 3
    panel.button.click()
    panel.wait()
    (explorer,) = panel.result.children
    assert explorer.meta["epochs"] == [0, 1, 2]
    assert explorer.meta["batch_size"] == 32
    assert [entry["name"] for entry in explorer.meta["views"]] == [regularizer]
    assert panel.progress.value == panel.progress.max == 2
    assert not panel.button.disabled
    assert f"{panel.run.test_r2[-1]:.2f}" in panel.message.value
    assert panel.run.test_loss[0] != panel.run.test_loss[2]


def test_every_batch_size_can_be_chosen(panel):
    panel.epochs.value = 1
    for size in [value for value in panel.batch_size.options]:
        panel.batch_size.value = size
        panel.train()
        assert panel.run.config.batch_size == size
        assert panel.result.children[0].meta["batch_size"] == size


def test_the_shown_gradients_are_those_of_the_trained_network(panel):
    panel.train()
    (explorer,) = panel.result.children
    task = tasks.character_regression(train=2000, test=500, seed=0)
    rows = probes.sample_minibatches(2000, 64, 50, 0)
    layer = probes.minibatch_gradients(
        panel.run.model_at(2), task.train_inputs, task.train_targets, rows, "linear3.bias"
    )
    shown = np.frombuffer(explorer.centre, "<f4").reshape(1, 3, 2, 50, 2)[0, 2, 1]
    units = [UNIT[name] for name in explorer.meta["parameters"][0][1]]
    np.testing.assert_allclose(shown, layer[:, units].numpy(), rtol=1e-4, atol=1e-6)
    assert (shown != 0).any(1).mean() > 0.8  # the two units are not silent


def test_a_failed_training_says_why_and_keeps_the_last_result(panel, monkeypatch):
    panel.train()
    before, run = panel.result.children, panel.run
    monkeypatch.setitem(NETS, "none", ("bias", "evaluation", 1e30))
    panel.train()
    assert "Stopped" in panel.message.value and "epoch 1" in panel.message.value
    assert panel.result.children == before and panel.run is run
    assert not panel.button.disabled


def test_training_leaves_the_global_generator_alone(panel):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    panel.train()
    assert torch.equal(torch.rand(3), expected)
