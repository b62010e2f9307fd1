"""The minibatch chapter's small explorers: a vote, and the size of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gradbook.chapters.minibatch import closed_forms
from gradbook.chapters.minibatch.effects import agreement_curve, of_loss
from gradbook.evidence.atlas import Atlas
from gradbook.evidence.intervals import mean_interval
from gradbook.widgets.curves import Axis, Control, Curves, Form, Lines, Points, module_of

SIZES = (1, 8, 16, 64, 256, 1024)
BATCHES = (8, 16, 32, 64, 128, 256, 512, 1024, 2048)


class MinibatchCurves(Curves):
    """Small explorers of the closed forms in ``forms.js``."""

    _esm = module_of(Path(__file__).with_name("forms.js"))


def _vote_lines(s: Mapping[str, Any]) -> Lines:
    p = np.linspace(0, 1, 101)
    return {"pairs opposed": (p, closed_forms.vote_agreement(p, s["size"])[1])}


def _vote_sentence(s: Mapping[str, Any]) -> str:
    clear, even = (100 * closed_forms.vote_agreement(p, s["size"])[1] for p in (0.6, 0.5))
    return (
        f"Where 60 % of all rows vote one way, {clear:.0f} % of the pairs of minibatches of "
        f"{s['size']} are opposed; at an even split {even:.0f} %."
    )


VOTE = Form("vote", _vote_lines, _vote_sentence)


def vote_explorer(agreement: Atlas) -> Curves:
    """How often two minibatches are opposed, by the share of rows predicted too high.

    Args:
        agreement: The agreement experiment's results.
    """
    share = of_loss(agreement, "positive", "l1")[:, 1:].astype(float).ravel()
    opposed = agreement_curve(agreement, "l1", 2, opposed=True)[:, 1:].ravel()
    return MinibatchCurves(
        VOTE,
        id="vote",
        title="64 rows vote, and the majority is the arrow. How often are two arrows opposed?",
        controls=(Control("size", "Rows in a minibatch", SIZES, 3),),
        x=Axis(
            "share of all rows that are predicted too high, π", 0, 1, ticks=(0, 0.25, 0.5, 0.75, 1)
        ),
        y=Axis(
            "pairs opposed", 0, 0.6, ticks=(0, 0.2, 0.4, 0.6), texts=("0", "20 %", "40 %", "60 %")
        ),
        points=[
            Points(
                "ten networks, twenty epochs",
                "pairs opposed",
                {"size": 64},
                share,
                opposed,
                opposed,
                opposed,
            )
        ],
        note="The line is the vote alone. Nothing is fitted.",
    )


def batch_cosine(noise_scale: np.ndarray, size: float | np.ndarray, rows: int) -> np.ndarray:
    """Cosine of two minibatches, 1 / (1 + 𝓑/|B| · (n − |B|)/(n − 1)).

    Args:
        noise_scale: 𝓑, in rows.
        size: |B|, in rows; no row twice in a minibatch.
        rows: n.

    Source: McCandlish et al. (2018), with the correction for drawing without replacement.
    """
    return 1 / (1 + noise_scale / size * (rows - size) / (rows - 1))


def _mean_cosine(s: Mapping[str, Any], size: float | np.ndarray) -> np.ndarray:
    scales = np.array(s["scales"][str(s["epoch"])])
    return batch_cosine(scales[..., None], np.atleast_1d(size), s["rows"]).mean(0)


def _batch_lines(s: Mapping[str, Any]) -> Lines:
    size = np.geomspace(8, 4096, 91)
    at = _mean_cosine(s, s["size"])[0]
    return {
        "two minibatches' cosine": (size, _mean_cosine(s, size)),
        "your batch": (np.array([s["size"], s["size"]]), np.array([0, at])),
    }


def _batch_sentence(s: Mapping[str, Any]) -> str:
    now, twice = _mean_cosine(s, np.array([s["size"], 2 * s["size"]]))
    return (
        f"Epoch {s['epoch']}, {s['size']:,} rows: cosine {now:.2f}. Twice as many rows would make "
        f"a step up to {twice / now:.1f} times as good."
    )


BATCH = Form("batch", _batch_lines, _batch_sentence)


def batch_explorer(agreement: Atlas) -> Curves:
    """Agreement of two minibatches in all parameters, by their size.

    Args:
        agreement: The agreement experiment's results.
    """
    config = agreement.config
    epochs, sizes = config["size_epochs"], np.array(config["batch_sizes"], float)
    scales, points = {}, []
    for number, epoch in enumerate(epochs):
        found = agreement["size_noise_scale"][:, number, 2].astype(float)
        scales[str(epoch)] = [float(f"{v:.5g}") for v in found]
        mean, low, high = mean_interval(agreement["size_cosine"][:, number, :, 2].astype(float))
        points.append(
            Points("measured", "two minibatches' cosine", {"epoch": epoch}, sizes, mean, low, high)
        )
    return MinibatchCurves(
        BATCH,
        id="batch",
        title="When does a larger minibatch help?",
        controls=(
            Control("size", "Rows in a minibatch", BATCHES, 3),
            Control("epoch", "Epoch", tuple(epochs), 1),
        ),
        x=Axis(
            "rows in a minibatch, |B|",
            8,
            4096,
            log=True,
            ticks=(8, 64, 512, 4096),
            texts=("8", "64", "512", "4,096"),
        ),
        y=Axis("cosine in all parameters", 0, 1, ticks=(0, 0.25, 0.5, 0.75, 1)),
        points=points,
        fixed={"scales": scales, "rows": config["rows"][0]},
        note="Means of ten networks with 95 % intervals. The line is the noise scale alone.",
    )


FORMS = (VOTE, BATCH)
EXPLORERS = {"vote": (vote_explorer, "agreement"), "batch": (batch_explorer, "agreement")}
"""Name to what makes it, and the experiment that it is given."""
