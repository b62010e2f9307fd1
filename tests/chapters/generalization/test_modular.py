"""Modular addition: doses of functions, waves, and the one definition of dose."""

import math

import pytest
import torch
from torch import Tensor, nn

from gradbook import probes
from gradbook.chapters.generalization import modular
from gradbook.chapters.generalization.experiments import modular_addition

P, UNITS, DECAY = 7, 12, 0.01
DATA = modular.table(P, 0.6, seed=0)
WEIGHTS = tuple(w.double() for w in modular.draw(P, UNITS, scale=0.3, seed=1))
INPUTS, ANSWERS = DATA.inputs.double(), DATA.answers.double()
SEEN = DATA.seen
OWN = torch.randint(1, 4, (UNITS,), generator=torch.Generator().manual_seed(2))


def loss(weights: modular.Weights) -> Tensor:
    errors = modular.scores(weights, INPUTS[SEEN]) - ANSWERS[SEEN]
    return errors.square().sum(1).mean() / 2


def descent(weights: modular.Weights) -> modular.Weights:
    errors = modular.scores(weights, INPUTS[SEEN]) - ANSWERS[SEEN]
    return modular.gradient(weights, INPUTS[SEEN], errors / len(SEEN))


def margin(weights: modular.Weights, rows: Tensor) -> Tensor:
    slopes = modular.margin_slopes(ANSWERS[rows])
    return (modular.scores(weights, INPUTS[rows]) * slopes).sum()


def same(first, second, **tolerance):
    for a, b in zip(first, second, strict=True):
        torch.testing.assert_close(a, b, **({"rtol": 1e-12, "atol": 1e-14} | tolerance))


def test_the_table_adds_and_splits_all_pairs():
    a, b = DATA.inputs[:, :P].argmax(1), DATA.inputs[:, P:].argmax(1)
    assert torch.equal(DATA.answers.argmax(1), (a + b) % P)
    assert sorted(torch.cat([DATA.seen, DATA.unseen]).tolist()) == list(range(P * P))
    assert len(DATA.seen) == round(0.6 * P * P)
    shuffled = modular.table(P, 0.6, seed=0, shuffled=True)
    assert torch.equal(shuffled.seen, DATA.seen)
    assert torch.equal(shuffled.answers.sum(0), DATA.answers.sum(0))
    assert not torch.equal(shuffled.answers, DATA.answers)


@pytest.mark.parametrize(("p", "share"), [(8, 0.5), (7, 1.0)])
def test_tables_that_cannot_be_are_refused(p, share):
    with pytest.raises(ValueError, match="expected odd p from 3 and a share inside"):
        modular.table(p, share, seed=0)


def test_the_gradient_is_autograds():
    leaves = tuple(weight.clone().requires_grad_() for weight in WEIGHTS)
    same(descent(WEIGHTS), torch.autograd.grad(loss(leaves), leaves))
    upward = modular.gradient(WEIGHTS, INPUTS, modular.margin_slopes(ANSWERS))
    same(upward, torch.autograd.grad(margin(leaves, torch.arange(P * P)), leaves))


def test_a_margin_is_one_where_the_answer_is_right_and_zero_where_nothing_is_said():
    slopes = modular.margin_slopes(ANSWERS)
    assert (ANSWERS * slopes).sum().item() == pytest.approx(1, rel=1e-12)
    assert (torch.full_like(ANSWERS, 3.0) * slopes).sum().item() == pytest.approx(0, abs=1e-12)


def test_strength_changes_by_dose_less_decay():
    """A step of 1e-6 against ΔF = η (dose − 3λF), for the general solution and for memory."""
    rate = 1e-6
    after = tuple(
        weight - rate * (change + DECAY * weight)
        for weight, change in zip(WEIGHTS, descent(WEIGHTS), strict=True)
    )
    found = modular_addition._record(WEIGHTS, DATA, OWN, OWN % 3 + 1)
    general = [margin(weights, DATA.unseen) for weights in (WEIGHTS, after)]
    memory = [margin(weights, SEEN) - margin(weights, DATA.unseen) for weights in (WEIGHTS, after)]
    for number, (before, then) in enumerate((general, memory)):
        assert found["strength"][number] == pytest.approx(before.item(), rel=1e-12)
        predicted = found["strength_dose"][number] - 3 * DECAY * before.item()
        assert ((then - before) / rate).item() == pytest.approx(predicted, rel=1e-4)


def test_waves_are_an_orthogonal_part_of_each_units_weights():
    part = modular.waves(WEIGHTS, OWN)
    same(modular.waves(part, OWN), part)
    rest = tuple(weight - wave for weight, wave in zip(WEIGHTS, part, strict=True))
    assert modular.inner(part, rest) == pytest.approx(0, abs=1e-12)
    x = 2 * math.pi / P * torch.arange(P).double()
    for unit in range(UNITS):
        power = torch.fft.rfft(part[1][:, unit]).abs()
        assert power.argmax() == OWN[unit]
        only = part[1][:, unit] @ torch.stack([(OWN[unit] * x).cos(), (OWN[unit] * x).sin()], 1)
        known = WEIGHTS[1][:, unit] @ torch.stack([(OWN[unit] * x).cos(), (OWN[unit] * x).sin()], 1)
        torch.testing.assert_close(only, known, rtol=1e-10, atol=1e-12)


def test_the_strongest_wave_is_found():
    x = 2 * math.pi / P * torch.arange(P).double()[:, None]
    tuned = (OWN * x + 1).cos()
    noisy = (torch.cat([tuned, tuned]) + 0.1 * WEIGHTS[0], 5 + tuned)  # a mean is no wave
    assert torch.equal(modular.strongest(noisy), OWN)


class Turned(nn.Module):
    """The network with its weights written in waves: an orthonormal change of coordinates."""

    def __init__(self, weights: modular.Weights) -> None:
        super().__init__()
        x, k = torch.arange(P).double(), torch.arange(1, P // 2 + 1).double()
        angles = 2 * math.pi / P * k[:, None] * x
        basis = torch.cat([torch.ones(1, P).double(), angles.cos(), angles.sin()])
        self.basis = basis / basis.norm(dim=1, keepdim=True)
        blocks = torch.cat([weights[0].reshape(2, P, -1), weights[1][None]])
        self.turned = nn.Parameter(self.basis @ blocks)

    def forward(self, inputs: Tensor) -> Tensor:
        first, second, last = self.basis.T @ self.turned
        return modular.scores((torch.cat([first, second]), last), inputs)


def test_the_dose_of_a_part_is_that_of_its_weights_as_a_group():
    mask = torch.zeros(3, P, UNITS, dtype=torch.bool)
    for unit, k in enumerate(OWN):
        mask[:, [k, k + P // 2], unit] = True
    measured = probes.dose(
        Turned(WEIGHTS),
        {"waves": {"turned": mask}, "rest": {"turned": ~mask}},
        INPUTS[SEEN],
        ANSWERS[SEEN],
        loss=lambda outputs, answers: (outputs - answers).square().sum(1) / 2,
    )
    found = modular_addition._record(WEIGHTS, DATA, OWN, OWN % 3 + 1)
    net = (measured.dose - measured.erosion).tolist()
    assert found["norm"][:2] == pytest.approx(measured.norm.tolist(), rel=1e-12)
    assert found["dose"][:2] == pytest.approx(net, rel=1e-10)


def test_training_is_descent_with_decay_and_keeps_the_start():
    kept = modular.train(
        WEIGHTS, _double(), learning_rate=0.1, weight_decay=DECAY, steps=4, every=2
    )
    weights = WEIGHTS
    assert len(kept) == 3
    same(kept[0], weights)
    for _ in range(4):
        pairs = zip(weights, descent(weights), strict=True)
        weights = tuple(weight - 0.1 * (change + DECAY * weight) for weight, change in pairs)
    same(kept[-1], weights, rtol=1e-10)


def test_a_step_that_is_too_large_says_so():
    with pytest.raises(FloatingPointError, match="not finite at step 20: lower the step size 50"):
        modular.train(WEIGHTS, _double(), learning_rate=50, weight_decay=0, steps=20, every=20)


def _double() -> modular.Table:
    return modular.Table(INPUTS, ANSWERS, DATA.seen, DATA.unseen)
