"""The exercises' checks accept the right answer, refuse others, and compute what they expect."""

import pytest
import torch

from gradbook import atlas, predictions, probes
from gradbook.exercises import EXERCISES, check


@pytest.mark.parametrize("name", EXERCISES)
def test_right_answer_is_accepted_and_a_wrong_one_gets_a_hint(name, capsys):
    right = EXERCISES[name].expected()
    check(name, right * (1 + EXERCISES[name].tolerance / 2))
    assert capsys.readouterr().out.startswith("Right")
    check(name, right * 1.5)
    assert "too large. Hint" in capsys.readouterr().out
    check(name, right * 0.5)
    assert "too small. Hint" in capsys.readouterr().out


def test_no_answer_is_no_mistake(capsys):
    check("opposed pairs", None)
    assert "No answer yet" in capsys.readouterr().out


def test_any_kind_of_number_will_do(capsys):
    check("opposed pairs", torch.tensor(EXERCISES["opposed pairs"].expected()))
    assert capsys.readouterr().out.startswith("Right")


@pytest.mark.parametrize("answer", ["a half", [0.5], float("nan")])
def test_what_is_no_number_is_refused(answer):
    with pytest.raises(ValueError, match="expected one number"):
        check("opposed pairs", answer)


def test_unknown_exercise_is_refused():
    with pytest.raises(ValueError, match="expected an exercise of"):
        check("opposed pears", 1)


def test_the_large_batch_reaches_the_cosine_it_was_asked_for():
    results = atlas.load("agreement")
    epoch = results.config["size_epochs"].index(20)
    scale = results["size_noise_scale"][:, epoch, 2].mean()
    size = EXERCISES["large batch"].expected()
    assert probes.predicted_cosine(float(scale), size, 8000) == pytest.approx(0.9)


def test_the_vote_of_64_is_the_closed_form():
    assert EXERCISES["opposed pairs"].expected() == predictions.vote_agreement(0.6, 64)[1]
