"""A `DataLoader` gives what all rows give, in every probe that takes rows."""

import dataclasses
import functools
import inspect

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from gradbook import probes
from networks import Wrapped, dense, dense_rows

X, Y, _ = dense_rows()
BATCH = 8
ROWS = torch.arange(len(X)).view(-1, BATCH)
LOADER = DataLoader(TensorDataset(X, Y), BATCH)
GRID = {"units": (0, 1), "offsets": [-0.1, 0.0, 0.1]}

BY_ROW = {
    "example_gradients": {},
    "example_gram": {},
    "example_norms": {},
    "dose": {"groups": {"g": {"0.weight": 1, "1.bias": slice(None)}}, "weight_decay": 0.1},
    "example_doses": {"group": {"0.weight": 1, "1.bias": slice(None)}},
    "per_example_gradients": {"parameter": "0.bias"},
    "loss_landscape": {"entries": (("0.weight", (1, 2)), ("1.bias", 0)), "offsets": [-0.1, 0.3]},
}
BY_MINIBATCH = {
    "minibatch_gradients": {"parameter": "0.bias"},
    "layer_passes": {"names": ["0", "1"]},
    "gradient_landscape": {"parameter": "0.bias", **GRID},
    "weight_landscape": {"layer": "0", "source": 2, **GRID},
}
BY_INPUT = {"tangent_features": {}, "output_gradients": {}, "step_changes": {"steps": [0.1, 1.0]}}
NO_LOADER = {"unit_group": {"layer": "0", "unit": 0}, "unit_groups": {"layer": "0"}}


@functools.cache
def network(wrapped: bool) -> tuple[nn.Module, str]:
    """A network that the probes take apart, and one that they cannot; what its names begin with."""
    net = dense(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 1))
    return (Wrapped(net), "net.") if wrapped else (net, "")


def named(options: dict, prefix: str) -> dict:
    """The options with the names of parameters and modules as the network has them."""

    def of(key: str, value: object) -> object:
        if key in ("group", "g"):
            return {prefix + name: index for name, index in value.items()}
        if key == "groups":
            return {name: of("g", group) for name, group in value.items()}
        if key == "entries":
            return tuple((prefix + name, index) for name, index in value)
        if key == "names":
            return [prefix + name for name in value]
        return prefix + value if key in ("parameter", "layer") else value

    return {key: of(key, value) for key, value in options.items()}


def tensors(found: object) -> list[Tensor]:
    if isinstance(found, Tensor):
        return [found]
    if dataclasses.is_dataclass(found):
        kept = [getattr(found, f.name) for f in dataclasses.fields(found) if f.name != "rows"]
        return [part for part in kept if isinstance(part, Tensor)]
    parts = found.values() if isinstance(found, dict) else found
    return [tensor for part in parts for tensor in tensors(part)]


def agree(found: object, known: object) -> None:
    pairs = list(zip(tensors(found), tensors(known), strict=True))
    assert pairs
    for one, other in pairs:
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-13, equal_nan=True)


def test_every_probe_that_takes_rows_is_here():
    takes = {
        name
        for name in probes.__all__
        if not inspect.isclass(getattr(probes, name))
        and {"inputs", "x"} & set(inspect.signature(getattr(probes, name)).parameters)
    }
    assert takes == {*BY_ROW, *BY_MINIBATCH, *BY_INPUT, *NO_LOADER}


@pytest.mark.filterwarnings("ignore:.*using torch.func:UserWarning")
@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("name", [*BY_ROW, *BY_MINIBATCH])
def test_batches_of_a_loader(name, wrapped):
    model, prefix = network(wrapped)
    probe = getattr(probes, name)
    options = named((BY_ROW | BY_MINIBATCH)[name], prefix)
    rows = {"rows": ROWS} if name in BY_MINIBATCH else {}
    found = probe(model, inputs=LOADER, **options)
    agree(found, probe(model, inputs=X, targets=Y, **rows, **options))


@pytest.mark.parametrize("name", BY_INPUT)
def test_targets_of_a_loader_are_not_read(name):
    probe, (model, _) = getattr(probes, name), network(False)
    options = BY_INPUT[name]
    loader = DataLoader(TensorDataset(X, torch.arange(len(X))), 7)
    agree(probe(model, loader, **options), probe(model, X, **options))


def test_minibatches_of_a_loader_in_training_mode():
    """Batch norm has each batch's statistics, and one that is shorter counts like the others."""
    model, _ = network(False)
    loader = DataLoader(TensorDataset(X, Y), 16)
    found = probes.minibatch_gradients(model, loader, parameter="3.bias", mode="train")
    for gradient, rows in zip(found, torch.arange(len(X)).split(16), strict=True):
        known = probes.minibatch_gradients(model, X, Y, rows[None], "3.bias", mode="train")
        torch.testing.assert_close(gradient, known[0])
    with pytest.raises(ValueError, match=r"equal shapes at a layer, got .*drop_last=True"):
        probes.layer_passes(model, loader, names=["0"])


@pytest.mark.parametrize("name", [*BY_ROW, *BY_MINIBATCH, *BY_INPUT, *NO_LOADER])
def test_what_gives_no_batches_is_refused_in_words(name):
    probe, (model, _) = getattr(probes, name), network(False)
    options = (BY_ROW | BY_MINIBATCH | BY_INPUT | NO_LOADER)[name]
    if name in NO_LOADER:
        with pytest.raises(TypeError, match="a few rows to follow units with, got DataLoader"):
            probe(model, inputs=LOADER, **options)
        return
    for loader, error, words in (
        (DataLoader(TensorDataset(X)), TypeError, r"batches \(inputs, targets\), got list of 1"),
        (DataLoader(X), TypeError, r"batches \(inputs, targets\), got Tensor of 1"),
        (iter(()), ValueError, "at least one batch of rows, got none"),
    ):
        with pytest.raises(error, match=words):
            probe(
                model,
                **{"x" if name in ("output_gradients", "step_changes") else "inputs": loader},
                **options,
            )
    if name in BY_MINIBATCH:
        with pytest.raises(ValueError, match="no row indices beside a DataLoader"):
            probe(model, inputs=LOADER, rows=ROWS, **options)
