"""Unfed recognizers and recognizers at rest under SGD, Adam and AdamW."""

import numpy as np
import pytest
import torch

from gradbook.chapters import dosage
from gradbook.chapters.dosage.experiments import own_noise, rest
from gradbook.evidence import atlas


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW"])
def test_steps_are_those_of_torch(kind):
    rate, decay, generator = 0.03, 0.2, np.random.default_rng(0)
    weights = [generator.standard_normal((3, 4)), generator.standard_normal((1, 3))]
    twins = [torch.tensor(weight, requires_grad=True) for weight in weights]
    twin = getattr(torch.optim, kind)(twins, lr=rate, weight_decay=decay)
    move = own_noise.mover(kind, rate, decay)
    for _ in range(20):
        gradients = [generator.standard_normal(weight.shape) for weight in weights]
        for one, gradient in zip(twins, gradients, strict=True):
            one.grad = torch.tensor(gradient)
        twin.step()
        move(weights, gradients)
    for weight, one in zip(weights, twins, strict=True):
        np.testing.assert_allclose(weight, one.detach().numpy(), rtol=1e-10)


def test_the_descent_of_normalized_recognizers_is_that_of_autograd():
    generator = np.random.default_rng(1)
    weights = [generator.standard_normal((3, 4)), generator.standard_normal((1, 3))]
    patches, targets = generator.standard_normal((8, 3, 4)), generator.standard_normal(8)
    found = rest.normalized_descent(weights, patches, lambda f: (f - targets) / 8)
    incoming, outgoing = (torch.tensor(weight, requires_grad=True) for weight in weights)
    unit = incoming / incoming.norm(dim=1, keepdim=True)
    answers = ((torch.tensor(patches) * unit).sum(-1) * outgoing[0]).sum(1)
    ((answers - torch.tensor(targets)).square().mean() / 2).backward()
    for gradient, one in zip(found, (incoming, outgoing), strict=True):
        np.testing.assert_allclose(gradient, one.grad.numpy(), atol=1e-12)


def test_before_a_normalization_nothing_is_fed():
    """The output does not know the weights' length, so no gradient goes along them."""
    generator = np.random.default_rng(2)
    weights = [generator.standard_normal((3, 4)), generator.standard_normal((1, 3))]
    patches = generator.standard_normal((8, 3, 4))
    at_incoming, _ = rest.normalized_descent(weights, patches, lambda f: f - 1)
    np.testing.assert_allclose((at_incoming * weights[0]).sum(1), 0, atol=1e-12)


def test_at_rest_the_books_balance_where_decay_is_in_the_gradient():
    results = atlas.load("rest")
    for optimizer in ("SGD", "Adam"):
        assert dosage.dose_over_decay(results, optimizer).mean() == pytest.approx(1, abs=0.02)
    for optimizer in ("AdamW", "SGD, before a normalization"):
        assert abs(dosage.dose_over_decay(results, optimizer)).max() < 0.05


def test_sgd_keeps_what_the_cut_off_experiment_found():
    """Without decay this is its condition "other examples", with it the next one."""
    cut_off, results = atlas.load("cut_off"), atlas.load("own_noise")
    for optimizer, cause in (
        ("SGD, no decay", "other examples"),
        ("SGD", "other examples and decay"),
    ):
        before = dosage.cosine_after_the_cut(cut_off, cause).mean()
        assert dosage.cosine_by_optimizer(results, optimizer).mean() == pytest.approx(
            before, abs=0.05
        )
