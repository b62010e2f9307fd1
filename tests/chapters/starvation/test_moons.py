"""Two moons and coloured digits are what they are said to be, and the nets are trained as said."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, make_moons
from torch.nn import functional

from gradbook import models
from gradbook.chapters.starvation import moons, schedules
from gradbook.chapters.starvation.coloured import PIXELS, coloured
from gradbook.chapters.starvation.experiments import cures
from gradbook.chapters.starvation.experiments import moons as decisions
from gradbook.training import ensemble


@pytest.mark.parametrize("margin", [-0.2, -0.1, 0.1])
def test_every_example_is_its_margin_away_from_the_line(margin):
    inputs, labels = moons.moons(3, margin=margin)
    away = -labels * inputs[:, 0] - margin
    assert (away >= 0).all() and away.min() < 0.02
    points, _ = make_moons(300, noise=0.1, random_state=3)
    np.testing.assert_array_equal(inputs[:, 1], points[:, 0] - 0.5)
    other, _ = moons.moons(3, margin=margin + 0.5)
    np.testing.assert_allclose(inputs[:, 0] - other[:, 0], 0.5 * labels)


def test_the_moons_keep_their_shape_and_lie_on_their_own_sides():
    inputs, labels = moons.moons(0, margin=0.0)
    points, _ = make_moons(300, noise=0.1, random_state=0)
    before = points[:, 1] - 0.3 * labels
    unfolded = before - before.mean()
    np.testing.assert_allclose(np.abs(inputs[:, 0]), np.abs(unfolded))
    own_side = unfolded * labels < 0
    assert own_side.mean() > 0.8  # few had to be folded over
    np.testing.assert_allclose(inputs[own_side, 0], unfolded[own_side])


@pytest.mark.parametrize(
    ("function", "share"),
    [
        (lambda one, two: one**3, 0.0),
        (lambda one, two: np.sin(two), 1.0),
        (lambda one, two: one + two, 0.5),
        (lambda one, two: one - 3 * two, 0.9),
        (lambda one, two: one * two, 1.0),
        (lambda one, two: one + one * two, 4 / 3 / (1 + 4 / 3)),
    ],
)
def test_the_share_carried_of_functions_that_can_be_worked_out(function, share):
    found = moons.carried(function(*moons.grid().T).reshape(moons.SIDE, moons.SIDE))
    np.testing.assert_allclose(found, share, atol=0.01)


def test_a_net_that_reads_one_coordinate_carries_nothing_of_the_other():
    model = models.mlp(2, (8,), one_hot=False)
    with torch.no_grad():
        model.linear1.weight[:, 1] = 0
    outputs = moons.judged(ensemble.Ensemble([model]), moons.grid())
    assert moons.carried(outputs.reshape(moons.SIDE, moons.SIDE)) < 1e-10


def test_members_of_a_setting_have_weights_and_moons_of_their_own():
    how = moons.Training(widths=(8,), steps=20)
    together = moons.trained(how, (1, 2))
    for member, seed in enumerate((1, 2)):
        alone = moons.trained(how, (seed,))
        torch.testing.assert_close(alone.weights[0], together.weights[member])


def test_unknown_cures_are_refused():
    with pytest.raises(ValueError, match="expected a cure of"):
        moons.training("prayer", 1.0)


def test_every_listed_cure_can_be_trained():
    for cure, strengths in [*cures.CONFIG["cures"], *decisions.CONFIG["settings"].values()]:
        for strength in np.atleast_1d(strengths):
            assert isinstance(moons.training(cure, strength), moons.Training)


def test_adam_reads_turned_moons_nearly_as_well():
    """So that what it does for coordinate 2 is not only that it treats coordinates alike."""
    seeds, turn = range(5), np.array([[1, -1], [1, 1]]) / np.sqrt(2)
    inputs, labels = (np.stack(part) for part in zip(*map(moons.moons, seeds), strict=True))
    fresh, truth = moons.moons(99, margin=-0.2, examples=1000)
    misled = np.sign(fresh[:, 0]) == truth
    right = []
    for axes in (np.eye(2), turn):
        nets = ensemble.Ensemble([models.mlp(2, (500,), one_hot=False, seed=s) for s in seeds])
        data = torch.from_numpy(inputs @ axes), torch.from_numpy(labels)
        nets, _ = ensemble.train(nets, *data, ensemble.Adam(0.001), steps=1000)
        right.append((np.sign(moons.judged(nets, fresh[misled] @ axes)) == truth[misled]).mean())
    assert right[0] - right[1] < 0.05 and min(right) > 0.6


def test_colours_and_labels_are_wrong_as_often_as_asked():
    chances = {"training": 0.15, "testing": 0.9}
    drawn = [coloured(seed, train=1000) for seed in range(20)]
    for part, chance in chances.items():
        wrong, total = 0, 0
        for data in drawn:
            inputs = data.train_inputs if part == "training" else data.test_inputs
            labels = data.train_labels if part == "training" else data.test_labels
            first, second = inputs.split(PIXELS, 1)
            assert not ((first.sum(1) > 0) & (second.sum(1) > 0)).any()
            colour = (first.sum(1) > 0).float() * 2 - 1
            wrong, total = wrong + (colour != labels).sum().item(), total + len(labels)
        assert abs(wrong / total - chance) < 4 * np.sqrt(chance * (1 - chance) / total)


def test_labels_say_below_five_three_times_in_four():
    pictures, digit = load_digits(return_X_y=True)
    of_picture = {row.tobytes(): value for row, value in zip(pictures, digit, strict=True)}
    right, total = 0, 0
    for seed in range(10):
        data = coloured(seed, grey=True)
        for inputs, labels in (
            (data.train_inputs, data.train_labels),
            (data.test_inputs, data.test_labels),
        ):
            assert torch.equal(*inputs.split(PIXELS, 1))
            rows = (inputs[:, :PIXELS] * 32).double().numpy()
            truth = np.array([of_picture[row.tobytes()] < 5 for row in rows])
            right += (truth == (labels.numpy() > 0)).sum()
            total += len(labels)
    assert total == 17970
    assert abs(right / total - 0.75) < 4 * np.sqrt(0.75 * 0.25 / total)


def test_the_grey_pictures_are_the_test_pictures():
    data = coloured(0)
    first, second = data.test_inputs.split(PIXELS, 1)
    torch.testing.assert_close(data.grey_inputs, torch.cat([first + second] * 2, 1) / 2)


def test_the_schedule_scales_loss_and_decoupling_as_the_script_does():
    config = cures.CONFIG["digits"] | {"steps": 3, "delay": 2, "every": 1, "units": 4}
    data, scale = coloured(0, train=200), config["scale"]
    nets = schedules._nets(0, config)
    nets.weights = nets.weights.double()
    adam = ensemble.Adam(config["learning_rate"])
    found = schedules._schedules(nets, data, adam, config)
    model = nets.model(0).double()
    optimizer = torch.optim.Adam(model.parameters(), lr=config["learning_rate"])
    inputs, labels = data.train_inputs.double(), data.train_labels.double()
    for step in range(3):
        outputs = model(inputs)[:, 0]
        loss, size = functional.softplus(-labels * outputs).mean(), outputs.square().mean()
        optimizer.zero_grad()
        (loss + scale * size if step < 2 else scale * (loss + size)).backward()
        optimizer.step()
    right = (model(inputs)[:, 0].sign() == labels).double().mean()
    assert found[0].shape == (4, 3) and found[0][-1, 0] == right
    decoupled = ensemble.train(
        nets,
        inputs,
        labels,
        adam,
        steps=2,
        diets=schedules.Diet(decoupling=2 * scale),
    )[0]
    last = ensemble.train(
        decoupled,
        inputs,
        labels,
        adam,
        steps=1,
        loss=schedules.scaled(scale),
        diets=schedules.Diet(decoupling=2 * scale),
    )[0]
    for name, value in model.named_parameters():
        torch.testing.assert_close(last.parameters()[name][0], value, rtol=0, atol=1e-12)
