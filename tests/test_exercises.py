"""The exercises' checks accept the right answer, refuse others, and compute what they expect."""

import pytest
import torch

from gradbook import models, probes, tasks
from gradbook.chapters.minibatch import closed_forms
from gradbook.evidence import atlas
from gradbook.exercises import answer, check, known


@pytest.mark.parametrize("name", known())
def test_right_answer_is_accepted_and_a_wrong_one_gets_a_hint(name, capsys):
    right = known()[name].expected()
    check(name, right * (1 + known()[name].tolerance / 2))
    assert capsys.readouterr().out.startswith("Right")
    check(name, right * 1.5)
    assert "too large. Hint" in capsys.readouterr().out
    check(name, right * 0.5)
    assert "too small. Hint" in capsys.readouterr().out


def test_no_answer_is_no_mistake(capsys):
    check("opposed pairs", None)
    assert "No answer yet" in capsys.readouterr().out


def test_any_kind_of_number_will_do(capsys):
    check("opposed pairs", torch.tensor(known()["opposed pairs"].expected()))
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
    size = known()["large batch"].expected()
    assert probes.predicted_cosine(float(scale), size, 8000) == pytest.approx(0.9)


def test_the_vote_of_64_is_the_closed_form():
    assert known()["opposed pairs"].expected() == closed_forms.vote_agreement(0.6, 64)[1]


def test_a_centred_product_disagrees_after_the_median_and_not_after_the_mean():
    """What the solution says: a skewed target's mean leaves p at 0.6, and most pairs agree."""
    task = tasks.character_regression("(c/100)*b", train=2000, test=500, seed=1)
    model = models.mlp(task.features, models.SMALL_WIDTHS, seed=1)
    rows = probes.sample_minibatches(2000, batch_size=64, count=50, seed=1)
    found = {}
    for name, centre in (
        ("mean", task.train_targets.mean()),
        ("median", task.train_targets.median()),
    ):
        targets = task.train_targets - centre
        with torch.no_grad():
            too_high = (model(task.train_inputs) > targets).double().mean().item()
        gradients = probes.minibatch_gradients(
            model, task.train_inputs, targets, rows, "linear2.bias"
        )
        found[name] = too_high, probes.opposed_share(gradients)
    assert found["mean"][0] == pytest.approx(0.6, abs=0.02)
    assert found["mean"][1] < 0.2
    assert found["median"][0] == pytest.approx(0.5, abs=0.01)
    assert found["median"][1] == known()["centred product"].expected() > 0.4


def test_a_field_on_the_page_expects_what_the_check_does():
    field = answer("dosage/rescue", "rescue", "Which m?", "times")
    exercise = known()["rescue"]
    assert field.meta["expected"] == pytest.approx(exercise.expected())
    assert (field.meta["tolerance"], field.meta["hint"]) == (exercise.tolerance, exercise.hint)
    with pytest.raises(ValueError, match="expected an exercise of"):
        answer("dosage/rescue", "rescu", "Which m?")
