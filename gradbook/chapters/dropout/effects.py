"""What the experiments on regularized networks say: nets, substitutes and depth."""

from __future__ import annotations

import numpy as np

from gradbook.evidence.atlas import Atlas

MASKS = {"one mask": "dropout", "fresh masks": "dropout, fresh masks"}
"""How dropout's masks come over a grid, to the view of the nets experiment."""

FIELDS = {
    "none": "no regularizer, bias",
    "dropout": "dropout, bias, one mask",
    "batch norm": "batch norm, shift β",
    "batch norm, bias, evaluation": "batch norm, bias, evaluation",
    "batch norm after ReLU": "behind the ReLU, shift β",
    "batch norm after ReLU, bias": "behind the ReLU, bias",
    "none, weights": "no regularizer, weights",
    "batch norm, weights": "batch norm, weights",
}
"""Views of the nets experiment whose fields mean something, to what figures call them."""


def of_view(nets: Atlas, name: str, view: str, layer: int) -> np.ndarray:
    """One view's part of an array of the nets experiment: [seeds, probed epochs, …].

    Raises:
        ValueError: The experiment has no such view or layer.
    """
    views, layers = list(nets.config["views"]), list(nets.config["layers"])
    if view not in views or layer not in layers:
        raise ValueError(f"expected a view of {views} and a layer of {layers}, got {view}, {layer}")
    return nets[name][:, views.index(view), :, layers.index(layer)]


def angles(nets: Atlas, view: str, layer: int) -> np.ndarray:
    """Mean angle between neighbouring gradients [seeds, probed epochs], in radians.

    On the grid whose radius is a share of the units' spread; under fresh masks, where the direction
    is drawn anew at every point, on the one that was measured.
    """
    return _rough(nets, "angle", view, layer)


def unpredictability(nets: Atlas, view: str, layer: int) -> np.ndarray:
    """`probes.unpredictability` on the same grids [seeds, probed epochs]."""
    return _rough(nets, "unpredictability", view, layer)


def _rough(nets: Atlas, name: str, view: str, layer: int) -> np.ndarray:
    values = of_view(nets, name, view, layer)
    fresh = nets.config["views"][view][2] == "fresh masks"
    return values[..., 0 if fresh else 1]


def angle_in_training(nets: Atlas, view: str, layer: int) -> np.ndarray:
    """Mean angle between neighbouring gradients over the probed epochs after the first."""
    started = np.array(nets.config["probed"]) > 0
    return np.nanmean(angles(nets, view, layer)[:, started], axis=1)


def angle_over_plain(nets: Atlas, view: str, layer: int) -> np.ndarray:
    """A view's angle in training over that of the network without a regularizer."""
    plain = "none, weights" if view.endswith("weights") else "none"
    return angle_in_training(nets, view, layer) / angle_in_training(nets, plain, layer)


def dropout_angle_over_plain(nets: Atlas, masks: str, layer: int) -> np.ndarray:
    """Dropout's angle in training over that of the network without a regularizer."""
    return angle_over_plain(nets, MASKS[masks], layer)


def angle_over_dropout(nets: Atlas, view: str, masks: str, layer: int) -> np.ndarray:
    """A view's angle in training over dropout's, under ``"one mask"`` or ``"fresh masks"``."""
    return angle_in_training(nets, view, layer) / angle_in_training(nets, MASKS[masks], layer)


def angle_at_the_start(nets: Atlas, masks: str, layer: int) -> np.ndarray:
    """Dropout's angle before the first step over its angle in training."""
    start = angles(nets, MASKS[masks], layer)[:, 0]
    return start / angle_in_training(nets, MASKS[masks], layer)


def pictured_angle(
    published: Atlas, view: str, layer: int, over: str = "dropout, evaluation"
) -> np.ndarray:
    """A view's angle after ten epochs over another's, by default the source's plain picture."""
    return angles(published, view, layer)[:, 1] / angles(published, over, layer)[:, 1]


def pictured_start(published: Atlas, layer: int) -> np.ndarray:
    """Dropout's angle under new masks, before the first step over after ten epochs."""
    start, late = angles(published, MASKS["fresh masks"], layer).T
    return start / late


def opposed_by_dropout(nets: Atlas, layer: int) -> np.ndarray:
    """`opposed_beyond_plain` of dropout with one mask a minibatch."""
    return opposed_beyond_plain(nets, "dropout", layer)


def opposed_beyond_plain(nets: Atlas, view: str, layer: int) -> np.ndarray:
    """A view's share of opposed pairs minus that without a regularizer, at equal training loss.

    Each network's mean over its probed epochs in which the training loss lies in the range that
    both networks pass through after the first epoch. nan where there is no such range.
    """
    probed = np.array(nets.config["probed"])
    after = probed > 0
    networks = list(nets.config["learning_rates"])
    names = [networks.index(nets.config["views"][name][0]) for name in ("none", view)]
    losses = nets["train_loss"][:, names][..., probed[after]]
    opposed = np.stack([of_view(nets, "opposed", v, layer)[:, after] for v in ("none", view)], 1)
    low, high = losses.min(-1).max(1), losses.max(-1).min(1)
    shared = (losses >= low[:, None, None]) & (losses <= high[:, None, None])
    shared &= ~np.isnan(opposed)
    count = shared.sum(-1)
    mean = np.where(shared, opposed, 0).sum(-1) / np.where(count, count, np.nan)
    return mean[:, 1] - mean[:, 0]


def noise_parts(nets: Atlas, layer: int) -> tuple[np.ndarray, np.ndarray]:
    """The masks' and the examples' part of a row's gradient variance, [seeds, probed epochs]."""
    number = list(nets.config["layers"]).index(layer)
    return nets["mask_noise"][..., number], nets["example_noise"][..., number]


def drift(nets: Atlas, parameter: str, layer: int) -> np.ndarray:
    """Root mean square of γ − 1, or of β, after training, batch norm before the ReLU."""
    return nets["drift"][:, 0, -1, layer - 1, {"γ": 0, "β": 1}[parameter]]


def error_over_dropout(substitutes: Atlas, problem: str) -> np.ndarray:
    """Test error with batch norm over that with dropout, after training."""
    return _error(substitutes, problem, "batch norm") / _error(substitutes, problem, "dropout")


def error_over_none(substitutes: Atlas, regularizer: str, problem: str) -> np.ndarray:
    """Test error with a regularizer over that without, after training."""
    return _error(substitutes, problem, regularizer) / _error(substitutes, problem, "none")


def unpredicted(depth: Atlas, when: str, layers: int) -> np.ndarray:
    """Share of the output's change by one update that its gradient does not predict."""
    config = depth.config
    steps = config["steps_before"].index({"at the start": 0, "in training": 300}[when])
    return depth["unpredicted"][:, config["layers"].index(layers), steps, config["scales"].index(1)]


def growth_by_layer(depth: Atlas, when: str) -> np.ndarray:
    """Factor by which `unpredicted` grows with every further layer, from 2 to 8 [seeds].

    Least squares of the logarithm against the number of layers.
    """
    layers = [n for n in depth.config["layers"] if 2 <= n <= 8]
    logs = np.log([unpredicted(depth, when, n) for n in layers])
    return np.exp(np.polyfit(layers, logs, 1)[0])


def _error(substitutes: Atlas, problem: str, regularizer: str) -> np.ndarray:
    name = {"few rows": "few_test", "wrong labels": "digits_test"}[problem]
    return substitutes[name][:, substitutes.config["regularizers"].index(regularizer), -1]


CHANGES = {
    "dropout made stable": ("held mask", "shared mask"),
    "plain made unstable": ("none", "mask noise"),
    "batch norm made unstable": ("batch norm", "wide statistics"),
    "ghost batches": ("batch norm", "ghost batches"),
}
"""Changes of the stability experiment, to the way before and after it."""


def error_taken_off(stability: Atlas, change: str) -> np.ndarray:
    """Share of test digits misread in the first way minus in the second, after training.

    Args:
        stability: The experiment's results.
        change: One of `CHANGES`; with ``", at equal fit"`` the first way is read, between two
            looks, when it has given as many training digits their label as the second has at the
            end (or at its first or last look, if it never has).
    """
    name, equal, _ = change.partition(", at equal fit")
    ways = [stability.config["ways"].index(way) for way in CHANGES[name]]
    first, second = (stability["error"][:, way].astype(float) for way in ways)
    if not equal:
        return first[:, -1] - second[:, -1]
    fitted, goal = (stability["fitted"][:, way].astype(float) for way in ways)
    rising = np.maximum.accumulate(fitted, axis=1)
    read = [np.interp(g, f, e) for g, f, e in zip(goal[:, -1], rising, first, strict=True)]
    return np.array(read) - second[:, -1]


def instability_ratio(stability: Atlas, change: str) -> np.ndarray:
    """Mean angle over training between gradients a step apart, second way over first.

    Where the first way is read earlier, at equal fit, it is the same training.
    """
    first, second = (
        stability["instability"][:, stability.config["ways"].index(way)].mean(1)
        for way in CHANGES[change.removesuffix(", at equal fit")]
    )
    return second / first


def unpredicted_if_centred(reasons: Atlas, layers: int) -> np.ndarray:
    """Unpredicted share of the first update with centred targets, over with targets as they are."""
    as_they_are, centred = np.moveaxis(
        reasons["unpredicted"][..., reasons.config["layers"].index(layers)], 1, 0
    )
    return centred / as_they_are


def drift_if_shrunk(reasons: Atlas, layer: int) -> np.ndarray:
    """Root mean square of γ − 1 with targets a hundredth as large, over with them as they are."""
    as_they_are, shrunk = np.moveaxis(reasons["drift"][..., layer - 1], 1, 0)
    return shrunk / as_they_are
