"""The explorer of dropout against batch norm: every view, under the facets that name it."""

import numpy as np
import pytest

from explorers import SETTINGS
from explorers import results as made_up
from gradbook.chapters.dropout.explorer import FACETS, MINIBATCHES, comparison_explorer
from gradbook.evidence import atlas
from gradbook.widgets.landscapes import NOTES


@pytest.fixture(scope="module", params=["shipped", "made up"])
def results(request):
    return atlas.load("explorer") if request.param == "shipped" else made_up()


@pytest.fixture(scope="module")
def explorer(results):
    return comparison_explorer(results, epoch=2)


FACET_VALUES = {
    "none": ("none", "", "bias b", "evaluation"),
    "dropout": ("dropout", "", "bias b", "training, one mask"),
    "dropout, fresh masks": ("dropout", "", "bias b", "training, fresh masks"),
    "dropout, evaluation": ("dropout", "", "bias b", "evaluation"),
    "batch norm": ("batch norm", "before ReLU", "shift β", "training"),
    "batch norm, evaluation": ("batch norm", "before ReLU", "shift β", "evaluation"),
    "batch norm, bias": ("batch norm", "before ReLU", "bias b", "training"),
    "batch norm, bias, evaluation": ("batch norm", "before ReLU", "bias b", "evaluation"),
    "batch norm after ReLU": ("batch norm", "after ReLU", "shift β", "training"),
    "batch norm after ReLU, bias": ("batch norm", "after ReLU", "bias b", "training"),
    "batch norm after ReLU, bias, evaluation": (
        "batch norm",
        "after ReLU",
        "bias b",
        "evaluation",
    ),
}


def test_every_view_has_its_facets_and_a_label_of_its_own(explorer):
    assert tuple(explorer.meta["facets"]) == FACETS
    views = explorer.meta["views"]
    assert {view["name"]: tuple(view["facets"]) for view in views} == FACET_VALUES
    assert [view["name"] for view in views] == list(SETTINGS)
    assert len({view["label"] for view in views}) == len(views)


def test_it_starts_with_one_mask_against_fresh_masks(explorer):
    names = [view["name"] for view in explorer.meta["views"]]
    assert (names[explorer.other], names[explorer.view]) == ("dropout", "dropout, fresh masks")
    assert explorer.epoch == 2


def test_another_start_can_be_asked_for(results):
    explorer = comparison_explorer(results, other=-1, view=4)
    assert (explorer.other, explorer.view) == (-1, 4)


def test_the_bytes_are_the_first_minibatches_of_the_atlas(explorer, results):
    for name, dtype in (("field", "int8"), ("scale", "<f4"), ("centre", "<f4")):
        shown = np.frombuffer(getattr(explorer, name), dtype)
        first = np.moveaxis(np.moveaxis(results[name], 3, 0)[:MINIBATCHES], 0, 3)
        np.testing.assert_array_equal(shown, first.ravel())
    assert explorer.meta["minibatches"] == MINIBATCHES == 20
    assert explorer.meta["remark"] == "Shown are the first 20 of the 50 minibatches measured."


def test_the_parameters_bear_their_views_letter_and_unit(explorer, results):
    plain = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
    for view, net, units in zip(
        explorer.meta["views"], explorer.meta["parameters"], results["units"], strict=True
    ):
        letter = view["facets"][FACETS.index("Parameters")][-1]
        assert {name[0] for pair in net for name in pair} == {letter}
        assert [[int(n[1:].translate(plain)) - 1 for n in pair] for pair in net] == units.tolist()


def test_every_note_says_what_is_differentiated_and_at_which_rate(explorer, results):
    notes = {view["name"]: view["note"] for view in explorer.meta["views"]}
    for name, setting in SETTINGS.items():
        rate = results.config["learning_rates"][setting[0]]
        assert notes[name] == f"{NOTES[tuple(setting)]} Learning rate {rate:g}."
    roundoff = [name for name, note in notes.items() if "zero in exact arithmetic" in note]
    assert roundoff == ["batch norm, bias"]
    assert "float32 round-off" in notes["batch norm, bias"]


def test_the_curves_are_the_runs(explorer, results):
    np.testing.assert_allclose(explorer.meta["test_loss"], results["test_loss"], atol=0.006)
    np.testing.assert_allclose(explorer.meta["test_r2"], results["test_r2"], atol=6e-5)
