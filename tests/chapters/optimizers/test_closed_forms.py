"""AdamW's law and its corrections: closed forms against sums, limits and each other."""

import numpy as np
import pytest
from scipy import stats

from gradbook.chapters.optimizers import closed_forms as forms

P = np.geomspace(1e-5, 0.2, 30)


@pytest.mark.parametrize("batch", [16, 64, 256])
def test_push_is_mean_over_root_mean_square_of_a_poisson_count(batch):
    counts = np.arange(400)
    for p in P.tolist():
        chance = stats.poisson.pmf(counts, batch * p)
        expected = (chance * counts).sum() / np.sqrt((chance * counts**2).sum())
        assert forms.push(p, batch) == pytest.approx(expected, rel=1e-9)


def test_the_floor_is_what_adams_steps_after_one_minibatch_add_up_to():
    for beta2 in (0.999, 0.95):
        steps, first, second = 0.0, 0.1, 1 - beta2
        for _ in range(2000):
            steps += first / np.sqrt(second)
            first, second = 0.9 * first, beta2 * second
        assert steps == pytest.approx(1 / np.sqrt(forms.floor(beta2)), rel=1e-9)


@pytest.mark.parametrize("beta2", [0.999, 0.95])
def test_push_is_within_ten_per_cent_of_its_exact_form_where_few_are_seen(beta2):
    for seen in (1e-5, 1e-4, 1e-3, 1e-2):
        exact = forms.push_exact(seen, 1, beta2)
        assert forms.push(seen, 1, beta2) == pytest.approx(exact, rel=0.1)
        assert forms.push(seen, 1, beta2) <= exact


def test_the_law_knows_no_step_size_and_p_only_as_bp():
    for decay in (0.1, 0.5, 1.0):
        law = forms.adamw_answer(P, 64, decay, 0.999)
        np.testing.assert_allclose(law, forms.adamw_answer(P / 4, 256, decay, 0.999))
        assert (np.diff(law) >= 0).all() and law[0] > 0
    simple = np.minimum(1, 64 * P / (1 + 64 * P) / 0.09)
    np.testing.assert_allclose(forms.adamw_answer(P, 64, 0.3), simple)


def test_half_is_left_at_the_half_frequency():
    for batch, decay, beta2 in ((16, 0.1, 0.999), (64, 1.0, 0.95), (256, 0.3, 1.0)):
        p = forms.half_frequency(batch, decay, beta2)
        assert forms.adamw_answer(p, batch, decay, beta2) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="below √2"):
        forms.half_frequency(64, 1.5)


def test_without_noise_the_noisy_law_is_the_law_below_the_right_answer():
    for p in (1e-4, 1e-3):
        clean = forms.adamw_answer(p, 64, 1.0)
        assert forms.noisy_answer(p, 64, 1.0, 0.0) == pytest.approx(float(clean), rel=1e-6)
    answers = [forms.noisy_answer(0.05, 64, 0.3, noise) for noise in (0.1, 0.3, 1, 3)]
    assert (np.diff(answers) < 0).all() and 0 < answers[-1] < answers[0] < 1


def test_signs_count_minibatches():
    assert forms.sign_push(0.01, 64) == pytest.approx(1 - 0.99**64)
    half = 1 - 0.5 ** (1 / 64)
    answers = forms.sign_vote(np.array([0.98, 1.02]) * half, 64, 0.001)
    assert answers[0] == 0 and answers[1] == pytest.approx(1 - 0.064)


def test_a_shared_layer_of_one_unit_is_a_recognizer():
    law = forms.adamw_answer(P, 64, 1.0, 0.999)
    np.testing.assert_allclose(forms.shared_answer(P, 64, 1.0, 1, 0.999), law)
    assert forms.shared_answer(P[0], 64, 1.0, 5, 0.999) == pytest.approx(5 * law[0])


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_a_fact_is_learned_when_its_answer_is_a_half(kind):
    known = {"learning_rate": 0.001, "start": 0.1, "batch_size": 64, "beta2": 0.999}
    time = forms.learning_time(P, kind, **known)
    answers = forms.answer_over_time(time, P, kind, **known)
    np.testing.assert_allclose(answers.diagonal(), 0.5, rtol=1e-9)


def test_exponents_of_time():
    known = {"learning_rate": 0.001, "start": 0.1, "batch_size": 1, "beta2": 1.0}
    rare = np.array([1e-6, 1e-4])
    for kind, slope in (("SGD", -1), ("Adam", -0.5)):
        times = forms.learning_time(rare, kind, **known)
        assert np.diff(np.log(times))[0] / np.diff(np.log(rare))[0] == pytest.approx(
            slope, abs=1e-4
        )
    with pytest.raises(ValueError, match="kind 'SGD' or 'Adam', got 'Lion'"):
        forms.learning_time(0.1, "Lion", learning_rate=1, start=0.1)
    with pytest.raises(ValueError, match="kind 'SGD' or 'Adam', got 'Lion'"):
        forms.answer_over_time(np.ones(1), 0.1, "Lion", learning_rate=1, start=0.1)
