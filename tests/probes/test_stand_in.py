"""A stand-in is the network with tables of its own."""

import copy
import random

import numpy as np
import torch
from torch import nn

from gradbook.probes.guard import untouched
from harmed import Clips, Renormalizes, Twice, data, hooked
from networks import INPUTS, trained
from witness import Witness


def test_a_stand_in_is_the_network_and_what_happens_to_it_stays_with_it():
    model = trained("batch norm").train()
    witness = Witness(model)
    with untouched(model, "eval") as probed:
        assert torch.equal(probed(INPUTS), copy.deepcopy(model).eval()(INPUTS))
        assert not any(module.training for module in probed.modules())
        probed.train()(INPUTS).sum().backward()
        assert all(value.grad is not None for value in probed.parameters())
        torch.rand(3), np.random.rand(), random.random()
    assert witness.changes() == []


def test_weights_are_shared_only_where_no_module_can_write_to_them():
    plain = trained("batch norm")
    with untouched(plain, "eval") as probed:
        assert probed[0].weight.data_ptr() == plain[0].weight.data_ptr()
        assert probed[1].running_mean.data_ptr() != plain[1].running_mean.data_ptr()
    hook = plain[0].register_forward_hook(lambda *_: None)
    for model in (plain, Clips(), Renormalizes()):
        with untouched(model, "eval") as probed:
            for mine, own in zip(model.parameters(), probed.parameters(), strict=True):
                assert mine.data_ptr() != own.data_ptr()
    hook.remove()
    with untouched(plain, "eval", copy_weights=True) as probed:
        assert probed[0].weight.data_ptr() != plain[0].weight.data_ptr()


def test_modules_and_parameters_that_are_one_stay_one():
    net = nn.Sequential(Twice(), nn.Linear(6, 6))
    net[1].weight = net[0][0].weight
    with untouched(net, "eval") as probed:
        assert probed[0][0] is probed[0][2]
        assert probed[1].weight is probed[0][0].weight
        assert [*dict(probed.named_parameters())] == [*dict(net.named_parameters())]


def test_hooks_of_the_stand_in_see_its_modules():
    net = hooked().train()
    with untouched(net, "train") as probed:
        probed(data()[0])
        assert probed[1].num_batches_tracked == 2 and probed[3].count == 1
        assert probed.last is not None
    assert net[1].num_batches_tracked == 0 and not hasattr(net, "last")
