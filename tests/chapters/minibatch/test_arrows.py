"""Fifty arrows: what is drawn is the projection of the shipped gradients, in words as in Python."""

import numpy as np
import pytest
import torch

from explorers import write_page
from gradbook import probes
from gradbook.chapters.minibatch import arrows
from gradbook.evidence import atlas


@pytest.fixture(scope="module")
def explorer():
    return atlas.load("explorer")


def test_arrows_are_projections_on_the_best_axis(explorer):
    centre = explorer["centre"][list(explorer.jobs).index("none"), :, 0].astype(float)
    signed = arrows.on_one_axis(centre)
    assert np.abs(signed).max(1) == pytest.approx(np.ones(len(signed)))
    for gradients, lengths in zip(centre, signed, strict=True):
        axis = np.linalg.svd(gradients, full_matrices=False)[2][0]
        along = gradients @ axis
        assert np.abs(lengths) == pytest.approx(np.abs(along) / np.abs(along).max())
        opposed = probes.opposed_share(torch.from_numpy(gradients))
        right, left = (lengths > 0).sum(), (lengths < 0).sum()
        pairs = (right + left) * (right + left - 1) / 2
        assert right * left / pairs == pytest.approx(opposed, abs=0.12)  # the axis is not all


def test_an_axis_keeps_its_end_from_epoch_to_epoch():
    turn = np.array([[[1.0, 0.1], [2.0, 0.2]], [[-1.0, -0.2], [-3.0, -0.6]]])
    assert arrows.on_one_axis(turn)[1].tolist() == pytest.approx([-1 / 3, -1])


def test_a_minibatch_without_gradient_has_no_arrow():
    assert arrows.on_one_axis(np.zeros((1, 3, 2))).tolist() == [[0, 0, 0]]
    assert "0 of 3 minibatches point one way, 0 the other. Of these pairs 0 %" in arrows.sentence(
        0, np.zeros(3)
    )


def test_the_page_says_at_every_epoch_what_python_says(explorer, visit, tmp_path):
    made = arrows.fifty_arrows(explorer)
    page = visit(write_page(tmp_path, made)).page
    page.wait_for_selector("[data-widget=ready]")
    assert page.locator(".sentence").inner_text() == repr(made)
    for epoch in made.meta["epochs"]:
        page.locator("input[type=range]").fill(str(epoch))
        lengths = np.array(made.meta["arrows"][epoch])
        assert page.locator(".sentence").inner_text() == arrows.sentence(epoch, lengths)
        assert page.locator("path.right").count() == (lengths > 0).sum()


def test_play_moves_on_by_itself(explorer, visit, tmp_path):
    page = visit(write_page(tmp_path, arrows.fifty_arrows(explorer, epoch=0))).page
    page.wait_for_selector("[data-widget=ready]")
    page.get_by_role("button", name="Play epochs").click()
    page.wait_for_function("Number(document.querySelector('output').innerText) >= 2")


@pytest.mark.parametrize(
    ("shape", "epoch", "message"),
    [((3,), 0, "expected signed lengths"), ((3, 2), 5, "expected an epoch from 0 to 2")],
)
def test_what_does_not_fit_is_refused(shape, epoch, message):
    with pytest.raises(ValueError, match=message):
        arrows.Arrows(np.zeros(shape), epoch=epoch)
