"""The digits are split without overlap, and exactly the labels asked for are wrong."""

import pytest
import torch

from gradbook.tasks.digits import CLASSES, PICTURES, digits


def labels(targets: torch.Tensor) -> torch.Tensor:
    assert torch.equal(targets.sum(1), torch.ones(len(targets)))
    return targets.argmax(1)


@pytest.mark.parametrize("wrong", [0.0, 0.2, 1.0])
def test_the_share_asked_for_is_wrong_in_training_only(wrong):
    clean, noisy = digits(train=1000, seed=3), digits(train=1000, wrong=wrong, seed=3)
    assert torch.equal(clean.train_inputs, noisy.train_inputs)
    assert torch.equal(clean.test_targets, noisy.test_targets)
    changed = labels(clean.train_targets) != labels(noisy.train_targets)
    assert changed.sum() == round(wrong * 1000)


def test_wrong_labels_are_spread_over_the_other_nine():
    clean, noisy = digits(train=1700, seed=0), digits(train=1700, wrong=1.0, seed=0)
    shift = (labels(noisy.train_targets) - labels(clean.train_targets)) % CLASSES
    counts = torch.bincount(shift, minlength=CLASSES)
    assert counts[0] == 0 and counts[1:].min() > 130


def test_every_picture_is_in_one_part():
    task = digits(train=1000, seed=1)
    assert task.train_inputs.shape == (1000, 64) and task.test_inputs.shape == (797, 64)
    assert task.train_inputs.min() == 0 and task.train_inputs.max() == 1
    together = torch.cat([task.train_inputs, task.test_inputs])
    again = digits(train=500, seed=2)
    other = torch.cat([again.train_inputs, again.test_inputs])
    assert len(together) == PICTURES and not torch.equal(together, other)
    assert torch.equal(together.sum(1).sort().values, other.sum(1).sort().values)


def test_a_seed_repeats():
    one, other = digits(wrong=0.3, seed=5), digits(wrong=0.3, seed=5)
    assert torch.equal(one.train_inputs, other.train_inputs)
    assert torch.equal(one.train_targets, other.train_targets)


@pytest.mark.parametrize(
    "arguments", [{"train": 0}, {"train": 1797}, {"wrong": -0.1}, {"wrong": 2}]
)
def test_impossible_sizes_are_refused(arguments):
    with pytest.raises(ValueError, match="expected train from 1 to 1796 and wrong from 0 to 1"):
        digits(**arguments)
