"""The starvation chapter's figures draw what was measured and what was predicted."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from gradbook.chapters.starvation import closed_forms, theory
from gradbook.chapters.starvation.figures import delays
from gradbook.evidence import atlas
from gradbook.evidence.atlas import Atlas

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_doses_are_points_on_the_closed_forms():
    three = atlas.load("three_features")
    ax = delays.plot_reliance(three)
    points = [line for line in ax.lines if line.get_marker() == "o"]
    forms = [line for line in ax.lines if len(line.get_xdata()) == 300]
    assert len(points) == len(forms) == 4
    np.testing.assert_allclose(points[0].get_ydata(), three["dose"][:, 0, :, 1, 0].mean(0))
    np.testing.assert_allclose(forms[0].get_ydata(), closed_forms.dose(0.9, forms[0].get_xdata()))


def test_folds_are_the_readings():
    ax = delays.plot_folds(0.8)
    for line, name in zip(ax.lines, delays.FOLDS, strict=False):
        expected = closed_forms.READINGS[name](0.8, line.get_xdata())
        np.testing.assert_allclose(line.get_ydata(), expected)


@pytest.fixture
def delay():
    config = {
        "networks": {"own paths": {"widths": [3, 3, 3, 1], "own": True, "start": 0.15}},
        "head_starts": [0, 100],
        "weight_decays": [0.0, 0.01],
        "learning_rate": 0.1,
        "reliability": 0.9,
    }
    steps = np.tile([[0, 40], [300, -1]], (3, 1, 1, 1)).astype(int)
    steps[0, 0, 1, 1], steps[0, 0, 0, 1] = 500, -1
    return Atlas("delay", {"delay": steps}, config, [1, 2, 3], {}, "")


def test_the_map_tells_never_from_late(delay):
    ax = delays.plot_delay_map(delay, "own paths")
    assert [text.get_text() for text in ax.texts] == ["0", "40", "300", "never"]
    shown = ax.collections[0].get_array()
    assert np.ma.getmaskarray(shown).ravel().tolist() == [False, False, False, True]


def test_delays_without_decay_carry_their_prediction(delay):
    ax = delays.plot_delays(delay)
    measured, predicted = ax.lines
    assert measured.get_ydata().tolist() == [300]
    lead = closed_forms.relied_on(10.0, 0.9, factors=3, start=0.15)[0]
    form = 10 * closed_forms.catch_up(0.9, lead, factors=3, late=0.15)
    assert predicted.get_ydata() == pytest.approx([form])
    with pytest.raises(ValueError, match="expected 'logistic regression' or 'own paths'"):
        delay.config["networks"]["own paths"] = {"widths": [3, 16, 16, 1]}
        delays.predicted_delay(delay, "own paths")


def test_responses_end_at_the_fixed_points():
    ax = delays.plot_responses((2, 6))
    mixing = theory.coupled(0.5)
    ends = [np.ravel(line.get_xydata()) for line in ax.lines if line.get_marker() == "o"]
    expected = [
        theory.at_rest([2, 2], mixing, 0.01),
        theory.at_rest([6, 2], mixing, 0.01),
        theory.decoupled(mixing, 0.002),
    ]
    np.testing.assert_allclose(ends[:3], expected, rtol=1e-5)


def test_lines_of_the_rarely_wrong_are_predicted():
    results = atlas.load("rarely_wrong")
    ax = delays.plot_rarely_wrong(results)
    lines = [line for line in ax.lines if len(line.get_xdata()) == 25]
    time, late = 0.1 * lines[2].get_xdata(), 0.1 * lines[2].get_ydata()
    np.testing.assert_allclose(late, closed_forms.catch_up_never_wrong(time)[1])
