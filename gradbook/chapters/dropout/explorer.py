"""The explorer of dropout against batch norm: two views side by side at one epoch."""

from __future__ import annotations

from typing import Any

from gradbook.widgets.explorer import Explorer
from gradbook.widgets.landscapes import NETWORKS, SYMBOLS, View, explorer_of, settings_of

FACETS = ("Regularizer", "Placement", "Parameters", "Mode")
MINIBATCHES = 20
"""How many of the measured minibatches the page carries."""

MODES = {"one mask": "training, one mask", "fresh masks": "training, fresh masks"}


def comparison_explorer(results: Any, **state: int) -> Explorer:
    """All views of the shipped atlas, ``comparison_explorer(atlas.load("explorer"))``.

    It starts with dropout under one mask a minibatch on the left and under fresh masks on the
    right, and carries the first `MINIBATCHES` minibatches.

    Args:
        results: The explorer experiment; its jobs are views.
        **state: Where to start, as for `Explorer`.
    """
    names, measured = list(results.jobs), results["field"].shape[3]
    few = {name: results[name][:, :, :, :MINIBATCHES] for name in ("field", "scale", "centre")}
    start = {"other": names.index("dropout"), "view": names.index("dropout, fresh masks")}
    return explorer_of(
        {**results.arrays, **few},
        views=[_view(name, *found) for name, found in settings_of(results).items()],
        facets=FACETS,
        layers=results.config["layers"],
        batch_size=results.config["batch_size"],
        remark=f"Shown are the first {MINIBATCHES} of the {measured} minibatches measured.",
        **start | state,
    )


def _view(name: str, setting: tuple[str, str, str], learning_rate: float) -> View:
    network, parameters, mode = setting
    symbol, normalized = SYMBOLS[parameters], network.startswith("batch norm")
    words = {
        "Regularizer": "batch norm" if normalized else network,
        "Placement": NETWORKS[network].removeprefix("batch norm ") if normalized else "",
        "Parameters": f"{parameters} {symbol}",
        "Mode": MODES.get(mode, mode),
    }
    title = "no regularizer" if network == "none" else NETWORKS[network]
    label = ", ".join([title, *([symbol] if normalized else []), mode])
    return View(name, label, tuple(words[facet] for facet in FACETS), setting, learning_rate)
