"""Gardens: gradients written out agree with automatic ones, and ends with closed forms."""

import itertools

import numpy as np
import pytest
import torch

from gradbook import probes
from gradbook.chapters.dosage import closed_forms, examples
from gradbook.training import diets, gardens

GENERATOR = np.random.default_rng(0)
ROWS = 7


def nothing(model):
    return {"": torch.zeros(())}


def models():
    return {
        "two factors": gardens.Recognizers(4, 3, seed=1),
        "one number a patch": gardens.Recognizers(4, 1, seed=1),
        "three factors": gardens.Recognizers(4, 3, factors=3, seed=1),
        "layer": gardens.Layer(5, 6, 2, seed=1),
        "layer with biases": gardens.Layer(5, 6, 2, bias=True, seed=1),
    }


def rows_for(model):
    layer = isinstance(model, gardens.Layer)
    inputs = GENERATOR.normal(size=(ROWS, 5) if layer else (ROWS, *model.incoming.shape))
    targets = np.sign(GENERATOR.normal(size=(ROWS, 2) if layer else ROWS))
    return inputs, targets, GENERATOR.random(ROWS)


@pytest.mark.parametrize("name", models())
@pytest.mark.parametrize("loss", [diets.HALF_SQUARED, diets.LOGISTIC], ids=["squared", "log"])
def test_a_step_is_the_one_of_autograd(name, loss):
    model = models()[name]
    inputs, targets, shares = rows = rows_for(model)
    diet = diets.Diet(weight_decay=0.1, decoupling=0.3)
    grown, _ = gardens.grow(
        model, iter([rows]), nothing, loss=loss, diet=diet, steps=1, learning_rate=0.5, every=1
    )
    outputs = model(torch.from_numpy(inputs))
    values = loss.value(outputs, torch.from_numpy(targets)).reshape(ROWS, -1).sum(1)
    values = values + 0.3 / 2 * outputs.square().reshape(ROWS, -1).sum(1)
    (values * torch.from_numpy(shares)).sum().backward()
    for before, after in zip(model.parameters(), grown.parameters(), strict=True):
        expected = before - 0.5 * (before.grad + 0.1 * before)
        torch.testing.assert_close(after, expected, rtol=1e-12, atol=1e-14)


def test_growing_leaves_the_network_given_alone():
    model = gardens.Recognizers(3, seed=2)
    before = model.incoming.detach().clone()
    rows = examples.always(examples.population([0.1, 0.2, 0.3]))
    grown, records = gardens.grow(
        model, rows, lambda m: {"w": m.incoming}, steps=20, learning_rate=1.0, every=10
    )
    assert torch.equal(model.incoming, before)
    assert torch.equal(records["w"][0], before)
    assert torch.equal(records["w"][2], grown.incoming) and grown.incoming.requires_grad


def grown_answers(loss, weight_decay, diet=None, steps=4000):
    rows = examples.population([0.3, 0.12, 0.05, 0.02])
    inputs = torch.from_numpy(rows[0])
    grown, _ = gardens.grow(
        gardens.Recognizers(4, seed=3),
        examples.always(rows),
        nothing,
        loss=loss,
        diet=diet or diets.Diet(weight_decay=weight_decay),
        steps=steps,
        learning_rate=1.0,
        every=steps,
    )
    return grown.answers(inputs).diagonal().detach().numpy()


@pytest.mark.parametrize(
    ("name", "loss"), [("squared", diets.HALF_SQUARED), ("logistic", diets.LOGISTIC)]
)
def test_who_survives_and_how_strong_is_the_closed_form(name, loss):
    ratio = np.array([0.3, 0.12, 0.05, 0.02]) / 0.04
    expected = closed_forms.survivor(ratio, name)
    np.testing.assert_allclose(grown_answers(loss, 0.04), expected, atol=1e-9)
    assert (expected > 0).tolist() == (ratio > (1 if name == "squared" else 2)).tolist()


def test_a_layer_with_one_output_shares_its_bill():
    """Exact where every unit can serve every feature, so that no ReLU is in the way."""
    frequencies = np.array([0.2, 0.05, 0.01])
    inputs, targets, shares = examples.population(frequencies)
    model = gardens.Layer(3, 8, 1, seed=6)
    with torch.no_grad():
        model.incoming.abs_()
    rows = examples.always((inputs[..., 0], targets[:, None], shares))
    diet = diets.Diet(weight_decay=0.04)
    grown, _ = gardens.grow(
        model, rows, nothing, diet=diet, steps=4000, learning_rate=1.0, every=4000
    )
    answers = grown(torch.from_numpy(inputs[..., 0])).detach().numpy().ravel()
    np.testing.assert_allclose(answers, closed_forms.sharing(frequencies, 0.04), rtol=1e-6)


def test_spectral_decoupling_leaves_the_same_of_every_answer():
    answers = grown_answers(diets.HALF_SQUARED, 0, diets.Diet(decoupling=0.5))
    np.testing.assert_allclose(
        answers, closed_forms.under_diet(answers, "spectral decoupling", 0.5)
    )


def test_dropout_pulls_on_average_as_its_expected_penalty():
    """Over both masks of one recognizer, weighted by their chances."""
    weights = [np.array([[0.7]]), np.array([[0.9]])]
    patches, answer, rate = np.ones((1, 1, 1)), 0.7 * 0.9, 0.2

    def slope(outputs):
        return outputs - 1

    masks = {1 / (1 - rate): 1 - rate, 0.0: rate}
    mean = sum(
        chance
        * gardens.Recognizers.descent(weights, patches, slope, np.full((1, 1), mask))[0][0, 0]
        for mask, chance in masks.items()
    )
    assert mean == pytest.approx((answer - 1 + rate / (1 - rate) * answer) * 0.9)


def test_decay_alone_halves_a_starved_recognizer_every_half_life():
    rows = examples.always(examples.population([0.0]))
    half_life = closed_forms.half_life(0.01, 0.1)
    steps = round(3 * half_life)
    _, records = gardens.grow(
        gardens.Recognizers(1, seed=4),
        rows,
        lambda m: {"w": m.incoming},
        diet=diets.Diet(weight_decay=0.1),
        steps=steps,
        learning_rate=0.01,
        every=steps,
    )
    left = (records["w"][1] / records["w"][0]).item()
    assert left == pytest.approx(1 / 8, rel=2e-3)
    assert left == pytest.approx((1 - 0.001) ** steps, rel=1e-12)


def test_at_rest_dose_is_decay():
    rows = examples.population([0.3, 0.12])
    grown, _ = gardens.grow(
        gardens.Recognizers(2, seed=5),
        examples.always(rows),
        nothing,
        diet=diets.Diet(weight_decay=0.05),
        steps=3000,
        learning_rate=1.0,
        every=3000,
    )
    found = probes.dose(
        grown,
        gardens.recognizer_groups(2),
        *map(torch.from_numpy, rows[:2]),
        loss=diets.HALF_SQUARED.weighted(rows[2]),
        weight_decay=0.05,
    )
    torch.testing.assert_close(found.dose, found.decay, rtol=1e-10, atol=0)


def test_minibatches_show_features_as_often_as_they_are_frequent():
    population = examples.population([0.5, 0.1, 0.0])
    drawn = examples.sampled(population, 64, seed=0)
    shares = np.mean([next(drawn)[2] for _ in range(2000)], axis=0)
    np.testing.assert_allclose(shares, [0.5, 0.1, 0.0], atol=0.01)
    patterns = examples.patterns(3, 4, seed=0)
    made = examples.examples(patterns, np.array([0.5, 0.1, 0.0]), 64, seed=0)
    batches = list(itertools.islice(made, 500))
    np.testing.assert_allclose(np.mean([b[1].mean() for b in batches]), 0.6, atol=0.02)
    patches, targets, _ = batches[0]
    on = np.abs(patches).sum(-1) > 0
    assert (on.sum(1) == targets).all()
    np.testing.assert_allclose(patches[on[:, 0], 0], np.tile(patterns[0], (on[:, 0].sum(), 1)))


def test_patterns_are_no_weights():
    """A pattern drawn from the weights' own stream would make every recognizer start aligned."""
    pattern = examples.patterns(40, 30, seed=0)
    weights = gardens.Recognizers(40, 30, seed=0).incoming.detach().numpy()
    cosine = (pattern * weights).sum(1) / np.linalg.norm(weights, axis=1)
    assert abs(cosine).max() < 0.75 and abs(cosine.mean()) < 4 / np.sqrt(40 * 30)


@pytest.mark.parametrize("frequencies", [[0.6, 0.6], [-0.1, 0.5]])
def test_frequencies_that_cannot_be_are_refused(frequencies):
    with pytest.raises(ValueError, match="expected frequencies from 0 that sum to 1 at most"):
        examples.population(frequencies)


@pytest.mark.parametrize("diet", [{"weight_decay": -1}, {"dropout": 1.0}])
def test_a_diet_that_cannot_be_is_refused(diet):
    with pytest.raises(ValueError, match="expected no negative amount and dropout < 1"):
        diets.Diet(**diet)


def test_a_garden_that_explodes_says_so():
    rows = examples.always(examples.population([0.5]))
    with (
        pytest.raises(FloatingPointError, match="step 100: lower the step size 30"),
        np.errstate(all="ignore"),
    ):
        gardens.grow(
            gardens.Recognizers(1), rows, nothing, steps=100, learning_rate=30.0, every=100
        )
