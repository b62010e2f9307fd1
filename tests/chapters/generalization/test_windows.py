"""The window of weight decay: where memory ends and the shared answer is halved."""

import numpy as np
import pytest

from gradbook.chapters import generalization
from gradbook.chapters.generalization import closed_forms
from gradbook.evidence import atlas
from gradbook.evidence.atlas import Atlas

DECAYS = [0, 0.01, 0.1, 1.0]


def made(answer, general) -> Atlas:
    arrays = {"answer": np.array([[answer]]), "general": np.array([[general]])}
    return Atlas("memorizing_decay", arrays, {"networks": ["one"], "decays": DECAYS}, [0], {}, "")


def test_both_ends_lie_between_the_decays_in_the_logarithm():
    """Wrong labels are answered 0 midway from 0.01 to 0.1, fresh examples 1, half of 2, at 0.1."""
    found = generalization.decay_window(made([1, 1, -1, -1], [2, 1.8, 1, 0]), "one")
    assert found["memory"] == pytest.approx(10**-1.5)
    assert found["shared"] == pytest.approx(0.1)
    assert found["factor"] == pytest.approx(10**0.5)


def test_what_the_grid_does_not_reach_is_nan():
    found = generalization.decay_window(made([1, 1, -1, -1], [1, 1, 0.9, 0.6]), "one")
    assert np.isnan(found["shared"]).all() and np.isnan(found["factor"]).all()


def test_the_measured_window_is_where_the_closed_form_has_it():
    """Linear: memory ends where the closed form says, fresh answers halve beyond the grid."""
    results = atlas.load("memorizing_decay")
    found = generalization.decay_window(results, "linear")
    expected = closed_forms.forgetting(results.config["count"], results.config["wrong"])
    np.testing.assert_allclose(found["memory"], expected, rtol=0.02)
    assert np.isnan(found["shared"]).all()


def test_an_unknown_network_is_refused():
    with pytest.raises(ValueError, match=r"a network of \['one'\], got 'two'"):
        generalization.decay_window(made([1, 0, 0, 0], [1, 1, 1, 0]), "two")
