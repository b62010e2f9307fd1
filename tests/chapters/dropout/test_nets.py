"""The experiments on regularized networks measure what they say, on small networks."""

import numpy as np
import pytest

from gradbook import models, probes, tasks
from gradbook.chapters.dropout import overfitting
from gradbook.chapters.dropout.experiments import nets, substitutes, tuning

SMALL = {
    "rows": [640, 100],
    "widths": [32, 16, 8],
    "epochs": 3,
    "probed": [0, 3],
    "minibatches": 8,
    "rough_minibatches": 6,
    "noise_rows": 200,
}
VIEWS = list(nets.CONFIG["views"])


@pytest.fixture(scope="module")
def measured():
    return nets.measure(3, nets.CONFIG | SMALL)


def test_shapes(measured):
    shapes = {name: values.shape for name, values in measured.items()}
    views, networks, epochs, probed, layers = len(VIEWS), 4, 4, 2, 2
    assert shapes == {
        **dict.fromkeys(("cosine", "opposed", "spread"), (views, probed, layers)),
        **dict.fromkeys(("angle", "unpredictability"), (views, probed, layers, 2)),
        **dict.fromkeys(("train_loss", "test_loss", "test_r2"), (networks, epochs)),
        **dict.fromkeys(("example_noise", "mask_noise", "precision_cosine"), (probed, layers)),
        "precision_norm": (probed, layers, 2),
        "drift": (2, epochs, 3, 2),
    }


def test_a_job_repeats(measured):
    again = nets.measure(3, nets.CONFIG | SMALL)
    for name, values in measured.items():
        np.testing.assert_array_equal(values, again[name], err_msg=name)


def test_agreement_is_that_of_the_landscapes_network(measured):
    config = nets.CONFIG | SMALL
    task = tasks.character_regression(train=640, test=100, seed=3)
    rows = probes.sample_minibatches(640, 64, 8, seed=3)
    model = models.mlp(task.features, (32, 16, 8), seed=3).double()
    y = task.train_targets.double()
    gradients = probes.minibatch_gradients(model, task.train_inputs, y, rows, "linear2.bias")
    at = VIEWS.index("none"), 0, config["layers"].index(2)
    assert measured["cosine"][at] == pytest.approx(probes.mean_cosine(gradients), abs=1e-6)


def test_fresh_masks_are_rougher_than_one_mask(measured):
    one, fresh = VIEWS.index("dropout"), VIEWS.index("dropout, fresh masks")
    for name in ("angle", "unpredictability"):
        assert (measured[name][fresh, 0, :, 0] > measured[name][one, 0, :, 0]).all(), name
        assert np.isnan(measured[name][fresh, ..., 1]).all()


def test_the_bias_before_batch_norm_has_no_gradient(measured):
    single, double = np.moveaxis(measured["precision_norm"], -1, 0)
    assert 0 < double.max() < 1e-6 * single.max()


def test_batch_norm_starts_without_drift_and_then_has_some(measured):
    assert not measured["drift"][:, 0].any() and (measured["drift"][:, 1:] > 0).all()


def test_masks_make_noise(measured):
    assert (measured["mask_noise"] > 0).all()


def test_tuning_gives_every_curve_and_nan_where_training_diverges():
    config = tuning.CONFIG | {
        "rows": [320, 100],
        "widths": [16, 8, 4],
        "epochs": 1,
        "regularizers": ["none", "dropout"],
        "rates": [1e-3, 1e30],
    }
    measured = tuning.measure(0, config)
    assert measured["test_loss"].shape == (2, 2, 2)
    assert np.isfinite(measured["test_loss"][:, 0]).all()
    assert np.isnan(measured["train_loss"][:, 1]).all()


def test_substitutes_has_all_four_networks_on_both_problems():
    config = substitutes.CONFIG | {
        "few": {"rows": [128, 100], "widths": [16, 8, 4], "epochs": 2},
        "digits": {"train": 1000, "wrong": 0.2, "widths": [64, 32, 16], "epochs": 6},
        "digits_rates": dict.fromkeys(substitutes.CONFIG["regularizers"], 1e-3),
    }
    measured = substitutes.measure(0, config)
    assert {name: values.shape for name, values in measured.items()} == {
        "few_train": (4, 3),
        "few_test": (4, 3),
        "digits_train": (4, 7),
        "digits_test": (4, 7),
    }
    assert (measured["digits_test"][:, 0] > 0.7).all(), "a guess misreads nine in ten"
    assert (measured["digits_test"][:, -1] < 0.5).all(), "the networks read"
    both = overfitting._net(660, [16, 8], "both", 0.3, 0)
    assert [name for name, _ in both.named_children()] == [
        "linear1", "norm1", "relu1", "dropout1", "linear2", "norm2", "relu2", "dropout2", "output",
    ]  # fmt: skip
