"""What spectral decoupling can change, against brute force."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from gradbook.chapters.starvation import decoupling


def test_the_kinds_of_picture_are_counted_as_drawn():
    generator = np.random.default_rng(0)
    labels = generator.choice([-1, 1], 400_000)
    told = (0.75, 0.85)
    votes = [np.where(generator.random(len(labels)) < right, labels, -labels) for right in told]
    shares, chances = decoupling.kinds(0.75, 0.85)
    for said, share, chance in zip(decoupling.VOTES, shares, chances, strict=True):
        drawn = (votes[0] == said[0]) & (votes[1] == said[1])
        assert abs(drawn.mean() - share) < 4 * np.sqrt(share / len(labels))
        assert abs((labels[drawn] == 1).mean() - chance) < 4 * 0.5 / np.sqrt(drawn.sum())


@pytest.mark.parametrize("chance", [0.05, 0.3, 0.65, 0.94])
@pytest.mark.parametrize("coefficient", [0.0, 0.1, 2.0, 50.0])
def test_the_best_answer_is_best_and_keeps_its_sign(chance, coefficient):
    def cost(answer):
        losses = chance * np.logaddexp(0, -answer) + (1 - chance) * np.logaddexp(0, answer)
        return losses + coefficient / 2 * answer**2

    answer = decoupling.best_answer(chance, coefficient)
    found = minimize_scalar(cost, bounds=(-20, 20), method="bounded", options={"xatol": 1e-10})
    assert abs(answer - found.x) < 1e-5
    assert np.sign(answer) == np.sign(chance - 0.5)


def test_without_decoupling_the_best_answer_is_the_log_odds():
    assert np.isclose(decoupling.best_answer(0.9, 0.0), np.log(9))


@pytest.mark.parametrize("coefficient", [0.006, 0.06, 0.6])
def test_the_margin_at_rest_is_the_best_answer_to_what_is_certain(coefficient):
    margin = decoupling.margin_at_rest(coefficient)
    assert np.isclose(margin, decoupling.best_answer(1 - 1e-12, coefficient), atol=1e-8)


def test_following_a_feature_is_right_as_often_as_the_feature():
    shape, colour = decoupling.VOTES.T
    assert np.isclose(decoupling.accuracy(shape, 0.75, 0.85), 0.75)
    assert np.isclose(decoupling.accuracy(colour, 0.75, 0.1), 0.1)


def test_answers_out_of_range_are_refused():
    for chance, coefficient in ((0.0, 1.0), (1.0, 1.0), (0.5, -1.0)):
        with pytest.raises(ValueError, match="chance in"):
            decoupling.best_answer(chance, coefficient)
    with pytest.raises(ValueError, match="nothing rests"):
        decoupling.margin_at_rest(0.0)
