"""The experiments' steps are those of torch's optimizers and of automatic gradients."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from gradbook.chapters.optimizers import tails, zipf
from gradbook.chapters.optimizers.experiments import (
    early_fate,
    learning_times,
    optimizer_law,
    rare_words,
    shared_adamw,
)
from gradbook.tasks.digits import digits

DEFAULT = optimizer_law.CONFIG["default"]
TORCH = {
    "SGD": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "Adam, L2": (torch.optim.Adam, {}),
    "AdamW": (torch.optim.AdamW, {}),
}


def test_each_row_steps_as_torch_does():
    rows = [{**DEFAULT, "kind": kind, "rate": 0.01} for kind in TORCH]
    generator = np.random.default_rng(0)
    start = generator.standard_normal((2, len(rows), 3))
    gradients = generator.standard_normal((50, 2, len(rows), 3))
    weights = start.copy()
    move = optimizer_law._mover(rows, weights.shape)
    for step, gradient in enumerate(gradients):
        move(weights, gradient, step / 50)
    for row, (make, more) in enumerate(TORCH.values()):
        weight = torch.tensor(start[:, row], requires_grad=True)
        optimizer = make([weight], lr=0.01, weight_decay=DEFAULT["decay"], **more)
        for gradient in gradients[:, :, row]:
            weight.grad = torch.tensor(gradient)
            optimizer.step()
        np.testing.assert_allclose(weights[:, row], weight.detach(), rtol=1e-9)


def test_signs_and_lion_step_by_their_definitions():
    kinds = ("SignSGD", "SignSGD, L2", "Lion")
    rows = [{**DEFAULT, "kind": kind, "rate": 0.01, "decay": 0.3} for kind in kinds]
    generator = np.random.default_rng(0)
    weights = generator.standard_normal((2, 3, 4))
    by_hand, mean = weights.copy(), np.zeros((2, 4))
    move = optimizer_law._mover(rows, weights.shape)
    for step in range(30):
        g = generator.standard_normal(weights.shape)
        move(weights, g, step / 30)
        w = by_hand
        w[:, 0] -= 0.01 * (np.sign(g[:, 0]) + 0.3 * w[:, 0])
        w[:, 1] -= 0.01 * np.sign(g[:, 1] + 0.3 * w[:, 1])
        w[:, 2] -= 0.01 * (np.sign(0.9 * mean + 0.1 * g[:, 2]) + 0.3 * w[:, 2])
        mean = 0.99 * mean + 0.01 * g[:, 2]
    np.testing.assert_allclose(weights, by_hand, rtol=1e-12)


def test_the_schedule_warms_up_and_ends_at_zero():
    rates = [optimizer_law._schedule(done) for done in np.linspace(0, 1, 201)]
    assert rates[0] == 0 and rates[-1] == pytest.approx(0, abs=1e-12)
    assert max(rates) == pytest.approx(1, abs=0.01) and int(np.argmax(rates)) == 10


def test_minibatches_show_each_feature_at_its_frequency():
    p = np.array([0.2, 0.05])
    counts = optimizer_law._counts([16, 64, 16], p, np.random.default_rng(0))
    drawn = np.stack([next(counts) for _ in range(4000)])
    np.testing.assert_allclose(drawn.mean(0), np.outer([16, 64, 16], p), rtol=0.05)
    assert (drawn[:, 0] == drawn[:, 2]).all(), "one draw for each batch size"


def test_words_descend_the_cross_entropy():
    config = {**rare_words.CONFIG, "tokens": 12, "embedding": 5, "units": 7}
    generator = torch.Generator().manual_seed(0)
    weights = rare_words._weights(config, generator)
    shown = torch.tensor([0, 3, 3, 11])
    targets = torch.tensor([1, 2, 5, 0])
    rare_words._descend(weights, shown, targets)
    copies = [weight.clone().requires_grad_() for weight in weights]
    embedding, incoming, bias, outgoing, offset = copies
    outputs = (embedding[shown] @ incoming + bias).relu() @ outgoing + offset
    functional.cross_entropy(outputs, targets).backward()
    for weight, copy in zip(weights, copies, strict=True):
        torch.testing.assert_close(weight.grad, copy.grad)


def test_a_layer_of_digits_descends_the_cross_entropy():
    task = digits(train=20, seed=0)
    generator = torch.Generator().manual_seed(0)
    weights = early_fate._weights(9, generator)
    inputs, targets = task.train_inputs, task.train_targets
    found = early_fate._gradients(weights, inputs, targets)
    copies = [weight.clone().requires_grad_() for weight in weights]
    outputs = early_fate._hidden(copies, inputs) @ copies[1] + copies[2]
    loss = functional.cross_entropy(outputs, targets)
    loss.backward()
    for gradient, copy in zip(found, copies, strict=True):
        torch.testing.assert_close(gradient, copy.grad)
    worth = early_fate._worth(weights, inputs, targets)
    silent = [weight.clone() for weight in weights]
    silent[1][4] = 0
    after = early_fate._hidden(silent, inputs) @ silent[1] + silent[2]
    assert float(worth[4]) == pytest.approx(
        float(functional.cross_entropy(after, targets) - loss.detach()), abs=1e-6
    )


def test_frequencies_of_words_and_facts():
    shares = zipf.frequencies(256)
    assert shares.sum() == pytest.approx(1) and shares[0] / shares[9] == pytest.approx(10)
    shares = tails.frequencies({"facts": 50, "tail": 1.0})
    assert shares.sum() == pytest.approx(1) and shares[0] / shares[9] == pytest.approx(100)
    steps = tails.recorded(learning_times.CONFIG)
    assert steps[0] == 10 and steps[-1] == learning_times.CONFIG["steps"]


@pytest.mark.parametrize(
    ("experiment", "changes", "shapes"),
    [
        (optimizer_law, {"steps": 20, "averaged": 5}, {"answer": (24, 23)}),
        (shared_adamw, {"steps": 20, "averaged": 5}, {"answer": (4, 16), "units": (4, 16)}),
        (
            learning_times,
            {"steps": 40, "records": 4, "facts": 30, "kept": 10},
            {"loss": (2, 4), "count": (2, 4), "learned": (2, 10)},
        ),
        (
            rare_words,
            {"steps": 80, "averaged": 2, "tokens": 16, "units": 8, "embedding": 4},
            {"rule": (8, 16), "learned": (8, 16)},
        ),
        (
            early_fate,
            {"steps": 20, "early": 5, "units": 16, "kept": 4, "train": 50},
            {"of_norm": (5,), "ticket": (3,), "dose": (16,)},
        ),
    ],
)
def test_a_job_is_its_seed_and_has_its_shapes(experiment, changes, shapes):
    config = {**experiment.CONFIG, **changes}
    first, again, other = (experiment.measure(seed, config) for seed in (900, 900, 901))
    for name, shape in shapes.items():
        assert first[name].shape == shape and np.isfinite(first[name]).all()
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name])
    assert any(not np.array_equal(first[name], other[name]) for name in first)
