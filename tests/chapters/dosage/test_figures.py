"""The dose chapter's figures draw what was measured, and its effects read what they say."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from gradbook.chapters.dosage import closed_forms, effects, figures
from gradbook.evidence.atlas import Atlas

matplotlib.use("agg")
SEEDS = 3


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def threshold():
    ratio = np.array([0.5, 0.8, 1.1, 1.5, 3.0])
    answer = np.zeros((SEEDS, 4, 5), np.float32)
    answer[:, 0] = closed_forms.survivor(ratio)
    answer[:, 1] = closed_forms.survivor(ratio, "logistic")
    answer[:, 2] = answer[:, 0]
    answer[1, 2, 2] = 0.0  # one seed loses the recognizer at 1.1
    answer[:, 3] = 0.5
    config = {
        "settings": ["a·b", "logistic loss", "ReLU, an output each", "ReLU, one output"],
        "weight_decay": 0.01,
    }
    arrays = {"ratio": np.tile(ratio, (SEEDS, 1)), "answer": answer}
    return Atlas("threshold", arrays, config, [1, 2, 3], {}, "")


def test_the_threshold_lies_between_the_last_dead_and_the_first_living(threshold):
    np.testing.assert_allclose(effects.threshold(threshold, "a·b"), np.sqrt(0.8 * 1.1))
    expected = np.sqrt([0.8 * 1.1, 1.1 * 1.5, 0.8 * 1.1])
    np.testing.assert_allclose(effects.threshold(threshold, "ReLU, an output each"), expected)
    assert (effects.threshold(threshold, "ReLU, one output") == 0.5).all()


def test_survival_draws_means_and_the_closed_forms_through_them(threshold):
    ax = figures.plot_survival(threshold, ("a·b", "logistic loss"))
    points, line, points2, line2 = [np.asarray(one.get_xydata()) for one in ax.lines]
    np.testing.assert_allclose(points[:, 1], threshold["answer"][:, 0].mean(0), atol=1e-6)
    np.testing.assert_allclose(line[:, 1], closed_forms.survivor(line[:, 0]))
    np.testing.assert_allclose(points2[:, 1], threshold["answer"][:, 1].mean(0), atol=1e-6)
    np.testing.assert_allclose(line2[:, 1], closed_forms.survivor(line2[:, 0], "logistic"))
    assert [text.get_text() for text in ax.texts] == ["squared loss", "logistic loss"]


def test_share_shaped_counts_the_weak_that_were_fed():
    cosine = np.zeros((1, 2, 4))
    cosine[0, 0], cosine[0, 1] = [0.1, 0.2, 0.6, 0.3], [0.99, 0.5, 0.99, 0.99]
    norm = np.array([[[1, 1, 1, 1], [2, 2, 2, 0.5]]])
    arrays = {"patch_cosine": cosine, "patch_norm": norm}
    results = Atlas("shaping", arrays, {}, [1], {}, "")
    assert effects.share_shaped(results, "a patch each").tolist() == [0.5]


@pytest.fixture
def competition():
    reliance = np.zeros((2, 1, 3, 2, 3))
    reliance[:, 0, 0, :, 0], reliance[:, 0, 1, :, 1] = [2, 1.5], [2, 1.5]
    accuracy = np.full((2, 1, 3, 2), 0.9)
    accuracy[:, 0, 2, 1] = 0.97
    config = {"settings": ["ReLU"], "starts": ["feature 1", "feature 2", "none"]}
    arrays = {"reliance": reliance, "accuracy": accuracy, "step": np.tile([0, 20], (2, 1))}
    return Atlas("competition", arrays, config, [1, 2], {}, "")


def test_effects_of_competition(competition):
    np.testing.assert_allclose(effects.accuracy_lost(competition, "ReLU", 20), -0.07)
    np.testing.assert_allclose(effects.accuracy_lost(competition, "ReLU", 0), 0)
    np.testing.assert_allclose(effects.head_start_left(competition, "ReLU"), [[1, 0.75]] * 2)
    np.testing.assert_allclose(effects.head_start_left_at_the_end(competition, "ReLU"), 0.75)


@pytest.fixture
def cut_off():
    causes = [
        "weight decay",
        "gradient noise",
        "decay and noise",
        "other examples",
        "other examples and decay",
    ]
    generator = np.random.default_rng(0)
    arrays = {
        "cosine": generator.random((SEEDS, 5, 51)),
        "norm": 1 + generator.random((SEEDS, 5, 51)),
        "noise": np.full(SEEDS, 0.03),
        "dimensions": np.full(SEEDS, 21),
        "step": np.tile(7 * np.arange(51), (SEEDS, 1)),
    }
    config = {"causes": causes, "learning_rate": 0.1, "weight_decay": 0.02}
    return Atlas("cut_off", arrays, config, [1, 2, 3], {}, "")


@pytest.mark.parametrize("what", ["norm", "cosine"])
def test_starving_draws_measured_means_and_predictions(cut_off, what):
    lines = figures.plot_starved(cut_off, what).lines
    scale = cut_off["norm"][:, :, :1] if what == "norm" else 1
    expected = (cut_off[what] / scale).mean(0)
    solid = [line for line in lines if line.get_linestyle() == "-"]
    np.testing.assert_allclose([line.get_ydata() for line in solid], expected)
    dots = [line for line in lines if line.get_marker() == "o"]
    assert len(dots) == 3, "no closed form for what the other examples do"
    norm, _ = closed_forms.starved(cut_off["step"][0], 1.0, learning_rate=0.1, weight_decay=0.02)
    shown = dots[0].get_ydata()
    np.testing.assert_allclose(shown, norm[::5] if what == "norm" else 1.0)


def test_the_cut_s_effect_is_the_last_cosine_of_its_cause(cut_off):
    found = effects.cosine_after_the_cut(cut_off, "decay and noise")
    np.testing.assert_array_equal(found, cut_off["cosine"][:, 2, -1])


def test_a_diet_that_was_not_run_is_refused():
    results = Atlas("diets", {}, {"diets": [["none", [0.0]], ["dropout", [0.1, 0.2]]]}, [], {}, "")
    assert effects.diet_number(results, "dropout", 0.2) == 2
    with pytest.raises(ValueError, match="expected a diet and strength of"):
        effects.diet_number(results, "dropout", 0.3)


def test_the_map_s_line_is_the_longest_wait():
    config = {
        "factors": [2, 3],
        "head_starts": [0, 200, 400, 2000],
        "weight_decays": [0.01, 0.02],
        "start": 0.6,
        "learning_rate": 0.4,
    }
    delay = np.zeros((SEEDS, 2, 4, 2))
    delay[:, 1, 3] = -1
    results = Atlas("head_start", {"delay": delay}, config, [1, 2, 3], {}, "")
    ax = figures.plot_map(results, 3)
    limits = [closed_forms.longest_neglect(d, start=0.6, learning_rate=0.4) for d in (0.01, 0.02)]
    expected = np.interp(limits, [0, 200, 400, 2000], [0.5, 1.5, 2.5, 3.5])
    np.testing.assert_allclose(ax.lines[0].get_ydata(), expected)
    shares = ax.collections[0].get_array()
    np.testing.assert_array_equal(np.asarray(shares).reshape(4, 2)[:, 0], [1, 1, 1, 0])
