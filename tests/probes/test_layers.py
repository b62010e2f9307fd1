"""One pass over several layers gives what one pass a parameter gives."""

import copy

import pytest
import torch

from gradbook import probes
from gradbook.models import REGULARIZERS
from gradbook.training import LOSSES
from tests.networks import INPUTS, ROWS, TARGETS, owners, trained

TIGHT = {"rtol": 1e-11, "atol": 1e-13}


def passes(model, names, **options):
    return probes.layer_passes(model, INPUTS, TARGETS, ROWS, names, **options)


def by_autograd(model, batch, parameter):
    """Gradient of one minibatch in a whole parameter, training mode."""
    model = copy.deepcopy(model).train()
    LOSSES["l1"](model(INPUTS[batch]), TARGETS[batch]).backward()
    return dict(model.named_parameters())[parameter].grad


@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("regularizer", REGULARIZERS)
def test_bias_gradients_are_those_of_each_layer_alone(regularizer, mode):
    model = trained(regularizer)
    names = [f"{owner}{layer}" for owner in owners(regularizer) for layer in (1, 2, 3)]
    for name, found in passes(model, names, mode=mode, seed=5).items():
        alone = probes.minibatch_gradients(
            model, INPUTS, TARGETS, ROWS, f"{name}.bias", mode=mode, seed=5
        )
        torch.testing.assert_close(found.bias_gradients(), alone, **TIGHT)


@pytest.mark.parametrize("regularizer", [r for r in REGULARIZERS if r != "dropout"])
def test_weight_products_are_those_of_autograds_gradients(regularizer):
    model = trained(regularizer)
    found = passes(model, ["linear2"], mode="train")["linear2"]
    gradients = torch.stack([by_autograd(model, b, "linear2.weight").flatten() for b in ROWS])
    torch.testing.assert_close(found.weight_products(), gradients @ gradients.T, **TIGHT)


@pytest.mark.parametrize("regularizer", [r for r in REGULARIZERS if r != "dropout"])
def test_a_weight_landscape_is_that_of_the_loop(regularizer):
    model, units, source = trained(regularizer), (4, 1), 7
    offsets = torch.tensor([-0.3, 0.0, 0.2], dtype=torch.float64)
    found = probes.weight_landscape(
        model, INPUTS, TARGETS, ROWS, "linear2",
        units=units, source=source, offsets=offsets, mode="train",
    )  # fmt: skip
    for x, first in enumerate(offsets):
        for y, second in enumerate(offsets):
            moved = copy.deepcopy(model)
            with torch.no_grad():
                moved.linear2.weight[units[0], source] += first
                moved.linear2.weight[units[1], source] += second
            for m, batch in enumerate(ROWS):
                expected = by_autograd(moved, batch, "linear2.weight")[list(units), source]
                torch.testing.assert_close(found[m, x, y], expected, **TIGHT)
    assert found.std() > 0


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_without_a_source_it_is_the_landscape_in_biases(mode):
    offsets = torch.tensor([-0.3, 0.0, 0.2], dtype=torch.float64)
    arguments = trained("batch norm after ReLU"), INPUTS, TARGETS, ROWS
    direct = probes.weight_landscape(
        *arguments, "linear2", units=(4, 1), source=None, offsets=offsets, mode=mode
    )
    known = probes.gradient_landscape(
        *arguments, "linear2.bias", units=(4, 1), offsets=offsets, mode=mode
    )
    torch.testing.assert_close(direct, known.gradients, **TIGHT)


def test_a_weight_landscapes_masks_are_those_of_a_pass():
    model, units, source = trained("dropout"), (4, 1), 7
    (field,) = probes.weight_landscape(
        model, INPUTS, TARGETS, ROWS[:1], "linear2",
        units=units, source=source, offsets=torch.zeros(1), mode="train", seed=3,
    )  # fmt: skip
    one = probes.layer_passes(model, INPUTS, TARGETS, ROWS[:1], ["linear2"], mode="train", seed=3)[
        "linear2"
    ]
    expected = (one.errors[0][:, list(units)] * one.entering[0][:, [source]]).sum(0)
    torch.testing.assert_close(field[0, 0], expected, **TIGHT)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_bad_input_is_named():
    model = trained()
    with pytest.raises(ValueError, match=r"expected modules of the network.*'linear9'"):
        passes(model, ["linear9"])
    scripted = torch.jit.trace(model, INPUTS[:2])
    with pytest.raises(ValueError, match=r"that take hooks, got scripted \['linear2'\]"):
        passes(scripted, ["linear2"])
    with pytest.raises(ValueError, match=r"expected a loss of .*'l3'"):
        passes(model, ["linear2"], loss="l3")
    with pytest.raises(ValueError, match=r"expected a linear layer.*'relu2'"):
        probes.weight_landscape(
            model, INPUTS, TARGETS, ROWS, "relu2",
            units=(0, 1), source=0, offsets=torch.zeros(1),
        )  # fmt: skip


def test_the_network_is_left_as_it_was():
    model = trained("batch norm").eval()
    before = copy.deepcopy(model.state_dict())
    passes(model, ["linear2", "norm3"], mode="train")
    assert not model.training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
