"""Noise scale of a population from a few rows, with an interval."""

import math

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from gradbook.track import Doses, Held, noise_interval
from zoo import By


def gradients(n, seed, signal=1.0, parameters=50, spread=2.0, heavy=False):
    """Rows with mean (signal, 0, …) and tr Σ = spread², so B_simple = spread²/signal²."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(n, parameters, generator=generator, dtype=torch.float64)
    if heavy:
        factor = torch.randn(n, 1, generator=generator, dtype=torch.float64).exp()
        noise = noise * factor / math.e
    rows = spread / parameters**0.5 * noise
    rows[:, 0] += signal
    return rows


def interval(n, seed, **options):
    rows = gradients(n, seed, **options)
    return noise_interval(rows @ rows.T)


def test_it_is_the_ratio_of_two_unbiased_means():
    rows = gradients(12, 0)
    pairs = [(i, j) for i in range(12) for j in range(12) if i != j]
    signal = sum(rows[i] @ rows[j] for i, j in pairs) / len(pairs)
    trace = sum((rows[i] - rows[j]).square().sum() for i, j in pairs) / (2 * len(pairs))
    assert noise_interval(rows @ rows.T)[0] == pytest.approx((trace / signal).item(), rel=1e-10)


@pytest.mark.parametrize(
    ("options", "true", "low"),
    [
        ({"n": 64}, 4.0, 0.92),
        ({"n": 32, "parameters": 500}, 4.0, 0.92),
        ({"n": 64, "signal": 0.3}, 4 / 0.09, 0.92),
        ({"n": 64, "heavy": True}, 4.0, 0.83),  # norms as unequal as log-normal ones
    ],
)
def test_an_interval_of_95_percent_holds_the_truth_as_often_as_documented(options, true, low):
    found = [interval(seed=seed, **options) for seed in range(400)]
    covered = sum(a <= true <= b for _, a, b in found) / len(found)
    assert low <= covered <= 0.99


def test_rows_that_bound_it_from_below_alone_say_so():
    scale, low, high = interval(8, 0, signal=0.05)
    assert low > 4 and high == math.inf and scale > low


def test_rows_without_a_gradient_have_no_noise_scale():
    assert all(math.isnan(value) for value in noise_interval(torch.zeros(5, 5)))
    with pytest.raises(ValueError, match="at least 3 rows"):
        noise_interval(torch.ones(2, 2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n", [5, 6, 7, 64])
def test_rows_with_one_gradient_have_no_noise(n, dtype):
    rows = torch.randn(40, generator=torch.Generator().manual_seed(0), dtype=dtype).expand(n, 40)
    assert noise_interval(rows @ rows.T) == (0, 0, 0)


@pytest.mark.parametrize("level", [95, 1, 0, -1, math.nan])
def test_a_level_is_a_share(level):
    with pytest.raises(ValueError, match=r"expected (a )?level"):
        noise_interval(torch.eye(4), level)


def test_held_rows_are_rows():
    with pytest.raises(TypeError, match=r"targets as a tensor, got NoneType: of a DataLoader hold"):
        Held(DataLoader([(torch.zeros(2), 0)]), None)


def test_units_are_followed_with_eight_of_the_held_rows():
    seen = []
    layers = nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)
    model = By(lambda m, x: (seen.append(len(x)), m.layers(x))[1], layers=nn.Sequential(*layers))
    doses = Doses(model, held=(torch.randn(40, 6), torch.arange(40) % 3))
    assert set(seen) == {8} and list(doses.groups) == [f"layers.0[{n}]" for n in range(5)]
