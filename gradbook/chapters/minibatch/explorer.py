"""The minibatch chapter's explorer: one network a regularizer, its start beside its present."""

from __future__ import annotations

from typing import Any

from gradbook.widgets.explorer import Explorer
from gradbook.widgets.landscapes import NETWORKS, View, explorer_of, settings_of


def minibatch_explorer(results: Any, **state: int) -> Explorer:
    """The explorer of the shipped atlas, ``minibatch_explorer(atlas.load("explorer"))``.

    Of each network it shows the view that bears the network's name.

    Args:
        results: The explorer experiment; its jobs are views.
        **state: Where to start, as for `Explorer`.
    """
    views = [
        regularizer_view(*setting, rate)
        for name, (setting, rate) in settings_of(results).items()
        if name in NETWORKS
    ]
    rows = [list(results.jobs).index(view.name) for view in views]
    return explorer_of(
        {name: array[rows] for name, array in results.arrays.items()},
        views=views,
        facets=["Regularizer"],
        layers=results.config["layers"],
        batch_size=results.config["batch_size"],
        **state,
    )


def regularizer_view(network: str, parameters: str, mode: str, learning_rate: float) -> View:
    """The view that stands for its network, where the regularizer is the one facet."""
    label = NETWORKS[network]
    return View(network, label, (label,), (network, parameters, mode), learning_rate)
