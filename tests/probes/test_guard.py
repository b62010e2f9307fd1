"""No probe changes the network, its gradients, its hooks or the random state, also by an error."""

import contextlib
import functools
import random
import threading

import numpy as np
import pytest
import torch
from torch import nn

from gradbook import probes
from gradbook.models import REGULARIZERS
from gradbook.probes.guard import is_readers
from gradbook.probes.recorded import Recording
from harmed import NETWORKS, data, name_of
from networks import INPUTS, ROWS, TARGETS, Wrapped, owners, trained
from witness import Witness

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*using torch.func:UserWarning"),
    pytest.mark.filterwarnings("ignore:torch.func cannot take this network:UserWarning"),
    pytest.mark.filterwarnings("ignore:no tangents of this network:UserWarning"),
    pytest.mark.filterwarnings("ignore:a row that passes through:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated:FutureWarning"),
]
OFFSETS = [-1.0, 0.0, 1.0]
REFUSALS = (ValueError, RuntimeError, TypeError, KeyError, NotImplementedError)


PROBES = {
    "example_gradients": probes.example_gradients,
    "example_gram": probes.example_gram,
    "example_norms": probes.example_norms,
    "example_gradients, train": functools.partial(probes.example_gradients, mode="train"),
    "example_norms, train": functools.partial(probes.example_norms, mode="train"),
    "dose": lambda net, x, y: probes.dose(net, {"g": {name_of(net): 0}}, x, y),
    "dose, train": lambda net, x, y: probes.dose(net, {"g": {name_of(net): 0}}, x, y, mode="train"),
    "example_doses": lambda net, x, y: probes.example_doses(net, {name_of(net): 0}, x, y),
    "tangent_features": lambda net, x, y: probes.tangent_features(net, x),
    "step_changes": lambda net, x, y: probes.step_changes(net, x, [0.1]),
    "minibatches": lambda net, x, y: probes.minibatch_gradients(
        net, x, y, torch.arange(8).view(2, 4), name_of(net), mode="train"
    ),
    "landscape": lambda net, x, y: probes.gradient_landscape(
        net, x, y, torch.arange(8).view(2, 4), name_of(net), offsets=OFFSETS, mode="train"
    ),
    "loss_landscape": lambda net, x, y: probes.loss_landscape(
        *(net, x, y, ((name_of(net), 0), (name_of(net), 1))), offsets=OFFSETS
    ),
    "output_gradients": lambda net, x, y: probes.output_gradients(net, x),
    "per_example_gradients": lambda net, x, y: probes.per_example_gradients(
        net, x, y, name_of(net)
    ),
    "unit_groups": lambda net, x, y: probes.unit_groups(net, "0", inputs=x),
    "weight_landscape": lambda net, x, y: probes.weight_landscape(
        *(net, x, y, torch.arange(8).view(2, 4), "0"),
        units=(0, 1),
        source=2,
        offsets=OFFSETS,
        mode="train",
    ),
    "layer_passes": lambda net, x, y: probes.layer_passes(
        net, x, y, torch.arange(8).view(2, 4), ["0"], mode="train"
    ),
}


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_table_of_every_module_is_as_it_was(name, probe):
    """Whether the probe finds something or refuses; here only what it leaves counts."""
    net, (x, y) = NETWORKS[name](), data()
    net(x)  # what a first forward pass makes is there
    net.train()
    list(net.modules())[-1].training = False
    for number, parameter in enumerate(net.parameters()):
        parameter.grad = torch.full_like(parameter, number) if number % 2 else None
    witness = Witness(net)
    with contextlib.suppress(*REFUSALS):
        PROBES[probe](net, x, y)
    assert witness.changes() == []


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("name", ["registered twice", "batch norm", "spectral norm", "max_norm"])
def test_a_pending_backward_pass_still_works(name, probe):
    net, (x, y) = NETWORKS[name]().train(), data()
    loss = (net(x) - y).square().mean()
    with contextlib.suppress(*REFUSALS):
        PROBES[probe](net, x, y)
    loss.backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


def test_a_witness_sees_a_change_of_every_kind():
    def changed(change):
        net = NETWORKS["batch norm"]()
        net.plain, net.list = 1, [1]
        witness = Witness(net)
        change(net)
        return witness.changes()

    assert changed(lambda net: None) == []
    for change in (
        lambda net: net(data()[0]),
        lambda net: net.eval(),
        lambda net: net[0].weight.data.add_(1),
        lambda net: net[0].weight.detach().add_(0),
        lambda net: net[0].requires_grad_(False),
        lambda net: setattr(net[0], "weight", nn.Parameter(net[0].weight.detach())),
        lambda net: setattr(net[0].weight, "grad", torch.ones(6, 6)),
        lambda net: net[0].register_forward_hook(print),
        lambda net: setattr(net, "plain", 2),
        lambda net: net.list.append(2),
        lambda net: torch.rand(1),
        lambda net: np.random.rand(),
        lambda net: random.random(),
    ):
        assert changed(change) != []


def probe_landscape(model, parameter, mode, masks="common", prune=True):
    return probes.gradient_landscape(
        *(model, INPUTS, TARGETS, ROWS, parameter),
        offsets=OFFSETS, mode=mode, masks=masks, prune=prune,
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("regularizer", REGULARIZERS)
def test_a_landscape_leaves_everything(regularizer, mode):
    witness = Witness(trained(regularizer).train())
    for owner in owners(regularizer):
        for masks, prunes in (("common", True), ("common", False), ("fresh", True)):
            probe_landscape(witness.model, f"{owner}2.bias", mode, masks, prunes)
            assert witness.changes() == []
    witness = Witness(Wrapped(trained(regularizer)))
    probe_landscape(witness.model, f"net.{owners(regularizer)[-1]}2.bias", mode)
    assert witness.changes() == []


class Fails(nn.Module):
    """Runs a module some number of times, over all its copies, then raises."""

    left = 0

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x):
        Fails.left -= 1
        if Fails.left < 0:
            raise RuntimeError("in the middle")
        return self.inner(x)


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("times", [0, 1])
@pytest.mark.parametrize("regularizer", REGULARIZERS)
def test_an_error_in_the_middle_leaves_everything(regularizer, times, wrap):
    model = trained(regularizer)
    model.relu3 = Fails(model.relu3)
    Fails.left = times
    name = f"{owners(regularizer)[-1]}2.bias"
    model, name = (Wrapped(model), f"net.{name}") if wrap else (model, name)
    witness = Witness(model)
    with pytest.raises(ValueError, match="RuntimeError: in the middle"):
        for _ in range(2):
            probe_landscape(model, name, "train", "fresh")
    assert witness.changes() == []


def test_an_error_after_the_pass_leaves_everything(monkeypatch):
    """Such as too little memory for the result; also while somebody keeps the error."""
    witness = Witness(trained("dropout"))
    for probe, last in (("gradients", "gradients"), ("gram", "wide"), ("norms", "wide")):
        monkeypatch.setattr(Recording, last, lambda self: torch.empty(2**60))
        with pytest.raises(RuntimeError, match="memory") as kept:
            getattr(probes, f"example_{probe}")(
                witness.model, INPUTS[:4], TARGETS[:4], mode="train"
            )
        assert witness.changes() == [] and kept
        assert not is_readers(witness.model.linear1.weight)


def test_lazy_modules_are_refused_and_not_made():
    net = nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 1))
    for probe in (probes.example_norms, probes.example_gradients, probes.example_gram):
        with pytest.raises(ValueError, match=r"lazy \['0.weight', '0.bias'\]: run it once"):
            probe(net, *data())
    assert isinstance(net[0], nn.LazyLinear) and nn.parameter.is_lazy(net[0].weight)


def test_a_probe_inside_inference_mode_and_without_gradients():
    net, (x, y) = NETWORKS["batch norm"](), data()
    expected = probes.example_norms(net, x, y)
    with torch.no_grad():
        assert torch.equal(probes.example_norms(net, x, y), expected)
        assert not torch.is_grad_enabled()
    with torch.inference_mode():
        assert torch.equal(probes.example_norms(net, x, y), expected)
        assert torch.is_inference_mode_enabled() and not torch.is_grad_enabled()


def test_threads_that_probe_one_network_get_right_numbers():
    net, (x, y) = trained("dropout"), (INPUTS[:64], TARGETS[:64])
    expected, witness = probes.example_norms(net, x, y), Witness(net)
    found = []

    def work():
        for _ in range(5):
            found.append(probes.example_norms(net, x, y))
            probes.dose(net, {"g": {"linear1.bias": 0}}, x, y, mode="train")

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 15 and all(torch.equal(one, expected) for one in found)
    assert witness.changes() == []


def test_another_mode_and_what_is_no_network_are_refused():
    witness = Witness(trained("batch norm"))
    with pytest.raises(ValueError, match="expected mode 'eval' or 'train', got 'test'"):
        probe_landscape(witness.model, "norm2.bias", "test")
    assert witness.changes() == []
    with pytest.raises(TypeError, match=r"expected a network \(nn.Module\), got dict"):
        probes.output_gradients({}, INPUTS)
