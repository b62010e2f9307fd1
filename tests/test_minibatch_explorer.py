"""The chapter's explorer is filled with the atlas's numbers, under the right names."""

import numpy as np
import pytest

from gradbook import atlas, models, widgets
from gradbook.widgets.minibatch import NOTES


@pytest.fixture(scope="module")
def results():
    return atlas.load("explorer")


@pytest.fixture(scope="module")
def explorer(results):
    return widgets.minibatch_explorer(results, epoch=2)


def test_every_regularizer_has_its_network(explorer, results):
    names = [entry["name"] for entry in explorer.meta["regularizers"]]
    assert tuple(names) == models.REGULARIZERS == tuple(results.jobs)


def test_the_bytes_are_the_atlas(explorer, results):
    for name, dtype in (("field", "int8"), ("scale", "<f4"), ("centre", "<f4")):
        shown = np.frombuffer(getattr(explorer, name), dtype).reshape(results[name].shape)
        np.testing.assert_array_equal(shown, results[name])


def test_axes_are_named_after_the_units_that_were_measured(explorer, results):
    plain = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
    named = [
        [[int(name[1:].translate(plain)) - 1 for name in pair] for pair in net]
        for net in explorer.meta["parameters"]
    ]
    assert named == results["units"].tolist()
    letters = [{name[0] for pair in net for name in pair} for net in explorer.meta["parameters"]]
    assert letters == [{"b"}, {"b"}, {"β"}, {"β"}]


def test_the_note_says_mode_and_learning_rate(explorer, results):
    for entry in explorer.meta["regularizers"]:
        owner, mode, rate = results.config["nets"][entry["name"]]
        assert entry["note"] == f"{NOTES[f'{owner} {mode}']} Learning rate {rate:g}."


def test_the_curves_are_the_runs(explorer, results):
    np.testing.assert_allclose(explorer.meta["test_loss"], results["test_loss"], atol=0.006)
    np.testing.assert_allclose(explorer.meta["test_r2"], results["test_r2"], atol=6e-5)
    assert explorer.meta["offsets"][3] == 0


def test_the_landscapes_centre_is_the_centre(results):
    field = results["field"].astype(float) / 127 * results["scale"][..., None, None, None]
    step = results["scale"][..., None] / 127 / 2 + 1e-12
    assert (abs(field[..., 3, 3, :] - results["centre"]) <= 1.01 * step).all()
