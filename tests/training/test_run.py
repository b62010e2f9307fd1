"""Training runs: what they repeat, keep, measure and refuse."""

import copy
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn
from torch.nn import functional

from gradbook import models, tasks, training
from gradbook.training import TrainConfig, train
from gradbook.training.run import _total_norm

TASK = tasks.character_regression(train=150, test=50)
SHORT = TrainConfig(epochs=3, batch_size=32, learning_rate=1e-2, checkpoints=None)


def small(regularizer: str = "none") -> nn.Sequential:
    return models.mlp(TASK.features, (12, 8), regularizer=regularizer)


def same_state(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    """Sets the number of torch's threads, for this test alone."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("regularizer", models.REGULARIZERS)
def test_a_seed_repeats_bit_for_bit(regularizer):
    first, again = (train(small(regularizer), TASK, SHORT, progress=False) for _ in range(2))
    for epoch in range(4):
        assert same_state(first.checkpoints[epoch], again.checkpoints[epoch])
    assert torch.equal(first.test_loss, again.test_loss)
    other = train(
        small(regularizer), TASK, TrainConfig(**{**vars(SHORT), "seed": 1}), progress=False
    )
    assert not same_state(first.checkpoints[1], other.checkpoints[1])
    assert same_state(first.checkpoints[0], other.checkpoints[0])


def test_the_model_given_and_the_global_generator_stay_as_they_were():
    model = small("dropout").train()
    state, random = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    run = train(model, TASK, SHORT, progress=False)
    assert same_state(state, model.state_dict()) and model.training
    assert all(p.grad is None for p in model.parameters())
    assert torch.equal(random, torch.get_rng_state())
    assert not same_state(state, run.model.state_dict()) and not run.model.training


@pytest.mark.parametrize(("loss", "clip", "decay"), [("l1", 0.3, 0.0), ("squared", None, 0.1)])
def test_a_few_steps_equal_a_loop_written_by_hand(loss, clip, decay):
    model = small().double()
    data = copy.deepcopy(TASK)
    object.__setattr__(data, "train_targets", TASK.train_targets.double() / 100)
    object.__setattr__(data, "test_targets", TASK.test_targets.double() / 100)
    order = [torch.arange(40), torch.arange(40, 100), torch.arange(7)]
    config = TrainConfig(
        epochs=1, learning_rate=1e-2, clip=clip, loss=loss, weight_decay=decay, checkpoints=(1,)
    )
    run = train(model, data, config, batches=lambda epoch: order, progress=False)
    adam = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=decay, foreach=False)
    for rows in order:
        error = model(data.train_inputs[rows]) - data.train_targets[rows]
        adam.zero_grad()
        (error.abs().mean() if loss == "l1" else error.square().mean()).backward()
        if clip is not None:
            norm = sum(p.grad.square().sum() for p in model.parameters()).sqrt()
            assert norm > clip
            for p in model.parameters():
                p.grad *= clip / norm
        adam.step()
    for name, value in model.state_dict().items():
        torch.testing.assert_close(run.checkpoints[1][name], value, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("rows", [64, 100])
def test_shuffled_batches_cover_every_row_once_an_epoch(rows):
    batches = training.shuffled_batches(rows, 32, seed=3)
    epochs = [list(batches(epoch)) for epoch in (1, 2)]
    for parts in epochs:
        assert [len(part) for part in parts[:-1]] == [32] * (len(parts) - 1)
        assert torch.cat(parts).sort().values.tolist() == list(range(rows))
    assert torch.cat(epochs[0]).tolist() != torch.cat(epochs[1]).tolist()
    assert torch.equal(torch.cat(list(batches(1))), torch.cat(epochs[0]))


@pytest.mark.parametrize(("rows", "size"), [(0, 4), (4, 0)])
def test_batches_of_nothing_are_refused(rows, size):
    with pytest.raises(ValueError, match=f"rows and batch_size >= 1, got {rows} and {size}"):
        training.shuffled_batches(rows, size, 0)


def test_the_chosen_epochs_are_kept():
    config = TrainConfig(epochs=3, batch_size=32, checkpoints=(0, 2))
    run = train(small(), TASK, config, progress=False)
    assert sorted(run.checkpoints) == [0, 2]
    assert same_state(run.model_at(0).state_dict(), small().state_dict())
    with pytest.raises(ValueError, match=r"expected a kept epoch of \[0, 2\], got 1"):
        run.model_at(1)


def test_a_checkpoint_is_the_network_the_curves_were_measured_on():
    run = train(small("batch norm"), TASK, SHORT, progress=False)
    assert len(run.test_loss) == len(run.train_loss) == len(run.test_r2) == SHORT.epochs + 1
    for epoch in range(SHORT.epochs + 1):
        predicted = run.model_at(epoch).eval()(TASK.test_inputs)
        loss = functional.l1_loss(predicted, TASK.test_targets).item()
        assert run.test_loss[epoch].item() == pytest.approx(loss, rel=1e-6)
    assert same_state(run.checkpoints[3], run.model.state_dict())


def test_r2_is_one_minus_the_share_of_the_variance_left():
    model = small().eval()
    _, _, train_r2, test_r2 = training.evaluate(model, TASK, "l1")
    for score, inputs, targets in (
        (train_r2, TASK.train_inputs[:50], TASK.train_targets[:50]),
        (test_r2, TASK.test_inputs, TASK.test_targets),
    ):
        left = (targets - model(inputs)).square().mean() / targets.var(correction=0)
        assert score == pytest.approx(1 - left.item(), rel=1e-5)


def test_the_mean_has_r2_zero_and_the_targets_themselves_one():
    class Known(nn.Module):
        def forward(self, rows):
            return self.answers[len(rows)]

    model = Known()
    model.answers = {50: TASK.test_targets.mean().expand(50, 1)}
    assert training.evaluate(model, TASK, "l1")[3] == pytest.approx(0, abs=1e-6)
    model.answers = {50: TASK.test_targets}
    assert training.evaluate(model, TASK, "squared")[1::2] == (0, 1)


def test_evaluating_leaves_mode_and_running_statistics():
    model = small("batch norm").train()
    state = copy.deepcopy(model.state_dict())
    training.evaluate(model, TASK, "l1")
    assert model.training and same_state(state, model.state_dict())


def test_a_loss_that_blows_up_names_epoch_and_step():
    model = small()
    state = copy.deepcopy(model.state_dict())
    config = TrainConfig(epochs=2, batch_size=50, learning_rate=1e30, clip=None)
    message = (
        r"the loss became (inf|nan) at epoch 1, step 2: lower the learning rate \(now 1e\+30\)"
    )
    with pytest.raises(FloatingPointError, match=message):
        train(model, TASK, config, progress=False)
    assert same_state(state, model.state_dict())


def test_a_last_step_that_blows_up_is_noticed_too():
    config = TrainConfig(epochs=1, batch_size=150, learning_rate=1e30, clip=None)
    with pytest.raises(FloatingPointError, match="at epoch 1, step 1"):
        train(small(), TASK, config, progress=False)


def test_each_epoch_is_reported_with_its_test_loss():
    seen = []
    run = train(small(), TASK, SHORT, progress=False, on_epoch=lambda *now: seen.append(now))
    assert [epoch for epoch, _ in seen] == [1, 2, 3]
    assert [loss for _, loss in seen] == run.test_loss[1:].tolist()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "hinge"}, r"expected a loss of \['l1', 'squared'\], got 'hinge'"),
        ({"epochs": -1}, "epochs >= 0"),
        ({"batch_size": 0}, "batch_size >= 1"),
        ({"learning_rate": 0.0}, "learning_rate > 0"),
        ({"learning_rate": float("nan")}, "learning_rate > 0"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig(**settings)


def test_a_network_that_cannot_learn_is_refused():
    with pytest.raises(ValueError, match="parameters that learn, got none"):
        train(small().requires_grad_(False), TASK, SHORT, progress=False)


@pytest.mark.parametrize("double", [False, True])
def test_on_one_thread_the_steps_are_those_of_torch_bit_for_bit(double, threads):
    """Also where a parameter is frozen and another has no part in the output."""
    threads(1)
    model = small("dropout").to(torch.float64 if double else torch.float32)
    model.relu1.slope = nn.Parameter(torch.ones(3))
    model.linear2.bias.requires_grad_(False)
    task = copy.deepcopy(TASK)
    object.__setattr__(task, "train_targets", TASK.train_targets.to(model.output.bias.dtype))
    config = TrainConfig(epochs=2, learning_rate=1e-2, weight_decay=0.1)
    run = train(model, task, config, progress=False)
    torch.manual_seed(config.seed)
    model.train()
    optimizer = torch.optim.Adam(
        [p for p in model.parameters() if p.requires_grad], 1e-2, weight_decay=0.1, fused=True
    )
    for epoch in (1, 2):
        for rows in training.shuffled_batches(len(task.train_inputs), 64, config.seed)(epoch):
            optimizer.zero_grad()
            loss = functional.l1_loss(model(task.train_inputs[rows]), task.train_targets[rows])
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), config.clip)
            optimizer.step()
    assert same_state(run.model.state_dict(), model.state_dict())
    assert torch.equal(model.relu1.slope, torch.ones(3))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_total_norm_is_that_of_torch_however_many_threads(count, threads):
    generator = torch.Generator().manual_seed(0)
    shapes = [(200, 31), (6,), (1, 7), (1,), (0, 4)]
    tensors = [torch.randn(*s, generator=generator, dtype=torch.float64) for s in shapes]
    tensors.append(tensors[0].T)
    expected = nn.utils.get_total_norm(tensors)
    threads(count)
    found = _total_norm(tensors)
    assert found.shape == () and abs(found / expected - 1) < 1e-14


def test_the_first_training_does_not_wait_for_the_compiler_of_torch():
    code = """
import sys
from gradbook import models, tasks, training
task = tasks.character_regression(train=64, test=8)
training.train(
    models.mlp(task.features, (4,)), task, training.TrainConfig(epochs=1), progress=False
)
sys.exit("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_frozen_parameters_stay():
    model = small()
    model.linear1.requires_grad_(False)
    run = train(model, TASK, SHORT, progress=False)
    assert torch.equal(run.model.linear1.weight, model.linear1.weight)
    assert not torch.equal(run.model.linear2.weight, model.linear2.weight)
