"""Two moons that one straight line separates, and what a net makes of the second coordinate.

The data of Pezeshki et al. 2021 (§1 and the authors' script): moons of scikit-learn, each pushed to
its own side of a line and moved apart by a margin. The first coordinate then tells the moons apart
by its sign; the second one, along the line, tells where on the bend a point is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.datasets import make_moons

from gradbook import models
from gradbook.training import ensemble
from gradbook.training.diets import Diet

EXAMPLES, NOISE, SIDE, REACH = 300, 0.1, 100, 2.0
"""Examples, noise, and the grid [100 × 100] from −2 to 2 on which decisions are drawn."""

MOMENTUM, PLAIN = ensemble.Momentum(0.01, 0.9), Diet()


def moons(
    seed: int, *, margin: float = 0.1, examples: int = EXAMPLES
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the data.

    Args:
        seed: Of scikit-learn's generator.
        margin: Δ: how far from the line the closest points may lie; below 0 the moons overlap.
        examples: How many.

    Returns:
        Inputs [examples, 2] and labels ±1 [examples]. Where the first coordinate tells, a label is
        minus its sign.

    Source: Pezeshki et al. 2021, fig. 1; script `moon_fig_1.py`.
    """
    points, upper = make_moons(examples, noise=NOISE, random_state=seed)
    labels = 2.0 * upper - 1
    along, across = points[:, 0] - 0.5, points[:, 1] - 0.3 * labels
    across = -labels * (np.abs(across - across.mean()) + margin)
    return np.stack([across, along], 1), labels


def grid() -> np.ndarray:
    """The points on which decisions are drawn [10000, 2]; the first coordinate varies slowly."""
    line = np.linspace(-REACH, REACH, SIDE)
    return np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)


def carried(decisions: np.ndarray) -> np.ndarray:
    """Share of a decision function that the second coordinate carries, on its own or in company.

    E₁[Var₂ f] / Var f, the total index of Sobol: 0 for a function of the first coordinate, 1 for
    one of the second, ½ for their sum.

    Args:
        decisions: Outputs f on a grid [..., first, second].

    Returns:
        [...].

    Source: Homma & Saltelli 1996.
    """
    return decisions.var(-1).mean(-1) / decisions.var((-2, -1))


@dataclass(frozen=True)
class Training:
    """How a net is trained on two moons; by default as the paper trains its plain net.

    Attributes:
        widths: Of the hidden layers.
        norm: Whether batch norm stands before each ReLU.
        optimizer, diet, steps: As in `ensemble.train`; every step takes all examples.
        margin: Of the moons.
    """

    widths: tuple[int, ...] = (500,)
    norm: bool = False
    optimizer: ensemble.Momentum | ensemble.Adam = MOMENTUM
    diet: Diet = PLAIN
    steps: int = 1000
    margin: float = 0.1


def training(cure: str, strength: float) -> Training:
    """A cure that was tried against starvation, at one strength.

    Args:
        cure: ``"none"``, ``"weight decay"``, ``"dropout"``, ``"batch norm"``, ``"Adam"``,
            ``"deeper"``, ``"wider"``, ``"longer"``, ``"spectral decoupling"``, or ``"margin"``,
            which is no cure but other moons.
        strength: The coefficient, chance, learning rate, hidden layers of 100 units, hidden units,
            steps, coefficient, or the margin; 0 where there is nothing to choose.

    Raises:
        ValueError: Unknown cure.
    """
    known = {
        "none": lambda: Training(),
        "weight decay": lambda: Training(diet=Diet(weight_decay=strength)),
        "dropout": lambda: Training(diet=Diet(dropout=strength)),
        "batch norm": lambda: Training(norm=True),
        "Adam": lambda: Training(optimizer=ensemble.Adam(strength)),
        "deeper": lambda: Training(widths=(100,) * int(strength)),
        "wider": lambda: Training(widths=(int(strength),)),
        "longer": lambda: Training(steps=int(strength)),
        "spectral decoupling": lambda: Training(diet=Diet(decoupling=strength)),
        "margin": lambda: Training(margin=strength),
    }
    if cure not in known:
        raise ValueError(f"expected a cure of {list(known)}, got {cure!r}")
    return known[cure]()


def trained(how: Training, seeds: Sequence[int]) -> ensemble.Ensemble:
    """Nets trained side by side; a seed has weights, moons and dropout of its own."""
    norm = "batch norm" if how.norm else "none"
    nets = [models.mlp(2, how.widths, regularizer=norm, one_hot=False, seed=s) for s in seeds]
    drawn = [moons(seed, margin=how.margin) for seed in seeds]
    inputs, labels = (torch.from_numpy(np.stack(part)) for part in zip(*drawn, strict=True))
    return ensemble.train(
        ensemble.Ensemble(nets),
        inputs,
        labels,
        how.optimizer,
        steps=how.steps,
        diets=how.diet,
        seeds=seeds,
    )[0]


def judged(nets: ensemble.Ensemble, inputs: np.ndarray) -> np.ndarray:
    """Outputs [members, n] for inputs [n, 2] or [members, n, 2]."""
    return nets.outputs(torch.from_numpy(inputs))[..., 0].double().numpy()
