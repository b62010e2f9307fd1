"""Per-example gradients, held or multiplied, are those of a loop over the rows."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from gradbook import probes, training
from gradbook.models import OneHotLinear
from gradbook.probes import matrix_layers
from networks import INPUTS, TARGETS, Wrapped, dense, dense_rows, trained

# torch.func runs OneHotLinear row by row, and says so.
pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")

LABELS = torch.randint(4, (12,), generator=torch.Generator().manual_seed(4))
ROWWISE = {
    "cross entropy": lambda outputs, labels: functional.cross_entropy(
        outputs, labels, reduction="none"
    ),
    "margin": lambda outputs, labels: (1 - outputs[:, 0] * (2 * (labels > 1) - 1)).relu(),
}


def pictures(channels: int, *sizes: int) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.randn(12, channels, *sizes, generator=generator, dtype=torch.float64)


def head(channels: int) -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(channels, 4)]


class Residual(nn.Module):
    """One layer used twice, a skip connection, and work in place."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv2d(3, 3, 3, padding="same")
        self.skip = nn.Conv2d(3, 3, 1, bias=False)
        self.read = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        hidden = functional.relu(self.mix(x), inplace=True)
        hidden = functional.relu(self.mix(hidden) + self.skip(x), inplace=True)
        return self.read(hidden.mean((2, 3)))


class Attention(nn.Module):
    """Weights that no layer's own forward uses, a normalization, and layers over positions."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(7, 8)
        self.mix = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.each = nn.Linear(8, 4)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embed(tokens)
        return self.each(self.norm(x + self.mix(x, x, x, need_weights=False)[0])).sum(1)


class Tied(nn.Module):
    """A weight that belongs to two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(4, 4), nn.Linear(4, 4)
        self.down.weight = self.up.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.up(x).tanh())


CONV = {
    "plain": ([nn.Conv2d(3, 5, 3), nn.ReLU(), *head(5 * 16)], (3, 6, 6)),
    "stride, padding, dilation": (
        [
            nn.Conv2d(3, 4, (3, 2), stride=(2, 1), padding=(2, 1), dilation=(1, 2)),
            nn.Tanh(),
            *head(4 * 4 * 6),
        ],
        (3, 6, 6),
    ),
    "groups": ([nn.Conv2d(4, 6, 2, groups=2), nn.ReLU(), *head(6 * 25)], (4, 6, 6)),
    "circular, no bias": (
        [
            nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular", bias=False),
            nn.Tanh(),
            *head(3 * 36),
        ],
        (2, 6, 6),
    ),
    "one dimension": ([nn.Conv1d(3, 4, 3, padding=1), nn.ReLU(), *head(4 * 8)], (3, 8)),
    "three dimensions": ([nn.Conv3d(2, 3, 2), nn.Tanh(), *head(3 * 27)], (2, 4, 4, 4)),
    "deep": (
        [nn.Conv2d(3, 6, 3), nn.ReLU(inplace=True), nn.Conv2d(6, 40, 3), nn.ReLU(), *head(160)],
        (3, 6, 6),
    ),
    "batch norm": (
        [nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), *head(5 * 16)],
        (3, 6, 6),
    ),
}


def loop(model: nn.Module, inputs: Tensor, targets: Tensor, loss) -> Tensor:
    """A backward pass for each row, in evaluation mode [n, P]."""
    model.eval()
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    rows = []
    for x, y in zip(inputs, targets, strict=True):
        gradients = torch.autograd.grad(loss(model(x[None]), y[None]).mean(), learning)
        rows.append(torch.cat([gradient.flatten() for gradient in gradients]))
    return torch.stack(rows)


def assert_all_ways_agree(model: nn.Module, inputs: Tensor, targets: Tensor, loss) -> None:
    expected = loop(model, inputs, targets, loss)
    assert expected.norm() > 0
    scale = expected.abs().max()
    held = probes.example_gradients(model, inputs, targets, loss=loss)
    assert (held - expected).abs().max() <= 1e-13 * scale
    kernel = probes.example_gram(model, inputs, targets, loss=loss)
    products = expected @ expected.T
    assert (kernel - products).abs().max() <= 1e-13 * products.abs().max()
    norms = probes.example_norms(model, inputs, targets, loss=loss)
    torch.testing.assert_close(norms, expected.norm(dim=1), rtol=1e-12, atol=0)


@pytest.mark.parametrize("loss", ROWWISE)
@pytest.mark.parametrize("chunk", [1, 2**24])
@pytest.mark.parametrize("name", CONV)
def test_convolutional_networks(name, chunk, loss, monkeypatch):
    monkeypatch.setattr(matrix_layers, "CHUNK", chunk)
    modules, shape = CONV[name]
    assert_all_ways_agree(dense(*modules), pictures(*shape), LABELS, ROWWISE[loss])


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        (Residual(), pictures(3, 4, 4)),
        (Attention(), LABELS.repeat(3, 1).T + torch.arange(3)),
        (Tied(), pictures(4)),
        (nn.Sequential(nn.Linear(4, 5), nn.LayerNorm(5), nn.Linear(5, 4)), pictures(4)),
        (nn.Sequential(nn.Unflatten(1, (2, 3)), nn.Linear(3, 2), *head(4)), pictures(6)),
    ],
    ids=["a layer used twice", "attention", "tied", "normalization", "linear over positions"],
)
def test_other_networks(model, inputs):
    assert_all_ways_agree(dense(model), inputs, LABELS, ROWWISE["cross entropy"])


@pytest.mark.parametrize("name", ["l1", "squared"])
def test_one_hot_rows_and_losses_by_name(name):
    model = trained(loss=name)
    kernel = probes.example_gram(model, INPUTS[:40], TARGETS[:40], loss=name)
    known = loop(model, INPUTS[:40], TARGETS[:40], training.LOSSES[name])
    torch.testing.assert_close(kernel, known @ known.T, rtol=1e-10, atol=1e-12)
    held = probes.example_gradients(model, INPUTS[:40], TARGETS[:40], loss=name)
    torch.testing.assert_close(held, known, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("k", "out"), [(3, 2), (40, 50)])
def test_both_ways_to_a_layers_products_agree(k, out):
    """Few positions of wide layers go by pairs, many of narrow ones by their gradients."""
    generator = torch.Generator().manual_seed(6)
    inputs = torch.randn(7, 5, k, generator=generator, dtype=torch.float64)
    errors = torch.randn(7, 5, out, generator=generator, dtype=torch.float64)
    held = (inputs.mT @ errors).flatten(1)
    torch.testing.assert_close(
        matrix_layers.products(inputs, errors, bias=False), held @ held.T, rtol=1e-12, atol=1e-12
    )
    pairs = matrix_layers._by_pairs(inputs, errors, bias=False)
    torch.testing.assert_close(pairs, held @ held.T, rtol=1e-12, atol=1e-12)


def test_some_parameters_alone():
    model = dense(*CONV["deep"][0])
    inputs, loss = pictures(3, 6, 6), ROWWISE["cross entropy"]
    everything = probes.example_gradients(model, inputs, LABELS, loss=loss)
    sizes = [value.numel() for value in model.parameters()]
    columns = dict(zip(dict(model.named_parameters()), everything.split(sizes, dim=1), strict=True))
    for names in (["2.weight"], ["2.bias"], ["5.bias", "0.weight"]):
        chosen = {"loss": loss, "parameters": names}
        held = probes.example_gradients(model, inputs, LABELS, **chosen)
        assert torch.equal(held, torch.cat([columns[name] for name in names], 1))
        kernel = probes.example_gram(model, inputs, LABELS, **chosen)
        torch.testing.assert_close(kernel, held @ held.T, rtol=1e-11, atol=1e-13)
        norms = probes.example_norms(model, inputs, LABELS, **chosen)
        torch.testing.assert_close(norms, held.norm(dim=1), rtol=1e-11, atol=0)


def test_frozen_parameters_are_left_out():
    model = dense(*CONV["plain"][0])
    model[0].requires_grad_(False)
    assert_all_ways_agree(model, pictures(3, 6, 6), LABELS, ROWWISE["cross entropy"])
    with pytest.raises(ValueError, match="got none that learns"):
        probes.example_gram(model.requires_grad_(False), pictures(3, 6, 6), LABELS)


def test_float32_agrees_with_float64():
    model, inputs = dense(*CONV["deep"][0]), pictures(3, 6, 6)
    loss = ROWWISE["cross entropy"]
    exact = probes.example_gram(model, inputs, LABELS, loss=loss)
    single = probes.example_gram(model.float(), inputs.float(), LABELS, loss=loss)
    assert single.dtype == torch.float32
    assert (single - exact).abs().max() <= 1e-5 * exact.abs().max()


@pytest.mark.parametrize(
    "probe", [probes.example_gradients, probes.example_gram, probes.example_norms]
)
class TestPromises:
    def test_a_network_is_left_as_it_was(self, probe):
        model = dense(*CONV["batch norm"][0]).train()
        model[0].weight.grad = torch.ones_like(model[0].weight)
        before = {name: value.clone() for name, value in model.state_dict().items()}
        random = torch.random.get_rng_state()
        probe(model, pictures(3, 6, 6), LABELS, loss=ROWWISE["cross entropy"])
        assert model.training and not model[0]._forward_hooks
        assert torch.equal(model[0].weight.grad, torch.ones_like(model[0].weight))
        assert torch.equal(torch.random.get_rng_state(), random)
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())

    def test_batch_norm_in_training_mode_is_refused(self, probe):
        model = dense(*CONV["batch norm"][0])
        with pytest.raises(ValueError, match=r"got '1': batch norm .* no gradient of its own"):
            probe(model, pictures(3, 6, 6), LABELS, loss=ROWWISE["margin"], mode="train")
        assert not model[0]._forward_hooks

    def test_batch_norm_without_running_statistics_is_refused(self, probe):
        model = dense(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5, track_running_stats=False), *head(80))
        with pytest.raises(ValueError, match="got '1': batch norm"):
            probe(model, pictures(3, 6, 6), LABELS, loss=ROWWISE["margin"])

    def test_unknown_parameters_and_losses_are_named(self, probe):
        model = dense(nn.Linear(6, 1))
        inputs, targets, _ = dense_rows()
        with pytest.raises(ValueError, match=r"of \['0.weight', '0.bias'\], got \['1.bias'\]"):
            probe(model, inputs, targets, parameters=["1.bias"])
        with pytest.raises(ValueError, match="or a function, got 'hinge'"):
            probe(model, inputs, targets, loss="hinge")
        with pytest.raises(
            ValueError, match=r"each of \d+ rows, got shape \(\) from outputs .*: ask the loss"
        ):
            probe(model, inputs, targets, loss=functional.mse_loss)


def test_dropout_in_training_mode_beside_a_normalization_draws_its_masks_once():
    """The masks are those that the network draws for all rows together, in every parameter."""
    model = dense(nn.Linear(6, 5), nn.LayerNorm(5), nn.Dropout(0.5), nn.Linear(5, 1)).train()
    inputs, targets, _ = dense_rows()
    with torch.random.fork_rng():
        losses = (model(inputs) - targets).square().mean(1)
    each = [torch.autograd.grad(one, list(model.parameters()), retain_graph=True) for one in losses]
    expected = torch.stack([torch.cat([g.flatten() for g in one]) for one in each])
    held = probes.example_gradients(model, inputs, targets, mode="train")
    torch.testing.assert_close(held, expected, rtol=1e-12, atol=1e-14)
    kernel = probes.example_gram(model, inputs, targets, mode="train")
    torch.testing.assert_close(kernel, expected @ expected.T, rtol=1e-11, atol=1e-13)


def test_dropout_in_training_mode_gives_every_row_its_mask():
    """With one weight per unit, a row's squared norm is a sum over the units that it kept."""
    model = nn.Sequential(nn.Dropout(0.5), nn.Linear(200, 1, bias=False)).double()
    inputs, targets = torch.ones(3, 200).double(), torch.zeros(3, 1).double()
    loss = {"loss": lambda outputs, _: outputs, "mode": "train"}
    torch.manual_seed(0)
    for kernel in (
        probes.example_gram(model, inputs, targets, **loss),
        (held := probes.example_gradients(model, inputs, targets, **loss)) @ held.T,
    ):
        kept, shared = kernel.diagonal() / 4, kernel[0, 1] / 4
        assert (kept > 60).all() and (kept < 140).all()
        assert 20 < shared < 80


def test_one_hot_linear_counts_as_a_matrix_layer():
    layer = OneHotLinear(5, 3).double()
    seen = torch.tensor([[0, 2], [2, 4]])
    known = torch.tensor([[1.0, 0, 1, 0, 0], [0, 0, 1, 0, 1]]).double()
    assert torch.equal(matrix_layers.layer_inputs(layer, seen)[0, :, 0], known)


def test_a_wrapped_network_is_the_same():
    model = trained()
    kernel = probes.example_gram(model, INPUTS, TARGETS)
    assert torch.equal(probes.example_gram(Wrapped(model), INPUTS, TARGETS), kernel)
