"""What claims are judged by: one number a seed, read from an experiment's results. No torch.

A function takes the results and the case, and returns an array [seeds]; nan where a seed does not
have the quantity.
"""

from __future__ import annotations

import numpy as np

from gradbook.atlas import Atlas

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


ALIVE = 0.02
"""A recognizer that answers its feature with less than this, where 1 is right, is dead."""

WEAK, STRONG = 0.5, 0.9
"""Cosines with the feature below and above which a recognizer is called so."""


def threshold(results: Atlas, setting: str) -> np.ndarray:
    """Frequency over weight decay at which recognizers begin to survive.

    The geometric mean of the most frequent dead recognizer and the rarest living one above it;
    where none is dead, the rarest of all, which is an upper bound.
    """
    ratios = results["ratio"][0]
    alive = results["answer"][:, results.config["settings"].index(setting)] > ALIVE
    found = []
    for seed in alive:
        first = 0 if seed.all() else int((~seed).nonzero()[0][-1]) + 1
        if first == len(ratios):
            found.append(np.nan)
        else:
            found.append(ratios[0] if first == 0 else np.sqrt(ratios[first - 1] * ratios[first]))
    return np.array(found)


def cosine_after_the_cut(cut_off: Atlas, cause: str) -> np.ndarray:
    """Cosine of the starved recognizer's weights with those at the cut, at the end."""
    return cut_off["cosine"][:, cut_off.config["causes"].index(cause), -1]


def share_shaped(shaping: Atlas, network: str) -> np.ndarray:
    """Of the units that start weak and are fed, the share that ends strong.

    A unit is weak if its cosine with every feature is below `WEAK`, fed if its norm is larger at
    the end than at the start, so that its dose outweighed erosion and decay, and strong if its
    cosine with a feature is above `STRONG`.
    """
    if network == "a patch each":
        cosine, norm = shaping["patch_cosine"][..., None], shaping["patch_norm"]
    else:
        cosine, norm = shaping["shared_cosine"], shaping["shared_norm"]
    best = cosine.max(-1)
    counted = (best[:, 0] < WEAK) & (norm[:, -1] > norm[:, 0])
    return ((best[:, -1] > STRONG) & counted).sum(1) / counted.sum(1)


def accuracy_lost(competition: Atlas, setting: str, step: int) -> np.ndarray:
    """Accuracy with a head start of feature 1 minus without, so many steps after it."""
    number = competition.config["settings"].index(setting)
    at = competition["step"][0].tolist().index(step)
    accuracy = competition["accuracy"][:, number, :, at]
    starts = competition.config["starts"]
    return accuracy[:, starts.index("feature 1")] - accuracy[:, starts.index("none")]


def head_start_left(competition: Atlas, setting: str) -> np.ndarray:
    """Share of a head start that is left, at every record [seeds, records + 1].

    With D the net's reliance on feature 1 less that on feature 2, where feature 1 had the start,
    minus the same where feature 2 had it: D over what it was when the head start ended.
    """
    number = competition.config["settings"].index(setting)
    reliance = competition["reliance"][:, number].astype(float)
    lead = reliance[..., 0] - reliance[..., 1]
    apart = lead[:, 0] - lead[:, 1]
    return apart / apart[:, :1]


def head_start_left_at_the_end(competition: Atlas, setting: str) -> np.ndarray:
    """The last of `head_start_left`."""
    return head_start_left(competition, setting)[:, -1]


def diet_number(diets: Atlas, diet: str, strength: float) -> int:
    """Where a diet at a strength stands in the diets experiment's arrays.

    Raises:
        ValueError: It was not run; the message lists what was.
    """
    run = [(name, s) for name, strengths in diets.config["diets"] for s in strengths]
    if (diet, strength) not in run:
        raise ValueError(f"expected a diet and strength of {run}, got {(diet, strength)}")
    return run.index((diet, strength))
