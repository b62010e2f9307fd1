"""The garden that grows in the page: ten recognizers, one slider for weight decay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import traitlets as t

from gradbook.chapters.dosage.closed_forms import survivor
from gradbook.chapters.dosage.effects import ALIVE
from gradbook.widgets.controls import with_controls
from gradbook.widgets.still import Shown, escaped, paragraph

FREQUENCIES = (0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
DECAYS = (0.001, 0.002, 0.004, 0.006, 0.009, 0.013, 0.018, 0.025, 0.04, 0.06, 0.1, 0.15, 0.25)
"""Between the frequencies, so that no feature stands on the threshold."""
SEEDLING = (0.06, 0.04)
"""Both weights of each recognizer at the start."""
WITHERED = 2e-3
"""A dying recognizer is kept at this norm, as a seed: else it would be late to come back."""


def grow(
    frequencies: Sequence[float],
    decay: float,
    steps: int,
    start: tuple[np.ndarray | float, np.ndarray | float] = SEEDLING,
) -> tuple[np.ndarray, np.ndarray]:
    """Train recognizers a·b on the gradient of all examples, with step size 1.

    The loss is Σ_k p_k (1 − a_k b_k)²/2, with weight decay λ on every weight. The page does the
    same.

    Args:
        frequencies: p [K].
        decay: λ.
        steps: How many.
        start: Both weights at the start, numbers or [K].

    Returns:
        a and b [K].
    """
    p = np.asarray(frequencies, float)
    a, b = (np.zeros_like(p) + np.asarray(weight, float) for weight in start)
    for _ in range(steps):
        pull = p * (1 - a * b)
        moved = (p >= decay) | (np.hypot(a, b) > WITHERED)
        a, b = a + moved * (pull * b - decay * a), b + moved * (pull * a - decay * b)
    return a, b


def sentence(frequencies: Sequence[float], decay: float) -> str:
    """What the garden comes to at a weight decay."""
    living = int((np.asarray(frequencies) > decay).sum())
    return (
        f"At λ = {decay:g}, features seen in fewer than {float(f'{100 * decay:.3g}'):g} of 100 "
        f"examples die: {living} of {len(frequencies)} live."
    )


class GrowingGarden(Shown):
    """Recognizers as plants, trained in the page while the reader sets weight decay.

    Attributes:
        meta: ``frequencies``, ``decays``, ``start`` (both weights) and ``alive``, the answer below
            which a plant is drawn as dead.
        decay: Index into ``meta["decays"]``.
    """

    _esm = with_controls(Path(__file__).with_name("growing.js"))
    _css = with_controls(Path(__file__).with_name("growing.css"))

    meta = t.Dict().tag(sync=True)
    decay = t.Int(7).tag(sync=True)

    def __init__(
        self,
        frequencies: Sequence[float] = FREQUENCIES,
        decays: Sequence[float] = DECAYS,
        decay: int = 7,
    ) -> None:
        """Plant a garden.

        Args:
            frequencies: p of each recognizer's feature, together at most 1.
            decays: What weight decay can be.
            decay: Index of the one to begin with.

        Raises:
            ValueError: The frequencies add up to more than 1, or the index is out of range.
        """
        if not 0 < sum(frequencies) <= 1 or min(frequencies) <= 0:
            raise ValueError(f"expected frequencies above 0, together at most 1, got {frequencies}")
        super().__init__(
            meta={
                "frequencies": list(frequencies),
                "decays": list(decays),
                "start": list(SEEDLING),
                "alive": ALIVE,
            },
            decay=decay,
        )

    @t.validate("decay")
    def _check_decay(self, proposal: dict) -> int:
        count = len(self.meta.get("decays", ()))
        if not 0 <= proposal["value"] < count:
            raise ValueError(f"expected decay from 0 to {count - 1}, got {proposal['value']}")
        return proposal["value"]

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return sentence(self.meta["frequencies"], self.meta["decays"][self.decay])

    def still(self) -> str:
        """The garden at rest, and the sentence."""
        frequencies, decay = self.meta["frequencies"], self.meta["decays"][self.decay]
        answers = survivor(np.array(frequencies) / decay)
        plants = []
        for k, (p, answer) in enumerate(zip(frequencies, answers.tolist(), strict=True)):
            tall, x = round(180 * np.sqrt(answer)), 40 + 64 * k
            colour = "#009e73" if answer >= ALIVE else "#9aa3ad"
            plants.append(
                f'<rect x="{x}" y="{196 - tall}" width="24" height="{tall + 4}" fill="{colour}"/>'
                f'<text x="{x + 12}" y="222" text-anchor="middle" font-size="16" '
                f'fill="currentColor">{100 * p:g} %</text>'
            )
        text = escaped(repr(self))
        return (
            '<svg viewBox="0 0 680 230" width="680" style="max-width:100%;height:auto" role="img" '
            f'aria-label="{text}">{"".join(plants)}<path d="M20 200H664" stroke="currentColor"/>'
            f"</svg>{paragraph(text)}"
        )
