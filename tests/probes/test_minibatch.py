"""Minibatch gradients are autograd's, and the numbers made of them are their closed forms."""

import itertools
import math

import pytest
import torch
from torch import nn

from gradbook import probes
from gradbook.models import REGULARIZERS
from gradbook.probes import sequential
from gradbook.training import LOSSES
from networks import INPUTS, ROWS, TARGETS, TASK, Wrapped, owners, trained
from oracle import with_given_masks


def drawn_masks(model: nn.Sequential, seed: int) -> dict[str, torch.Tensor]:
    modules = list(model.train().named_children())
    return sequential.Masks(modules, ROWS.shape, TASK.features, like=TARGETS).draw(seed)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("layer", [1, 2, 3])
@pytest.mark.parametrize("regularizer", REGULARIZERS)
def test_equal_autograd_minibatch_by_minibatch(regularizer, layer, mode, loss):
    model = trained(regularizer, loss)
    name = f"{owners(regularizer)[-1]}{layer}.bias"
    ours = probes.minibatch_gradients(
        model, INPUTS, TARGETS, ROWS, name, mode=mode, loss=loss, seed=4
    )
    masks = drawn_masks(model, seed=4) if mode == "train" else {}
    alone = with_given_masks(model).train(mode == "train")
    expected = torch.empty_like(ours)
    for number, rows in enumerate(ROWS):
        for dropout, mask in masks.items():
            getattr(alone, dropout).factor = mask[number]
        alone.zero_grad()
        LOSSES[loss](alone(INPUTS[rows]), TARGETS[rows]).backward()
        expected[number] = dict(alone.named_parameters())[name].grad
    assert expected.norm() > 1e-3
    assert (ours - expected).norm() <= 1e-12 * expected.norm()


@pytest.mark.parametrize("loss", LOSSES)
def test_two_outputs_and_the_last_bias(loss):
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2)).double()
    inputs, targets = torch.randn(2, 30, 6).double()[0], torch.randn(30, 2).double()
    rows = torch.randint(30, (4, 7))
    for name in ("0.bias", "2.bias"):
        ours = probes.minibatch_gradients(model, inputs, targets, rows, name, loss=loss)
        for batch, gradient in zip(rows, ours, strict=True):
            model.zero_grad()
            LOSSES[loss](model(inputs[batch]), targets[batch]).backward()
            expected = dict(model.named_parameters())[name].grad
            torch.testing.assert_close(gradient, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("regularizer", REGULARIZERS)
def test_per_example_gradients_average_to_the_minibatch_s(regularizer):
    model = trained(regularizer)
    each = probes.per_example_gradients(model, INPUTS, TARGETS, "linear2.bias")
    whole = probes.minibatch_gradients(model, INPUTS, TARGETS, ROWS, "linear2.bias")
    torch.testing.assert_close(each[ROWS].mean(1), whole, rtol=1e-11, atol=1e-14)
    model.zero_grad()
    (model.eval()(INPUTS[3:4]) - TARGETS[3]).abs().sum().backward()
    torch.testing.assert_close(each[3], model.linear2.bias.grad, rtol=1e-12, atol=1e-14)


def test_cosines_of_known_angles():
    angles = torch.tensor([0, math.pi / 3, math.pi / 2, math.pi], dtype=torch.float64)
    lengths = torch.tensor([1.0, 5.0, 0.1, 2.0], dtype=torch.float64)
    gradients = lengths[:, None] * torch.stack([angles.cos(), angles.sin()], 1)
    pairs = list(itertools.combinations(angles.tolist(), 2))
    expected = torch.tensor([math.cos(b - a) for a, b in pairs], dtype=torch.float64)
    cosines = probes.pairwise_cosines(gradients)
    torch.testing.assert_close(cosines, expected, rtol=0, atol=1e-15)
    assert probes.mean_cosine(gradients) == pytest.approx(expected.mean().item(), abs=1e-15)


def test_opposed_are_the_pairs_with_a_cosine_below_zero():
    gradients = torch.tensor([[1.0, 0.0], [-1.0, 0.1], [-2.0, -0.1], [0.0, 3.0]])
    # Apart: first with second and third, third with fourth; first with fourth is square.
    assert probes.opposed_share(gradients) == 3 / 6


def test_zero_gradients_have_no_angle_and_are_left_out():
    gradients = torch.tensor([[1.0, 0.0], [0.0, 0.0], [-3.0, 0.0], [0.0, 0.0]])
    cosines = probes.pairwise_cosines(gradients)
    assert cosines.isnan().tolist() == [True, False, True, True, True, True]
    assert probes.mean_cosine(gradients) == -1 and probes.opposed_share(gradients) == 1
    assert math.isnan(probes.mean_cosine(torch.zeros(3, 2)))
    assert math.isnan(probes.opposed_share(torch.zeros(3, 2)))


def test_relative_error_and_noise_scale_of_two_examples():
    """g = G ± s: tr Σ = ‖s‖², so B_simple = ‖s‖²/‖G‖², and a minibatch of one is off by as much."""
    full, spread = torch.tensor([3.0, 4.0]).double(), torch.tensor([-1.0, 2.0]).double()
    gradients = torch.stack([full + spread, full - spread])
    assert probes.noise_scale(gradients) == pytest.approx(5 / 25, rel=1e-14)
    assert probes.relative_error(gradients, full) == pytest.approx(5 / 25, rel=1e-14)


@pytest.fixture(scope="module")
def examples() -> torch.Tensor:
    """Gradients of seven examples [7, 4]."""
    return 1 + torch.randn(7, 4, generator=torch.Generator().manual_seed(0)).double()


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7])
def test_all_minibatches_of_a_size_are_off_by_noise_scale_over_size(examples, size):
    """E‖g_B − G‖²/‖G‖² = B_simple/B · (n − B)/(n − 1), exactly, over all subsets."""
    n = len(examples)
    subsets = torch.tensor(list(itertools.combinations(range(n), size)))
    error = probes.relative_error(examples[subsets].mean(1), examples.mean(0))
    expected = probes.noise_scale(examples) / size * (n - size) / (n - 1)
    assert error == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_minibatches_with_replacement_are_off_by_noise_scale_over_size(examples, size):
    tuples = torch.tensor(list(itertools.product(range(len(examples)), repeat=size)))
    error = probes.relative_error(examples[tuples].mean(1), examples.mean(0))
    assert error == pytest.approx(probes.noise_scale(examples) / size, rel=1e-12)


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_the_predicted_cosine_is_a_ratio_of_expectations(examples, size):
    """E⟨g, g′⟩ / E‖g‖² over all independent pairs is 1/(1 + B_simple/B · (n − B)/(n − 1))."""
    subsets = torch.tensor(list(itertools.combinations(range(7), size)))
    means = examples[subsets].mean(1)
    ratio = (means @ means.T).mean() / means.square().sum(1).mean()
    predicted = probes.predicted_cosine(probes.noise_scale(examples), size, 7)
    assert predicted == pytest.approx(ratio.item(), rel=1e-12)


def test_the_predicted_cosine_with_replacement(examples):
    tuples = torch.tensor(list(itertools.product(range(7), repeat=2)))
    means = examples[tuples].mean(1)
    ratio = (means @ means.T).mean() / means.square().sum(1).mean()
    predicted = probes.predicted_cosine(probes.noise_scale(examples), 2)
    assert predicted == pytest.approx(ratio.item(), rel=1e-12)
    assert probes.predicted_cosine(64.0, 64) == 0.5


def test_noise_scale_coherence_and_diversity_are_one_number(examples):
    """B_simple = 1/α − 1 = n·Δ − 1."""
    n = len(examples)
    coherence = examples.mean(0).square().sum() / examples.square().sum(1).mean()
    diversity = examples.square().sum() / examples.sum(0).square().sum()
    scale = probes.noise_scale(examples)
    assert scale == pytest.approx(1 / coherence.item() - 1, rel=1e-12)
    assert scale == pytest.approx(n * diversity.item() - 1, rel=1e-12)
    ratio = examples.var(0, correction=0).sum() / examples.mean(0).square().sum()
    assert scale == pytest.approx(ratio.item(), rel=1e-12)


def test_equal_examples_have_no_noise():
    assert probes.noise_scale(torch.full((5, 3), 0.5)) == 0
    assert probes.predicted_cosine(0.0, 8, 100) == 1


def test_minibatches_are_drawn_without_replacement_and_repeat():
    rows = probes.sample_minibatches(20, 8, 300, seed=5)
    assert rows.shape == (300, 8) and rows.min() == 0 and rows.max() == 19
    assert all(len(set(batch.tolist())) == 8 for batch in rows)
    assert torch.equal(rows, probes.sample_minibatches(20, 8, 300, seed=5))
    assert not torch.equal(rows, probes.sample_minibatches(20, 8, 300, seed=6))
    counts = rows.flatten().bincount(minlength=20).double()
    # Each row is in a minibatch with probability 8/20: mean 120, sd 8.5.
    assert (counts - 120).abs().max() < 5 * (300 * 0.4 * 0.6) ** 0.5
    assert probes.sample_minibatches(20, 20, 1, seed=0)[0].sort().values.tolist() == [*range(20)]


@pytest.mark.parametrize("size", [0, 21])
def test_minibatches_that_cannot_be_drawn_are_refused(size):
    with pytest.raises(ValueError, match=f"expected 1 <= batch_size <= 20 rows, got {size}"):
        probes.sample_minibatches(20, size, 1, seed=0)


def test_what_is_not_there_is_refused():
    model = trained()
    with pytest.raises(ValueError, match=r"of \['linear1.weight', .*\], got \['norm2.bias'\]"):
        probes.minibatch_gradients(model, INPUTS, TARGETS, ROWS, "norm2.bias")
    with pytest.raises(ValueError, match=r"or a function, got 'hinge'"):
        probes.minibatch_gradients(model, INPUTS, TARGETS, ROWS, "linear2.bias", loss="hinge")
    with pytest.raises(ValueError, match="expected mode 'eval' or 'train', got 'test'"):
        probes.minibatch_gradients(model, INPUTS, TARGETS, ROWS, "linear2.bias", mode="test")
    model.linear2.bias.requires_grad_(False)
    with pytest.raises(ValueError, match=r"that learn, got frozen \['linear2.bias'\]"):
        probes.minibatch_gradients(model, INPUTS, TARGETS, ROWS, "linear2.bias")


@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("regularizer", [r for r in REGULARIZERS if r != "dropout"])
def test_a_network_that_is_no_sequential_goes_minibatch_by_minibatch(regularizer, mode):
    model, name = trained(regularizer), f"{owners(regularizer)[-1]}2.bias"
    known = probes.minibatch_gradients(model, INPUTS, TARGETS, ROWS, name, mode=mode)
    found = probes.minibatch_gradients(
        Wrapped(model), INPUTS, TARGETS, ROWS, f"net.{name}", mode=mode
    )
    torch.testing.assert_close(found, known, rtol=1e-11, atol=1e-14)


def test_minibatch_means_are_means():
    gradients = torch.randn(20, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    rows = probes.sample_minibatches(20, 4, 6, seed=1)
    torch.testing.assert_close(
        probes.minibatch_means(gradients, rows), gradients[rows].mean(1), atol=1e-15, rtol=0
    )


def test_cancelled_votes_become_exact_zeros_and_nothing_else_does():
    """Thirty-two rows against thirty-two: zero in exact arithmetic, round-off as computed."""
    direction = torch.tensor([0.1, 0.7], dtype=torch.float64)
    votes = torch.ones(64, 1, dtype=torch.float64)
    votes[::2] = -1
    split = (votes / 64 * direction).cumsum(0)[-1] + 1e-17
    won = direction / 32
    kept = probes.drop_roundoff(torch.stack([split, won, -won]))
    assert kept.tolist() == [[0, 0], won.tolist(), (-won).tolist()]
    assert split.norm() > 0


def test_roundoff_is_told_apart_in_float64_only():
    with pytest.raises(TypeError, match="probe in float64"):
        probes.drop_roundoff(torch.ones(2, 2))
