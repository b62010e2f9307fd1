"""The gradient landscape of networks that others write, and what it refuses."""

import re
import warnings

import pytest
import torch
from torch import nn

from gradbook import models
from gradbook.probes import functional, sequential
from gradbook.probes.landscape import gradient_landscape
from gradbook.probes.minibatch import minibatch_gradients
from networks import INPUTS, ROWS, TARGETS, Wrapped, dense, dense_rows, trained
from oracle import landscape_by_loop

OFFSETS = torch.linspace(-1, 1, 5, dtype=torch.float64)
ALMOST_NEVER = 1e-13
"""A dropout rate that changes no number here, yet takes the path of dropout."""


def agrees(model, parameter, *, mode="eval", rows=None, method, **options):
    """Whether the landscape is the loop's, was found by this method, and warned if it had to."""
    inputs, targets, indices = rows or dense_rows()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        ours = gradient_landscape(
            model, inputs, targets, indices, parameter, offsets=OFFSETS, mode=mode, **options
        )
    told = [str(w.message) for w in caught if "using torch.func over the whole" in str(w.message)]
    assert len(told) == (method == "torch.func")
    assert ours.method == method
    model.train(mode == "train")
    loss = options.get("loss", "l1")
    loop = landscape_by_loop(
        model, inputs, targets, indices, parameter, OFFSETS, mode=mode, loss=loss
    )
    assert loop.abs().max() > 1e-3
    return (ours.gradients - loop).abs().max() <= 1e-12 * loop.abs().max()


@pytest.mark.parametrize(
    "unit", [nn.Tanh(), nn.GELU(), nn.SiLU(), nn.ELU(), nn.LeakyReLU(0.2), nn.Identity()], ids=repr
)
@pytest.mark.parametrize("loss", ["l1", "squared"])
def test_any_unitwise_function(unit, loss):
    model = dense(nn.Linear(6, 5), unit, nn.Linear(5, 4), unit, nn.Linear(4, 1))
    assert agrees(model, "0.bias", method="generic", loss=loss)
    model = dense(nn.Linear(6, 5), unit, nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 1))
    assert agrees(model, "0.bias", method="pruned", loss=loss)


@pytest.mark.parametrize("loss", ["l1", "squared"])
def test_two_outputs(loss):
    model = dense(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2))
    assert agrees(model, "0.bias", method="pruned", rows=dense_rows(outputs=2), loss=loss)
    assert agrees(model, "2.bias", method="generic", rows=dense_rows(outputs=2), loss=loss)


@pytest.mark.parametrize("loss", ["l1", "squared"])
@pytest.mark.parametrize(
    "behind",
    [
        (nn.ReLU(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1)),
        (nn.Tanh(), nn.Linear(3, 1)),
        (nn.LayerNorm(3), nn.Linear(3, 1)),
        (nn.Linear(3, 1),),
        (nn.BatchNorm1d(3), nn.Sequential(nn.ELU(), nn.Linear(3, 1))),
    ],
    ids=repr,
)
def test_whatever_follows_the_pruned_layer(behind, loss):
    first = nn.Linear(6, 5), nn.SiLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3)
    assert agrees(dense(*first, *behind), "0.bias", method="pruned", loss=loss)


def test_a_grid_on_which_no_relu_changes():
    """Nothing is left to evaluate point by point; the landscape is flat or linear."""
    layers = nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3)
    model = dense(*layers, nn.ReLU(), nn.Linear(3, 1))
    with torch.no_grad():
        model[2].bias += 100
    assert agrees(model, "0.bias", method="pruned")


def test_layers_without_a_bias():
    linear = nn.Linear(5, 4, bias=False), nn.ReLU(), nn.Linear(4, 1, bias=False)
    assert agrees(dense(nn.Linear(6, 5), nn.ReLU(), *linear), "0.bias", method="pruned")
    deeper = nn.Linear(5, 4, bias=False), nn.ReLU(), nn.Linear(4, 4, bias=False)
    model = dense(nn.Linear(6, 5), nn.ReLU(), *deeper, nn.ReLU(), nn.Linear(4, 1))
    assert agrees(model, "0.bias", method="pruned")


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_batch_norm_without_parameters_or_running_statistics(mode):
    for norm in (
        nn.BatchNorm1d(4, affine=False),
        nn.BatchNorm1d(4, track_running_stats=False),
        nn.BatchNorm1d(4, affine=False, track_running_stats=False),
    ):
        model = dense(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), norm, nn.ReLU(), nn.Linear(4, 1))
        method = "pruned" if norm.affine else "generic"
        assert agrees(model, "0.bias", mode=mode, method=method)


def test_layer_norm_in_the_tail_and_as_the_owner():
    layers = nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), nn.LayerNorm(4), nn.ReLU()
    assert agrees(dense(*layers, nn.Linear(4, 1)), "0.bias", method="generic")
    assert agrees(dense(*layers, nn.Linear(4, 1)), "3.bias", method="generic")


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_what_mixes_units_before_the_next_layer_goes_to_torch_func(mode):
    model = dense(nn.Linear(6, 5), nn.LayerNorm(5), nn.ReLU(), nn.Linear(5, 1))
    assert agrees(model, "0.bias", mode=mode, method="torch.func")
    model = dense(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Softmax(-1), nn.Linear(5, 1))
    assert agrees(model, "1.bias", mode=mode, method="torch.func")


def test_the_last_bias_goes_to_torch_func():
    model = dense(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2))
    assert agrees(model, "2.bias", method="torch.func", rows=dense_rows(outputs=2))


def test_a_module_that_stands_twice_runs_twice():
    unit = nn.ReLU()
    model = dense(nn.Linear(6, 5), unit, nn.Linear(5, 4), unit, nn.Linear(4, 1))
    assert agrees(model, "0.bias", method="pruned")
    inputs, targets, rows = dense_rows()
    ours = minibatch_gradients(model, inputs, targets, rows, "0.bias")
    (model(inputs[rows[0]]) - targets[rows[0]]).abs().mean().backward()
    torch.testing.assert_close(ours[0], model[0].bias.grad, rtol=1e-12, atol=1e-12)


def test_a_layer_that_stands_twice_goes_to_torch_func():
    layer = nn.Linear(6, 6)
    model = dense(layer, nn.ReLU(), layer, nn.ReLU(), nn.Linear(6, 1))
    assert agrees(model, "0.bias", method="torch.func")


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_batch_norm_inside_an_inner_sequential(mode):
    inner = nn.Sequential(nn.BatchNorm1d(4), nn.ReLU())
    model = dense(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), inner, nn.Linear(4, 1))
    method = "torch.func" if mode == "train" else "generic"
    assert agrees(model, "0.bias", mode=mode, method=method)


def test_a_sequential_with_a_forward_of_its_own_goes_to_torch_func():
    class Tripled(nn.Sequential):
        def forward(self, x):
            return 3 * super().forward(x)

    layers = nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 1)
    model = Tripled(*dense(*layers))
    assert agrees(model, "0.bias", method="torch.func")


def test_rows_of_more_than_one_dimension_go_to_torch_func():
    inputs, targets, rows = dense_rows()
    model = dense(nn.Flatten(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU())
    model = nn.Sequential(*model, *dense(nn.Linear(4, 1)))
    images = inputs.unflatten(1, (2, 3)), targets, rows
    assert agrees(model, "1.bias", method="torch.func", rows=images)


@pytest.mark.parametrize("masks", ["common", "fresh"])
def test_two_linear_layers_in_a_row(masks):
    last = nn.Dropout(ALMOST_NEVER), nn.Linear(4, 1)
    model = dense(nn.Linear(6, 5), nn.Linear(5, 4), nn.ReLU(), *last)
    assert agrees(model, "0.bias", mode="train", method="pruned", masks=masks)


@pytest.mark.parametrize("masks", ["common", "fresh"])
def test_functions_in_place(masks):
    last = nn.Linear(5, 4), nn.LeakyReLU(inplace=True), nn.Dropout(ALMOST_NEVER), nn.Linear(4, 1)
    model = dense(nn.Linear(6, 5), nn.LeakyReLU(inplace=True), *last)
    assert agrees(model, "0.bias", mode="train", method="generic", masks=masks)
    assert agrees(model, "2.bias", mode="train", method="generic", masks=masks)


def test_dropout_of_the_inputs():
    last = nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 1)
    model = dense(nn.Dropout(ALMOST_NEVER), *last)
    assert agrees(model, "1.bias", mode="train", method="pruned")


@pytest.mark.filterwarnings("ignore:.*using torch.func:UserWarning")
@pytest.mark.parametrize("wrap", [False, True])
def test_common_masks_are_common_and_fresh_masks_fresh(wrap):
    """On a grid of nine equal points a common mask gives nine equal gradients."""
    model, name = trained("dropout"), "linear2.bias"
    model, name = (Wrapped(model), f"net.{name}") if wrap else (model, name)
    common, fresh = (
        gradient_landscape(
            model, INPUTS, TARGETS, ROWS, name, offsets=[0.0] * 3, mode="train", masks=masks
        ).gradients.flatten(1, 2)
        for masks in ("common", "fresh")
    )
    torch.testing.assert_close(common, common[:, :1].expand_as(common), rtol=1e-12, atol=1e-14)
    gaps = (fresh[:, :, None] - fresh[:, None]).norm(dim=-1) + torch.eye(9)
    assert gaps.min() > 1e-6
    assert (common[0, 0] - common[1, 0]).norm() > 1e-6


@pytest.mark.filterwarnings("ignore:.*using torch.func:UserWarning")
@pytest.mark.parametrize("masks", ["common", "fresh"])
@pytest.mark.parametrize("wrap", [False, True])
def test_masks_follow_the_seed(wrap, masks):
    model, name = trained("dropout"), "linear2.bias"
    model, name = (Wrapped(model), f"net.{name}") if wrap else (model, name)
    first, again, other = (
        gradient_landscape(
            *(model, INPUTS, TARGETS, ROWS, name),
            offsets=OFFSETS, mode="train", masks=masks, seed=seed,
        ).gradients
        for seed in (1, 1, 500)
    )  # fmt: skip
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


@pytest.mark.filterwarnings("ignore:.*using torch.func:UserWarning")
def test_chunks_do_not_change_what_torch_func_finds(monkeypatch):
    model = Wrapped(trained("batch norm"))
    arguments = model, INPUTS, TARGETS, ROWS, "net.norm2.bias"
    options = {"offsets": OFFSETS, "mode": "train", "masks": "fresh"}
    whole = gradient_landscape(*arguments, **options).gradients
    monkeypatch.setattr(functional, "CHUNK", 1)
    one_by_one = gradient_landscape(*arguments, **options).gradients
    torch.testing.assert_close(whole, one_by_one, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("path", "regularizer", "parameter", "mode"),
    [
        ("generic", "none", "linear2.bias", "train"),
        ("generic", "batch norm", "norm2.bias", "train"),
        ("pruned", "none", "linear2.bias", "train"),
        ("pruned", "batch norm", "norm2.bias", "train"),
        ("pruned_deep", "dropout", "linear1.bias", "train"),
        ("pruned_deep", "batch norm", "norm1.bias", "eval"),
    ],
)
def test_chunks_do_not_change_what_the_other_paths_find(
    path, regularizer, parameter, mode, monkeypatch
):
    model = trained(regularizer)
    arguments = model, INPUTS, TARGETS, ROWS, parameter
    options = {"offsets": OFFSETS, "mode": mode, "prune": path != "generic"}
    whole = gradient_landscape(*arguments, **options).gradients
    monkeypatch.setattr(f"gradbook.probes.{path}.CHUNK", 1)
    one_by_one = gradient_landscape(*arguments, **options).gradients
    torch.testing.assert_close(whole, one_by_one, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("rate", [0.3, 0.5])
def test_masks_keep_their_share_and_their_mean(rate):
    layers = [("linear", nn.Linear(4, 500)), ("dropout", nn.Dropout(rate))]
    like = torch.empty(0, dtype=torch.float64)
    mask = sequential.Masks(layers, (20, 50), 4, like).draw(0)["dropout"]
    assert mask.shape == (20, 50, 500)
    assert mask.unique().tolist() == pytest.approx([0, 1 / (1 - rate)])
    sd = (rate * (1 - rate) / mask.numel()) ** 0.5
    assert (mask > 0).double().mean().item() == pytest.approx(1 - rate, abs=5 * sd)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parameter": "linear9.bias"}, "one-dimensional parameter of ['linear1.bias', "),
        ({"parameter": "linear2.weight"}, "got 'linear2.weight'"),
        ({"units": (3, 3)}, "two different units from 0 to 29 of linear2.bias, got (3, 3)"),
        ({"units": (0, 30)}, "from 0 to 29 of linear2.bias, got (0, 30)"),
        ({"units": (-1, 0)}, "from 0 to 29 of linear2.bias, got (-1, 0)"),
        ({"units": (0, 1, 2)}, "two different units"),
        ({"rows": ROWS[0]}, "expected integer rows [M, B], got torch.int64 (16,)"),
        ({"rows": ROWS.float()}, "expected integer rows [M, B], got torch.float32"),
        ({"rows": ROWS[:0]}, "expected integer rows [M, B], got torch.int64 (0, 16)"),
        ({"rows": ROWS + 1000}, "expected rows from 0 to 255, got"),
        ({"rows": -ROWS - 1}, "expected rows from 0 to 255, got"),
        ({"masks": "new"}, "expected masks 'common' or 'fresh', got 'new'"),
        ({"loss": "hinge"}, "or a function, got 'hinge'"),
        ({"mode": "test"}, "expected mode 'eval' or 'train', got 'test'"),
        ({"offsets": [[0.0]]}, "expected offsets [G], got shape (1, 1)"),
        ({"offsets": []}, "expected offsets [G], got shape (0,)"),
    ],
)
def test_an_argument_that_is_not_as_described_is_named(change, message):
    options = {"rows": ROWS, "parameter": "linear2.bias", "offsets": OFFSETS} | change
    with pytest.raises(ValueError, match=re.escape(message)):
        gradient_landscape(models.mlp(660, (40, 30)).double(), INPUTS, TARGETS, **options)
