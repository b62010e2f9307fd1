"""The garden explorer holds the arrays it was given, and refuses what does not fit."""

import numpy as np
import pytest

from gradbook.chapters.dosage.explorer import ARRAYS, Garden

DIETS = {"none": [0.0], "weight decay": [0.01, 0.02]}
FREQUENCIES = [0.0, 0.1, 0.2, 0.3]


def arrays():
    generator = np.random.default_rng(0)
    return {name: generator.normal(size=(3, 5, 4)) for name in ARRAYS}


def test_the_bytes_are_the_arrays():
    given = arrays()
    garden = Garden(given, diets=DIETS, frequencies=FREQUENCIES)
    for name in ARRAYS:
        shown = np.frombuffer(getattr(garden, name), "<f4").reshape(3, 5, 4)
        np.testing.assert_array_equal(shown, given[name].astype("<f4"))
    assert [(d["name"], d["strengths"]) for d in garden.meta["diets"]] == list(DIETS.items())
    assert garden.meta["frequencies"] == FREQUENCIES and garden.epoch == 4


@pytest.mark.parametrize("name", ["diet", "strength", "epoch"])
def test_an_index_out_of_range_is_refused(name):
    garden = Garden(arrays(), diets=DIETS, frequencies=FREQUENCIES)
    with pytest.raises(ValueError, match=f"expected {name} from 0 to"):
        setattr(garden, name, 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"norm": np.zeros((2, 5, 4))}, "expected finite 'norm'"),
        ({"dose": np.full((3, 5, 4), np.nan)}, "expected finite 'dose'"),
        ({"pull": np.zeros(3)}, "expected finite 'pull'"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Garden(arrays() | change, diets=DIETS, frequencies=FREQUENCIES)


def test_a_diet_without_a_note_is_refused():
    with pytest.raises(ValueError, match=r"expected diets of .* got 'fasting'"):
        Garden(arrays(), diets={"fasting": [1, 2, 3]}, frequencies=FREQUENCIES)


def test_it_reads_the_same_at_every_run():
    garden = Garden(arrays(), diets=DIETS, frequencies=FREQUENCIES)
    assert repr(garden) == "Garden: run this cell to turn it"
