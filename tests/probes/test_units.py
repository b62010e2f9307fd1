"""A unit's outgoing weights are those that read it, whatever lies between."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from gradbook import models, probes
from gradbook.probes.following import LAYERS
from zoo import ZOO, By, Decoder, Masked, VisionTransformer, resnet

FLAT = nn.Flatten()


def attention(**options) -> nn.Module:
    return By(
        lambda m, x: m.out(m.mix(m.one(x), m.one(x), m.two(x), need_weights=False)[0]),
        one=nn.Linear(6, 8),
        two=nn.Linear(6, 8 if not options else 4),
        mix=nn.MultiheadAttention(8, 2, batch_first=True, **options),
        out=nn.Linear(8, 1),
    )


def reads(model: nn.Module, group: dict, name: str) -> torch.Tensor:
    """Where a group lies in a parameter."""
    mask = torch.zeros_like(model.get_parameter(name), dtype=torch.bool)
    mask[group[name]] = True
    return mask


@pytest.mark.parametrize(
    ("model", "reader", "expected"),
    [
        (nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2)), "2.weight", [3]),
        (nn.Sequential(nn.Linear(6, 8), FLAT, nn.Linear(32, 1)), "2.weight", [3, 11, 19, 27]),
        (
            By(
                lambda m, x: m.o(torch.cat([m.a(x), m.a(x).square()], 1)),
                a=nn.Linear(6, 8),
                o=nn.Linear(16, 1),
            ),
            "o.weight",
            [3, 11],
        ),
        (
            By(
                lambda m, x: m.o(m.r(m.a(x))[0]),
                a=nn.Linear(6, 8),
                r=nn.LSTM(8, 5),
                o=nn.Linear(5, 1),
            ),
            "r.weight_ih_l0",
            [3],
        ),
        (
            By(
                lambda m, x: m.o(m.r(m.a(x))),
                a=nn.Linear(6, 8),
                r=nn.GRUCell(8, 5),
                o=nn.Linear(5, 1),
            ),
            "r.weight_ih",
            [3],
        ),
        (models.mlp(20, (8, 5)), "linear2.weight", [3]),
    ],
    ids=["plain", "tokens flattened", "concatenated", "LSTM", "cell", "one-hot rows"],
)
def test_readers_of_a_linear_unit(model, reader, expected):
    layer = next(name for name, m in model.named_modules() if name and hasattr(m, "out_features"))
    group = probes.unit_group(model, layer, 3)
    assert reads(model, group, reader).any(0).nonzero().flatten().tolist() == expected
    assert group[f"{layer}.bias"] == 3


def test_a_channel_is_followed_through_maps():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ConvTranspose2d(8, 8, 3), nn.Conv2d(8, 1, 3))
    assert probes.unit_group(model, "0", 1) == {"0.weight": 1, "0.bias": 1, "1.weight": 1}
    group = probes.unit_group(model, "1", 2)
    assert reads(model, group, "1.weight").any((0, 2, 3)).nonzero().flatten().tolist() == [2]
    assert reads(model, group, "2.weight").any((0, 2, 3)).nonzero().flatten().tolist() == [2]
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), FLAT, nn.Linear(16, 2))
    group = probes.unit_group(model, "0", 1)
    assert reads(model, group, "3.weight").any(0).nonzero().flatten().tolist() == [4, 5, 6, 7]
    model = nn.Sequential(nn.Conv2d(2, 4, 1), nn.ReLU(), nn.Conv2d(4, 6, 1, groups=2))
    rows = reads(model, probes.unit_group(model, "0", 3), "2.weight").nonzero()
    assert rows[:, :2].tolist() == [[3, 1], [4, 1], [5, 1]]


def test_attention_reads_by_query_key_and_value():
    model = attention()
    rows, read = reads(model, probes.unit_group(model, "one", 3), "mix.in_proj_weight").nonzero().T
    assert set(read.tolist()) == {3} and rows.tolist() == list(range(16))
    rows, read = reads(model, probes.unit_group(model, "two", 3), "mix.in_proj_weight").nonzero().T
    assert set(read.tolist()) == {3} and rows.tolist() == list(range(16, 24))
    model = attention(vdim=4)
    group = probes.unit_group(model, "two", 3)
    assert list(group) == ["two.weight", "two.bias", "mix.v_proj_weight"]


def test_what_a_network_adds_in_place_is_followed():
    """To a layer's output, to what a normalization has read, and to a softmax's result."""
    model = By(
        lambda m, x: m.c(m.b((h := m.a(x)).relu()).add_(h).relu()),
        a=nn.Linear(6, 8), b=nn.Linear(8, 8), c=nn.Linear(8, 2),
    )  # fmt: skip
    assert list(probes.unit_group(model, "a", 1))[2:] == ["b.weight", "c.weight"]
    assert list(probes.unit_group(model, "b", 1))[2:] == ["c.weight"]
    model = By(
        lambda m, x: m.c((h := m.a(x) + 0).add_(m.b(m.norm(h)))),
        a=nn.Linear(6, 8), norm=nn.LayerNorm(8), b=nn.Linear(8, 8), c=nn.Linear(8, 2),
    )  # fmt: skip
    assert list(probes.unit_group(model, "a", 1))[2:] == ["b.weight", "c.weight"]
    model = By(
        lambda m, x: m.c(m.gate(x).softmax(-1).mul_(m.a(x))),
        gate=nn.Linear(6, 8), a=nn.Linear(6, 8), c=nn.Linear(8, 2),
    )  # fmt: skip
    assert list(probes.unit_group(model, "a", 1))[2:] == ["c.weight"]


def test_layers_compute_once_for_all_units():
    layers = (nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Conv2d(16, 9, 3), FLAT, nn.Linear(36, 2))
    model, rows = nn.Sequential(*layers), torch.randn(4, 3, 6, 6)
    with FlopCounterMode(display=False) as once:
        model(rows)
    with FlopCounterMode(display=False) as whole:
        assert len(probes.unit_groups(model, "0", inputs=rows)) == 16
    assert whole.get_total_flops() == once.get_total_flops() > 0


def test_every_layer_that_reads_a_unit_counts():
    model = By(
        lambda m, x: m.c(m.b(m.a(x)).relu()) + m.d(m.a(x)),
        a=nn.Linear(6, 8), b=nn.Linear(8, 5), c=nn.Linear(5, 1), d=nn.Linear(8, 1),
    )  # fmt: skip
    group = probes.unit_group(model, "a", 2)
    assert list(group) == ["a.weight", "a.bias", "b.weight", "d.weight"]


def test_the_unit_without_its_group_sends_nothing():
    """Zero outgoing weights, then any change of the unit: the output stays."""
    model, x = resnet().eval(), torch.randn(3, 3, 6, 6)
    with torch.no_grad():
        group = probes.unit_group(model, "3.one", 2)
        assert list(group) == ["3.one.weight", "3.two.weight"]
        model.get_parameter("3.two.weight")[group["3.two.weight"]] = 0
        before = model(x)
        model.get_parameter("3.one.weight")[2] += 5
        torch.testing.assert_close(model(x), before)


@pytest.mark.parametrize(
    ("model", "layer", "message"),
    [
        (
            nn.Sequential(nn.Linear(6, 8), nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)),
            "0",
            "also reaches the output past them",
        ),
        (
            nn.Sequential(nn.Linear(6, 8), Masked(8, 5), nn.Linear(5, 1)),
            "0",
            "got '2', where several reach the same weights",
        ),
        (
            nn.Sequential(nn.Linear(6, 1), Masked(1, 5), nn.Linear(5, 1)),
            "0",
            r"known layers behind the one unit of '0', got weights \['1.weight'\]",
        ),
        (
            nn.Sequential(nn.Linear(6, 8), nn.Softmax(-1), nn.Linear(8, 1)),
            "0",
            "a next layer that reads the 8 units of '0', got none",
        ),
        (
            By(
                lambda m, x: m.b(x[:, :1] + m.a(x).relu().sum()),
                a=nn.Linear(6, 8),
                b=nn.Linear(1, 1),
            ),
            "a",
            "got 'b', where several reach the same weights",
        ),
        (
            By(lambda m, x: m.b(m.a(x)) + m.a(x), a=nn.Linear(6, 2), b=nn.Linear(2, 2)),
            "a",
            "also reaches the output past them",
        ),
        (
            By(lambda m, x: m.a(x) @ m.a.weight, a=nn.Linear(6, 8)),
            "a",
            "a next layer that reads the 8 units of 'a', got none",
        ),
        (
            By(lambda m, x, y: m.b(m.a(x) + y), a=nn.Linear(6, 2), b=nn.Linear(2, 2)),
            "a",
            "pass a few rows, inputs=",
        ),
    ],
)
def test_where_it_cannot_be_told_it_says_so(model, layer, message):
    with pytest.raises(ValueError, match=message):
        probes.unit_group(model, layer, 0)


def test_rows_to_follow_a_unit_with():
    model = By(lambda m, x, y: m.b(m.a(x) + y), a=nn.Linear(6, 2), b=nn.Linear(2, 2))
    group = probes.unit_group(model, "a", 1, inputs=(torch.randn(4, 6), torch.randn(4, 2)))
    assert list(group) == ["a.weight", "a.bias", "b.weight"]


def test_readers_in_the_residual_stream_of_a_vision_transformer():
    """Patches reach all but the head, which reads the class token."""
    model, rows = VisionTransformer(), torch.randn(4, 3, 6, 6)
    group = probes.unit_group(model, "patches", 3, inputs=rows)
    readers = ("self_attn.in_proj_weight", "linear1.weight")
    expected = [f"blocks.{block}.{own}" for block in (0, 1) for own in readers]
    assert list(group) == ["patches.weight", "patches.bias", *expected]
    for name in expected:
        assert reads(model, group, name).any(0).nonzero().flatten().tolist() == [3]
    model.requires_grad_(False)  # torch would fuse its layers
    group = probes.unit_group(model, "blocks.0.linear2", 3, inputs=rows)
    assert list(group)[2:] == [*expected[2:], "head.weight"]


def test_readers_in_a_decoder():
    """A unit of the stream is read by the readout's weights, which are the embedding's.

    Of attention in one's own code a value has readers, by its head and place; a query has none.
    """
    model, rows = Decoder(True), torch.randint(7, (4, 4))
    group = probes.unit_group(model, "out", 3, inputs=rows)
    assert list(group) == ["out.weight", "out.bias", "up.weight", "embed.weight"]
    assert reads(model, group, "embed.weight").any(0).nonzero().flatten().tolist() == [3]
    group = probes.unit_group(model, "qkv", 16 + 5, inputs=rows)
    assert list(group) == ["qkv.weight", "qkv.bias", "out.weight"]
    assert reads(model, group, "out.weight").any(0).nonzero().flatten().tolist() == [5]
    for query_or_key in (3, 8 + 3):
        with pytest.raises(ValueError, match=f"reads unit {query_or_key} of 'qkv', got none"):
            probes.unit_group(model, "qkv", query_or_key, inputs=rows)
    with pytest.raises(ValueError, match="also reaches the output past them"):
        probes.unit_group(Decoder(False), "out", 3, inputs=rows)


def test_a_layer_that_reads_itself_and_one_that_reads_two():
    layer = nn.Linear(6, 6)
    model = nn.Sequential(layer, nn.Tanh(), layer, nn.Linear(6, 2))
    read = reads(model, probes.unit_group(model, "0", 1), "0.weight")
    assert read[1].all() and read[:, 1].all() and read.sum() == 11
    model = By(
        lambda m, x: m.o(m.a(x), m.b(x)),
        a=nn.Linear(6, 3), b=nn.Linear(6, 4), o=nn.Bilinear(3, 4, 2),
    )  # fmt: skip
    read = reads(model, probes.unit_group(model, "b", 1), "o.weight")
    assert read[..., 1].all() and read.sum() == 6


def sent(model, case, layer, group, axis, zeroed):
    """By how much the output moves with a unit, in a network without some of its readers."""
    inputs, _ = case.rows()
    with torch.no_grad():
        for name in zeroed:
            model.get_parameter(name)[group[name]] = 0
    for module in model.modules():
        if isinstance(module, nn.LayerNorm | nn.GroupNorm | nn.RMSNorm):
            module.forward = lambda x: x  # its mean and variance stand still
    found = []
    for by in (0.0, 3.0, -3.0):
        generator = torch.Generator().manual_seed(0)

        def move(module, given, output, by=by, generator=generator):
            shift = torch.zeros_like(output)
            part = shift.movedim(axis, 0)[1]
            part += by * (1 + torch.rand(part.shape, generator=generator))
            return output + shift

        hook = model.get_submodule(layer).register_forward_hook(move)
        output = model(**inputs) if isinstance(inputs, dict) else model(*_tuple(inputs))
        found.append(case.output(output) if case.output else output)
        hook.remove()
    return max((other - found[0]).abs().max().item() for other in found[1:])


def _tuple(inputs):
    return tuple(t.clone() for t in (inputs if isinstance(inputs, tuple) else (inputs,)))


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_layer_of_the_zoo():
    """Without its readers a unit sends nothing, with them it does; or it is refused."""
    told, refused = 0, 0
    for name, case in ZOO.items():
        layers = {n: m for n, m in case.build().named_modules() if type(m) in LAYERS}
        for layer, module in layers.items():
            try:
                group = probes.unit_group(case.build(), layer, 1, inputs=case.rows()[0])
            except ValueError as error:
                assert "name the group's weights yourself" in str(error)
                refused += 1
                continue
            told += 1
            axis = -1 if hasattr(module, "in_features") else 1
            made = list(group)[: 1 + (module.bias is not None)]
            readers = [
                k for k, at in group.items() if k not in made or isinstance(at, torch.Tensor)
            ]
            known = case, layer, group, axis
            assert sent(case.build(), *known, readers) < 1e-12, (name, layer)
            assert sent(case.build(), *known, []) > 1e-6, (name, layer)
    assert told >= 60 and refused > 20
