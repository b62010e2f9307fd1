"""Nets that are looked at on the way are those that training ends with."""

import numpy as np
import pytest

from gradbook.chapters.starvation import effects, moons
from gradbook.chapters.starvation.experiments import at_length


@pytest.mark.parametrize("cure", [["none", 0], ["Adam", 0.001], ["spectral decoupling", 0.006]])
def test_a_look_after_so_many_epochs_is_a_training_of_so_many(cure):
    config = at_length.CONFIG | {"epochs": [10, 30], "tests": 200}
    found = at_length._run(*cure, 3, config)
    short = at_length.CONFIG | {"epochs": [10], "tests": 200}
    how = moons.training(*cure)
    net = moons.trained(moons.Training(optimizer=how.optimizer, diet=how.diet, steps=30), [3])
    side = moons.judged(net, moons.grid()).reshape(moons.SIDE, moons.SIDE)
    assert found["carried"][1] == pytest.approx(moons.carried(side), rel=1e-5)
    for name, values in at_length._run(*cure, 3, short).items():
        np.testing.assert_allclose(values[0], found[name][0], rtol=1e-6)


def test_every_cure_that_is_read_was_run():
    run = [tuple(cure) for cure in at_length.CONFIG["cures"]]
    assert sorted(effects.CURES_AT_LENGTH.values()) == sorted(run)
