"""At their edges the probes' numbers are numbers, or errors that say what is wrong."""

import math

import pytest
import torch
from torch import nn

from gradbook import probes
from networks import Wrapped, dense, dense_rows
from witness import Witness
from zoo import By

X, Y, ROWS = dense_rows(outputs=2)


def net() -> nn.Sequential:
    return dense(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_a_dose_of_many_weights_is_exact_to_float32(dtype):
    torch.manual_seed(0)
    layer = nn.Linear(700, 700, bias=False).to(dtype)
    x, y = torch.randn(4, 700).to(dtype), torch.randn(4, 700).to(dtype)
    found = probes.dose(layer, {"all": {"weight": slice(None)}}, x, y)
    gradient = torch.autograd.grad(nn.functional.mse_loss(layer(x), y), layer.weight)[0].double()
    weight = layer.weight.detach().double()
    assert found.norm.dtype == torch.float32
    assert found.norm.item() == pytest.approx(weight.norm().item(), rel=1e-6)
    assert found.gradient.item() == pytest.approx(gradient.norm().item(), rel=1e-6)
    along = (weight * gradient).sum() / weight.norm()
    assert (found.erosion - found.dose).item() == pytest.approx(along.item(), rel=1e-5)


def test_norms_where_pairs_of_positions_cancel():
    torch.manual_seed(0)
    tokens = torch.randn(20, 1, 64).repeat(1, 3, 1)
    errors = torch.randn(20, 3, 64)
    errors -= errors.mean(1, keepdim=True)
    layer = nn.Linear(64, 64, bias=False)
    found = probes.example_norms(layer, tokens, errors, loss=lambda o, t: (o * t).sum((1, 2)))
    assert (found < 1e-4).all()  # round-off of terms of size 1,000


@pytest.mark.parametrize("size", [1e-25, 1e25])
def test_sizes_whose_squares_do_not_fit(size):
    model, inputs, targets = net().float(), X.float(), Y.float()

    def loss(outputs, targets):
        return size * (outputs - targets).square()

    def plain(outputs, targets):
        return (outputs - targets).square()

    known = probes.example_norms(model, inputs, targets, loss=plain)
    found = probes.example_norms(model, inputs, targets, loss=loss)
    torch.testing.assert_close(found / size, known, rtol=1e-5, atol=0)
    with pytest.warns(UserWarning, match="do not fit|over- or underflow"):
        probes.example_gram(model, inputs, targets, loss=loss)
    held = probes.example_gradients(model, inputs, targets, loss=loss)
    known = probes.example_gradients(model, inputs, targets, loss=plain)
    for of in (probes.noise_scale, probes.mean_cosine, probes.mean_signal_to_noise):
        assert of(held) == pytest.approx(of(known), rel=1e-4)
    assert probes.generalization_ratio(held, 8) == pytest.approx(
        probes.generalization_ratio(known, 8), rel=1e-4
    )
    error = probes.relative_error(held[:4], held.mean(0))
    assert error == pytest.approx(probes.relative_error(known[:4], known.mean(0)), rel=1e-4)


@pytest.mark.parametrize("size", [1e-18, 1e18])
def test_products_whose_squares_do_not_fit(size):
    torch.manual_seed(0)
    gradients = torch.randn(6, 7) + 0.5
    plain, found = gradients @ gradients.T, (size * gradients) @ (size * gradients).T
    for of in (
        *(probes.noise_tests, probes.coherence, probes.diversity, probes.gram_noise_scale),
        *(probes.agreement_with_rest, probes.example_cosines, probes.product_cosines),
        *(probes.product_ratio, lambda products: probes.stiffness(products)[1]),
    ):
        torch.testing.assert_close(of(found), of(plain), rtol=1e-4, atol=1e-6)


def test_half_precision_is_multiplied_in_float32():
    """Gradients of 1e3 and more, whose squares float16 does not hold."""
    model, x, y = net().half(), X.half(), Y.half()
    with torch.no_grad():
        model[2].weight *= 3e3
    held = probes.example_gradients(model, x, y, loss="l1").double()
    assert held.norm(dim=1).min() > 300
    kernel = probes.example_gram(model, x, y, loss="l1")
    assert kernel.dtype == torch.float32
    lengths = held.norm(dim=1)
    error = (kernel.double() - held @ held.T).abs() / (lengths[:, None] * lengths)
    assert error.max() < 0.01  # ten times float16's rounding
    norms = probes.example_norms(model, x, y, loss="l1").double()
    torch.testing.assert_close(norms, held.norm(dim=1), rtol=0.01, atol=0)


def test_parameters_of_several_precisions():
    """What is found is in the widest; complex parameters are refused."""
    body = nn.Linear(6, 5).bfloat16()
    model = By(lambda m, x: m.head(m.body(x.bfloat16()).float()), body=body, head=nn.Linear(5, 2))
    x, y = X.float(), Y.float()
    held = probes.example_gradients(model, x, y)
    alone = probes.example_gradients(model, x, y, parameters=["head.weight", "head.bias"])
    assert held.dtype == torch.float32 and torch.equal(held[:, -12:], alone)
    torch.testing.assert_close(
        probes.example_norms(model, x, y), held.norm(dim=1), rtol=0.01, atol=0
    )
    body.weight = nn.Parameter(torch.randn(5, 6, dtype=torch.complex64))
    for probe in (probes.example_norms, probes.output_gradients):
        with pytest.raises(ValueError, match=r"that are real numbers, got \['body.weight'\]"):
            probe(model, x, *(y,) if probe is probes.example_norms else ())


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_parallel_gradients_pass_every_noise_test(seed, dtype):
    torch.manual_seed(seed)
    gradients = torch.randn(1, 7, dtype=dtype).repeat(6, 1)
    assert probes.noise_tests(gradients @ gradients.T) == (0, 0, 0)
    longer = torch.arange(1, 7)[:, None] * gradients
    norm, inner, across = probes.noise_tests(longer @ longer.T)
    assert norm == pytest.approx(inner, rel=1e-5) and across == 0


def test_without_variance_there_is_only_signal():
    assert probes.mean_signal_to_noise(torch.ones(4, 3)) == math.inf
    assert math.isnan(probes.mean_signal_to_noise(torch.zeros(4, 3)))


def test_one_row_and_none():
    model = net()
    norm = dense(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Linear(5, 2))
    for given, name in ((norm, "0.bias"), (Wrapped(norm), "net.0.bias")):
        with pytest.raises(ValueError, match=r"at least two rows|more than 1 value per channel"):
            probes.minibatch_gradients(given, X, Y, ROWS[:, :1], name, mode="train")
    kernel = probes.example_gram(model, X[:1], Y[:1])
    assert kernel.shape == (1, 1)
    assert probes.example_norms(model, X[:1], Y[:1]).square() == pytest.approx(kernel.item())
    with pytest.raises(ValueError, match="at least one row"):
        probes.example_norms(model, X[:0], Y[:0])
    with pytest.raises(ValueError, match="at least 2 rows"):
        probes.noise_tests(kernel)


def test_frozen_parameters_have_no_gradient_anywhere():
    model = net()
    model[0].requires_grad_(False)
    group = {"0.weight": slice(None), "2.weight": slice(None)}
    found = probes.dose(model, {"g": group}, X, Y)
    rows = probes.example_doses(model, group, X, Y)
    torch.testing.assert_close((found.dose - found.erosion)[0], rows.mean())
    assert probes.example_gradients(model, X, Y).shape == (len(X), 12)
    assert [g.any().item() for g in probes.output_gradients(model, X)] == [0, 0, 1, 1]
    for refused in (
        lambda: probes.example_gradients(model, X, Y, parameters=["0.bias"]),
        lambda: probes.minibatch_gradients(model, X, Y, ROWS, "0.bias"),
        lambda: probes.gradient_landscape(model, X, Y, ROWS, "0.bias", offsets=[0.0]),
    ):
        with pytest.raises(ValueError, match=r"that learn, got frozen \['0.bias'\]"):
            refused()


def test_a_loss_that_pairs_rows_is_refused():
    with pytest.raises(ValueError, match=r"see that the shapes fit"):
        probes.example_norms(dense(nn.Linear(6, 1)), X, Y[:, 0], loss=lambda o, t: (o - t).square())


def test_rows_that_are_not_first_are_found_out_in_training_mode_too():
    """With as many positions as rows, and masks that no second pass would draw again."""
    n = 5

    def run(m, x):
        return m.out(nn.functional.dropout(m.layer(x.transpose(0, 1)), 0.5, m.training)).mean(0)

    model = By(run, layer=nn.Linear(6, 4), out=nn.Linear(4, 2)).double().train()
    x, y = torch.randn(n, n, 6).double(), torch.randn(n, 2).double()
    state = torch.get_rng_state()
    losses = (model(x) - y).square().mean(1)
    each = [torch.autograd.grad(one, list(model.parameters()), retain_graph=True) for one in losses]
    known = torch.stack([torch.cat([g.flatten() for g in one]) for one in each])
    torch.set_rng_state(state)
    witness = Witness(model)
    for _ in range(2):
        found = probes.example_gradients(model, x, y, mode="train")
        torch.testing.assert_close(found, known, rtol=1e-11, atol=1e-13)
    assert witness.changes() == []


def test_a_loss_that_reads_the_networks_own_parameters_is_refused():
    """The stand-in's are others: its gradient in them would silently be missing."""
    model = net()

    def loss(outputs, targets):
        return (outputs - targets).square().mean(1) + model[0].weight.square().sum()

    for probe in (probes.example_gradients, probes.example_norms):
        with pytest.raises(ValueError, match="reads the network's own parameters"):
            probe(model, X, Y, loss=loss)
    for refused in (
        lambda: probes.dose(model, {"g": {"0.bias": 0}}, X, Y, loss=loss),
        lambda: probes.example_doses(model, {"0.bias": 0}, X, Y, loss=loss),
        lambda: probes.minibatch_gradients(model, X, Y, ROWS, "0.bias", loss=loss),
    ):
        with pytest.raises(ValueError, match="reads the network's own parameters"):
            refused()
