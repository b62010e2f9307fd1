"""Ways of training that differ in their stability alone."""

import numpy as np
import pytest
import torch

from gradbook.chapters import dropout
from gradbook.chapters.dropout import effects
from gradbook.chapters.dropout.experiments import stability
from gradbook.evidence.atlas import Atlas
from gradbook.tasks.digits import digits

CONFIG = stability.CONFIG | {"widths": [12, 8], "train": 100, "epochs": 2, "looks": [1, 2]}


@pytest.fixture
def task():
    return digits(train=100, wrong=0.2, seed=0)


def flat(gradient):
    return torch.cat([part.flatten() for part in gradient])


def test_mask_noise_has_the_mean_of_no_dropout_and_the_covariance_of_its_masks(task):
    chosen = torch.arange(50)
    plain = flat(stability.Net("none", 0, CONFIG).gradient(task, chosen, 0))
    noisy, dropped = (stability.Net(way, 0, CONFIG) for way in ("mask noise", "dropout"))
    with_noise, with_masks = (
        torch.stack([flat(net.gradient(task, chosen, 0)) for _ in range(3000)])
        for net in (noisy, dropped)
    )
    spread = with_masks.var(0)
    error = (with_noise.mean(0) - plain).abs() / (spread / 3000).sqrt().clamp(min=1e-9)
    assert (error < 5).all()
    assert with_noise.var(0).sum() == pytest.approx(spread.sum().item(), rel=0.1)


def test_a_held_mask_changes_only_when_it_is_due(task):
    chosen, net = torch.arange(50), stability.Net("held mask", 0, CONFIG | {"held": 3})
    once = [flat(net.gradient(task, chosen, step)) for step in range(6)]
    for first, second, same in ((0, 1, True), (1, 2, True), (2, 3, False), (3, 5, True)):
        assert torch.equal(once[first], once[second]) == same


def test_ghost_batches_are_normalized_each_by_itself(task):
    """One ghost batch more or less does not change another's outputs."""
    net = stability.Net("ghost batches", 0, CONFIG)
    rows = task.train_inputs[:50]
    whole = net.outputs(rows, groups=5)
    torch.testing.assert_close(net.outputs(rows[:10], groups=1), whole[:10])
    assert not torch.allclose(net.outputs(rows, groups=1), whole)


def test_looking_leaves_the_network_as_it_was(task):
    """The next gradient is the one that would have come without the look."""
    for way in CONFIG["ways"]:
        one, other = (stability.Net(way, 0, CONFIG) for _ in range(2))
        chosen = torch.arange(50)
        before = one.gradient(task, chosen, 0)
        other.gradient(task, chosen, 0)
        one._angle(before, task, chosen, 1)
        for a, b in zip(one.statistics, other.statistics, strict=True):
            assert torch.equal(a[0], b[0]) and torch.equal(a[1], b[1])
        after = [flat(net.gradient(task, chosen, 1)) for net in (one, other)]
        assert torch.equal(*after), way


def test_a_plain_network_s_angle_is_that_of_two_gradients_of_autograd(task):
    found = stability.Net("none", 0, CONFIG).trained(task)
    assert 0 < found["instability"][0] < np.pi / 2
    assert len(found["error"]) == len(CONFIG["looks"])


def test_equal_fit_reads_between_two_looks():
    """At fit 0.5 the first way lies half way between errors 0.2 and 0.4; the second ends at 0.1."""
    ways = stability.CONFIG["ways"]
    error, fitted = np.zeros((2, 1, len(ways), 2))
    none, noise = ways.index("none"), ways.index("mask noise")
    error[0, none], fitted[0, none] = (0.2, 0.4), (0.4, 0.6)
    error[0, noise], fitted[0, noise] = (0.3, 0.1), (0.2, 0.5)
    atlas = Atlas("stability", {"error": error, "fitted": fitted}, {"ways": ways}, [0], {}, "")
    at_end = effects.error_taken_off(atlas, "plain made unstable")
    at_fit = effects.error_taken_off(atlas, "plain made unstable, at equal fit")
    np.testing.assert_allclose([at_end[0], at_fit[0]], [0.3, 0.2])
    assert dropout.error_taken_off is effects.error_taken_off
