"""Every probe leaves the network, its random state and its gradients as they were."""

import copy

import pytest
import torch
from torch import nn

from gradbook import probes
from gradbook.models import REGULARIZERS
from gradbook.probes.guard import untouched
from networks import INPUTS, ROWS, TARGETS, Wrapped, owners, trained

OFFSETS = [-1.0, 0.0, 1.0]


class Fails(nn.Module):
    """Runs a module some number of times, then raises."""

    def __init__(self, inner: nn.Module, times: int) -> None:
        super().__init__()
        self.inner, self.times = inner, times

    def forward(self, x):
        self.times -= 1
        if self.times < 0:
            raise RuntimeError("in the middle")
        return self.inner(x)


class Witness:
    """What a network and the global generator were; `holds` compares bit for bit."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        model.train()
        list(model.modules())[-1].eval()
        list(model.modules())[2].eval()
        for number, parameter in enumerate(model.parameters()):
            parameter.grad = torch.full_like(parameter, number) if number % 2 else None
        self.state = copy.deepcopy(model.state_dict())
        self.gradients = [(p, p.grad, copy.deepcopy(p.grad)) for p in model.parameters()]
        self.modes = [module.training for module in model.modules()]
        self.random = torch.get_rng_state()

    def holds(self) -> bool:
        now = self.model.state_dict()
        return (
            all(torch.equal(value, now[name]) for name, value in self.state.items())
            and all(
                p.grad is gradient and (copied is None or torch.equal(p.grad, copied))
                for p, gradient, copied in self.gradients
            )
            and self.modes == [module.training for module in self.model.modules()]
            and torch.equal(self.random, torch.get_rng_state())
            and not any(module._forward_hooks for module in self.model.modules())
        )


def probe(model, parameter, mode, masks="common", prune=True):
    return probes.gradient_landscape(
        *(model, INPUTS, TARGETS, ROWS, parameter),
        offsets=OFFSETS, mode=mode, masks=masks, prune=prune,
    )  # fmt: skip


@pytest.mark.parametrize("masks", ["common", "fresh"])
@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("regularizer", REGULARIZERS)
def test_a_landscape_leaves_everything(regularizer, mode, masks):
    witness = Witness(trained(regularizer))
    for owner in owners(regularizer):
        for prune in (True, False):
            probe(witness.model, f"{owner}2.bias", mode, masks, prune)
            assert witness.holds()


@pytest.mark.filterwarnings("ignore:.*using torch.func:UserWarning")
@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("regularizer", REGULARIZERS)
def test_torch_func_leaves_everything(regularizer, mode):
    witness = Witness(Wrapped(trained(regularizer)))
    probe(witness.model, f"net.{owners(regularizer)[-1]}2.bias", mode)
    assert witness.holds()


@pytest.mark.filterwarnings("ignore:.*using torch.func:UserWarning")
@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("times", [0, 1])
@pytest.mark.parametrize("regularizer", REGULARIZERS)
def test_an_error_in_the_middle_leaves_everything(regularizer, times, wrap):
    model = trained(regularizer)
    model.relu3 = Fails(model.relu3, times)
    name = f"{owners(regularizer)[-1]}2.bias"
    model, name = (Wrapped(model), f"net.{name}") if wrap else (model, name)
    witness = Witness(model)
    with pytest.raises(RuntimeError, match="in the middle"):
        probe(model, name, "train", "fresh")
        probe(model, name, "train", "fresh")
    assert witness.holds()


@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("regularizer", REGULARIZERS)
def test_minibatch_gradients_leave_everything(regularizer, mode):
    witness = Witness(trained(regularizer))
    name = f"{owners(regularizer)[-1]}2.bias"
    probes.minibatch_gradients(witness.model, INPUTS, TARGETS, ROWS, name, mode=mode)
    assert witness.holds()
    probes.per_example_gradients(witness.model, INPUTS, TARGETS, name)
    assert witness.holds()


def test_the_gram_matrix_leaves_everything_also_after_an_error():
    witness = Witness(trained("dropout"))
    probes.gram(witness.model, INPUTS, TARGETS)
    assert witness.holds()
    witness = Witness(trained().append(Fails(nn.Identity(), 0)))
    with pytest.raises(RuntimeError, match="in the middle"):
        probes.gram(witness.model, INPUTS, TARGETS)
    assert witness.holds()


def test_the_guard_undoes_forward_passes_backward_passes_and_draws():
    witness = Witness(trained("batch norm"))
    with untouched(witness.model, "train"):
        assert all(module.training for module in witness.model.modules())
        before = witness.model.norm1.running_mean.clone()
        for parameter in witness.model.parameters():
            parameter.grad = None
        witness.model(INPUTS).sum().backward()
        torch.rand(3)
        assert not torch.equal(before, witness.model.norm1.running_mean)
        assert not witness.holds()
    assert witness.holds()


def test_another_mode_is_refused_and_nothing_changes():
    witness = Witness(trained("batch norm"))
    with pytest.raises(ValueError, match="expected mode 'eval' or 'train', got 'test'"):
        probe(witness.model, "norm2.bias", "test")
    assert witness.holds()
