"""Descent and Adam at equal training loss: errors on fresh examples."""

import numpy as np
import pytest

from gradbook.chapters.generalization import optimizers


@pytest.fixture(scope="module")
def drawn():
    return optimizers.examples(seeds=2, fresh=200)


def test_descent_has_a_stretch_without_an_error_and_adam_none(drawn):
    assert np.all(optimizers.errors(drawn, "SGD", [0.4, 0.3]) == 0)
    assert np.all(optimizers.errors(drawn, "Adam", [0.4, 0.3]) > 0.05)


def test_fitted_through_is_where_descent_goes(drawn):
    late = optimizers.errors(drawn, "SGD", [0.003], most=8000)[:, 0]
    np.testing.assert_allclose(late, optimizers.fitted_through(drawn), atol=0.08)


def test_each_seed_is_on_its_own(drawn):
    alone = optimizers.examples(seeds=1, fresh=200)
    both = optimizers.errors(drawn, "Adam", [0.1])
    np.testing.assert_array_equal(optimizers.errors(alone, "Adam", [0.1])[0], both[0])


def test_what_is_not_reached_is_nan(drawn):
    assert np.isnan(optimizers.errors(drawn, "SGD", [1e-9], most=3)).all()


def test_an_unknown_optimizer_is_named(drawn):
    with pytest.raises(ValueError, match="expected one of"):
        optimizers.errors(drawn, "Newton", [0.1])
