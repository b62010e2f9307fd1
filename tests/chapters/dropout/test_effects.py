"""The effects of the chapter on dropout and batch norm read the numbers they say they read."""

import numpy as np
import pytest

from gradbook.chapters.dropout import effects
from gradbook.evidence import atlas
from gradbook.evidence.atlas import Atlas

SEEDS, PROBED, LAYERS = 3, [0, 1, 3], [2, 3]
VIEWS = {
    "none": ["none", "bias", "evaluation"],
    "none, weights": ["none", "weights", "evaluation"],
    "dropout": ["dropout", "bias", "one mask"],
    "dropout, fresh masks": ["dropout", "bias", "fresh masks"],
    "batch norm, weights": ["batch norm", "weights", "training"],
}
AT = {view: number for number, view in enumerate(VIEWS)}


@pytest.fixture
def nets():
    generator = np.random.default_rng(0)
    angle = generator.uniform(0.1, 1, (SEEDS, len(VIEWS), len(PROBED), len(LAYERS), 2))
    angle[:, AT["dropout, fresh masks"], ..., 1] = np.nan
    losses = np.zeros((SEEDS, 3, 4))
    losses[:, 0] = [9, 4, 3, 1]  # probed: epochs 0, 1 and 3
    losses[:, 1] = [9, 6, 5, 3]
    arrays = {
        "angle": angle,
        "opposed": generator.random((SEEDS, len(VIEWS), len(PROBED), len(LAYERS))),
        "train_loss": losses,
        "drift": generator.random((SEEDS, 2, 4, 3, 2)),
    }
    config = {
        "views": VIEWS,
        "layers": LAYERS,
        "probed": PROBED,
        "learning_rates": {"none": 1, "dropout": 1, "batch norm": 1},
    }
    return Atlas("nets", arrays, config, [1, 2, 3], {}, "")


def test_an_angle_in_training_leaves_out_the_start(nets):
    expected = nets["angle"][:, AT["dropout"], 1:, 1, 1].mean(1)
    np.testing.assert_allclose(effects.angle_in_training(nets, "dropout", 3), expected)


def test_fresh_masks_are_read_where_they_were_measured(nets):
    expected = nets["angle"][:, AT["dropout, fresh masks"], 1:, 0, 0].mean(1)
    found = effects.angle_in_training(nets, "dropout, fresh masks", 2)
    np.testing.assert_allclose(found, expected)


def test_an_epoch_without_an_angle_is_left_out(nets):
    nets["angle"][0, AT["dropout"], 1, 0, 1] = np.nan
    found = effects.angle_in_training(nets, "dropout", 2)[0]
    assert found == nets["angle"][0, AT["dropout"], 2, 0, 1]


@pytest.mark.parametrize(
    ("view", "plain"), [("dropout", "none"), ("batch norm, weights", "none, weights")]
)
def test_biases_are_compared_with_biases_and_weights_with_weights(nets, view, plain):
    one, other = (effects.angle_in_training(nets, v, 2) for v in (view, plain))
    np.testing.assert_allclose(effects.angle_over_plain(nets, view, 2), one / other)


def test_ratios_of_angles(nets):
    fresh = effects.angle_in_training(nets, "dropout, fresh masks", 2)
    found = effects.angle_over_dropout(nets, "none", "fresh masks", 2)
    np.testing.assert_allclose(found, effects.angle_in_training(nets, "none", 2) / fresh)
    start = nets["angle"][:, AT["dropout, fresh masks"], 0, 0, 0]
    np.testing.assert_allclose(effects.angle_at_the_start(nets, "fresh masks", 2), start / fresh)
    over = effects.dropout_angle_over_plain(nets, "fresh masks", 2)
    np.testing.assert_allclose(over, fresh / effects.angle_in_training(nets, "none", 2))


def test_equal_loss_takes_the_epochs_in_the_range_of_both(nets):
    """Plain: losses 4 and 1 at epochs 1 and 3; dropout: 6 and 3. Both pass from 4 to 3."""
    plain = nets["opposed"][:, AT["none"], 1, 0]  # 4 lies in [3, 4], 1 does not
    dropout = nets["opposed"][:, AT["dropout"], 2, 0]  # 3 does, 6 does not
    np.testing.assert_allclose(effects.opposed_by_dropout(nets, 2), dropout - plain)


def test_networks_whose_losses_never_meet_are_not_compared(nets):
    nets["train_loss"][1, 1] = 100
    found = effects.opposed_by_dropout(nets, 2)
    assert np.isnan(found).tolist() == [False, True, False]


def test_drift_is_that_of_the_layer_after_the_last_epoch(nets):
    np.testing.assert_array_equal(effects.drift(nets, "β", 3), nets["drift"][:, 0, -1, 2, 1])


def test_an_unknown_view_is_named(nets):
    with pytest.raises(ValueError, match=r"expected a view of .*got glasses, 2"):
        effects.of_view(nets, "angle", "glasses", 2)


def test_errors_are_those_after_training():
    arrays = {
        "few_test": np.arange(24.0).reshape(3, 4, 2) + 1,
        "digits_test": np.arange(24.0).reshape(3, 4, 2)[::-1] + 5,
    }
    config = {"regularizers": ["none", "dropout", "batch norm", "both"]}
    results = Atlas("substitutes", arrays, config, [1, 2, 3], {}, "")
    few, digits = arrays["few_test"][..., -1], arrays["digits_test"][..., -1]
    found = effects.error_over_dropout(results, "few rows")
    np.testing.assert_allclose(found, few[:, 2] / few[:, 1])
    found = effects.error_over_none(results, "dropout", "wrong labels")
    np.testing.assert_allclose(found, digits[:, 1] / digits[:, 0])


def test_unpredicted_is_of_the_whole_update():
    values = np.random.default_rng(0).random((3, 2, 2, 3))
    config = {"layers": [1, 4], "steps_before": [0, 300], "scales": [0.1, 1.0, 3.0]}
    results = Atlas("depth", {"unpredicted": values}, config, [1, 2, 3], {}, "")
    found = effects.unpredicted(results, "in training", 4)
    np.testing.assert_array_equal(found, values[:, 1, 1, 1])


def test_every_field_is_a_view_that_was_measured():
    views = atlas.load("nets").config["views"]
    assert set(effects.FIELDS) <= set(views)
    assert len(set(effects.FIELDS.values())) == len(effects.FIELDS)


def test_growth_by_layer_is_that_of_a_geometric_series():
    """One layer is left out: a linear network has nothing that its gradient does not predict."""
    layers, growth = [1, 2, 3, 4, 6, 8], np.array([1.1, 1.5, 2.0])
    share = np.zeros((3, len(layers), 2, 1))
    share[:, :, 1, 0] = 0.01 * growth[:, None] ** np.array(layers)
    share[:, 0] = 0.0
    config = {"layers": layers, "steps_before": [0, 300], "scales": [1.0]}
    depth = Atlas("depth_again", {"unpredicted": share}, config, [30, 31, 32], {}, "")
    np.testing.assert_allclose(effects.growth_by_layer(depth, "in training"), growth)


def test_depth_is_repeated_with_the_same_measure_on_new_seeds():
    from gradbook.chapters.dropout.experiments import depth, depth_again

    assert depth_again.measure is depth.measure and depth_again.CONFIG == depth.CONFIG
    assert not set(depth_again.JOBS) & set(depth.JOBS) and len(depth_again.JOBS) == 20
