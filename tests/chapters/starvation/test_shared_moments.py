"""Adam with shared means is Adam where nothing is shared, and elsewhere what it says."""

import numpy as np
import pytest
import torch

from gradbook import models
from gradbook.chapters.starvation import effects
from gradbook.chapters.starvation.experiments import shared_moments
from gradbook.chapters.starvation.experiments.shared_moments import SharedAdam
from gradbook.evidence import atlas, intervals
from gradbook.training import ensemble
from gradbook.training.layers import Shape

NETS = [models.mlp(2, (5,), one_hot=False, seed=seed).double() for seed in (0, 1)]
SHAPE = Shape.of(NETS[0])


def trained(optimizer, steps: int = 7) -> dict[str, torch.Tensor]:
    inputs = torch.randn(2, 20, 2, generator=torch.Generator().manual_seed(2)).double()
    nets, labels = ensemble.Ensemble(NETS), inputs[..., 0].sign()
    return ensemble.train(nets, inputs, labels, optimizer, steps=steps)[0].parameters()


def test_with_nothing_shared_it_is_adam():
    ours = trained(SharedAdam(0.01, shape=SHAPE, shared=()))
    for name, value in trained(ensemble.Adam(0.01)).items():
        torch.testing.assert_close(ours[name], value, rtol=1e-12, atol=1e-14)


def test_a_shared_mean_divides_all_weights_of_a_parameter_alike_and_no_others():
    """The first step is η g over the size of g, its own or the root of the mean square."""
    start = ensemble.Ensemble(NETS).parameters()
    after = trained(SharedAdam(0.01, shape=SHAPE, shared=("output.weight",)), steps=1)
    plain = trained(ensemble.Momentum(1.0), steps=1)
    for name, value in after.items():
        gradient, moved = start[name] - plain[name], start[name] - value
        size = gradient.abs()
        if name == "output.weight":
            size = gradient.square().mean((1, 2), keepdim=True).sqrt()
        torch.testing.assert_close(moved, 0.01 * gradient / (size + 1e-8), rtol=1e-8, atol=1e-12)


def test_the_outgoing_weights_carry_what_adam_gains():
    """The chapter's finding, on the shipped seeds, pair by pair."""
    results = atlas.load("shared_moments")
    hits = dict(zip(results.config["optimizers"], results["misled"].T, strict=True))
    gain = hits["Adam"] - hits["descent"]
    for name, most in (("outgoing shared", 0.25), ("both shared", 0.25)):
        assert intervals.mean_interval(hits[name] - hits["descent"] - most * gain)[2] < 0
    assert intervals.mean_interval(hits["hidden shared"] - hits["descent"] - 0.75 * gain)[1] > 0
    moved = results["moved"][..., 1] / results["moved"][..., 0]
    for name, more in {"descent": False, "Adam": True, "outgoing shared": False}.items():
        low, high = intervals.mean_interval(moved[:, list(hits).index(name)])[1:]
        assert low > 1 if more else high < 1


@pytest.mark.parametrize(
    ("optimizer", "cure"), [("descent", ("none", 0)), ("Adam", ("Adam", 0.001))]
)
def test_its_nets_are_those_of_the_other_cures(optimizer, cure):
    """Same seeds, same moons; round-off has grown over a thousand steps."""
    results, cures = atlas.load("shared_moments"), atlas.load("cures")
    assert list(results.jobs) == list(cures.jobs)
    place = list(shared_moments.CONFIG["optimizers"]).index(optimizer)
    np.testing.assert_allclose(results["misled"][:, place], effects.misled(cures, *cure), atol=0.03)
