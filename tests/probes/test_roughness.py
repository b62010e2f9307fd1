"""Roughness on fields whose answer is known, and the split of spread on a known mixture."""

import math

import pytest
import torch

from gradbook.probes.roughness import neighbour_angle, noise_by_source, unpredictability


def field_of(angles: torch.Tensor) -> torch.Tensor:
    """Landscapes [M, G, G, 2] of given directions, with lengths that must not matter."""
    generator = torch.Generator().manual_seed(1)
    lengths = torch.rand(angles.shape, generator=generator, dtype=torch.float64) + 0.1
    return torch.stack([angles.cos(), angles.sin()], -1) * lengths[..., None]


def turning(along: float, across: float, points: int = 7) -> torch.Tensor:
    i = torch.arange(points, dtype=torch.float64)
    return (2.0 + along * i[:, None] + across * i)[None]


def noise(minibatches: int = 200, points: int = 7) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    shape = (minibatches, points, points)
    return torch.rand(shape, generator=generator, dtype=torch.float64) * 2 * math.pi


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize(("along", "across"), [(0.1, 0.0), (0.1, 0.3), (-0.2, 0.2)])
def test_a_steady_turn_has_its_angle(along, across, step):
    expected = step * (abs(along) + abs(across)) / 2
    assert neighbour_angle(field_of(turning(along, across)), step) == pytest.approx(expected)


def test_angles_are_measured_the_short_way_round():
    assert neighbour_angle(field_of(turning(1.5 * math.pi, 0.0))) == pytest.approx(math.pi / 4)


def test_a_steady_turn_is_smooth_and_noise_is_not():
    assert unpredictability(field_of(turning(0.1, 0.2))) == pytest.approx(0, abs=1e-12)
    assert unpredictability(field_of(torch.ones(3, 7, 7, dtype=torch.float64))) == 0
    pure = field_of(noise())
    assert neighbour_angle(pure) == pytest.approx(math.pi / 2, abs=0.02)
    assert unpredictability(pure) == pytest.approx(1, abs=0.03)


def test_round_off_is_no_roughness():
    generator = torch.Generator().manual_seed(4)
    wobble = 1e-13 * torch.rand((3, 7, 7), generator=generator, dtype=torch.float64)
    assert unpredictability(field_of(1.0 + wobble)) == 0
    with pytest.raises(TypeError, match=r"expected float64 landscapes, got torch\.float32"):
        unpredictability(torch.ones(3, 7, 7, 2))


def test_a_jump_along_a_line_is_smooth_at_this_spacing():
    """The share of pairs that a line parts grows with their distance, up to the grid's edge."""
    points = 101
    angles = torch.zeros(1, points, points, dtype=torch.float64)
    angles[:, points // 2 :] = math.pi
    assert unpredictability(field_of(angles)) == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("size", [0.02, 0.1, 0.5])
def test_a_little_noise_on_a_turn_lies_between(size):
    mixed = turning(0.1, 0.1, 21) + size * torch.randn(
        (50, 21, 21), generator=torch.Generator().manual_seed(2), dtype=torch.float64
    )

    # |N(m, s²)| has mean s√(2/π)·exp(−m²/2s²) + m·erf(m/s√2); neighbours differ with s = size·√2.
    def folded(mean: float, sd: float) -> float:
        bell = sd * math.sqrt(2 / math.pi) * math.exp(-((mean / sd) ** 2) / 2)
        return bell + mean * math.erf(mean / sd / math.sqrt(2))

    sd = size * math.sqrt(2)
    expected = 2 * folded(0.1, sd) / folded(0.2, sd) - 1
    assert unpredictability(field_of(mixed)) == pytest.approx(expected, abs=0.03)


def test_zero_gradients_are_left_out():
    field = field_of(turning(0.1, 0.0))
    field[:, 3, 3] = 0
    assert neighbour_angle(field) == pytest.approx(0.1 * 40 / 80)
    silent = torch.zeros(2, 5, 5, 2, dtype=torch.float64)
    assert math.isnan(neighbour_angle(silent)) and math.isnan(unpredictability(silent))


@pytest.mark.parametrize(("shape", "step"), [((2, 5, 5), 1), ((2, 2, 2, 2), 2), ((2, 5, 5, 2), 0)])
def test_a_grid_without_such_neighbours_is_refused(shape, step):
    with pytest.raises(ValueError, match=r"expected landscapes \[M, G, G, 2\] with G > "):
        neighbour_angle(torch.ones(shape, dtype=torch.float64), step)


def test_spread_is_split_by_its_source():
    """Gradients a_i + b·(noise of the mask): tr Σ has parts P·var(a) and P·b²."""
    generator = torch.Generator().manual_seed(3)
    n, width = 40_000, 3

    def draw() -> torch.Tensor:
        return torch.randn((n, width), generator=generator, dtype=torch.float64)

    examples = 5.0 + 2.0 * draw()
    of_examples, of_masks = noise_by_source(examples + 0.5 * draw(), examples + 0.5 * draw())
    assert of_examples == pytest.approx(width * 4.0, rel=0.02)
    assert of_masks == pytest.approx(width * 0.25, rel=0.02)
