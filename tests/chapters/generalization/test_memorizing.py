"""Networks that generalize and memorize: gradients, doses and agreement against autograd."""

import numpy as np
import pytest
import torch

from gradbook import probes
from gradbook.chapters.generalization import memorizing
from gradbook.chapters.generalization.examples import draw
from gradbook.training import diets

KINDS = [("linear", 1), ("deep linear", 2), ("deep linear", 3), ("ReLU", 2), ("ReLU", 4)]
SEEDS = (3, 4)


def setting(kind, layers, *, dimension=None, loss=diets.HALF_SQUARED):
    examples = draw(12, wrong=0.25, dimension=dimension, fresh=5, seeds=SEEDS)
    nets = memorizing.networks(kind, examples, layers=layers, units=6, scale=0.9, seeds=SEEDS)
    if kind == "linear":
        draws = [
            np.random.default_rng(n).standard_normal(w.shape) for n, w in enumerate(nets.weights)
        ]
        nets = nets.holding(draws)
    return examples, nets, loss


def rows_of_gradients(examples, nets, loss, seed):
    """Each example's gradient by autograd, one row after the other [n, weights]."""
    model = memorizing.as_module(nets, seed)
    inputs, labels = map(torch.from_numpy, (examples.inputs(seed), examples.labels[seed]))
    found = []
    for row, label in zip(inputs, labels, strict=True):
        value = loss.value(model(row[None])[:, 0], label[None]).sum()
        grads = torch.autograd.grad(value, list(model.parameters()))
        found.append(torch.cat([g.T.flatten() for g in grads]))
    return torch.stack(found).numpy()


@pytest.mark.parametrize("dimension", [None, 7])
@pytest.mark.parametrize("loss", [diets.HALF_SQUARED, diets.LOGISTIC])
@pytest.mark.parametrize(("kind", "layers"), KINDS)
def test_gradients_and_agreement_are_those_of_autograd(kind, layers, loss, dimension):
    examples, nets, loss = setting(kind, layers, dimension=dimension, loss=loss)
    found = memorizing.gradients(nets, examples, loss=loss)
    for seed in range(len(SEEDS)):
        rows = rows_of_gradients(examples, nets, loss, seed)
        mean = rows.mean(0)
        written = np.concatenate([w[seed].ravel() for w in found.weights])
        np.testing.assert_allclose(written, mean, atol=1e-14)
        np.testing.assert_allclose(found.square[seed], (rows**2).sum(1), atol=1e-13)
        np.testing.assert_allclose(found.along[seed], rows @ mean, atol=1e-13)
        rest = (rows.sum(0) - rows) / (len(rows) - 1)
        sizes = np.linalg.norm(rows, axis=1) * np.linalg.norm(rest, axis=1)
        np.testing.assert_allclose(found.agreement[seed], (rows * rest).sum(1) / sizes, atol=1e-12)


@pytest.mark.parametrize(("kind", "layers"), KINDS)
def test_doses_are_those_of_the_probe(kind, layers):
    examples, nets, loss = setting(kind, layers)
    found = memorizing.gradients(nets, examples, loss=loss)
    groups = memorizing.recognizer_groups(12)
    for seed in range(len(SEEDS)):
        inputs, labels = map(torch.from_numpy, (examples.inputs(seed), examples.labels[seed]))
        model = memorizing.as_module(nets, seed)
        probe = probes.dose(model, groups, inputs, labels[:, None], loss=loss.value)
        net_dose = np.append(found.dose[seed], found.private_dose[seed])
        np.testing.assert_allclose(net_dose, (probe.dose - probe.erosion).numpy(), atol=1e-14)


def test_a_recognizer_at_zero_points_where_its_first_step_goes():
    examples = draw(10, wrong=0.2, seeds=SEEDS)
    nets = memorizing.networks("linear", examples, seeds=SEEDS)
    found = memorizing.gradients(nets, examples)
    np.testing.assert_allclose(found.dose, 0.6)  # right minus wrong
    np.testing.assert_allclose(found.private_dose, 0.1)


@pytest.mark.parametrize("diet", [diets.Diet(0.1), diets.Diet(decoupling=0.3)])
@pytest.mark.parametrize(("kind", "layers"), KINDS)
def test_a_step_of_training_is_a_step_of_descent_on_the_whole_loss(kind, layers, diet):
    examples, nets, loss = setting(kind, layers)
    after, _ = memorizing.train(
        nets,
        examples,
        lambda step, *_: {"step": [step] * 2},
        at=[1],
        learning_rate=0.2,
        loss=loss,
        diet=diet,
        seeds=SEEDS,
    )
    for seed in range(len(SEEDS)):
        model, moved = memorizing.as_module(nets, seed), memorizing.as_module(after, seed)
        inputs, labels = map(torch.from_numpy, (examples.inputs(seed), examples.labels[seed]))
        outputs = model(inputs)[:, 0]
        total = loss.value(outputs, labels).mean() + diet.decoupling / 2 * outputs.square().mean()
        weights = list(model.parameters())
        total = total + diet.weight_decay / 2 * sum(w.square().sum() for w in weights)
        for old, new, slope in zip(
            weights, moved.parameters(), torch.autograd.grad(total, weights), strict=True
        ):
            torch.testing.assert_close(new, old - 0.2 * slope, rtol=0, atol=1e-14)


def test_dropout_keeps_the_expected_gradient_of_a_linear_output_layer():
    """With the logistic loss replaced by a linear one the mask averages out exactly in the mean."""
    examples, nets, _ = setting("ReLU", 2)
    linear = diets.Loss(lambda f, y: -f * y, lambda f, y: -y)
    generator = np.random.default_rng(0)
    shape = (2, 12, 6)
    whole = memorizing.gradients(nets, examples, loss=linear).weights
    drawn = [
        memorizing.gradients(
            nets, examples, loss=linear, heard=(generator.random(shape) >= 0.5) / 0.5, parts=False
        ).weights
        for _ in range(4000)
    ]
    for number, weight in enumerate(whole):
        samples = np.stack([one[number] for one in drawn])
        error = samples.std(0) / np.sqrt(len(samples))
        assert (abs(samples.mean(0) - weight) <= 5 * error + 1e-12).all()


def test_seeds_do_not_touch_each_other_and_input_networks_stay():
    def run(seeds):
        examples = draw(8, wrong=0.25, dimension=4, seeds=seeds)
        nets = memorizing.networks("ReLU", examples, units=5, seeds=seeds)
        before = [w.copy() for w in nets.weights]
        after, records = memorizing.train(
            nets,
            examples,
            lambda step, n, g, fed, _: {"fed": fed},
            at=[0, 3, 5],
            learning_rate=0.3,
            diet=diets.Diet(0.01, dropout=0.3, noise=0.1),
            seeds=seeds,
        )
        assert all((a == b).all() for a, b in zip(before, nets.weights, strict=True))
        return [*after.weights, records["fed"]]

    for both, one in zip(run((5, 6)), run((6,)), strict=True):
        np.testing.assert_allclose(both[1:], one, rtol=1e-12)


def test_fresh_examples_with_one_hot_patterns_read_rows_that_never_learn():
    examples = draw(6, fresh=3)
    nets = memorizing.networks("deep linear", examples)
    after, _ = memorizing.train(
        nets, examples, lambda *_: {"nothing": np.zeros(1)}, at=[50], learning_rate=0.3
    )
    np.testing.assert_array_equal(after.private[:, 6:], nets.private[:, 6:])
    assert abs(after.private[:, :6] - nets.private[:, :6]).min() > 0


def test_what_makes_no_sense_is_refused():
    examples = draw(4)
    with pytest.raises(ValueError, match="count from 2"):
        draw(1)
    with pytest.raises(ValueError, match="at least 2 layers"):
        memorizing.networks("ReLU", examples, layers=1)
    nets = memorizing.networks("linear", examples)
    with pytest.raises(ValueError, match="hidden layer for dropout"):
        memorizing.train(
            nets, examples, lambda *_: {}, at=[1], learning_rate=1, diet=diets.Diet(dropout=0.5)
        )
    with pytest.raises(FloatingPointError, match="lower the step size"), np.errstate(all="ignore"):
        memorizing.train(
            nets, examples, lambda *_: {"a": np.zeros(1)}, at=[2000], learning_rate=10.0
        )
