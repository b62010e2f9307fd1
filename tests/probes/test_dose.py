"""Dose: an exact step, the balance at rest, and agreement with naive loops in float64."""

import copy

import pytest
import torch
from torch import nn

from gradbook import probes
from networks import INPUTS as TEXT
from networks import TARGETS as NUMBERS
from networks import Wrapped, dense, dense_rows, trained

LAMBDA, STEP = 0.3, 0.05


def net(outputs: int = 2) -> nn.Sequential:
    return dense(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, outputs))


INPUTS, TARGETS, _ = dense_rows(outputs=2)


def naive(model, group):
    """Weights and gradient of a group, entry by entry."""
    model = copy.deepcopy(model)
    ((model(INPUTS) - TARGETS) ** 2).mean().backward()
    parameters = dict(model.named_parameters())
    weights = torch.cat([parameters[n].detach()[i].flatten() for n, i in group.items()])
    gradient = torch.cat([parameters[n].grad[i].flatten() for n, i in group.items()])
    return weights, gradient


def test_dose_is_the_gradient_along_the_group():
    model = net()
    groups = probes.unit_groups(model, "0") | probes.unit_groups(model, "2")
    found = probes.dose(model, groups, INPUTS, TARGETS, weight_decay=LAMBDA)
    assert found.names == tuple(groups) and len(groups) == 9
    for number, group in enumerate(groups.values()):
        weights, gradient = naive(model, group)
        along = -(weights @ gradient) / weights.norm()
        across = gradient + along * weights / weights.norm()
        expected = [
            weights.norm(),
            max(along, 0 * along),
            max(-along, 0 * along),
            across.norm(),
            gradient.norm(),
            LAMBDA * weights.norm(),
        ]
        fields = ("norm", "dose", "erosion", "turning", "gradient", "decay")
        torch.testing.assert_close(
            torch.stack([getattr(found, f)[number] for f in fields]), torch.stack(expected)
        )
    assert (found.dose > 0).any() and (found.erosion > 0).any()


def test_a_step_changes_the_norm_by_dose_less_erosion_less_decay_exactly():
    model = net()
    group = probes.unit_group(model, "2", 1)
    found = probes.dose(model, {"unit": group}, INPUTS, TARGETS, weight_decay=LAMBDA)
    weights, gradient = naive(model, group)
    after = weights - STEP * (gradient + LAMBDA * weights)
    along = found.norm + STEP * (found.dose - found.erosion - found.decay)
    expected = along**2 + (STEP * found.turning) ** 2
    torch.testing.assert_close(after.norm() ** 2, expected[0], rtol=1e-13, atol=0)


def test_at_rest_dose_less_erosion_is_decay_in_every_group():
    """The end of training with weight decay, for every unit of a net and for one whole layer."""
    model = dense(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2))
    parameters = list(model.parameters())
    optimizer = torch.optim.LBFGS(
        parameters, max_iter=5000, tolerance_grad=1e-13, tolerance_change=0, history_size=50,
        line_search_fn="strong_wolfe",
    )  # fmt: skip
    decay = 0.02

    def objective():
        optimizer.zero_grad()
        squares = sum(p.square().sum() for p in parameters)
        total = (model(INPUTS) - TARGETS).square().mean() + decay / 2 * squares
        total.backward()
        return total

    optimizer.step(objective)
    whole = {"0.weight": slice(None), "0.bias": slice(None)}
    groups = probes.unit_groups(model, "0") | {"layer": whole}
    found = probes.dose(model, groups, INPUTS, TARGETS, weight_decay=decay)
    assert found.norm.max() > 0.1
    torch.testing.assert_close(found.dose - found.erosion, found.decay, rtol=0, atol=1e-8)
    assert found.turning.max() < 1e-8


@pytest.mark.parametrize("loss", ["squared", "l1", lambda f, y: nn.functional.softplus(-f * y)])
def test_the_rows_doses_have_the_dose_as_their_mean(loss):
    model = net()
    groups = probes.unit_groups(model, "2")
    found = probes.dose(model, groups, INPUTS, TARGETS, loss=loss)
    for number, group in enumerate(groups.values()):
        rows = probes.example_doses(model, group, INPUTS, TARGETS, loss=loss)
        assert rows.shape == (len(INPUTS),)
        torch.testing.assert_close(rows.mean(), (found.dose - found.erosion)[number])


def test_a_rows_dose_is_that_of_the_row_alone():
    model, group = net(), probes.unit_group(net(), "0", 2)
    rows = probes.example_doses(model, group, INPUTS, TARGETS)
    for i in range(4):
        alone = probes.dose(model, {"": group}, INPUTS[i : i + 1], TARGETS[i : i + 1])
        torch.testing.assert_close(rows[i], (alone.dose - alone.erosion)[0])


def test_dose_does_not_depend_on_how_the_group_is_written():
    model = net()
    mask = torch.zeros(5, 6, dtype=torch.bool)
    mask[3] = True
    column = (slice(None), slice(3, 4))
    ways = {
        "index": probes.unit_group(model, "0", 3),
        "mask": {"2.weight": column, "0.bias": [3], "0.weight": mask},
        "from the end": probes.unit_group(model, "0", -2),
    }
    found = probes.dose(model, ways, INPUTS, TARGETS)
    for field in (found.norm, found.dose - found.erosion, found.turning):
        torch.testing.assert_close(field, field[:1].expand(3), rtol=1e-12, atol=1e-14)


def test_a_scale_invariant_group_has_no_dose():
    """Weights in front of batch norm, in training mode: only turning is left."""
    norm = nn.BatchNorm1d(5, eps=1e-30)
    model = dense(nn.Linear(6, 5), norm, nn.Linear(5, 2))
    groups = {str(unit): {"0.weight": unit} for unit in range(5)}
    found = probes.dose(model, groups, INPUTS, TARGETS, mode="train")
    assert (found.dose + found.erosion).max() < 1e-12 * found.turning.min()


def test_a_unit_of_a_one_hot_layer_has_a_column_for_its_row():
    model = trained("dropout")
    group = probes.unit_group(model, "linear1", 7)
    weights = {n: p[group[n]] for n, p in model.named_parameters() if n in group}
    torch.testing.assert_close(weights["linear1.weight"], model.linear1.weight[:, 7])
    torch.testing.assert_close(weights["linear2.weight"], model.linear2.weight[:, 7])
    assert weights["linear1.bias"] == model.linear1.bias[7]
    assert probes.dose(model, {"unit": group}, TEXT, NUMBERS).norm > 0


def test_a_channel_has_its_block_of_a_flattened_map():
    model = dense(nn.Conv2d(1, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 4, 2))
    inputs = torch.randn(8, 1, 3, 3, dtype=torch.float64)
    group = probes.unit_group(model, "0", 1)
    with torch.no_grad():
        before = model(inputs)
        model[0].weight[group["0.weight"]] += 1
        model[3].weight[group["3.weight"]] = 0
        cut = model(inputs)
        model[0].bias[group["0.bias"]] += 5
        torch.testing.assert_close(model(inputs), cut)
    assert not torch.allclose(before, cut)


def test_layers_of_a_wrapped_net_are_found_and_the_net_is_left_alone():
    model = Wrapped(net())
    model.train()
    model.net[0].weight.grad = torch.ones_like(model.net[0].weight)
    before = copy.deepcopy(model.state_dict())
    groups = probes.unit_groups(model, "net.0")
    with pytest.raises(ValueError, match=r"that the network takes, got \(40, 3\): it raised"):
        probes.dose(model, groups, INPUTS[:, :3], TARGETS)
    probes.dose(model, groups, INPUTS, TARGETS)
    probes.example_doses(model, groups["net.0[1]"], INPUTS, TARGETS)
    assert model.training and model.net[0].training
    assert (model.net[0].weight.grad == 1).all() and model.net[0].bias.grad is None
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_frozen_weights_have_no_dose_and_zero_weights_no_direction():
    model = net()
    model[0].requires_grad_(False)
    with torch.no_grad():
        model[2].weight[0] = 0
        model[2].bias[0] = 1
    groups = {"frozen": {"0.weight": 1}, "zero": {"2.weight": 0}, "live": {"2.weight": 1}}
    found = probes.dose(model, groups, INPUTS, TARGETS)
    assert found.gradient[0] == found.dose[0] == 0
    assert found.dose[1].isnan() and found.gradient[1] > 0
    assert not found.dose[2].isnan()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: probes.unit_group(m, "1", 0), "expected a linear or convolutional layer of"),
        (lambda m: probes.unit_groups(m, "9"), "expected a linear or convolutional layer of"),
        (lambda m: probes.unit_group(m, "0", 5), "expected a unit of '0' below 5, got 5"),
        (lambda m: probes.unit_group(m, "4", 0), "expected a next layer that reads the 2 units"),
        (lambda m: probes.dose(m, {}, INPUTS, TARGETS), "at least one group"),
        (lambda m: probes.dose(m, {"a": {"b": 0}}, INPUTS, TARGETS), "group 'a' names 'b'"),
        (lambda m: probes.dose(m, {"a": {"0.bias": []}}, INPUTS, TARGETS), "'a' holds no weight"),
        (
            lambda m: probes.dose(m, {"a": {"0.bias": 0}}, INPUTS, TARGETS, loss="l2"),
            "expected a loss of",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(net())


def test_a_layer_that_does_not_fit_is_refused():
    model = dense(nn.Linear(6, 5), nn.Linear(6, 2))
    with pytest.raises(ValueError, match="whose first layer tells what it takes"):
        probes.unit_group(model, "0", 0)


@pytest.mark.parametrize(
    ("change", "weight_decay", "error", "message"),
    [
        (lambda found: found[:-1], 0, ValueError, "expected 6 gradients, one a parameter .* got 5"),
        (lambda found: [*found, found[0]], 0, ValueError, "expected 6 gradients.* got 7"),
        (lambda found: found[::-1], 0, ValueError, r"gradient 0 of its .* \(5, 6\), got \(2,\)"),
        (lambda found: [found[0].T, *found[1:]], 0, ValueError, r"\(5, 6\), got \(6, 5\)"),
        (lambda found: [1.0, *found[1:]], 0, TypeError, "gradient 0 as a tensor .*, got float"),
        (lambda found: found, -1.0, ValueError, "weight_decay as a finite number from 0, got -1.0"),
        (lambda found: found, "0.1", TypeError, "weight_decay as a number, got '0.1'"),
    ],
)
def test_gradients_that_are_not_the_parameters_are_refused(change, weight_decay, error, message):
    model = net()
    groups = probes.Groups(model, probes.unit_groups(model, "0"))
    ((model(INPUTS) - TARGETS) ** 2).mean().backward()
    found = [value.grad for value in model.parameters()]
    expected = probes.dose(model, probes.unit_groups(model, "0"), INPUTS, TARGETS)
    torch.testing.assert_close(groups.split(found).dose, expected.dose)
    with pytest.raises(error, match=message):
        groups.split(change(found), weight_decay)


def test_one_group_and_a_dict_of_groups_are_told_apart():
    model = net()
    groups = probes.unit_groups(model, "0")
    with pytest.raises(TypeError, match=r"one group, got a dict of them: take one of \['0\[0\]'"):
        probes.example_doses(model, groups, INPUTS, TARGETS)
    with pytest.raises(TypeError, match=r"one group alone is \{name: group\}"):
        probes.dose(model, groups["0[1]"], INPUTS, TARGETS)
