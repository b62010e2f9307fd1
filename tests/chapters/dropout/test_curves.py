"""The chapter's closed forms against PyTorch and against what was measured."""

import numpy as np
import pytest
import torch
from torch import nn

from gradbook.chapters import dropout
from gradbook.chapters.dropout import bets, closed_forms, curves, effects
from gradbook.evidence import atlas
from gradbook.exercises import known

Z = np.array(curves.ROWS)


@pytest.mark.parametrize("place", closed_forms.PLACES)
@pytest.mark.parametrize("mode", closed_forms.MODES)
@pytest.mark.parametrize("bias", [-1.0, 0.3, 2.0])
def test_batch_norm_is_pytorch_s(place, mode, bias):
    """In evaluation the running statistics are those of a first pass with no bias."""
    norm = nn.BatchNorm1d(1, affine=False, momentum=1.0).double()
    before = torch.relu if place == "behind the ReLU" else (lambda z: z)
    rows = torch.tensor(Z)[:, None]
    norm.train()(before(rows))
    norm.running_var *= (len(Z) - 1) / len(Z)  # PyTorch keeps the unbiased one
    out = norm.train(mode == "training")(before(rows + bias))[:, 0]
    found = closed_forms.normalized(Z, bias, place, mode)
    np.testing.assert_allclose(found, out.numpy(), atol=1e-12)


def test_only_one_setting_lets_nothing_of_the_bias_through():
    settings = curves.idle_bias_explorer().settings
    moved = {
        (place, mode): curves.moved(settings | {"place": place, "mode": mode})
        for place in closed_forms.PLACES
        for mode in closed_forms.MODES
    }
    assert moved.pop(("before the ReLU", "training")) < 1e-12
    assert min(moved.values()) > 1
    in_evaluation = moved["before the ReLU", "evaluation"]
    assert known()["bias that moves"].expected() == in_evaluation
    assert in_evaluation == pytest.approx(2 / Z.std(), rel=1e-4)


def test_the_masks_part_falls_as_one_over_their_number():
    """Halves meet where the number of masks is the ratio; at one mask the line meets the points."""
    assert closed_forms.masks_share(8.0, np.array([8.0])) == pytest.approx([0.5])
    explorer = curves.many_masks_explorer(atlas.load("nets"))
    for points in explorer.meta["points"]:
        settings = explorer.settings | points["when"]
        line = 100 * closed_forms.masks_share(curves._ratio(settings), np.ones(1))
        assert points["low"][0] - 1 <= line[0] <= points["high"][0] + 1


def test_averaging_masks_leaves_the_rows_part():
    """Of gradients made of a row's part and a mask's, the probe finds the parts of their means."""
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(4000, 1, generator=generator, dtype=torch.float64)

    def drawn(masks):
        noise = torch.randn(4000, masks, generator=generator, dtype=torch.float64)
        return rows + 2 * noise.mean(1, keepdim=True)

    from gradbook.probes.roughness import noise_by_source

    for masks in (1, 4, 16):
        examples, masked = noise_by_source(drawn(masks), drawn(masks))
        share = closed_forms.masks_share(4.0, np.array([masks]))[0]
        assert masked / (examples + masked) == pytest.approx(share, abs=0.03)


def test_a_bias_before_batch_norm_refuses_other_places():
    with pytest.raises(ValueError, match="expected one of"):
        closed_forms.normalized(Z, 0.0, "above the ReLU", "training")


def test_the_bet_on_noise_has_the_measured_parts():
    nets = atlas.load("nets")
    masks, examples = effects.noise_parts(nets, 2)
    values = np.array(bets.noise(nets).meta["values"])
    np.testing.assert_allclose(values, 100 * masks / (masks + examples), rtol=1e-3)


def test_errors_do_not_follow_instability():
    """Every point of the figure is a mean of the experiment; calm ways end far apart."""
    ax = dropout.plot_stability(atlas.load("stability"))
    points = {
        text.get_text(): tuple(map(float, text.xy))
        for text in ax.texts
        if text.get_text() in atlas.load("stability").config["ways"]
    }
    assert len(points) == 8
    assert points["held mask"][0] < points["none"][0]
    assert points["held mask"][1] < 0.6 * points["none"][1]
    assert points["wide statistics"][0] > 4 * points["batch norm"][0]
    assert points["wide statistics"][1] > points["batch norm"][1] - 1
