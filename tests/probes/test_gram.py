"""The Gram matrix is that of materialised per-example gradients."""

import itertools
import math

import pytest
import torch
from torch import Tensor, nn

from gradbook import probes
from gradbook.training import LOSSES
from networks import INPUTS, TARGETS, Wrapped, dense, dense_rows, trained

# torch.func runs OneHotLinear row by row, and says so.
pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")


def materialised(model: nn.Module, inputs: Tensor, targets: Tensor, loss: str) -> Tensor:
    """Gradients of every row in all parameters [n, P], by `torch.func`."""
    state = {name: value.detach() for name, value in model.eval().named_parameters()}

    def loss_of(values, x, y):
        return LOSSES[loss](torch.func.functional_call(model, values, (x[None],)), y[None])

    each = torch.func.vmap(torch.func.grad(loss_of), (None, 0, 0))(state, inputs, targets)
    return torch.cat([value.flatten(1) for value in each.values()], 1)


def assert_is_gram(kernel: Tensor, gradients: Tensor) -> None:
    expected = gradients @ gradients.T
    assert (kernel - expected).abs().max() <= 1e-12 * expected.abs().max()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("regularizer", ["none", "dropout"])
def test_equals_materialised_gradients(regularizer, loss):
    model = trained(regularizer, loss)
    kernel = probes.example_gram(model, INPUTS[:40], TARGETS[:40], loss=loss)
    assert_is_gram(kernel, materialised(model, INPUTS[:40], TARGETS[:40], loss))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("bias", [True, False])
def test_two_outputs_with_and_without_bias(loss, bias):
    layers = nn.Linear(6, 5, bias=bias), nn.Tanh(), nn.Linear(5, 4), nn.ReLU()
    model = dense(*layers, nn.Linear(4, 2, bias=bias))
    inputs, targets, _ = dense_rows(outputs=2)
    kernel = probes.example_gram(model, inputs, targets, loss=loss)
    assert_is_gram(kernel, materialised(model, inputs, targets, loss))


def test_a_network_that_is_no_sequential():
    model = Wrapped(trained())
    kernel = probes.example_gram(model, INPUTS, TARGETS, loss="l1")
    assert torch.equal(kernel, probes.example_gram(model.net, INPUTS, TARGETS, loss="l1"))


@pytest.mark.parametrize("first", [True, False])
def test_functions_in_place_change_nothing(first):
    layers = nn.Linear(6, 5), nn.ReLU(inplace=first), nn.Linear(5, 4), nn.ReLU(inplace=True)
    model = dense(*layers, nn.Linear(4, 1))
    plain = dense(*layers[::2], nn.Linear(4, 1))
    plain = nn.Sequential(plain[0], nn.ReLU(), plain[1], nn.ReLU(), plain[2])
    inputs, targets, _ = dense_rows()
    kernel = probes.example_gram(model, inputs, targets, loss="l1")
    assert_is_gram(kernel, materialised(plain, inputs, targets, "l1"))


def test_every_number_of_minibatches_follows_from_it():
    model, inputs, targets = trained(), INPUTS[:30], TARGETS[:30]
    gradients = materialised(model, inputs, targets, "l1")
    kernel = probes.example_gram(model, inputs, targets, loss="l1")
    assert probes.gram_noise_scale(kernel) == pytest.approx(probes.noise_scale(gradients), rel=1e-9)
    rows = probes.sample_minibatches(30, 6, 5, seed=0)
    means = gradients[rows].mean(1)
    products = probes.gram_products(kernel, rows)
    assert_is_gram(products, means)
    torch.testing.assert_close(
        probes.product_cosines(products), probes.pairwise_cosines(means), rtol=1e-9, atol=1e-12
    )


def test_a_row_that_is_twice_in_a_minibatch_counts_twice():
    gradients = torch.randn(5, 3).double()
    rows = torch.tensor([[0, 0, 1], [2, 3, 4]])
    assert_is_gram(probes.gram_products(gradients @ gradients.T, rows), gradients[rows].mean(1))


def test_cosines_from_products():
    gradients = torch.tensor([[3.0, 0.0], [1.0, 1.0], [-2.0, 0.0], [0.0, 0.0]]).double()
    cosines = probes.product_cosines(gradients @ gradients.T)
    half = math.sqrt(0.5)
    known = torch.tensor([half, -1, math.nan, -half, math.nan, math.nan]).double()
    torch.testing.assert_close(cosines, known, rtol=1e-7, atol=0, equal_nan=True)


def test_the_ratio_is_that_of_the_pairs_to_the_norms():
    gradients = torch.randn(6, 4, generator=torch.Generator().manual_seed(1)).double()
    pairs = [a @ b for a, b in itertools.combinations(gradients, 2)]
    expected = torch.stack(pairs).mean() / gradients.square().sum(1).mean()
    ratio = probes.product_ratio(gradients @ gradients.T)
    assert ratio == pytest.approx(expected.item(), rel=1e-12)


@pytest.mark.parametrize("regularizer", ["batch norm", "batch norm after ReLU"])
def test_parameters_outside_linear_layers_count(regularizer):
    model = trained(regularizer, "l1")
    kernel = probes.example_gram(model, INPUTS[:40], TARGETS[:40], loss="l1")
    assert_is_gram(kernel, materialised(model, INPUTS[:40], TARGETS[:40], "l1"))


def test_a_layer_used_twice_counts_its_cross_terms():
    layer = nn.Linear(6, 6)
    model = dense(layer, nn.ReLU(), layer, nn.ReLU(), nn.Linear(6, 1))
    inputs, targets, _ = dense_rows()
    kernel = probes.example_gram(model, inputs, targets, loss="l1")
    assert_is_gram(kernel, materialised(model, inputs, targets, "l1"))
