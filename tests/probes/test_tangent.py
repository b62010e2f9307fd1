"""Tangent features against a loop over examples, and as the kernel of a linear model."""

import pytest
import torch
from torch import nn

from gradbook import probes


def test_rows_are_the_gradients_of_single_outputs():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 1)).double()
    inputs = torch.randn(5, 3, dtype=torch.float64)
    found = probes.tangent_features(model, inputs)
    assert model.training, "the network is left as it was"
    model.eval()
    for row, x in zip(found, inputs, strict=True):
        gradients = torch.autograd.grad(model(x[None]).sum(), list(model.parameters()))
        torch.testing.assert_close(row, torch.cat([g.flatten() for g in gradients]))


def test_of_a_linear_model_they_are_the_inputs():
    model = nn.Linear(3, 1, bias=False).double()
    inputs = torch.randn(4, 3, dtype=torch.float64)
    torch.testing.assert_close(probes.tangent_features(model, inputs), inputs)


def test_many_outputs_are_refused():
    with pytest.raises(ValueError, match="one output, got 2"):
        probes.tangent_features(nn.Linear(3, 2), torch.randn(4, 3))
