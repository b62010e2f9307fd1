"""Closed forms of general and private recognizers against brute force and against training."""

import numpy as np
import pytest
from scipy.optimize import minimize

from gradbook.chapters.generalization import closed_forms, memorizing
from gradbook.chapters.generalization.examples import draw
from gradbook.training import diets

COUNT, WRONG, RATE = 20, 0.2, 0.1


def stepped(steps):
    """Answers of the linear network, each weight moved on its own [steps + 1, 1 + n]."""
    signs = np.ones(COUNT)
    signs[: round(WRONG * COUNT)] = -1
    general, private, found = 0.0, np.zeros(COUNT), []
    for _ in range(steps + 1):
        found.append([general, *private])
        residuals = signs - general - private
        general, private = general + RATE * residuals.mean(), private + RATE * residuals / COUNT
    return np.array(found)


def test_the_course_is_that_of_weights_moved_one_by_one():
    answers = stepped(300)
    course = closed_forms.course(RATE * np.arange(301), COUNT, WRONG, RATE)
    np.testing.assert_allclose(course.general, answers[:, 0], atol=1e-12)
    np.testing.assert_allclose(course.wrong, -answers[:, 1], atol=1e-12)
    np.testing.assert_allclose(course.right, answers[:, -1], atol=1e-12)
    np.testing.assert_allclose(RATE * course.general_dose[:-1], np.diff(answers[:, 0]), atol=1e-12)
    np.testing.assert_allclose(RATE * course.wrong_dose[:-1], -np.diff(answers[:, 1]), atol=1e-12)
    np.testing.assert_allclose(RATE * course.right_dose[:-1], np.diff(answers[:, -1]), atol=1e-12)


def test_at_satiation_the_doses_are_equal_and_at_memorization_the_answer_is_zero():
    time = closed_forms.satiation(COUNT, WRONG)
    course = closed_forms.course(time, COUNT, WRONG)
    assert course.general_dose == pytest.approx(float(course.wrong_dose))
    late = closed_forms.course(closed_forms.memorized(400, WRONG), 400, WRONG)
    assert float(late.wrong - late.general) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("decay", [0.01, 0.1, 0.4])
def test_rest_minimizes_loss_and_decay(layers, decay):
    signs = np.ones(COUNT)
    signs[: round(WRONG * COUNT)] = -1

    def objective(answers):
        loss = ((signs - answers[0] - answers[1:]) ** 2).mean() / 2
        size = (answers**2).sum()
        return loss + (decay * np.sqrt(size) if layers == 2 else decay * size / 2)

    found = minimize(objective, np.full(COUNT + 1, 0.1), tol=1e-13).x
    general, wrong = closed_forms.at_rest(decay, COUNT, WRONG, layers)
    assert general == pytest.approx(found[0], abs=1e-5)
    assert wrong == pytest.approx(-found[0] - found[1], abs=1e-5)


def test_nothing_lives_where_the_slope_at_zero_does_not_pay():
    assert closed_forms.at_rest(0.7, COUNT, WRONG, 2) == (0.0, 0.0)
    assert closed_forms.at_rest(0.6, COUNT, WRONG, 2)[0] > 0


def test_at_the_decay_that_forgets_a_wrong_label_is_undecided():
    decay = closed_forms.forgetting(COUNT, WRONG)
    assert closed_forms.at_rest(decay, COUNT, WRONG)[1] == pytest.approx(0, abs=1e-12)
    assert closed_forms.at_rest(0.9 * decay, COUNT, WRONG)[1] > 0


def test_two_layers_from_small_balanced_weights_follow_the_equation_of_lateness():
    """A rank-one start, w = s²/2, is exactly what the equation is about."""
    scale, rate = 0.2, 0.01
    examples = draw(COUNT, wrong=WRONG, fresh=0)
    nets = memorizing.networks("deep linear", examples, units=1)
    size = scale / np.sqrt(2)
    nets = nets.holding([np.full((1, 1), size), np.zeros((1, COUNT, 1)), np.full((1, 1, 1), size)])
    mistaken = examples.wrong

    def watch(step, nets, *_):
        private = nets.private[0, mistaken[0], 0] * examples.labels[0, mistaken[0]]
        above = nets.layers[0][0, 0, 0]
        return {"general": nets.general[:, 0] * above, "private": [private.mean() * above]}

    steps = list(range(0, 2500, 10))
    seen = memorizing.train(nets, examples, watch, at=steps, learning_rate=rate)[1]
    general, private = closed_forms.lateness(COUNT, WRONG, 2, scale=scale)
    for name, goal, expected in (("general", 0.3, general), ("private", 0.8, private)):
        assert seen[name][0].max() > goal
        measured = np.interp(goal, seen[name][0], steps) * rate
        assert measured == pytest.approx(expected, rel=0.01)


def test_lateness_of_one_layer_is_that_of_the_course():
    general, private = closed_forms.lateness(COUNT, WRONG, 1)
    halves = closed_forms.course(np.array([general, private]), COUNT, WRONG)
    assert halves.general[0] == pytest.approx(0.6 * COUNT / (COUNT + 1) / 2)
    private_alone = halves.wrong[1] + halves.general[1] / COUNT
    assert private_alone == pytest.approx(1 - WRONG)


def test_lateness_grows_as_n_alone_and_as_its_root_times_a_logarithm_together():
    alone, together = (
        [closed_forms.lateness(n, WRONG, layers)[1] for n in (1000, 30_000)] for layers in (1, 2)
    )
    assert alone[1] / alone[0] == pytest.approx(30, rel=1e-3)
    assert 1 < together[1] / together[0] / np.sqrt(30) < np.log(30_000) / np.log(1000)


def test_fresh_loss_is_that_of_a_trained_linear_network():
    seeds = range(2)
    examples = draw(200, wrong=WRONG, dimension=400, fresh=2000, seeds=seeds)
    nets = memorizing.networks("linear", examples, seeds=seeds)

    def watch(step, nets, *_):
        answers = memorizing.outputs(nets, examples, fresh=True) * examples.fresh_truth
        return {"loss": ((answers - 1) ** 2).mean(1) / 2}

    steps = [10, 100, 1000, 2500]
    seen = memorizing.train(nets, examples, watch, at=steps, learning_rate=0.5)[1]["loss"]
    expected = [
        closed_forms.fresh_loss(0.5 * np.array(steps), np.linalg.eigvalsh(p @ p.T), 400, WRONG)[0]
        for p in examples.patterns
    ]
    np.testing.assert_allclose(seen.mean(0), np.mean(expected, 0), rtol=0.1)


def test_overlap_means_nothing_before_anything_is_memorized():
    loss, error = closed_forms.fresh_loss(np.array([0.0, 1e-9]), np.ones(5), 10, WRONG)
    np.testing.assert_allclose(loss, 0.5, atol=1e-8)
    assert error[0] == 0.5
    assert closed_forms.fresh_loss(np.array([0.7]), np.ones(5), 10, 0.0)[1] == 0.5  # nothing wrong


def test_dose_ratio_tends_to_its_limits():
    large = np.array([1e6])
    np.testing.assert_allclose(closed_forms.dose_ratio(large, "linear"), large)
    for kind, factor in (("deep linear", 2), ("ReLU", 1)):
        found = closed_forms.dose_ratio(large, kind, units=50) / large
        np.testing.assert_allclose(found, np.sqrt(factor * np.pi * 50), rtol=2e-2)


def test_the_first_gradients_differ_by_n():
    examples = draw(2000, fresh=0)
    for kind in ("deep linear", "ReLU"):
        nets = memorizing.networks(kind, examples, scale=1e-4)
        general, private, _ = memorizing.gradients(nets, examples).weights
        ratio = np.linalg.norm(general) / np.sqrt((private**2).sum(-1).mean())
        assert ratio == pytest.approx(float(closed_forms.first_ratio(2000, kind)), rel=0.05)


def test_one_step_ratio_is_a_half_where_n_is_the_noise_scale():
    np.testing.assert_allclose(closed_forms.one_step_ratio(np.array([50, 150]), 50), [0.5, 0.75])


def test_decay_in_training_leads_to_rest():
    examples = draw(COUNT, wrong=WRONG, fresh=0)
    nets = memorizing.networks("linear", examples)
    trained, _ = memorizing.train(
        nets, examples, lambda *_: {"none": np.zeros(1)}, at=[4000], learning_rate=0.2,
        diet=diets.Diet(weight_decay=0.05),
    )  # fmt: skip
    general, wrong = closed_forms.at_rest(0.05, COUNT, WRONG)
    answers = memorizing.outputs(trained, examples) * examples.labels
    assert trained.general[0, 0] == pytest.approx(general, abs=1e-6)
    np.testing.assert_allclose(answers[examples.wrong], wrong, atol=1e-6)
