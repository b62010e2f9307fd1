"""A row whose loss is no number is named by every probe that takes rows, and spoils no other."""

import math
import warnings
from functools import partial

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from gradbook import probes
from networks import Wrapped, dense, dense_rows
from zoo import By

X, Y, _ = dense_rows(outputs=2)
BATCHES, GRID = torch.tensor([[0, 1], [3, 2], [5, 4]]), {"units": (0, 1), "offsets": [0.0, 0.1]}


class Untracked(torch.autograd.Function):
    """The identity, without forward-mode derivatives."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x.clone()

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, error):
        return error


def refused_row_2(what="losses"):
    return pytest.raises(
        ValueError, match=rf"{what} that are numbers, got (nan|others): look at rows \[2\]"
    )


def test_nan_in_one_row_is_named_and_stays_there():
    model = dense(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2))
    x = X[:6].clone()
    x[2, 3] = math.nan
    for probe in (probes.example_gradients, probes.example_gram, probes.example_norms):
        with pytest.warns(UserWarning, match=r"no numbers: look at rows \[2\]"):
            found = probe(model, x, Y[:6])
        others = [0, 1, 3, 4, 5]
        assert found[2].isnan().any()
        part = found[others][:, others] if found.shape == (6, 6) else found[others]
        assert part.isfinite().all()
    for probe, options in (
        (probes.example_doses, {"group": {"0.bias": 0}}),
        (probes.per_example_gradients, {"parameter": "0.bias"}),
    ):
        with pytest.warns(UserWarning, match=r"no numbers: look at rows \[2\]"):
            found = probe(model, inputs=x, targets=Y[:6], **options)
        assert found.view(6, -1).isfinite().all(1).tolist() == [True, True, False] + 3 * [True]
    for wrapped, name in ((model, "0"), (Wrapped(model), "net.0")):
        with warnings.catch_warnings(), refused_row_2():
            warnings.simplefilter("ignore")
            probes.gradient_landscape(
                *(wrapped, x, Y[:6], BATCHES, f"{name}.bias"), offsets=[0.0, 0.1]
            )
        for probe, options in (
            (probes.minibatch_gradients, {"parameter": f"{name}.bias"}),
            (probes.layer_passes, {"names": [name]}),
            (probes.weight_landscape, {"layer": name, "source": 1, **GRID}),
        ):
            with refused_row_2():
                probe(wrapped, x, Y[:6], BATCHES, **options)
    # ReLU and the L1 loss's sign let no nan through to these biases.
    for hidden in (nn.ReLU, nn.Tanh):
        deep = dense(nn.Linear(6, 5), hidden(), nn.Linear(5, 5), hidden(), nn.Linear(5, 2))
        for wrapped, prefix in ((deep, ""), (Wrapped(deep), "net.")):
            for name in ("0", "2", "4"):
                for probe, what in (
                    (probes.minibatch_gradients, f"{prefix}{name}.bias"),
                    (probes.layer_passes, [f"{prefix}{name}"]),
                    (probes.gradient_landscape, f"{prefix}{name}.bias"),
                ):
                    options = {"offsets": [0.0]} if probe is probes.gradient_landscape else {}
                    with warnings.catch_warnings(), refused_row_2():
                        warnings.simplefilter("ignore")
                        probe(wrapped, x, Y[:6], BATCHES, what, loss="l1", **options)
        with pytest.warns(UserWarning, match=r"no numbers: look at rows \[2\]"):
            probes.per_example_gradients(deep, x, Y[:6], "2.bias", loss="l1")
    with refused_row_2():
        probes.dose(model, {"g": {"0.bias": 0}}, x, Y[:6])
    with refused_row_2():
        probes.loss_landscape(model, x, Y[:6], (("0.bias", 0), ("0.bias", 1)), offsets=[0.0])
    for refused in (probes.output_gradients, lambda *given: probes.step_changes(*given, [0.1])):
        with refused_row_2("outputs"):
            refused(model, x)
    with pytest.raises(ValueError, match=r"finite numbers, got others in rows \[1\]"):
        probes.noise_scale(torch.tensor([[1.0], [math.nan]]))


def test_a_loss_that_overflows_at_the_edge_of_the_grid_refuses_no_row():
    """Each row's own loss is a number; a squared one 10²⁰⁰ away is none."""
    model = dense(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 2))
    for name in ("0", "2"):
        for probe, what in (
            (probes.gradient_landscape, {"parameter": f"{name}.bias"}),
            (probes.weight_landscape, {"layer": name, "units": (0, 1), "source": None}),
        ):
            near, far = (
                probe(model, X[:6], Y[:6], BATCHES, offsets=offsets, loss="squared", **what)
                for offsets in ([0.0], [0.0, 1e200])
            )
            near, far = (getattr(found, "gradients", found) for found in (near, far))
            assert torch.allclose(far[:, 0, 0], near[:, 0, 0], rtol=1e-12, atol=0)


class Products(TorchDispatchMode):
    """Counts the multiplications in products of matrices; a counter by hooks is seen by probes."""

    def __init__(self, run) -> None:
        super().__init__()
        self.count = 0
        with self:
            run()

    def __torch_dispatch__(self, operation, types, given=(), by_name=None):
        found = operation(*given, **(by_name or {}))
        if operation in (torch.ops.aten.addmm.default, torch.ops.aten.mm.default):
            self.count += found.numel() * given[-1].shape[0]
        return found


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_refusing_lost_rows_costs_no_pass_of_its_own(mode):
    """A probe reads what it refuses off the losses that it sees, and multiplies nothing for it."""
    model = dense(nn.Linear(6, 50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 2))
    rows, at = torch.arange(6).view(2, 3), {"units": (0, 1), "source": None, "offsets": [0.0]}
    whole = Products(lambda: model(X[:6])).count
    behind = Products(lambda: model[3:](X.new_zeros(6, 50))).count
    assert behind < whole / 20
    for probe, what in (
        (probes.minibatch_gradients, {"parameter": "2.bias"}),
        (probes.layer_passes, {"names": ["2"]}),
        (probes.weight_landscape, {"layer": "2", **at}),
    ):
        run = partial(probe, model, X[:6], Y[:6], rows, mode=mode, **what)
        run()  # a network's first probe tries it on two rows
        assert whole <= Products(run).count <= whole + 2 * behind
    run = partial(probes.gradient_landscape, model, X[:6], Y[:6], rows, "0.bias", offsets=[0.0])
    run(mode=mode)
    assert whole <= Products(partial(run, mode=mode)).count < 2 * whole


def test_a_lost_row_is_named_whatever_the_layout_of_the_outputs():
    """Outputs that are not contiguous, and inputs."""
    model = By(lambda m, x: m.l(x).transpose(1, 2), l=nn.Linear(6, 2)).double()
    x = torch.randn(5, 4, 6).double()
    x[2, 1, 0] = math.nan
    with refused_row_2("outputs"):
        probes.output_gradients(model, x)
    with refused_row_2():
        probes.dose(model, {"g": {"l.bias": 0}}, x, torch.zeros(5, 2, 4).double())


@pytest.mark.filterwarnings("ignore:no tangents of this network:UserWarning")
def test_doses_without_tangents_name_the_row_at_the_first_probe_too():
    model = By(lambda m, x: Untracked.apply(m.l(x)), l=nn.Linear(6, 2)).double()
    x = X[:6].clone()
    x[2, 3] = math.nan
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"no numbers: look at rows \[2\]"):
            probes.example_doses(model, {"l.bias": 0}, x, Y[:6])
