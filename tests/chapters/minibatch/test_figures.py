"""What is drawn is what was measured."""

import itertools

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from gradbook import figures
from gradbook.chapters import minibatch
from gradbook.chapters.minibatch import closed_forms, effects
from gradbook.evidence import atlas
from gradbook.evidence.intervals import mean_interval

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def close_figures():
    before = matplotlib.rcParams.copy()
    yield
    assert matplotlib.rcParams == before, "a figure changed the global style"
    plt.close("all")


@pytest.fixture(scope="module")
def agreement():
    return atlas.load("agreement")


def lines(ax):
    return [np.asarray(line.get_ydata(), float) for line in ax.lines]


def test_bands_draw_mean_and_interval():
    values = np.random.default_rng(0).normal(size=(10, 4))
    ax = figures.plot_bands(range(4), {"a": values}, xlabel="x", ylabel="y")
    mean, low, high = mean_interval(values)
    np.testing.assert_allclose(lines(ax)[0], mean)
    corners = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert corners.min() == pytest.approx(low.min())
    assert corners.max() == pytest.approx(high.max())
    assert [text.get_text() for text in ax.texts] == ["a"]


def test_labels_at_the_ends_do_not_overlap():
    curves = {
        name: np.ones((3, 2)) * value for name, value in zip("abc", (1, 1.001, 2), strict=True)
    }
    ax = figures.plot_bands([0, 1], curves, xlabel="x", ylabel="y")
    ax.figure.canvas.draw()
    boxes = sorted((text.get_window_extent() for text in ax.texts), key=lambda box: box.y0)
    assert all(below.y1 <= above.y0 + 1 for below, above in itertools.pairwise(boxes))


def test_field_arrows_point_along_the_gradient():
    offsets = np.linspace(-1, 1, 3)
    gradients = np.random.default_rng(1).normal(size=(3, 3, 2))
    ax = figures.plot_field(offsets, gradients, ("b₁", "b₂"))
    (arrows,) = ax.collections
    drawn = np.stack([arrows.U, arrows.V], -1).reshape(3, 3, 2)
    ratio = drawn / gradients
    assert ratio.min() > 0 and ratio.std() == pytest.approx(0, abs=1e-12)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("offset of b₁", "offset of b₂")


def test_a_zero_field_is_drawn_without_a_warning():
    figures.plot_field(
        np.linspace(-1, 1, 3), np.zeros((3, 3, 2)), ("b₁", "b₂")
    ).figure.draw_without_rendering()


def test_small_multiples_colour_what_points_against_the_mean():
    gradients = np.ones((3, 3, 3, 2))
    gradients[2] *= -1
    axes = figures.plot_fields(np.linspace(-1, 1, 3), gradients, columns=3)
    colours = [ax.collections[0].get_facecolor()[0] for ax in axes.flat]
    blue, red = (matplotlib.colors.to_rgba(c) for c in (figures.BLUE, figures.VERMILION))
    assert [tuple(c) for c in colours] == [blue, blue, red]


@pytest.mark.parametrize("loss", ["l1", "squared"])
@pytest.mark.parametrize("layer", effects.LAYERS)
@pytest.mark.parametrize("opposed", [False, True])
def test_agreement_draws_every_seed_their_mean_and_the_prediction(agreement, loss, layer, opposed):
    ax = minibatch.plot_agreement(agreement, loss=loss, layer=layer, opposed=opposed)
    measured = effects.agreement_curve(agreement, loss, layer, opposed=opposed)
    drawn = lines(ax)
    np.testing.assert_allclose(drawn[: len(measured)], measured)
    np.testing.assert_allclose(drawn[len(measured)], mean_interval(measured)[0])
    predicted = minibatch.predicted_agreement(agreement, loss)[int(opposed)]
    there = ~np.isnan(measured)  # the same networks as in the measured mean
    expected = (predicted * there).sum(0) / there.sum(0)
    np.testing.assert_allclose(drawn[len(measured) + 1], expected)


def test_prediction_uses_the_vote_for_l1_and_the_mean_for_squared_error(agreement):
    vote = closed_forms.vote_agreement(agreement["positive"][:, 0], 64)
    mean = closed_forms.mean_agreement(
        agreement["error_mean"][:, 1], agreement["error_sd"][:, 1], 64
    )
    np.testing.assert_array_equal(minibatch.predicted_agreement(agreement, "l1"), vote)
    np.testing.assert_array_equal(minibatch.predicted_agreement(agreement, "squared"), mean)


def test_unknown_loss_is_refused(agreement):
    with pytest.raises(ValueError, match="expected a loss of"):
        minibatch.plot_agreement(agreement, loss="l2")


def test_batch_sizes_draw_points_on_measured_means_and_predicted_lines(agreement):
    sizes, epochs = agreement.config["batch_sizes"], agreement.config["size_epochs"]
    ax = minibatch.plot_batch_sizes(agreement, sizes, epochs)
    drawn = lines(ax)
    for number in range(len(epochs)):
        points, line = drawn[2 * number : 2 * number + 2]
        np.testing.assert_allclose(
            points, agreement["size_cosine"][:, number, :, 2].mean(0), rtol=1e-5
        )
        np.testing.assert_allclose(
            line, agreement["size_predicted"][:, number, :, 2].mean(0), rtol=1e-5
        )


def test_drift_draws_one_line_a_change():
    values = np.random.default_rng(2).random((5, 2, 4))
    ax = minibatch.plot_drift(values, ["a", "b"], ylabel="y")
    np.testing.assert_allclose(lines(ax), values.mean(0))


def test_axes_given_are_drawn_on():
    given = plt.subplots()[1]
    ax = minibatch.plot_drift(np.ones((2, 1, 3)), ["a"], ylabel="y", ax=given)
    assert ax is given
