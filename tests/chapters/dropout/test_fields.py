"""Fields that the page computes: the numbers are Python's, and Python's are PyTorch's."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from explorers import write_page
from gradbook.chapters.dropout import masks, rounding
from gradbook.evidence import atlas
from gradbook.widgets.controls import with_controls

FOLDER = Path(masks.__file__).parent


@pytest.fixture(scope="module")
def results():
    return atlas.load("in_the_page")


def computed(name: str, expression: str) -> object:
    """What a widget's JavaScript gives for an expression."""
    text = with_controls(FOLDER / name, "numbers").split("function render")[0]
    script = f"{text};console.log(JSON.stringify("
    found = subprocess.check_output(["node", "-e", f"{script}{expression}))"], text=True)
    return json.loads(found)


@pytest.mark.parametrize("seed", [0, 1, 2_000_000_011])
def test_the_page_draws_the_numbers_that_python_draws(seed):
    draw = masks.generator(seed)
    expression = f"((d) => [d(), d(), d()])(generator({seed}))"
    assert computed("masks.js", expression) == [draw(), draw(), draw()]


@pytest.mark.parametrize("fresh", [False, True])
def test_the_page_computes_the_field_that_python_computes(results, fresh):
    data = masks.masks_explorer(results).meta
    found = computed("masks.js", f"fieldOf({json.dumps(data)}, 5, {json.dumps(fresh)})")
    expected = masks.field(data, 5, fresh)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    angle = computed("masks.js", f"neighbours({json.dumps(expected.tolist())})")
    assert angle == pytest.approx(masks.neighbours(expected))


def test_a_field_is_the_gradient_of_the_loss(results):
    """PyTorch's, under the same mask, at two points of the grid."""
    data = masks.masks_explorer(results).meta
    found, keep, draw = masks.field(data, 4, False), 1 - data["rate"], masks.generator(4)
    hidden, weight, bias, out, target = (
        torch.tensor(data[name], dtype=torch.float64)
        for name in ("hidden", "weight", "bias", "out", "target")
    )

    def mask(columns):
        kept = [draw() < keep for _ in range(len(hidden) * columns)]
        return torch.tensor(kept, dtype=torch.float64).reshape(-1, columns) / keep

    below, above = mask(hidden.shape[1]), mask(len(bias))
    for i, j in ((0, 3), (8, 8)):
        moved = bias.clone()
        moved[data["units"]] += torch.tensor([data["offsets"][0][i], data["offsets"][1][j]])
        moved.requires_grad_()
        y = (((hidden * below) @ weight.T + moved).relu() * above) @ out + data["out_bias"]
        (gradient,) = torch.autograd.grad((y - target).abs().mean(), moved)
        assert found[i, j] == pytest.approx(gradient[data["units"]].tolist(), abs=1e-12)


def test_fresh_masks_are_rougher_at_every_draw(results):
    explorer = masks.masks_explorer(results)
    for draw in range(8):
        one, fresh = (masks.field(explorer.meta, 2 * draw + f, bool(f)) for f in (0, 1))
        assert masks.neighbours(fresh) > 2 * masks.neighbours(one)


@pytest.mark.parametrize("precision", rounding.PRECISIONS)
def test_rounding_is_the_same_bits_in_the_page(results, precision):
    data = rounding.rounding_explorer(results).meta
    found = computed("rounding.js", f"fieldOf({json.dumps(data)}, {json.dumps(precision)})")
    expected = rounding.field(data, precision)
    assert np.array_equal(found, expected)
    sentence = computed("rounding.js", f"sentenceOf({json.dumps(found)}, {json.dumps(precision)})")
    assert sentence == rounding.sentence(expected, precision)


def test_rounding_shrinks_with_the_precision(results):
    """A million times and more; what the network is would not shrink at all."""
    data = rounding.rounding_explorer(results).meta
    single, double = (np.abs(rounding.field(data, name)).mean() for name in rounding.PRECISIONS)
    assert single > 1e6 * double


def test_a_button_draws_anew_and_a_choice_changes_the_numbers(results, visit, tmp_path):
    page = visit(
        write_page(tmp_path, masks.masks_explorer(results), rounding.rounding_explorer(results))
    ).page
    page.locator("[data-widget=ready]").nth(1).wait_for()
    first, second = page.locator(".gradbook-fields").all()
    explorer = masks.masks_explorer(results)
    assert first.locator(".sentence").inner_text() == repr(explorer)
    before = first.locator("svg path").first.get_attribute("d")
    first.get_by_role("button", name="Draw new masks").click()
    explorer.draw += 1
    assert first.locator(".sentence").inner_text() == repr(explorer)
    assert first.locator("svg path").first.get_attribute("d") != before
    second.locator("label").nth(1).click()
    assert "In float64 the longest arrow is 10⁻¹" in second.locator(".sentence").inner_text()


def test_what_does_not_fit_is_refused(results):
    with pytest.raises(ValueError, match="expected a draw from 0 on, got -1"):
        masks.Masks({}, draw=-1)
    with pytest.raises(ValueError, match="expected precision 0 or 1, got 2"):
        rounding.Rounding({}, precision=2)
