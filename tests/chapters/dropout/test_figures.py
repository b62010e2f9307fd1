"""The figures of the chapter on dropout and batch norm draw the numbers they are given."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest

from gradbook import figures
from gradbook.chapters import dropout
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_intervals_stand_in_order_from_the_top():
    rows = {"one": np.array([1.0, 2, 3]), "two": np.array([5.0, 5, 8])}
    ax = figures.plot_intervals(rows, xlabel="x", at=4)
    lines = [np.array(line.get_xydata()) for line in ax.lines[1:]]
    for (values, place), interval, mean in zip(
        [(rows["one"], 1), (rows["two"], 0)], lines[::2], lines[1::2], strict=True
    ):
        middle, low, high = mean_interval(values)
        np.testing.assert_allclose(interval, [[low, place], [high, place]])
        np.testing.assert_allclose(mean, [[middle, place]])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["one", "two"]
    assert set(ax.lines[0].get_xdata()) == {4}


def test_the_step_figure_draws_measured_and_both_predictions():
    steps, linear = np.array([0.0, 1.0]), np.array([0.0, 2.0])
    ax = dropout.plot_step_sizes(steps, linear + 0.5, linear, linear + 1)
    drawn = [line.get_ydata() for line in ax.lines[:3]]
    np.testing.assert_array_equal(drawn, [linear, linear + 1, linear + 0.5])


def test_one_layer_which_is_linear_is_left_out_of_the_depth_figure():
    values = np.arange(24.0).reshape(2, 3, 2, 2)
    config = {"layers": [1, 2, 4], "scales": [0.1, 1.0], "steps_before": [0, 300]}
    ax = dropout.plot_unpredicted(Atlas("depth", {"unpredicted": values}, config, [1, 2], {}, ""))
    first, later = ax.lines
    assert first.get_xdata().tolist() == later.get_xdata().tolist() == [2, 4]
    np.testing.assert_allclose(later.get_ydata(), 100 * values[:, 1:, 1, 1].mean(0))


def test_the_normalization_figure_marks_units_that_share_a_point_with_a_ring():
    rng = np.random.default_rng(0)
    before = rng.normal(3, 2, (50, 8)) * np.arange(1, 9)
    shared = (before - before.mean(0)) / before.std(0)
    ax = dropout.plot_normalization({"before": before, "normalized": shared})
    spread, ring = ax.lines
    np.testing.assert_allclose(spread.get_xdata(), before.mean(0))
    np.testing.assert_allclose(ring.get_ydata(), 1)
    assert ring.get_markerfacecolor() == "none" != spread.get_markerfacecolor()


def test_tuning_draws_each_seed_and_their_mean():
    losses = np.full((2, 2, 2, 2), 9.0)  # seeds, networks, rates, epochs
    losses[..., -1] = [[[1, 3], [2, 2]], [[3, 5], [2, 8]]]
    config = {"rates": [1e-4, 1e-2], "regularizers": ["none", "dropout"]}
    ax = dropout.plot_tuning(Atlas("tuning", {"test_loss": losses}, config, [0, 1], {}, ""))
    means = [line.get_ydata().tolist() for line in ax.lines if line.get_marker() == "None"]
    assert means == [[2, 4], [2, 5]]
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_a_pair_of_fields_shares_its_axis():
    field = np.zeros((3, 3, 2))
    left, right = dropout.plot_pair(np.array([-1.0, 0, 1]), {"a": field, "b": field}, ["p", "q"])
    assert (left.get_title(), right.get_title()) == ("a", "b")
    assert left.get_ylabel() == "offset of q" and right.get_ylabel() == ""


def test_labels_on_a_logarithmic_axis_do_not_overlap():
    ends = {"a": 10.0, "b": 10.1, "c": 10.2, "d": 1000.0}
    curves = {name: np.full((2, 3), end) for name, end in ends.items()}
    ax = figures.plot_bands([0, 1, 2], curves, xlabel="x", ylabel="y", log=True)
    ax.figure.canvas.draw()
    boxes = sorted((text.get_window_extent() for text in ax.texts), key=lambda box: box.y0)
    assert len(boxes) == 4
    assert all(low.y1 <= high.y0 for low, high in itertools.pairwise(boxes))


def test_a_slide_of_the_step_figure_says_what_it_shows():
    steps, linear = np.array([0.0, 0.4]), np.array([0.0, 1.6])
    drawing, alt = dropout.step_size_slide(4, steps, linear + 1.24, linear, linear)
    assert drawing.lstrip().startswith("<svg")
    assert alt == (
        "depth 4: at ε = 0.4 the output changes by 2.84, where the gradient predicts 1.60."
    )
