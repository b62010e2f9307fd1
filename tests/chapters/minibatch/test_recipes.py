"""Recipes differ in what they say, and in nothing else."""

import numpy as np
import pytest
import torch

from gradbook import models, tasks, training
from gradbook.chapters.minibatch.experiments import recipes
from gradbook.tasks.characters import ALPHABET, FIELD_WIDTHS

CONFIG = recipes.CONFIG | {"rows": [256, 64], "widths": [16, 12, 8], "epochs": 3}


def text(inputs, width):
    codes = (inputs - len(ALPHABET) * torch.arange(width)).numpy()
    return ["".join(ALPHABET[code] for code in row) for row in codes]


def test_other_fields_are_the_same_rows_cut_and_padded():
    task = tasks.character_regression(train=20, test=5, seed=0)
    other = recipes.with_fields(task, recipes.CONFIG["other_fields"])
    assert other.features == sum(recipes.CONFIG["other_fields"]) * len(ALPHABET)
    for row, written in zip(task.rows, text(other.train_inputs, 35), strict=True):
        expected, start = "", 0
        widths = zip(FIELD_WIDTHS.values(), recipes.CONFIG["other_fields"], strict=True)
        for old, new in widths:
            expected += row[start : start + old][:new].ljust(new, "_")
            start += old
        assert written == expected
    assert torch.equal(other.train_targets, task.train_targets)


def test_the_same_widths_are_the_same_rows():
    task = tasks.character_regression(train=20, test=5, seed=0)
    same = recipes.with_fields(task, list(FIELD_WIDTHS.values()))
    assert torch.equal(same.train_inputs, task.train_inputs)


def test_constant_training_is_that_of_the_package():
    task = tasks.character_regression(train=256, test=64, seed=0)
    seen = []
    recipes._train(
        "constant", task, "l1", lambda m: seen.append(m.output.weight.clone()), 0, CONFIG
    )
    run = training.train(
        models.mlp(task.features, (16, 12, 8), seed=0),
        task,
        training.TrainConfig(epochs=3, learning_rate=1e-3, seed=0),
        progress=False,
    )
    assert len(seen) == 4
    torch.testing.assert_close(seen[-1], run.model.output.weight, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["", "squared error, "])
def test_a_rate_falls_only_when_it_is_due(kind):
    constant = "squared error" if kind else "constant"
    config = CONFIG | {"falls_after": 2, "recipes": [constant, f"{kind}falling rate"]}
    found = recipes.measure(0, config)["test_r2"]
    np.testing.assert_array_equal(found[0, :3], found[1, :3])
    assert found[0, 3] != found[1, 3]
