"""The minibatch chapter's explorer is filled with the atlas's numbers, under the right names."""

import numpy as np
import pytest

from explorers import results as made_up
from gradbook import models
from gradbook.chapters.minibatch.explorer import minibatch_explorer
from gradbook.evidence import atlas
from gradbook.widgets.landscapes import NOTES


@pytest.fixture(scope="module", params=["shipped", "made up"])
def results(request):
    return atlas.load("explorer") if request.param == "shipped" else made_up()


@pytest.fixture(scope="module")
def explorer(results):
    return minibatch_explorer(results, epoch=2)


@pytest.fixture(scope="module")
def rows(results):
    """Where the results hold the regularizers' views."""
    return [list(results.jobs).index(name) for name in models.REGULARIZERS]


def test_every_regularizer_has_its_network(explorer):
    assert explorer.meta["facets"] == ["Regularizer"]
    views = explorer.meta["views"]
    assert tuple(view["name"] for view in views) == models.REGULARIZERS
    assert [view["facets"] for view in views] == [
        ["none"],
        ["dropout"],
        ["batch norm before ReLU"],
        ["batch norm after ReLU"],
    ]
    assert (explorer.other, explorer.view, explorer.epoch) == (-1, 0, 2)


def test_the_bytes_are_the_atlas(explorer, results, rows):
    for name, dtype in (("field", "int8"), ("scale", "<f4"), ("centre", "<f4")):
        shown = np.frombuffer(getattr(explorer, name), dtype)
        np.testing.assert_array_equal(shown, results[name][rows].ravel())


def test_axes_are_named_after_the_units_that_were_measured(explorer, results, rows):
    plain = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
    named = [
        [[int(name[1:].translate(plain)) - 1 for name in pair] for pair in net]
        for net in explorer.meta["parameters"]
    ]
    assert named == results["units"][rows].tolist()
    letters = [{name[0] for pair in net for name in pair} for net in explorer.meta["parameters"]]
    assert letters == [{"b"}, {"b"}, {"β"}, {"β"}]


def test_the_note_says_parameters_mode_and_learning_rate(explorer, results):
    for entry in explorer.meta["views"]:
        setting = tuple(results.config["views"][entry["name"]])
        rate = results.config["learning_rates"][setting[0]]
        assert entry["note"] == f"{NOTES[setting]} Learning rate {rate:g}."


def test_the_curves_are_the_runs(explorer, results, rows):
    np.testing.assert_allclose(explorer.meta["test_loss"], results["test_loss"][rows], atol=0.006)
    np.testing.assert_allclose(explorer.meta["test_r2"], results["test_r2"][rows], atol=6e-5)
    assert explorer.meta["offsets"][len(explorer.meta["offsets"]) // 2] == 0


def test_the_landscapes_centre_is_the_centre(results):
    field = results["field"].astype(float) / 127 * results["scale"][..., None, None, None]
    step = results["scale"][..., None] / 127 / 2 + 1e-12
    middle = field.shape[-2] // 2
    assert (abs(field[..., middle, middle, :] - results["centre"]) <= 1.01 * step).all()
