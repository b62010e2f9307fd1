"""The gradient landscape is, in every mode, what setting two values and differentiating gives."""

from functools import cache

import pytest
import torch
from torch import nn

from gradbook.models import REGULARIZERS
from gradbook.probes import sequential
from gradbook.probes.landscape import gradient_landscape
from networks import INPUTS, ROWS, TARGETS, TASK, Wrapped, owners, trained
from oracle import landscape_by_loop

OFFSETS = torch.linspace(-2, 2, 5, dtype=torch.float64)
EXACT = 1e-12
CASES = [
    (regularizer, f"{owner}{layer}.bias", mode, loss)
    for regularizer in REGULARIZERS
    for owner in owners(regularizer)
    for layer in (1, 2, 3)
    for mode in ("eval", "train")
    for loss in ("l1", "squared")
]


def cancels(regularizer: str, parameter: str, mode: str) -> bool:
    """Whether batch norm takes the bias away again: the gradient is zero, the loop's round-off."""
    return (regularizer, parameter[:6], mode) == ("batch norm", "linear", "train")


def mask_maker(model: nn.Sequential):
    """Grid point number to the masks that the landscape draws there, in float64."""
    modules = list(model.train().named_children())

    def masks_at(point: int):
        return sequential.Masks(modules, ROWS.shape, TASK.features, like=TARGETS).draw(point)

    return masks_at


@cache
def expected(regularizer, parameter, mode, loss, masks="common"):
    model = trained(regularizer, loss)
    masks_at = None
    if regularizer == "dropout" and mode == "train":
        each = mask_maker(model)
        masks_at = each if masks == "fresh" else lambda point: each(0)
    return landscape_by_loop(
        model, INPUTS, TARGETS, ROWS, parameter, OFFSETS, mode=mode, loss=loss, masks_at=masks_at
    )


def found(model, parameter, mode, loss, **options):
    return gradient_landscape(
        model, INPUTS, TARGETS, ROWS, parameter, offsets=OFFSETS, mode=mode, loss=loss, **options
    )


def assert_exact(gradients, reference, scale=None):
    scale = reference.abs().max().item() if scale is None else scale
    assert scale > 1e-3
    assert (gradients - reference).abs().max().item() <= EXACT * scale


@pytest.mark.parametrize(
    ("regularizer", "parameter", "mode", "loss", "method"),
    [
        (*case, method)
        for case in CASES
        for method in ("pruned", "generic", "torch.func")
        # torch.func draws dropout's masks itself: its masks have a test of their own.
        if (case[0], case[2], method) != ("dropout", "train", "torch.func")
    ],
)
def test_equals_the_loop(regularizer, parameter, mode, loss, method):
    model = trained(regularizer, loss)
    if method == "torch.func":
        with pytest.warns(UserWarning, match="using torch.func over the whole network"):
            landscape = found(Wrapped(model), f"net.{parameter}", mode, loss)
        assert landscape.active.isnan().all()
    else:
        landscape = found(model, parameter, mode, loss, prune=method == "pruned")
    # The third hidden layer has no ReLU and linear layer behind the next one. Batch norm with the
    # minibatch's statistics may stand only before the one ReLU behind the second.
    follows = mode == "train" and "norm" in regularizer
    layers = "12" if not follows else "2" if regularizer == "batch norm" else ""
    layer = parameter[-6]
    pruned_or_generic = "pruned" if layer in layers else "generic"
    assert landscape.method == (method if method != "pruned" else pruned_or_generic)
    reference = expected(regularizer, parameter, mode, loss)
    assert landscape.gradients.shape == (3, 5, 5, 2)
    if cancels(regularizer, parameter, mode):
        assert method == "torch.func" or not landscape.gradients.any()
        size = expected(regularizer, parameter.replace("linear", "norm"), mode, loss)
        assert_exact(landscape.gradients, reference, scale=size.abs().max().item())
    else:
        assert_exact(landscape.gradients, reference)


@pytest.mark.parametrize("loss", ["l1", "squared"])
@pytest.mark.parametrize("prune", [True, False])
@pytest.mark.parametrize("masks", ["common", "fresh"])
@pytest.mark.parametrize("layer", [1, 2, 3])
def test_dropout_equals_the_loop_with_the_same_masks(layer, masks, prune, loss):
    case = ("dropout", f"linear{layer}.bias", "train", loss)
    landscape = found(trained("dropout", loss), *case[1:], masks=masks, prune=prune)
    assert_exact(landscape.gradients, expected(*case, masks))
    assert landscape.masks == masks


@pytest.mark.parametrize(("regularizer", "parameter", "mode", "loss"), CASES)
def test_the_grid_is_wide_enough_to_cross_kinks(regularizer, parameter, mode, loss):
    """Else the comparisons above would say little about ReLUs that change sign."""
    if cancels(regularizer, parameter, mode):
        return
    gradients = expected(regularizer, parameter, mode, loss)
    flat = (gradients - gradients[:, :1, :1]).abs().amax((1, 2, 3)) < 1e-6 * gradients.abs().max()
    # One may be flat: a shift that reaches an L1 loss linearly, where no residual changes sign.
    assert flat.sum() <= 1


@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("regularizer", REGULARIZERS)
def test_relus_behind_the_probed_layer_cross_zero(regularizer, mode):
    model = trained(regularizer).train(mode == "train")
    signs = []
    model.relu3.register_forward_hook(lambda module, x, output: signs.append(x[0] > 0))
    bias = model.norm2.bias if "norm" in regularizer else model.linear2.bias
    with torch.no_grad():
        for offset in OFFSETS:
            bias[:2] += offset
            torch.manual_seed(0)
            model(INPUTS[ROWS[0]])
            bias[:2] -= offset
    crossing = torch.stack(signs).float().var(0) > 0
    assert 0.003 < crossing.float().mean() < 0.7


@pytest.mark.parametrize("regularizer", REGULARIZERS)
@pytest.mark.parametrize("mode", ["eval", "train"])
def test_without_dropout_fresh_masks_change_nothing(regularizer, mode):
    if (regularizer, mode) == ("dropout", "train"):
        return
    model = trained(regularizer)
    common, fresh = (
        found(model, "linear2.bias", mode, "l1", masks=m).gradients for m in ("common", "fresh")
    )
    assert torch.equal(common, fresh)


@pytest.mark.parametrize("prune", [True, False])
def test_any_two_units_in_any_order(prune):
    model = trained()
    for units in ((7, 3), (0, 29), (29, 0)):
        ours = found(model, "linear2.bias", "eval", "l1", units=units, prune=prune)
        loop = landscape_by_loop(model, INPUTS, TARGETS, ROWS, "linear2.bias", OFFSETS, units=units)
        assert_exact(ours.gradients, loop)
        assert ours.parameters == tuple(f"linear2.bias[{unit}]" for unit in units)


def test_swapping_the_units_transposes_the_grid():
    model = trained()
    one, other = (
        found(model, "linear2.bias", "eval", "squared", units=units).gradients
        for units in ((4, 9), (9, 4))
    )
    torch.testing.assert_close(one, other.transpose(1, 2).flip(-1), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("prune", [True, False])
@pytest.mark.parametrize("owner", ["linear", "norm"])
def test_residuals_of_one_sign_after_batch_norm_give_zero(owner, prune):
    """An L1 loss is then linear in an output whose batch mean batch norm holds fixed."""
    model, targets = trained("batch norm after ReLU"), TARGETS + 1e3
    for layer in (1, 2):
        name = f"{owner}{layer}.bias"
        loop = landscape_by_loop(model, INPUTS, targets, ROWS, name, OFFSETS, mode="train")
        ours = gradient_landscape(
            model, INPUTS, targets, ROWS, name, offsets=OFFSETS, mode="train", prune=prune
        )
        size = expected("batch norm after ReLU", name, "train", "l1").abs().max()
        assert loop.abs().max() < EXACT * size and ours.gradients.abs().max() < EXACT * size


@pytest.mark.parametrize("regularizer", REGULARIZERS)
@pytest.mark.parametrize("mode", ["eval", "train"])
def test_float32_agrees_but_for_rare_flips_at_kinks(regularizer, mode):
    """A row whose pre-activation or residual is zero to rounding may fall on either side."""
    model = trained(regularizer)
    name = f"{owners(regularizer)[-1]}2.bias"
    exact = found(model, name, mode, "l1")
    rounded = found(model, name, mode, "l1", dtype=torch.float32)
    assert rounded.gradients.dtype == torch.float32 and exact.gradients.dtype == torch.float64
    off = (rounded.gradients - exact.gradients).abs() > 1e-4 * exact.gradients.abs().max()
    assert off.double().mean() < 0.01


def test_float64_of_a_float32_network_is_that_of_its_double():
    model = trained("batch norm").float()
    asked = found(model, "norm2.bias", "train", "l1", dtype=torch.float64)
    double = found(trained("batch norm").float().double(), "norm2.bias", "train", "l1")
    assert torch.equal(asked.gradients, double.gradients)
    assert all(p.dtype == torch.float32 for p in model.parameters())


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_active_is_the_share_of_rows_with_the_unit_on(layer):
    model = trained()
    landscape = found(model, f"linear{layer}.bias", "eval", "l1", units=(2, 5))
    below = model[: 2 * layer - 1]
    on = torch.stack([below(INPUTS[rows])[:, [2, 5]] for rows in ROWS]) > 0
    torch.testing.assert_close(landscape.active, on.double().mean(1))


@pytest.mark.parametrize("masks", ["common", "fresh"])
def test_active_counts_rows_that_dropout_leaves_at_the_centre(masks):
    model = trained("dropout")
    landscape = found(model, "linear2.bias", "train", "l1", masks=masks)
    drawn = mask_maker(model)(0 if masks == "common" else 12)
    h = torch.stack([model.linear1(INPUTS[rows]) for rows in ROWS]).relu() * drawn["dropout1"]
    on = (model.linear2(h) > 0) & (drawn["dropout2"] > 0)
    torch.testing.assert_close(landscape.active, on[..., :2].double().mean(1))


def test_the_centre_is_the_plain_gradient():
    model = trained()
    centre = found(model, "linear3.bias", "eval", "squared").centre
    for rows, gradient in zip(ROWS, centre, strict=True):
        model.zero_grad()
        (model(INPUTS[rows]) - TARGETS[rows]).square().mean().backward()
        torch.testing.assert_close(gradient, model.linear3.bias.grad[:2], rtol=1e-12, atol=1e-12)


def test_a_landscape_integrates_to_the_loss():
    """Along e₁ the trapezium rule over a fine grid gives the difference of two losses."""
    model = trained()
    offsets = torch.linspace(0, 1, 401, dtype=torch.float64)
    fine = gradient_landscape(model, INPUTS, TARGETS, ROWS[:1], "linear2.bias", offsets=offsets)
    losses = []
    for offset in (0.0, 1.0):
        with torch.no_grad():
            model.linear2.bias[0] += offset
            losses.append((model(INPUTS[ROWS[0]]) - TARGETS[ROWS[0]]).abs().mean().item())
    area = torch.trapezoid(fine.gradients[0, :, 0, 0], offsets).item()
    assert area == pytest.approx(losses[1] - losses[0], rel=1e-3) and abs(area) > 1e-3
