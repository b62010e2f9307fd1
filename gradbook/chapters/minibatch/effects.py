"""What the agreement and the order experiment say of the minibatch chapter's claims."""

from __future__ import annotations

import numpy as np

from gradbook.evidence.atlas import Atlas

LAYERS = (2, 3)
"""Hidden layers whose biases the agreement experiment follows: its curves' last axis."""

MOSTLY_SILENT = 0.25
"""Two biases say nothing of a network in which more of the minibatches have no gradient there."""


def of_loss(agreement: Atlas, name: str, loss: str) -> np.ndarray:
    """One loss's part of an array of the agreement experiment, without the axis of losses.

    Raises:
        ValueError: The experiment has no such loss.
    """
    losses = agreement.config["losses"]
    if loss not in losses:
        raise ValueError(f"expected a loss of {list(losses)}, got {loss!r}")
    return agreement[name][:, losses.index(loss)]


def agreement_curve(
    agreement: Atlas, loss: str, layer: int, *, biases: str = "two biases", opposed: bool = False
) -> np.ndarray:
    """Mean cosine of two minibatches, or share of opposed pairs, after every epoch.

    Args:
        agreement: The results of the agreement experiment.
        loss: One of the losses of its configuration.
        layer: 2 or 3.
        biases: ``"two biases"``, the first two of the layer that respond, or ``"all biases"``.
        opposed: Whether to give the share of opposed pairs.

    Returns:
        [seeds, epochs + 1]; nan where more than a quarter of the minibatches have no gradient in
        the two biases. (Ties of a vote make up at most a tenth.)

    Raises:
        ValueError: The experiment has no such loss or layer.
    """
    if layer not in LAYERS:
        raise ValueError(f"expected a layer of {LAYERS}, got {layer}")
    part = {"two biases": "pair", "all biases": "layer"}[biases]
    name, at = f"{part}_{'opposed' if opposed else 'cosine'}", LAYERS.index(layer)
    curve = of_loss(agreement, name, loss)[..., at].astype(float)
    if part == "pair":
        silent = of_loss(agreement, "zero_share", loss)[..., at] > MOSTLY_SILENT
        curve[silent] = np.nan
    return curve


def r2_at_the_end(agreement: Atlas) -> np.ndarray:
    """R² on the test rows after the last epoch under the L1 loss."""
    return of_loss(agreement, "test_r2", "l1")[:, -1]


def opposed_pairs(agreement: Atlas, layer: int, epoch: int) -> np.ndarray:
    """Share of opposed pairs in two biases under the L1 loss."""
    return agreement_curve(agreement, "l1", layer, opposed=True)[:, epoch]


def cosine_at_the_start(agreement: Atlas, biases: str, layer: int) -> np.ndarray:
    """Mean cosine of two minibatches before the first step, in biases of a layer, L1 loss."""
    return agreement_curve(agreement, "l1", layer, biases=biases)[:, 0]


def change_by_probing(agreement: Atlas, what: str) -> np.ndarray:
    """Largest change over all losses and epochs, of ``"parameters"`` or of ``"gradients"``."""
    return agreement[{"parameters": "moved", "gradients": "repeated"}[what]].max((1, 2))


def cosine_in_all_parameters(agreement: Atlas, epoch: int, size: int = 64) -> np.ndarray:
    """Mean cosine of two minibatches of a size in all parameters under the L1 loss."""
    at = agreement.config["size_epochs"].index(epoch), agreement.config["batch_sizes"].index(size)
    return agreement["size_cosine"][:, *at, -1]


def distance(order: Atlas, change: str) -> np.ndarray:
    """Distance of the changed run's weights at the end, over the distance travelled."""
    return order["weights"][:, order.config["changes"].index(change), -1]


def difference_over_round_off(order: Atlas, change: str) -> np.ndarray:
    """Difference of the changed run's predictions over that of changed last bits, at the end."""
    last_bits = order.config["changes"].index("last bits")
    functions = order["functions"][:, :, -1]
    return functions[:, order.config["changes"].index(change)] / functions[:, last_bits]


def of_recipe(recipes: Atlas, name: str, recipe: str, layer: int) -> np.ndarray:
    """One recipe's part of an array of the recipes experiment [seeds, epochs + 1].

    Where the array is of two biases: nan where more than a quarter of the minibatches have no
    gradient there.
    """
    number, at = recipes.config["recipes"].index(recipe), LAYERS.index(layer)
    curve = recipes[name][:, number, :, at].astype(float)
    if name.startswith("pair"):
        curve[recipes["zero_share"][:, number, :, at] > MOSTLY_SILENT] = np.nan
    return curve


def opposed_by_recipe(recipes: Atlas, recipe: str, layer: int) -> np.ndarray:
    """Share of opposed pairs in two biases, mean over the epochs after the start."""
    curve = of_recipe(recipes, "pair_opposed", recipe, layer)[:, 1:]
    there = ~np.isnan(curve)
    count = there.sum(1)
    return np.where(there, curve, 0).sum(1) / np.where(count, count, np.nan)


def start_by_recipe(recipes: Atlas, recipe: str, layer: int) -> np.ndarray:
    """Mean cosine of two minibatches in all biases before the first step."""
    return of_recipe(recipes, "layer_cosine", recipe, layer)[:, 0]


FALLEN = slice(12, None)
"""Epochs that are looked at where the rate has fallen after the tenth."""

FALLING = {
    "L1": ("falling rate", "constant"),
    "squared": ("squared error, falling rate", "squared error"),
}
"""An error's recipes with a falling and with a constant rate."""


def swing_over_constant(recipes: Atlas, error: str, layer: int) -> np.ndarray:
    """Spread of the cosine over epochs, with a falling rate over a constant one."""
    falling, constant = (
        of_recipe(recipes, "layer_cosine", recipe, layer)[:, FALLEN].std(1)
        for recipe in FALLING[error]
    )
    return falling / constant


def level_after_falling(recipes: Atlas, error: str, layer: int) -> np.ndarray:
    """Mean cosine over the epochs in `FALLEN` with a falling rate."""
    return of_recipe(recipes, "layer_cosine", FALLING[error][0], layer)[:, FALLEN].mean(1)


def level_when_large(falling_rate: Atlas, layer: int) -> np.ndarray:
    """`level_after_falling` of the large network."""
    return of_recipe(falling_rate, "layer_cosine", "falling rate", layer)[:, FALLEN].mean(1)


def swing_when_large(falling_rate: Atlas, layer: int) -> np.ndarray:
    """Spread over the same epochs of the large network's cosine."""
    return of_recipe(falling_rate, "layer_cosine", "falling rate", layer)[:, FALLEN].std(1)
