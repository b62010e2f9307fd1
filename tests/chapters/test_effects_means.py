"""Numbers that the chapters print and no claim is judged by."""

import numpy as np

from gradbook.chapters import dosage, generalization, starvation
from gradbook.chapters.starvation.figures import moons
from gradbook.evidence import atlas
from gradbook.evidence.atlas import Atlas


def test_second_cosines_are_of_units_that_were_weak_and_fed():
    cosine = np.zeros((2, 2, 4, 3))  # seeds, records, units, features
    cosine[0, -1] = [[0.95, 0.5, 0], [0.8, 0.4, 0], [0.2, 0.7, 0.1], [0.6, 0.6, 0.6]]
    cosine[1, -1] = [0.95, 0.1, 0.1]
    cosine[1, 0, 3] = 0.6  # not weak at the start
    cosine[1, -1, 3] = [0.8, 0.8, 0]
    norm = np.ones((2, 2, 4))
    norm[:, -1] = [2, 2, 2, 0.5]  # the last unit was not fed
    norm[1, -1, 3] = 2
    shaping = Atlas("", {"shared_cosine": cosine, "shared_norm": norm}, {}, [1, 2], {}, "")
    np.testing.assert_allclose(dosage.second_cosine(shaping, strong=True), [0.5, 0.1])
    np.testing.assert_allclose(dosage.second_cosine(shaping, strong=False), [0.3, np.nan])


def test_shares_of_a_step_are_those_of_its_moment():
    config = {"moments": [0, 100], "sizes": [10, 30]}
    shape = (3, 2, 2, 2)  # seeds, moments, small and large step, sizes
    own, others = np.full(shape, 2.0), np.full(shape, 1.0)
    others[:, 1, 1] = 0.5
    arrays = {
        "own": own,
        "others": others,
        "ratio": others / own + 0.1,
        "plug_in": np.full((3, 2, 2), 0.7),
        "noise_scale": np.full((3, 2), 10.0) * [1, 3],
    }
    found = generalization.one_step_shares(Atlas("", arrays, config, [1, 2, 3], {}, ""), moment=100)
    np.testing.assert_allclose(found["predicted"][0], [0.25, 0.5])
    expected = {"small step": 0.5, "large step": 0.25, "mean of ratios": 0.6}
    for name, value in (expected | {"B from the sample": 0.7}).items():
        np.testing.assert_allclose(found[name], np.full((3, 2), value))


def test_the_shares_of_the_shipped_experiment_are_those_it_draws():
    one_step = atlas.load("one_step")
    found = generalization.one_step_shares(one_step, moment=0)
    scale = one_step["noise_scale"][:, 0, None]
    sizes = np.array(one_step.config["sizes"])
    np.testing.assert_array_equal(found["predicted"], generalization.one_step_ratio(sizes, scale))
    assert {values.shape for values in found.values()} == {(len(one_step.jobs), len(sizes))}


def test_the_trainings_shown_on_coloured_digits_were_run():
    cures = atlas.load("cures")
    shown = starvation.digits_shown(cures)
    ends = [starvation.digits_course(cures, *one)[:, -1].mean() for one in shown.values()]
    assert len(set(ends)) == len(shown) == 5
    assert len(moons.plot_unlearning(cures, shown).lines) >= 5
