"""What a tracked step did to a group: identities, naive loops and closed forms, per optimizer."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

from gradbook import probes, track
from networks import dense, dense_rows

INPUTS, TARGETS, _ = dense_rows(outputs=2)
DECAY, RATE = 0.3, 0.01
OPTIMIZERS = {
    "SGD": lambda p, d: torch.optim.SGD(p, RATE, weight_decay=d),
    "momentum": lambda p, d: torch.optim.SGD(p, RATE, 0.9, 0.2, weight_decay=d),
    "Nesterov": lambda p, d: torch.optim.SGD(p, RATE, 0.9, weight_decay=d, nesterov=True),
    "Adam": lambda p, d: torch.optim.Adam(p, RATE, weight_decay=d),
    "AMSGrad": lambda p, d: torch.optim.Adam(p, RATE, weight_decay=d, amsgrad=True),
    "AdamW": lambda p, d: torch.optim.AdamW(p, RATE, weight_decay=d),
}


def net() -> nn.Sequential:
    return dense(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2))


def backward(model) -> None:
    model.zero_grad()
    (model(INPUTS) - TARGETS).square().mean().backward()


def flat(model, group) -> torch.Tensor:
    parameters = dict(model.named_parameters())
    return torch.cat([parameters[n].detach()[i].flatten() for n, i in group.items()]).clone()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_record_is_what_the_gradient_and_the_step_are_along_the_group(name):
    model = net()
    optimizer = OPTIMIZERS[name](model.parameters(), DECAY)
    with track.Doses(model, every=3) as doses:
        group = doses.groups["2[1]"]
        seen = []
        for step in range(7):
            backward(model)
            if step % 3 == 0:
                known = probes.dose(model, doses.groups, INPUTS, TARGETS)
                before = flat(model, group)
            optimizer.step()
            if step % 3 == 0:
                moved = flat(model, group) - before
                along = moved @ before / before.norm()
                across = (moved - along * before / before.norm()).norm()
                seen.append((known, along, across, (before + moved).norm()))
    run = doses.run
    assert run.steps.tolist() == [0, 3, 6] and run.about["optimizer"] == type(optimizer).__name__
    unit = run.names.index("2[1]")
    for record, (known, along, across, after) in enumerate(seen):
        for field in ("norm", "dose", "erosion", "turning"):
            found = torch.from_numpy(run.values[field][record]).double()
            torch.testing.assert_close(found, getattr(known, field), rtol=1e-5, atol=1e-9)
        told = {field: run.values[field][record, unit].item() for field in run.values}
        assert told["along"] == pytest.approx(along.item(), rel=1e-5, abs=1e-9)
        assert told["across"] == pytest.approx(across.item(), rel=1e-5, abs=1e-9)
        ends = math.hypot(told["norm"] + told["along"], told["across"])
        assert ends == pytest.approx(after.item(), rel=1e-6)


def test_with_sgd_the_step_is_dose_less_erosion_less_decay():
    model = net()
    optimizer = OPTIMIZERS["SGD"](model.parameters(), DECAY)
    with track.Doses(model, every=1) as doses:
        backward(model)
        optimizer.step()
    found = {name: values[0].astype(float) for name, values in doses.run.values.items()}
    expected = RATE * (found["dose"] - found["erosion"] - DECAY * found["norm"])
    assert found["along"] == pytest.approx(expected, rel=1e-4, abs=1e-9)
    assert found["pull"] == pytest.approx(RATE * DECAY * found["norm"], rel=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_without_a_gradient_all_that_moves_is_decay(name):
    """Zero gradients from the start: exact at the first step, near it while weights change little.

    Adam divides decay's gradient by itself, so its step is the step size in every weight.
    """
    model = net()
    optimizer = OPTIMIZERS[name](model.parameters(), DECAY / 100)
    with track.Doses(model, every=1) as doses:
        for _ in range(30):
            for parameter in model.parameters():
                parameter.grad = torch.zeros_like(parameter)
            optimizer.step()
    found = doses.run.values
    assert (found["alive"] == 0).all() and (found["dose"] == 0).all()
    exact = len(found["pull"]) if name in ("SGD", "AdamW") else 1
    assert found["pull"][:exact] == pytest.approx(-found["along"][:exact], rel=1e-5)
    if name in ("momentum", "Nesterov"):
        assert found["pull"] == pytest.approx(-found["along"], rel=0.01)
    if name in ("Adam", "AMSGrad"):  # weights fall by a hundredth a step, and it remembers ten
        assert found["pull"][:5] == pytest.approx(-found["along"][:5], rel=0.1)


def test_momentum_gathers_decay_to_its_closed_form():
    """Against a buffer of decay's own, kept beside a training with gradients."""
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), RATE, 0.9, 0.2, weight_decay=DECAY / 10)
    buffer = None
    with track.Doses(model, every=1) as doses:
        group = doses.groups["0[2]"]
        expected = []
        for _ in range(40):
            backward(model)
            before = flat(model, group)
            term = DECAY / 10 * before
            buffer = term if buffer is None else 0.9 * buffer + 0.8 * term
            expected.append((RATE * buffer @ before / before.norm()).item())
            optimizer.step()
    unit = doses.run.names.index("0[2]")
    found, norm = (doses.run.values[name][:, unit] for name in ("pull", "norm"))
    assert found == pytest.approx(expected, rel=0.05)
    assert found[0] == pytest.approx(expected[0], rel=1e-5)
    grown = (found[-1] / norm[-1]) / (found[0] / norm[0])
    assert grown == pytest.approx(8, rel=0.02)  # (1 − 0.2)/(1 − 0.9)


def test_an_optimizer_that_is_not_known_has_a_step_and_no_pull():
    class Own(torch.optim.SGD):
        def step(self, closure=None):
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter.data.mul_(0.5)

    model = net()
    optimizer = Own(model.parameters(), RATE, weight_decay=DECAY)
    with track.Doses(model, every=1) as doses:
        backward(model)
        optimizer.step()
    found = doses.run.values
    assert torch.from_numpy(found["pull"]).isnan().all()
    assert found["along"] == pytest.approx(-found["norm"] / 2, rel=1e-6)


def test_parameters_have_the_decay_and_the_step_of_their_own_group():
    model = net()
    optimizer = torch.optim.AdamW(
        [{"params": model[0].parameters(), "weight_decay": 0.0},
         {"params": [*model[2].parameters(), *model[4].parameters()], "lr": 0.002}],
        lr=RATE, weight_decay=DECAY,
    )  # fmt: skip
    with track.Doses(model, groups="parameters", every=1) as doses:
        backward(model)
        optimizer.step()
    found = {n: v[0] for n, v in doses.run.values.items()}
    expected = [0, 0, *(0.002 * DECAY * found["norm"][2:])]
    assert found["pull"] == pytest.approx(expected, rel=1e-5)


def test_a_climb_has_the_doses_of_the_descent_of_minus_the_loss():
    up, down = net(), net()
    records = []
    for model, sign, climbs in ((up, -1, True), (down, 1, False)):
        optimizer = torch.optim.SGD(model.parameters(), RATE, maximize=climbs, weight_decay=DECAY)
        with track.Doses(model, every=1) as doses:
            model.zero_grad()
            (sign * (model(INPUTS) - TARGETS).square().mean()).backward()
            optimizer.step()
        records.append(doses.run.values)
    for name in records[0]:
        assert records[0][name] == pytest.approx(records[1][name], rel=1e-6), name


def test_a_closure_is_followed_too():
    models = [net(), net()]
    records = []
    for model, closed in zip(models, (True, False), strict=True):
        optimizer = OPTIMIZERS["Adam"](model.parameters(), DECAY)
        with track.Doses(model, every=1) as doses:
            for _ in range(3):
                if closed:
                    optimizer.step(lambda model=model: backward(model))
                else:
                    backward(model)
                    optimizer.step()
        records.append(doses.run.values)
    for name in records[0]:
        assert (records[0][name] == records[1][name]).all(), name


def test_training_and_optimizer_are_exactly_as_without():
    """Dropout, batch norm, hooks, random state: the same bits, and nothing is left behind."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5),
                          nn.Linear(16, 3))  # fmt: skip
    labels = torch.arange(40) % 3
    rows = INPUTS.float()

    def trained(watched: bool):
        own = copy.deepcopy(model).train()
        optimizer = torch.optim.AdamW(own.parameters(), RATE)
        torch.manual_seed(5)

        def loop():
            for _ in range(9):
                optimizer.zero_grad()
                nn.functional.cross_entropy(own(rows), labels).backward()
                optimizer.step()

        if watched:
            with track.Doses(own, every=2, held=(rows[:20], labels[:20])) as doses:
                loop()
            assert len(doses.run) == 5 and (doses.run.held["noise_low"] > 0).all()  # no nan
        else:
            loop()
        return own, optimizer, torch.rand(1)

    (a, one, x), (b, two, y) = trained(False), trained(True)
    assert x == y and a.training == b.training
    for first, second in zip(a.state_dict().values(), b.state_dict().values(), strict=True):
        assert torch.equal(first, second)
    assert one.state_dict().keys() == two.state_dict().keys()
    assert one.__dict__.keys() == two.__dict__.keys() and not two._optimizer_step_pre_hooks
    for first, second in zip(one.state.values(), two.state.values(), strict=True):
        assert all(torch.equal(first[key], second[key]) for key in first)
    assert not _global_optimizer_pre_hooks and not _global_optimizer_post_hooks
    assert not any(m._forward_hooks or m._backward_hooks for m in b.modules())


def test_a_dead_unit_is_told_from_a_living_one():
    model = dense(nn.Linear(6, 3), nn.ReLU(), nn.Linear(3, 2))
    with torch.no_grad():
        model[0].bias[1] = -1e3
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    with track.Doses(model, every=1) as doses:
        backward(model)
        optimizer.step()
    assert doses.run.values["alive"].tolist() == [[1, 0, 1]]
    assert doses.left_out.keys() == {"2"} and "reads the 2 units" in doses.left_out["2"]


def test_the_optimizer_of_another_network_is_not_followed():
    model, other = net(), net()
    mine = torch.optim.SGD(model.parameters(), RATE)
    others = torch.optim.SGD(other.parameters(), RATE)
    with track.Doses(model, every=1) as doses:
        for at, optimizer in ((other, others), (model, mine), (other, others)):
            backward(at)
            optimizer.step()
    assert doses.step == 1 and len(doses.run) == 1


def test_a_record_that_fails_is_a_warning_and_training_goes_on():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    held = (INPUTS, TARGETS[:, :1])  # of a shape that the loss does not take
    with track.Doses(model, every=1, held=track.Held(*held, loss="squared")) as doses:
        backward(model)
        with pytest.warns(UserWarning, match="the held batch failed at step 0"):
            optimizer.step()
        backward(model)
        optimizer.step()
    assert len(doses.run) == 2 and torch.from_numpy(doses.run.held["noise_scale"]).isnan().all()


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"groups": "neurons"}, ValueError, "expected groups 'units'"),
        ({"groups": ["7"]}, ValueError, "expected a linear or convolutional layer"),
        ({"every": 0}, ValueError, "expected every of at least 1"),
        ({"every": [1, -2]}, ValueError, "expected a step of at least 0"),
        ({"held": INPUTS}, TypeError, "expected held as"),
        ({"optimizer": 3}, TypeError, "expected an optimizer"),
        ({"start": -1}, ValueError, "expected start of at least 0"),
    ],
)
def test_what_does_not_fit_is_refused_before_training(options, error, said):
    with pytest.raises(error, match=said):
        track.Doses(net(), **options)
    with pytest.raises(ValueError, match="expected a layer whose units can be followed"):
        track.Doses(nn.Sequential(nn.Linear(6, 5), nn.LayerNorm(5)))
