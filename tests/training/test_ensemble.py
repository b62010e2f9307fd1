"""An ensemble's members take the steps that each net takes alone."""

import copy

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn import functional

from gradbook import models
from gradbook.training import ensemble, gardens, layers
from gradbook.training.diets import Diet
from gradbook.training.ensemble import Adam, Ensemble, Momentum

MEMBERS, ROWS, STEPS = 3, 40, 30
DRAW = torch.Generator().manual_seed(0)
INPUTS = torch.randn(ROWS, 2, generator=DRAW, dtype=torch.float64)
TARGETS = torch.randn(ROWS, generator=DRAW, dtype=torch.float64).sign()
DIETS = [Diet(), Diet(weight_decay=0.03, decoupling=0.2), Diet(weight_decay=0.1)]


def nets(widths=(16,), regularizer="none", members=MEMBERS, outputs=1):
    return [
        models.mlp(
            2, widths, regularizer=regularizer, one_hot=False, outputs=outputs, seed=seed
        ).double()
        for seed in range(members)
    ]


def one_by_one(model, inputs, targets, optimizer, diet, steps, masks=None, batches=None):
    """The obvious loop, with PyTorch's own optimizer."""
    model = copy.deepcopy(model).train()
    kind = torch.optim.SGD if isinstance(optimizer, Momentum) else torch.optim.Adam
    options = {"lr": optimizer.learning_rate, "weight_decay": diet.weight_decay}
    if kind is torch.optim.SGD:
        options["momentum"] = optimizer.momentum
    descent = kind(model.parameters(), **options)
    factors = torch.empty(1, len(inputs), 16, dtype=torch.float64)
    for step in range(1, steps + 1):
        rows = batches(step) if batches else slice(None)
        values = inputs[rows]
        for module in model:
            values = module(values)
            if masks and isinstance(module, nn.ReLU):
                masks(factors)
                values = values * factors[0]
        answers = targets[rows].reshape(values.shape)
        loss = functional.softplus(-values * answers).sum(1).mean()
        loss = loss + diet.decoupling / 2 * values.square().sum(1).mean()
        descent.zero_grad()
        loss.backward()
        descent.step()
    return model


def assert_same(trained, expected, but=(), atol=1e-9):
    named = trained.parameters()
    for member, model in enumerate(expected):
        for name, value in model.named_parameters():
            if name not in but:
                torch.testing.assert_close(named[name][member], value, rtol=0, atol=1e-10)
        inputs = torch.linspace(-2, 2, 10, dtype=torch.float64).reshape(5, 2)
        alone = model.eval()(inputs)
        torch.testing.assert_close(trained.outputs(inputs)[member], alone, rtol=0, atol=atol)
        torch.testing.assert_close(trained.model(member)(inputs), alone, rtol=0, atol=atol)


@pytest.mark.parametrize("cached", [1, ensemble.CACHED], ids=["one at a time", "all at a time"])
@pytest.mark.parametrize("optimizer", [Momentum(0.05, 0.9), Momentum(0.05), Adam(0.01)], ids=str)
@pytest.mark.parametrize("regularizer", ["none", "batch norm"])
@pytest.mark.parametrize(("widths", "outputs"), [((), 1), ((16,), 1), ((16, 8), 1), ((16,), 2)])
def test_members_take_the_steps_of_nets_trained_alone(
    widths, outputs, regularizer, optimizer, cached, monkeypatch
):
    monkeypatch.setattr(ensemble, "CACHED", cached)
    start = nets(widths, regularizer, outputs=outputs)
    targets = TARGETS if outputs == 1 else torch.stack([TARGETS, -TARGETS.roll(1)], 1)
    trained, _ = ensemble.train(
        Ensemble(start), INPUTS, targets, optimizer, steps=STEPS, diets=DIETS
    )
    expected = [
        one_by_one(model, INPUTS, targets, optimizer, diet, STEPS)
        for model, diet in zip(start, DIETS, strict=True)
    ]
    blind = regularizer == "batch norm" and isinstance(optimizer, Adam)
    if blind:
        # A bias before batch norm has round-off for a gradient, of which each step of Adam makes
        # up to its rate times the machine's epsilon over its own. The running mean lags behind.
        drift = STEPS * 0.01 * torch.finfo(torch.float64).eps / 1e-8
        assert_same(trained, expected, {"linear1.bias", "linear2.bias"}, atol=drift)
    else:
        assert_same(trained, expected)
    assert_moved(trained, start)


def assert_moved(trained, start):
    for member, model in enumerate(start):
        moved = trained.parameters()["output.weight"][member] - model.output.weight
        assert moved.abs().max() > 1e-2


def test_dropout_draws_the_masks_of_each_members_own_seed():
    start, diets, seeds = nets(), [Diet(dropout=rate) for rate in (0.0, 0.3, 0.7)], (5, 6, 7)
    optimizer = Momentum(0.05, 0.9)
    trained, _ = ensemble.train(
        Ensemble(start), INPUTS, TARGETS, optimizer, steps=STEPS, diets=diets, seeds=seeds
    )
    expected = [
        one_by_one(model, INPUTS, TARGETS, optimizer, diet, STEPS, masks)
        for model, diet, seed in zip(start, diets, seeds, strict=True)
        for masks in [layers.dropout([diet.dropout], [gardens.stream(seed, 3)])]
    ]
    assert_same(trained, expected)


def test_dropout_silences_its_share_and_keeps_the_mean():
    masks = layers.dropout([0.7, 0.0], [gardens.stream(seed, 3) for seed in (0, 1)])
    factors = torch.empty(2, 300, 500)
    masks(factors)
    error = np.sqrt(0.7 * 0.3 / factors[0].numel())
    assert abs((factors[0] == 0).double().mean() - 0.7) < 4 * error
    assert abs(factors[0].double().mean() - 1) < 4 * error / 0.3
    assert (factors[1] == 1).all()
    again = factors.clone()
    masks(factors)
    assert 0.4 < (again[0] == factors[0]).double().mean() < 0.6  # 0.7² + 0.3² = 0.58


def test_each_member_has_its_own_rows_and_minibatches():
    start, optimizer = nets(), Momentum(0.05, 0.9)
    inputs = torch.stack([INPUTS * scale for scale in (1.0, 2.0, 3.0)])
    targets = torch.stack([TARGETS, -TARGETS, TARGETS.flip(0)])

    def batches(step):
        return torch.stack([(torch.arange(8) + step * (member + 1)) % ROWS for member in range(3)])

    trained, _ = ensemble.train(
        Ensemble(start), inputs, targets, optimizer, steps=STEPS, batches=batches
    )
    expected = [
        one_by_one(
            model,
            inputs[i],
            targets[i],
            optimizer,
            Diet(),
            STEPS,
            batches=lambda step, i=i: batches(step)[i],
        )
        for i, model in enumerate(start)
    ]
    assert_same(trained, expected)


@pytest.mark.parametrize("optimizer", [Momentum(0.05, 0.9), Adam(0.01)], ids=str)
def test_a_diet_changes_in_mid_training_and_the_optimizer_goes_on(optimizer):
    start = Ensemble(nets())
    before = start.weights.clone()
    first, _ = ensemble.train(start, INPUTS, TARGETS, optimizer, steps=10, diets=DIETS)
    second, _ = ensemble.train(first, INPUTS, TARGETS, optimizer, steps=10, diets=DIETS)
    whole, _ = ensemble.train(start, INPUTS, TARGETS, optimizer, steps=20, diets=DIETS)
    assert torch.equal(second.weights, whole.weights)
    assert torch.equal(start.weights, before)
    other, _ = ensemble.train(first, INPUTS, TARGETS, optimizer, steps=10, diets=DIETS[1])
    assert torch.equal(other.weights[1], whole.weights[1])
    assert not torch.equal(other.weights[0], whole.weights[0])


def test_each_member_has_its_own_learning_rate():
    start = nets()
    rates = [0.01, 0.02, 0.04]
    for kind in (Momentum, Adam):
        trained, _ = ensemble.train(Ensemble(start), INPUTS, TARGETS, kind(rates), steps=STEPS)
        expected = [
            one_by_one(model, INPUTS, TARGETS, kind(rate), Diet(), STEPS)
            for model, rate in zip(start, rates, strict=True)
        ]
        assert_same(trained, expected)


def test_after_many_steps_outcomes_have_the_same_distribution():
    members, optimizer = 12, Adam(0.01)
    start = [model.float() for model in nets((8,), members=members)]
    inputs, targets = INPUTS.float(), TARGETS.float()
    trained, _ = ensemble.train(Ensemble(start), inputs, targets, optimizer, steps=1500)
    alone = [one_by_one(m, inputs, targets, optimizer, Diet(), 1500) for m in start]
    margins = trained.outputs(inputs)[..., 0] * targets
    expected = torch.stack([model(inputs)[:, 0] for model in alone]).detach() * targets
    losses, others = (functional.softplus(-m).mean(1) for m in (margins, expected))
    assert losses.std() > 1e-2  # seeds differ, so that there is something to compare
    assert stats.ks_2samp(losses, others).pvalue > 0.5
    assert abs(losses.mean() - others.mean()) < losses.std() / members**0.5


def test_records_hold_what_is_watched_at_the_steps_asked_for():
    start = Ensemble(nets())
    trained, records = ensemble.train(
        start,
        INPUTS,
        TARGETS,
        Momentum(0.05),
        steps=10,
        at=(0, 4, 10),
        watch=lambda nets: {"weights": nets.weights, "right": nets.outputs(INPUTS)[..., 0] > 0},
    )
    assert records["right"].shape == (3, MEMBERS, ROWS)
    assert torch.equal(records["weights"][0], start.weights)
    assert torch.equal(records["weights"][-1], trained.weights)
    half, _ = ensemble.train(start, INPUTS, TARGETS, Momentum(0.05), steps=4)
    assert torch.equal(records["weights"][1], half.weights)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Linear(2, 1), "nn.Sequential"),
        (nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), "nn.ReLU"),
        (nn.Sequential(nn.Linear(2, 3), nn.ReLU()), "nn.ReLU"),
        (nn.Sequential(nn.Linear(2, 1, bias=False)), "biases"),
        (
            nn.Sequential(
                nn.Linear(2, 3), nn.BatchNorm1d(3, momentum=0.2), nn.ReLU(), nn.Linear(3, 1)
            ),
            "default options",
        ),
    ],
)
def test_other_layers_are_refused(model, message):
    with pytest.raises(ValueError, match=message):
        Ensemble([model])


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="at least one net"):
        Ensemble([])
    with pytest.raises(ValueError, match="one shape"):
        Ensemble([*nets((16,)), *nets((8,))])
    start = Ensemble(nets())
    cases = [
        ((INPUTS[:, :1], TARGETS), {}, r"inputs \[n, 2\]"),
        ((INPUTS.expand(2, -1, -1), TARGETS), {}, r"\[3, n, 2\]"),
        ((INPUTS, TARGETS[1:]), {}, r"targets \[40\]"),
        ((INPUTS, TARGETS), {"diets": [Diet()]}, "each of 3 members"),
        ((INPUTS, TARGETS), {"diets": Diet(noise=1.0)}, "without noise"),
        ((INPUTS, TARGETS), {"seeds": [1]}, "a seed for each of 3 members"),
    ]
    for rows, options, message in cases:
        with pytest.raises(ValueError, match=message):
            ensemble.train(start, *rows, Momentum(0.1), steps=1, **options)
    with pytest.raises(FloatingPointError, match=r"members \[0, 1, 2\] are not finite at step 9"):
        ensemble.train(start, INPUTS * 1e30, TARGETS, Momentum(1e300), steps=9)
