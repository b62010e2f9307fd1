"""The shipped results are those of this code: they load, and a slice measured now agrees.

Training rounds differently on other processors, and 125 steps of Adam an epoch let round-off grow.
So the start is compared tightly, the first epoch within a few percent, and nothing later; with
batch norm's large learning rate not even that (its test loss differs by 12 % after one epoch).
"""

import numpy as np
import pytest
import torch

from gradbook import models, probes, tasks
from gradbook.chapters.dropout.experiments import depth, nets, substitutes
from gradbook.chapters.minibatch.experiments import agreement, explorer, order
from gradbook.chapters.starvation.experiments import boundary
from gradbook.evidence import atlas, registry


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", registry.experiments())
def test_the_file_loads_and_holds_what_the_module_says(name):
    shipped, module = atlas.load(name), registry.experiment(name)
    assert shipped.config == module.CONFIG and list(shipped.jobs) == list(module.JOBS)
    assert all(len(values) == len(module.JOBS) for values in shipped.arrays.values())


def worst(measured: np.ndarray, shipped: np.ndarray) -> float:
    """Largest difference, relative to the largest number."""
    measured, shipped = measured.astype(np.float64), shipped.astype(np.float64)
    return np.abs(measured - shipped).max() / np.abs(shipped).max()


@pytest.mark.parametrize(
    "view",
    [
        view
        for view, (_, _, mode) in explorer.CONFIG["views"].items()
        if mode != "fresh masks" and view != explorer.CONFIG["round_off"]
    ],
)
def test_the_explorer_s_start_is_measured_again(view):
    shipped, job = atlas.load("explorer"), explorer.JOBS.index(view)
    units = shipped["units"][job].tolist()
    measured = explorer.measure(view, explorer.CONFIG | {"epochs": 0}, units)
    np.testing.assert_allclose(measured["offsets"], shipped["offsets"][job], atol=1e-8)
    for name in ("centre", "scale", "test_loss", "test_r2"):
        assert worst(measured[name][0], shipped[name][job, 0]) < 1e-4, name
    steps = measured["field"][0].astype(int) - shipped["field"][job, 0]
    # A gradient may be rounded to the neighbouring step; at a kink a row may flip.
    assert (np.abs(steps) > 1).mean() < 1e-3


def test_the_bias_before_batch_norm_is_shown_as_round_off():
    """Its gradient, a sum that cancels, is some 2⁻²⁴ of the shift's, which is real."""
    shipped = atlas.load("explorer")
    idle, real = (
        shipped["scale"][explorer.JOBS.index(view)]
        for view in (explorer.CONFIG["round_off"], "batch norm")
    )
    assert 0 < idle.max() < 1e-5 * real.max()


def test_fresh_masks_start_from_the_network_that_one_mask_does():
    shipped = atlas.load("explorer")
    one, fresh = (explorer.JOBS.index(view) for view in ("dropout", "dropout, fresh masks"))
    np.testing.assert_array_equal(shipped["test_loss"][one], shipped["test_loss"][fresh])
    assert (shipped["field"][one] != shipped["field"][fresh]).mean() > 0.5


def test_the_explorer_s_first_epoch_is_measured_again():
    shipped, job = atlas.load("explorer"), explorer.JOBS.index("none")
    units = shipped["units"][job].tolist()
    measured = explorer.measure("none", explorer.CONFIG | {"epochs": 1}, units)
    assert worst(measured["test_loss"][1], shipped["test_loss"][job, 1]) < 0.02
    start, shown = shipped["centre"][job, 0], shipped["centre"][job, 1]
    apart = np.linalg.norm(measured["centre"][1] - shown)
    assert apart < 0.1 * np.linalg.norm(shown)
    assert apart < 0.1 * np.linalg.norm(shown - start), "an epoch's change has to stand out"


@pytest.fixture(scope="module")
def first_epoch() -> dict[str, np.ndarray]:
    """The agreement experiment's curves for a seed up to epoch 1, without the sweep over sizes.

    Which two biases are looked at depends on all epochs, so the pair's curves are left out.
    """
    patch = pytest.MonkeyPatch()
    patch.setattr(agreement, "_over_sizes", lambda *_: {})
    with patch.context():
        config = agreement.CONFIG | {"epochs": 1, "size_epochs": [0]}
        found = agreement.measure(agreement.JOBS[0], config)
        of_pairs = ("pair_cosine", "pair_opposed", "zero_share", "units")
        yield {name: values for name, values in found.items() if name not in of_pairs}
    patch.undo()


def test_the_agreement_curves_start_as_measured_again(first_epoch):
    shipped = atlas.load("agreement")
    assert set(first_epoch) < set(shipped.arrays)
    for name, values in first_epoch.items():
        np.testing.assert_allclose(
            values[:, 0], shipped[name][0, :, 0], rtol=1e-3, atol=1e-3, err_msg=name
        )


def test_the_agreement_curves_of_the_first_epoch_are_measured_again(first_epoch):
    shipped = atlas.load("agreement")
    for name in ("train_loss", "test_loss"):
        np.testing.assert_allclose(first_epoch[name][:, 1], shipped[name][0, :, 1], rtol=0.02)
    for name in ("layer_cosine", "positive", "test_r2"):
        np.testing.assert_allclose(
            first_epoch[name][:, 1], shipped[name][0, :, 1], atol=0.05, err_msg=name
        )


def test_the_sweep_over_batch_sizes_starts_as_measured_again():
    shipped, config = atlas.load("agreement"), agreement.CONFIG
    seed, size = agreement.JOBS[0], 64
    task = tasks.character_regression(seed=seed)
    model = models.mlp(task.features, seed=seed)
    rows = probes.sample_minibatches(8000, size, config["size_minibatches"], seed)
    column = config["batch_sizes"].index(size)
    for number, parameter in enumerate(agreement.LAYERS):
        each = probes.per_example_gradients(model, task.train_inputs, task.train_targets, parameter)
        scale = probes.noise_scale(each)
        cosine = probes.mean_cosine(each[rows].mean(1))
        predicted = probes.predicted_cosine(scale, size, 8000)
        assert shipped["size_noise_scale"][0, 0, number] == pytest.approx(scale, rel=1e-3)
        assert shipped["size_cosine"][0, 0, column, number] == pytest.approx(cosine, abs=1e-4)
        assert shipped["size_predicted"][0, 0, column, number] == pytest.approx(predicted, abs=1e-4)


def test_the_control_of_the_order_experiment_repeats_exactly():
    shipped, control = atlas.load("order"), order.CONFIG["changes"].index("nothing")
    assert not shipped["weights"][:, control].any() and not shipped["functions"][:, control].any()
    assert np.array_equal(shipped["test_loss"][:, 0], shipped["test_loss"][:, control + 1])
    others = np.delete(shipped["weights"], control, axis=1)
    assert (others[..., 1:] > 0).all() and not others[..., 0].any()


def test_the_order_experiment_starts_where_the_agreement_experiment_does():
    one, other = atlas.load("order"), atlas.load("agreement")
    start = other["test_loss"][:, 0, :1]
    np.testing.assert_allclose(one["test_loss"][:, 0, :1], start, rtol=1e-6)


def test_the_nets_start_is_measured_again():
    """Angles depend on all epochs, through the units looked at; fresh masks take long."""
    shipped, every = atlas.load("nets"), nets.CONFIG["views"]
    views = {view: look for view, look in every.items() if look[2] != "fresh masks"}
    config = nets.CONFIG | {"epochs": 0, "probed": [0], "views": views}
    measured = nets.measure(nets.JOBS[0], config)
    at = [list(every).index(view) for view in views]
    for name in ("cosine", "opposed"):
        known = shipped[name][0, at, :1]
        np.testing.assert_allclose(measured[name], known, atol=0.02, err_msg=name)
    for name in ("example_noise", "mask_noise"):
        np.testing.assert_allclose(measured[name], shipped[name][0, :1], rtol=1e-3, err_msg=name)
    np.testing.assert_allclose(measured["test_loss"], shipped["test_loss"][0, :, :1], rtol=1e-5)


def test_a_seed_of_the_depth_experiment_is_measured_again():
    shipped = atlas.load("depth")
    config = depth.CONFIG | {"layers": [1, 4], "steps_before": [0]}
    measured = depth.measure(depth.JOBS[0], config)["unpredicted"][:, 0]
    np.testing.assert_allclose(measured[0], 0, atol=1e-9)
    assert shipped["unpredicted"][:, 0].max() < 1e-9, "one layer is linear"
    at = depth.CONFIG["layers"].index(4)
    np.testing.assert_allclose(measured[1], shipped["unpredicted"][0, at, 0], rtol=1e-3)


def test_the_substitutes_start_is_measured_again():
    shipped, config = atlas.load("substitutes"), substitutes.CONFIG
    short = {part: config[part] | {"epochs": 0} for part in ("few", "digits")}
    measured = substitutes.measure(substitutes.JOBS[0], config | short)
    for name, values in measured.items():
        np.testing.assert_allclose(values, shipped[name][0, :, :1], rtol=1e-4, err_msg=name)


def test_the_courses_of_two_moons_start_as_measured_again():
    shipped, config = atlas.load("boundary"), boundary.CONFIG
    epochs = [epoch for epoch in config["epochs"] if epoch <= 20]
    courses = [course for course in config["courses"] if len(course) == 1]
    short = config | {"seeds": config["seeds"][:1], "epochs": epochs, "courses": courses}
    measured = boundary.measure(boundary.JOBS[1], short)
    starts = len(config["epochs"]) * np.arange(len(courses))
    rows = (starts[:, None] + np.arange(len(epochs))).flatten()
    for number, name in enumerate(config["curves"]):
        known = shipped["curves"][1, rows, number]
        np.testing.assert_allclose(
            measured["curves"][:, number], known, atol=0.02 * np.abs(known).max(), err_msg=name
        )
    np.testing.assert_allclose(measured["scale"], shipped["scale"][1, rows], rtol=0.02)
    np.testing.assert_allclose(measured["points"], shipped["points"][1], atol=1e-6)


def test_every_network_has_the_learning_rate_that_was_best_in_its_pilot():
    tuning = atlas.load("tuning")
    errors = tuning["test_loss"][..., -1].mean(0)
    best = np.array(tuning.config["rates"])[np.nanargmin(errors, axis=1)]
    tuned = dict(zip(tuning.config["regularizers"], best.tolist(), strict=True))
    assert nets.CONFIG["learning_rates"] == tuned
    pilot = atlas.load("substitutes_tuning")
    for problem, rates in pilot.config["rates"].items():
        best = np.array(rates)[pilot[f"{problem}_test"].mean(0).argmin(1)]
        tuned = dict(zip(pilot.config["regularizers"], best.tolist(), strict=True))
        assert substitutes.CONFIG[f"{problem}_rates"] == tuned
