"""The networks: their size, their weights, where the regularizer stands."""

import pytest
import torch
from torch import nn

from gradbook import models
from gradbook.models import REGULARIZERS, OneHotLinear, mlp


def test_the_default_has_three_and_a_half_million_parameters():
    count = sum(p.numel() for p in mlp(660).parameters())
    assert count == 661 * 2000 + 2001 * 1000 + 1001 * 200 + 201 == 3_523_401


@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [
        ("none", "linear1 relu1 linear2 relu2 output"),
        ("dropout", "linear1 relu1 dropout1 linear2 relu2 dropout2 output"),
        ("batch norm", "linear1 norm1 relu1 linear2 norm2 relu2 output"),
        ("batch norm after ReLU", "linear1 relu1 norm1 linear2 relu2 norm2 output"),
    ],
)
def test_a_regularizer_stands_where_its_name_says(regularizer, expected):
    model = mlp(30, (8, 4), regularizer=regularizer, dropout_rate=0.1)
    kinds = {
        "linear": nn.Linear,
        "relu": nn.ReLU,
        "norm": nn.BatchNorm1d,
        "dropout": nn.Dropout,
        "output": nn.Linear,
    }
    assert " ".join(name for name, _ in model.named_children()) == expected
    for name, module in model.named_children():
        kind = OneHotLinear if name == "linear1" else kinds[name.rstrip("12")]
        assert isinstance(module, kind)
        if kind is nn.Dropout:
            assert module.p == 0.1


def test_the_weights_do_not_depend_on_the_regularizer():
    plain = mlp(30, (8, 4), seed=5).state_dict()
    for regularizer in REGULARIZERS:
        state = mlp(30, (8, 4), seed=5, regularizer=regularizer).state_dict()
        for name, value in plain.items():
            assert torch.equal(value, state[name]), (regularizer, name)


def test_a_seed_repeats_another_differs_and_the_global_generator_is_untouched():
    before = torch.get_rng_state()
    first, again, other = (mlp(30, (8, 4), seed=s).linear1.weight for s in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(before, torch.get_rng_state())


def test_weights_are_pytorch_s_default_initialization():
    torch.manual_seed(7)
    first, second = nn.Linear(30, 8), nn.Linear(8, 1)
    for one_hot in (True, False):
        model = mlp(30, (8,), seed=7, one_hot=one_hot)
        weight = model.linear1.weight.T if one_hot else model.linear1.weight
        assert torch.equal(weight, first.weight) and torch.equal(model.linear1.bias, first.bias)
        assert torch.equal(model.output.weight, second.weight)


def test_one_hot_linear_is_a_linear_layer_on_one_hot_rows():
    torch.manual_seed(0)
    layer = OneHotLinear(60, 7).double()
    linear = nn.Linear(60, 7).double()
    with torch.no_grad():
        linear.weight.copy_(layer.weight.T)
        linear.bias.copy_(layer.bias)
    positions = torch.randint(15, (11, 4)) + 15 * torch.arange(4)
    rows = nn.functional.one_hot(positions, 60).sum(1).double()
    pull = torch.randn(11, 7, dtype=torch.float64)
    (layer(positions) * pull).sum().backward()
    (linear(rows) * pull).sum().backward()
    torch.testing.assert_close(layer(positions), linear(rows), rtol=0, atol=1e-14)
    torch.testing.assert_close(layer.weight.grad.T, linear.weight.grad, rtol=0, atol=1e-14)
    torch.testing.assert_close(layer.bias.grad, linear.bias.grad, rtol=0, atol=1e-14)


def test_widths_and_outputs_are_as_asked():
    model = mlp(12, (5, 3, 2), outputs=4, one_hot=False)
    shapes = [tuple(m.weight.shape) for m in model if isinstance(m, nn.Linear)]
    assert shapes == [(5, 12), (3, 5), (2, 3), (4, 2)]
    assert models.SMALL_WIDTHS == (128, 64, 32)


def test_an_unknown_regularizer_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r"of \['none', 'dropout', .*\], got 'weight decay'"):
        mlp(30, regularizer="weight decay")
