"""The generalization chapter's figures draw what was measured, and its effects say what it is."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from gradbook.chapters.generalization import closed_forms, effects
from gradbook.chapters.generalization.figures import doses
from gradbook.evidence.atlas import Atlas

matplotlib.use("agg")
SEEDS = 3
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def dots(ax, mark="o"):
    return [line for line in ax.lines if line.get_marker() == mark]


@pytest.fixture
def dose_by_count():
    config = {
        "networks": ["linear", "deep linear", "ReLU"],
        "counts": [10, 100, 1000],
        "units": 32,
        "scale": 0.2,
        "loss_left": 0.1,
    }
    dose = np.array([1, 8, 4])[:, None] * np.array([10.0, 100, 1000]) ** [[1], [1.1], [1.2]]
    dose = dose * np.array([0.5, 1, 2])[:, None, None]  # seeds, even on a logarithmic axis
    return Atlas("dose_by_count", {"dose": dose, "first": dose}, config, [1, 2, 3], {}, "")


def test_powers_of_ten_and_slopes(dose_by_count):
    np.testing.assert_allclose(
        effects.power_of_ten(dose_by_count, "linear", 100), 2 + np.log10([0.5, 1, 2])
    )
    np.testing.assert_allclose(effects.slope(dose_by_count, "ReLU"), 1.2)
    np.testing.assert_allclose(
        effects.slope(dose_by_count, "deep linear", least=100, name="first"), 1.1
    )


def test_dose_by_count_draws_geometric_means_and_the_predictions(dose_by_count):
    ax = doses.plot_dose_by_count(dose_by_count)
    points = dots(ax)
    np.testing.assert_allclose(points[0].get_ydata(), [10, 100, 1000])
    np.testing.assert_allclose(points[2].get_ydata(), dose_by_count["dose"][1, 2])
    lines = [line for line in ax.lines if line.get_marker() == "None"]
    np.testing.assert_allclose(lines[0].get_ydata(), lines[0].get_xdata())
    expected = closed_forms.dose_ratio(lines[2].get_xdata(), "ReLU", units=32, scale=0.2)
    np.testing.assert_allclose(lines[2].get_ydata(), expected)


@pytest.fixture
def late():
    step = np.array([0, 2, 5, 10, 20, 50, 100])
    curves = {
        "general_answer": [0, 0.2, 0.4, 0.6, 0.6, 0.6, 0.6],
        "general_dose": [0.0, 0.4, 0.3, 0.1, 0.01, -0.1, 0.2],
        "wrong_dose": [0.02] * 7,
        "right_dose": [0.01] * 7,
        "fresh_loss": [0.5, 0.3, 0.2, 0.1, 0.08, 0.09, 0.2],
        "fresh_error": [0.5, 0, 0, 0, 0, 0.01, 0.1],
        "wrong_answer": [0, -0.2, -0.4, -0.5, 0.2, 0.3, 1.0],
        "memorized": [0.6, 0.0, 0.0, 0.2, 0.5, 0.4, 1.0],
    }
    settings = {"linear, patterns apart": [], "linear": [], "ReLU": []}
    config = {
        "settings": settings,
        "count": 6,
        "dimension": 12,
        "wrong": 0.2,
        "learning_rate": 0.1,
    }
    arrays = {name: np.tile(curve, (SEEDS, 3, 1)) for name, curve in curves.items()}
    arrays["step"] = np.tile(step, (SEEDS, 1))
    arrays["eigenvalues"] = np.tile([0.5, 0.6, 1, 1.2, 1.3, 1.4], (SEEDS, 1))
    return Atlas("late_memorization", arrays, config, [1, 2, 3], {}, "")


def test_moments_are_when_they_say(late):
    found = effects.moments(late, "ReLU")
    # Not sated at step 0, before it has learned; memorized for good only at the last record.
    expected = {"general": 5, "sated": 20, "turn": 20, "private": 20, "memorized": 100}
    expected["harmed"] = 20
    assert {name: steps.tolist() for name, steps in found.items()} == {
        name: [step] * SEEDS for name, step in expected.items()
    }


def test_moments_that_do_not_come_are_nan(late):
    never = Atlas(
        late.name,
        late.arrays | {"memorized": 0 * late["memorized"], "general_dose": 1 + late["wrong_dose"]},
        late.config,
        late.jobs,
        {},
        "",
    )
    found = effects.moments(never, "linear")
    assert np.isnan(found["memorized"]).all() and np.isnan(found["sated"]).all()


def test_doses_are_drawn_with_the_closed_form(late):
    ax = doses.plot_doses(late)
    expected = closed_forms.course(0.1 * late["step"][0], 6, 0.2, 0.1)
    drawn = [line.get_ydata()[0] for line in dots(ax)]
    assert drawn == pytest.approx([0.6, float(expected.wrong_dose[0]), 1 / 6])
    measured = [line for line in ax.lines if len(line.get_xdata()) == 7]
    np.testing.assert_allclose(measured[1].get_ydata(), 0.02)


@pytest.mark.parametrize(("what", "scale"), [("loss", 1), ("error", 100)])
def test_fresh_examples_are_drawn_with_the_prediction(late, what, scale):
    ax = doses.plot_fresh(late, what)
    expected = scale * doses.predicted_fresh(late)[what].mean(0)[::6]
    np.testing.assert_allclose(dots(ax)[0].get_ydata(), expected)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), scale * late[f"fresh_{what}"][0, 1])
    assert [text.get_text() for text in ax.texts] == ["linear", "ReLU"]


def test_lateness_is_a_ratio_and_its_slope_that_of_the_private_times():
    config = {
        "networks": ["linear", "deep linear", "ReLU"],
        "counts": [25, 100, 400],
        "wrong": 0.2,
        "layers": 2,
        "scale": 0.2,
    }
    counts = np.array(config["counts"])
    private = np.stack([counts, 3 * counts**0.5, 5 * counts**0.5])
    arrays = {"private": np.tile(private, (SEEDS, 1, 1)), "general": np.full((SEEDS, 3, 3), 2.0)}
    lag = Atlas("lag", arrays, config, [1, 2, 3], {}, "")
    np.testing.assert_allclose(effects.lateness(lag, "deep linear"), [[7.5, 15, 30]] * SEEDS)
    np.testing.assert_allclose(effects.lateness_slope(lag, "ReLU", least=100), 0.5)
    ax = doses.plot_lag(lag)
    np.testing.assert_allclose([line.get_ydata() for line in dots(ax)], private)
    dashed = next(line for line in ax.lines if line.get_linestyle() == "--")
    np.testing.assert_allclose(dashed.get_ydata(), 100 * np.sqrt(counts / 400))


def test_one_step_draws_the_ratio_of_means_and_the_curve():
    config = {"moments": [0, 100], "gains": [1e-4, 0.03], "sizes": [16, 4096]}
    own = RNG.uniform(1, 2, (SEEDS, 2, 2, 2))
    others = own * RNG.uniform(0, 1, own.shape)
    scale = np.full((SEEDS, 2), 64.0)
    arrays = {"own": own, "others": others, "noise_scale": scale}
    ax = doses.plot_one_step(Atlas("one_step", arrays, config, [1, 2, 3], {}, ""))
    np.testing.assert_allclose(dots(ax)[1].get_ydata(), (others / own)[:, 1, 0].mean(0))
    line = next(line for line in ax.lines if len(line.get_xdata()) == 100)
    np.testing.assert_allclose(line.get_ydata()[[0, -1]], [1 / 5, 64 / 65])


def test_forgetting_draws_rest_through_the_points():
    config = {
        "networks": ["linear", "deep linear", "ReLU"],
        "decays": [0.0, 0.01, 0.1],
        "count": 100,
        "wrong": 0.2,
        "layers": 2,
    }
    arrays = {name: RNG.random((SEEDS, 3, 3)) for name in ("answer", "general")}
    ax = doses.plot_forgetting(Atlas("memorizing_decay", arrays, config, [1, 2, 3], {}, ""))
    np.testing.assert_allclose(dots(ax)[0].get_ydata(), arrays["answer"][:, 0, 1:].mean(0))
    np.testing.assert_allclose(dots(ax, "s")[2].get_ydata(), arrays["general"][:, 2, 1:].mean(0))
    curves = [line.get_ydata() for line in ax.lines if len(line.get_xdata()) == 200]
    ends = [closed_forms.at_rest(0.1, 100, 0.2, layers) for layers in (1, 2)]
    np.testing.assert_allclose([curve[-1] for curve in curves], np.ravel(ends))


@pytest.fixture
def left_out():
    config = {"data": ["digits", "digits, wrong labels"], "losses": [0.9, 0.5]}
    arrays = {
        "correlation": RNG.uniform(0, 1, (SEEDS, 2, 2, 2)),
        "correlation_of_right": RNG.uniform(0, 1, (SEEDS, 2, 2, 2)),
        "predicted": np.tile([[[1, 1, 0, 0.5]], [[1, 0.5, 0, 0]]], (SEEDS, 1, 2, 1)),
        "fitted": np.ones((SEEDS, 2, 2, 4)),
        "wrong": np.tile([[False] * 4, [False, False, True, True]], (SEEDS, 1, 1)),
    }
    return Atlas("left_out", arrays, config, [1, 2, 3], {}, "")


def test_early_dose_is_read_at_its_loss_and_without_decay(left_out):
    found = effects.dose_and_prediction(left_out, "digits, wrong labels", "the loss halved")
    np.testing.assert_array_equal(found, left_out["correlation"][:, 1, 0, 1])
    right = effects.correlation(left_out, "digits", right=True)
    np.testing.assert_array_equal(right, left_out["correlation_of_right"][:, 0])
    ax = doses.plot_early_dose(left_out)
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [10, 50])
    np.testing.assert_allclose(ax.lines[1].get_ydata(), left_out["correlation"][:, 1, 0].mean(0))


def test_left_out_shares_count_right_and_wrong_labels(left_out):
    found = effects.left_out_shares(left_out, "digits, wrong labels")
    expected = {"right": 0.75, "wrong": 0.0, "fitted": 1.0, "memorized": 1 - 1.5 / 4}
    for name, share in expected.items():
        np.testing.assert_allclose(found[name], share)
    assert np.isnan(effects.left_out_shares(left_out, "digits")["wrong"]).all()
