"""The long tail that AdamW trains in the page: ten recognizers, one slider for the batch size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import traitlets as t

from gradbook.chapters.optimizers.closed_forms import adamw_answer, half_frequency
from gradbook.widgets.controls import with_controls
from gradbook.widgets.still import Shown, escaped, paragraph

FREQUENCIES = (0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002)
BATCHES = (4, 8, 16, 32, 64, 128, 256, 512, 1024)
DECAY, RATE, START, BETA2 = 0.3, 0.01, 0.5, 0.999
HALF = 0.5
"""What a bar must reach to be drawn as fed."""


def train(counts: np.ndarray, batch_size: int, decay: float = DECAY) -> np.ndarray:
    """Train recognizers a·b by AdamW on given minibatches; the page does the same.

    Args:
        counts: How many examples of each minibatch show each feature [steps, K].
        batch_size: B.
        decay: wd.

    Returns:
        Answers ab [K].
    """
    weight = np.full(counts.shape[1], START)
    first, second = np.zeros_like(weight), np.zeros_like(weight)
    for step, shown in enumerate(counts, 1):
        gradient = -shown / batch_size * (1 - weight**2) * weight  # both weights are equal
        first = 0.9 * first + 0.1 * gradient
        second = BETA2 * second + (1 - BETA2) * gradient**2
        size = np.sqrt(second / (1 - BETA2**step)) + 1e-8
        weight = weight - RATE * (decay * weight + first / (1 - 0.9**step) / size)
    return weight**2


def sentence(frequencies: Sequence[float], batch_size: int, decay: float = DECAY) -> str:
    """Who is fed at a batch size."""
    least = 100 * half_frequency(batch_size, decay, BETA2)
    answers = adamw_answer(np.asarray(frequencies), batch_size, decay, BETA2)
    return (
        f"With {batch_size} examples in a minibatch, features in fewer than "
        f"{float(f'{least:.2g}'):g} % of the examples are answered less than half right: "
        f"{int((answers >= HALF).sum())} of {len(frequencies)} are fed."
    )


FOLDER = Path(__file__).parent


class LongTail(Shown):
    """Answers as bars, by frequency, trained by AdamW in the page while the batch size is set.

    Attributes:
        meta: ``frequencies``, ``batches``, ``decay``, ``rate``, ``start``, ``beta2``, ``half``.
        batch: Index into ``meta["batches"]``.
    """

    _esm = with_controls(FOLDER / "long_tail.js", "numbers", str(FOLDER / "forms"))
    _css = with_controls(FOLDER / "long_tail.css")

    meta = t.Dict().tag(sync=True)
    batch = t.Int(4).tag(sync=True)

    def __init__(self, batch: int = 4) -> None:
        """Show the tail.

        Args:
            batch: Index of the batch size to begin with.

        Raises:
            ValueError: The index is out of range.
        """
        super().__init__(
            meta={
                "frequencies": list(FREQUENCIES),
                "batches": list(BATCHES),
                "decay": DECAY,
                "rate": RATE,
                "start": START,
                "beta2": BETA2,
                "half": HALF,
            },
            batch=batch,
        )

    @t.validate("batch")
    def _check_batch(self, proposal: dict) -> int:
        count = len(self.meta.get("batches", ()))
        if not 0 <= proposal["value"] < count:
            raise ValueError(f"expected batch from 0 to {count - 1}, got {proposal['value']}")
        return proposal["value"]

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return sentence(self.meta["frequencies"], self.meta["batches"][self.batch])

    def still(self) -> str:
        """The answers at rest, and the sentence."""
        batch = self.meta["batches"][self.batch]
        answers = adamw_answer(np.array(FREQUENCIES), batch, DECAY, BETA2)
        bars = []
        for k, (p, answer) in enumerate(zip(FREQUENCIES, answers.tolist(), strict=True)):
            tall, x = round(170 * answer), 40 + 64 * k
            colour = "#0072b2" if answer >= HALF else "#d55e00"
            bars.append(
                f'<rect x="{x}" y="{196 - tall}" width="36" height="{tall + 4}" fill="{colour}"/>'
                f'<text x="{x + 18}" y="222" text-anchor="middle" font-size="16" '
                f'fill="currentColor">{100 * p:g} %</text>'
            )
        text = escaped(repr(self))
        return (
            '<svg viewBox="0 0 690 230" width="690" style="max-width:100%;height:auto" role="img" '
            f'aria-label="{text}">{"".join(bars)}<path d="M20 200H674" stroke="currentColor"/>'
            f"</svg>{paragraph(text)}"
        )


def tail_explorer(batch: int = 4) -> LongTail:
    """The long tail; see `LongTail`."""
    return LongTail(batch)
