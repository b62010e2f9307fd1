"""Interventions on doses change what they say they change, and nothing else."""

import numpy as np
import pytest
import torch
from scipy import stats

from gradbook.chapters import generalization
from gradbook.chapters.generalization import optimizers
from gradbook.chapters.generalization.examples import draw
from gradbook.chapters.generalization.experiments import beyond_flag, equal_loss, reweighted
from gradbook.evidence import atlas, claims

LOSSES = equal_loss.CONFIG["losses"]


@pytest.mark.parametrize(("change", "optimizer"), [("plain", "SGD"), ("Adam", "Adam")])
def test_linear_networks_miss_what_those_of_torch_miss(change, optimizer):
    """The chapter's live cell trains the same network with `torch.optim`."""
    seed = 3
    drawn = draw(100, wrong=0.2, dimension=200, fresh=1000, seeds=[seed])
    expected = optimizers.errors(drawn, optimizer, LOSSES)[0]
    config = equal_loss.CONFIG | {"changes": [f"linear, {change}"]}
    np.testing.assert_allclose(equal_loss.measure(seed, config)["error"][0], expected, atol=2e-3)


def test_descent_does_not_notice_a_rotation_and_adam_does():
    """With inputs turned the gradient turns with them: the same outputs, the same steps."""
    config = equal_loss.CONFIG | {"changes": ["linear, plain", "linear, plain, turned"]}
    plain = equal_loss.measure(0, config)
    np.testing.assert_array_equal(plain["step"][0], plain["step"][1])
    np.testing.assert_array_equal(plain["error"][0], plain["error"][1])
    config = equal_loss.CONFIG | {"changes": ["linear, Adam", "linear, Adam, turned"]}
    adam, turned = equal_loss.measure(0, config)["step"]
    assert (adam != turned).any()


def test_adam_takes_the_steps_of_torch():
    generator, move = np.random.default_rng(0), equal_loss.adam(0.02)
    twin = torch.zeros(5, dtype=torch.float64, requires_grad=True)
    optimizer, weights = torch.optim.Adam([twin], lr=0.02), np.zeros(5)
    for _ in range(10):
        gradient = generator.standard_normal(5)
        twin.grad = torch.tensor(gradient)
        optimizer.step()
        weights -= move([gradient])[0]
    np.testing.assert_allclose(weights, twin.detach().numpy(), rtol=1e-10)


def test_a_loss_that_is_not_reached_is_no_number():
    found = equal_loss.reached(
        lambda: (0.5, 0.25, [np.zeros(1)]), [np.zeros(1)], lambda g: g, [0.6, 0.4], most=3
    )
    np.testing.assert_array_equal(found, [[0.25, 0], [np.nan, np.nan]])


def test_counting_all_alike_changes_nothing():
    config = reweighted.CONFIG | {"factor": 1, "count": 100, "shares": [0.7, 0.6]}
    found = reweighted.measure(0, config)
    np.testing.assert_array_equal(found["error"][:, 0], found["error"][:, 1])
    np.testing.assert_array_equal(found["step"][:, 0], found["step"][:, 1])


def test_partial_ranks_without_anything_fixed_are_spearman_s():
    generator = np.random.default_rng(0)
    one = generator.standard_normal(50)
    other = np.round(one + generator.standard_normal(50), 1)
    expected = stats.spearmanr(one, other)[0]
    assert beyond_flag.partial_ranks(one, other) == pytest.approx(expected)


def test_partial_ranks_follow_the_formula_for_one_fixed_score():
    """(r_ab − r_ac r_bc)/√((1 − r_ac²)(1 − r_bc²))."""
    a, b, c = np.random.default_rng(1).standard_normal((3, 40))
    a, b = a + c, b - c
    ab, ac, bc = (stats.spearmanr(*pair)[0] for pair in ((a, b), (a, c), (b, c)))
    expected = (ab - ac * bc) / np.sqrt((1 - ac**2) * (1 - bc**2))
    assert beyond_flag.partial_ranks(a, b, c) == pytest.approx(expected)
    assert np.isnan(beyond_flag.partial_ranks(a, b, np.ones(40)))


def test_levelled_doses_cost_errors_unless_the_outgoing_layer_makes_up_for_it():
    results = atlas.load("equal_loss")
    for case in claims.find("levelled-doses-cost-generalization").cases:
        if case["loss"] == 0.4:
            added = generalization.errors_added(results, **case).mean()
            assert (added > 0.05) == (case["network"] != "ReLU")
    turned = generalization.errors_added(results, "linear by Adam in a turned basis", 0.4)
    assert abs(turned).max() < 0.01


def test_the_flag_explains_most_of_the_dose_s_correlation():
    results = atlas.load("beyond_flag")
    data, early = "digits, wrong labels", "the loss halved"
    whole = results["correlation"][:, results.config["data"].index(data), 1, 0]
    beyond = generalization.dose_beyond(results, data, early, "flag")
    assert beyond.mean() < whole.mean()
    assert np.isnan(generalization.dose_beyond(results, "digits", early, "flag")).all()
