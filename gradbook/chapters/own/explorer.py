"""The pictures that two scores suspect first, epoch by epoch, with the wrong labels framed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import traitlets as t
from sklearn.datasets import load_digits

from gradbook.evidence.atlas import Atlas
from gradbook.widgets.controls import with_controls
from gradbook.widgets.still import Shown, escaped, paragraph

SCORES = {"loss": "Highest loss", "agreement": "Agrees least with the others"}
COLUMNS, CELL = 8, 10
LEVELS = "0123456789abcdefg"
"""A pixel's grey, from 0 to 16."""


def sentence(
    epochs: int, wrong: Mapping[str, Sequence[int]], networks: int, means: Mapping[str, str]
) -> str:
    """How many of the pictures shown have wrong labels, here and on average over networks."""
    loss, agreement = (sum(wrong[score]) for score in SCORES)
    return (
        f"After {epochs} epoch{'s' if epochs > 1 else ''}, {loss} of the {len(wrong['loss'])} with "
        f"the highest loss have a wrong label, and {agreement} of those that agree least; over "
        f"{networks} networks it is {means['loss']} and {means['agreement']} on average."
    )


def shapes(pictures: Sequence[str]) -> list[str]:
    """A path of SVG for each grey but none: pixels of pictures in rows of eight."""
    found = ["" for _ in LEVELS]
    for place, pixels in enumerate(pictures):
        left, top = CELL * (place % COLUMNS) + 1, CELL * (place // COLUMNS) + 1
        for k, level in enumerate(pixels):
            found[LEVELS.index(level)] += f"M{left + k % 8} {top + k // 8}h1v1h-1z"
    return found[1:]


class Suspects(Shown):
    """The first pictures by loss and by agreement, under a slider for the epochs.

    Attributes:
        meta: ``epochs``; ``pictures``, a score to 64 greys of each picture, epoch by epoch;
            ``wrong``, a score to 1 where the label is wrong; ``networks``, how many were trained;
            ``means``, a score to the wrong ones' mean number over them; ``titles``.
        epoch: Index into ``meta["epochs"]``.
    """

    _esm = with_controls(Path(__file__).with_name("explorer.js"))
    _css = with_controls(Path(__file__).with_name("explorer.css"))

    meta = t.Dict().tag(sync=True)
    epoch = t.Int(0).tag(sync=True)

    def __init__(self, labels: Atlas, network: str = "convolutional", epoch: int = 0) -> None:
        """Show one seed's pictures.

        Args:
            labels: The experiment's results.
            network: Which of its networks.
            epoch: Index of the epochs to begin with.

        Raises:
            ValueError: There is no such network or index.
        """
        config = labels.config
        if network not in config["networks"]:
            raise ValueError(f"expected a network of {config['networks']}, got {network!r}")
        at, pixels = config["networks"].index(network), load_digits().data.astype(int)
        pictures: dict[str, Any] = {}
        wrong: dict[str, Any] = {}
        means: dict[str, Any] = {}
        for score in SCORES:
            k = config["scores"].index(score)
            numbers, flags = (labels[n][0, at, :, k] for n in ("first", "mislabelled"))
            pictures[score] = [
                ["".join(LEVELS[v] for v in pixels[number]) for number in row] for row in numbers
            ]
            wrong[score] = flags.astype(int).tolist()
            counts = labels["mislabelled"][:, at, :, k].sum(-1).mean(0)
            means[score] = [f"{count:.0f}" for count in counts]
        meta = {
            "epochs": list(config["epochs"]),
            "pictures": pictures,
            "wrong": wrong,
            "networks": len(labels.jobs),
            "means": means,
            "titles": SCORES,
        }
        super().__init__(meta=meta, epoch=epoch)

    @t.validate("epoch")
    def _check_epoch(self, proposal: dict) -> int:
        count = len(self.meta.get("epochs", ()))
        if not 0 <= proposal["value"] < count:
            raise ValueError(f"expected epoch from 0 to {count - 1}, got {proposal['value']}")
        return proposal["value"]

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        wrong, means = (
            {score: rows[self.epoch] for score, rows in self.meta[name].items()}
            for name in ("wrong", "means")
        )
        return sentence(self.meta["epochs"][self.epoch], wrong, self.meta["networks"], means)

    def still(self) -> str:
        """Both groups of pictures, and the sentence."""
        text, parts = escaped(repr(self)), []
        for score, title in SCORES.items():
            pictures = self.meta["pictures"][score][self.epoch]
            paths = "".join(
                f'<path d="{d}" fill="currentColor" fill-opacity="{level / 16:g}"/>'
                for level, d in enumerate(shapes(pictures), 1)
                if d
            )
            frames = "".join(
                f'<rect x="{CELL * (k % COLUMNS) + 0.5:g}" y="{CELL * (k // COLUMNS) + 0.5:g}" '
                'width="9" height="9" fill="none" stroke="#d55e00"/>'
                for k, flag in enumerate(self.meta["wrong"][score][self.epoch])
                if flag
            )
            rows = -(-len(pictures) // COLUMNS)
            parts.append(
                f'{paragraph(title)}<svg viewBox="0 0 {CELL * COLUMNS} {CELL * rows}" width="400" '
                f'style="max-width:100%;height:auto" role="img" aria-label="{text}">'
                f"{paths}{frames}</svg>"
            )
        return "".join(parts) + paragraph(text)


def suspects_explorer(labels: Atlas, network: str = "convolutional", epoch: int = 0) -> Suspects:
    """The pictures suspected first; see `Suspects`."""
    return Suspects(labels, network, epoch)
