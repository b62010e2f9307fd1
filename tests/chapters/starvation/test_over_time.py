"""Two moons, live: what is looked at misleads, and looking changes nothing."""

import numpy as np
import torch

from gradbook import models
from gradbook.chapters.starvation import over_time


def test_the_first_coordinate_misleads_about_every_example():
    points, labels = over_time.misleading()
    assert 50 < len(points) == len(labels) < 200
    right = -np.sign(points[:, 0])  # what it says where it tells the label
    assert (right == -labels).all()


def test_before_the_first_step_nets_are_as_they_were_drawn():
    points, labels = over_time.misleading()
    found = over_time.right_over_time((3, 5), (0, 1), decoupling=0.0)
    assert found.shape == (2, 2)
    for seed, share in zip((3, 5), found[:, 0], strict=True):
        net = models.mlp(2, (500,), one_hot=False, seed=seed).double()
        with torch.no_grad():
            answers = net(torch.from_numpy(points))[:, 0].sign().numpy()
        assert share == (answers == labels).mean()


def test_looking_more_often_changes_nothing():
    often = over_time.right_over_time((0,), (0, 5, 20, 40), decoupling=0.006)
    assert often[0, -1] == over_time.right_over_time((0,), (40,), decoupling=0.006)[0, 0]
    assert often[0, -1] != often[0, 0]
