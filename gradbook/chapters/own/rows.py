"""Rows of the chapter's tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradbook.chapters.own import effects
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import as_text

PROBES = {
    "dose": "dose",
    "gram": "Gram matrix",
    "gradients": "gradients",
    "landscape": "landscape",
}


def cost_rows(costs: Atlas, rows: Sequence[int] = ()) -> list[dict[str, object]]:
    """Milliseconds / megabytes of each probe, by network, parameters and rows.

    Args:
        costs: The costs experiment's results.
        rows: Numbers of rows to show; default all.
    """
    config, found = costs.config, []
    seconds, memory = (np.median(costs[name], 0) for name in ("seconds", "megabytes"))
    for a, network in enumerate(config["networks"]):
        for b in range(len(config["scales"])):
            for c, count in enumerate(config["rows"]):
                if rows and count not in rows:
                    continue
                cells = {
                    PROBES[probe]: _cost(seconds[a, b, c, d], memory[a, b, c, d])
                    for d, probe in enumerate(config["probes"])
                }
                parameters = f"{int(costs['parameters'][0, a, b]):,}"
                place = {"network": network, "parameters": parameters}
                found.append(place | ({} if len(rows) == 1 else {"rows": count}) | cells)
    return found


def _cost(seconds: float, megabytes: float) -> str:
    time = f"{float(f'{1000 * seconds:.2g}'):g}"
    return f"{time}\u00a0/\u00a0{f'{megabytes:,.0f}' if megabytes > 1 else '<1'}"


def precision_rows(labels: Atlas, network: str) -> list[dict[str, object]]:
    """Precision of each score among 50, in %, by epochs.

    Args:
        labels: The labels experiment's results.
        network: One of its networks.
    """
    config, found = labels.config, []
    for k, epochs in enumerate(config["epochs"]):
        row: dict[str, object] = {"epochs": epochs}
        for score in config["scores"]:
            row[score] = as_text(100 * effects.precision(labels, network, epochs, score), ".0f")
        fitted = labels["fitted"][:, config["networks"].index(network), k].astype(float)
        found.append(row | {"wrong labels learned": as_text(100 * fitted, ".0f")})
    return found
