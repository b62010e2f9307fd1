"""Small explorers: measured points lie on the lines, and the crossing moves as ln n."""

import itertools

import numpy as np
import pytest

from gradbook.chapters.generalization import closed_forms, curves
from gradbook.evidence import atlas

FORMS = {form.name: form for form in curves.FORMS}


def every_setting(explorer) -> list[dict]:
    controls = explorer.meta["controls"]
    names = [control["name"] for control in controls]
    every = itertools.product(*(control["values"] for control in controls))
    return [explorer.meta["fixed"] | dict(zip(names, v, strict=True)) for v in every]


@pytest.mark.parametrize("name", ["crossing", "ratio", "never_wrong", "one_step"])
def test_a_measured_point_lies_near_the_closed_form(name):
    """Doses within a factor of 1.3, answers within 0.03; nothing is fitted."""
    make, experiment = curves.EXPLORERS[name]
    explorer = make(atlas.load(experiment))
    assert explorer.meta["points"]
    for points in explorer.meta["points"]:
        settings = next(
            s
            for s in every_setting(explorer)
            if all(s[k] == pytest.approx(v) for k, v in points["when"].items())
        )
        x, y = FORMS[name].lines(settings)[points["line"]]
        if name in ("never_wrong", "one_step"):
            assert np.interp(points["x"], x, y) == pytest.approx(points["mean"], abs=0.03)
        else:
            ratio = np.log(np.interp(points["x"], x, y)) - np.log(points["mean"])
            assert np.abs(ratio).max() < np.log(1.3)


def test_the_crossing_moves_as_the_logarithm_of_n():
    """Ten times as many examples add ln 10 to the time, whatever n is."""
    steps = [closed_forms.crossing(10**k, 0.2, 0.1) for k in range(2, 6)]
    later = np.diff(steps)
    np.testing.assert_allclose(later, -np.log(10) / np.log(0.9), rtol=0.01)
    early = closed_forms.crossing(100, 0.2, 1e-6) * 1e-6
    assert early == pytest.approx(closed_forms.satiation(100, 0.2), rel=1e-4)


def test_without_a_wrong_label_an_own_weight_adds_next_to_nothing():
    end = closed_forms.course(np.array(1e6), 100, 0.0)
    assert end.right == pytest.approx(1 / 101)
