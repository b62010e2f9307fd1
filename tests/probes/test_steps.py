"""A step along the gradient changes the output as the closed forms say."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from gradbook import probes
from gradbook.chapters.dropout.steps import predicted_changes
from tests.networks import dense


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_a_chain_of_equal_weights_grows_like_a_power(layers):
    """h = w·w·…·x with w = x = 1 and ∂h/∂w = 1 becomes (1 + ε)^d."""
    chain = nn.Sequential(*(nn.Linear(1, 1, bias=False) for _ in range(layers))).double()
    for parameter in chain.parameters():
        nn.init.ones_(parameter)
    steps = np.array([-0.5, 0.0, 0.1, 2.0])
    changes = probes.step_changes(chain, torch.ones(1).double(), steps)
    np.testing.assert_allclose(changes, (1 + steps) ** layers - 1, atol=1e-14)


def test_a_deep_linear_net_follows_its_polynomial():
    net = dense(*(nn.Linear(5, 5, bias=False) for _ in range(3)))
    x, steps = torch.arange(5.0).double(), np.linspace(-0.3, 0.3, 7)
    linear, exact = predicted_changes(net, x, steps)
    np.testing.assert_allclose(probes.step_changes(net, x, steps), exact, rtol=1e-10, atol=1e-12)
    length = sum(g.square().sum() for g in probes.output_gradients(net, x)).item()
    np.testing.assert_allclose(linear, length * steps, rtol=1e-12, atol=1e-12)


def test_only_linear_layers_have_a_polynomial():
    with pytest.raises(ValueError, match="linear layers without biases"):
        predicted_changes(dense(nn.Linear(3, 3)), torch.ones(3).double(), [0.1])


def test_the_network_is_left_as_it_was():
    net = dense(nn.Linear(5, 4), nn.Dropout(), nn.Linear(4, 1)).train()
    before = copy.deepcopy(net.state_dict())
    probes.step_changes(net, torch.ones(5).double(), [0.1])
    assert net.training and all(p.grad is None for p in net.parameters())
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
