"""Bets: a prediction that the reader makes before the result is shown, and what the seeds say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets as t

from gradbook.evidence.intervals import estimate, mean_interval
from gradbook.widgets.controls import with_controls
from gradbook.widgets.still import Shown, checked_id, listed, paragraph


class Bet(Shown):
    """A question, what can be bet on it, and the result.

    Whatever stands after the bet in its cell, such as a figure, is shown with the result. A bet is
    kept in the reader's browser under its id. It is scored against the seeds: the share of them
    that agree with it.

    Attributes:
        meta: ``id``, ``kind`` (``"choice"``, ``"number"`` or ``"curve"``), ``question``,
            ``result`` and perhaps ``head`` (HTML), ``seeds`` (how many), ``between`` (the share of
            pairs of seeds that agree with each other) and what the kind needs.
        guess: None, the index of a choice, a number, or a list of numbers.
        settled: Whether the result is shown.
    """

    _esm = with_controls("bet.js", "record")
    _css = with_controls("bet.css", "record")

    meta = t.Dict().tag(sync=True)
    guess = t.Any(None, allow_none=True).tag(sync=True)
    settled = t.Bool(False).tag(sync=True)

    @classmethod
    def on_choices(cls, id: str, question: str, seeds: Mapping[str, int], result: str) -> Bet:
        """Bet on one of some outcomes.

        Args:
            id: Such as ``"dosage/threshold"``.
            question: HTML.
            seeds: Outcome to the number of seeds that show it, in the order shown.
            result: What was found, HTML.

        Raises:
            ValueError: There are fewer than two outcomes or no seeds.
        """
        counts = np.array(list(seeds.values()))
        if len(counts) < 2 or counts.min() < 0 or counts.sum() < 2:
            raise ValueError(f"expected two outcomes or more, and seeds that show one, got {seeds}")
        total = counts.sum()
        return cls._of(
            id,
            "choice",
            question,
            result,
            seeds=int(total),
            between=float((counts * (counts - 1)).sum() / (total * (total - 1))),
            choices=[{"text": text, "seeds": int(n)} for text, n in seeds.items()],
        )

    @classmethod
    def on_number(
        cls,
        id: str,
        question: str,
        seeds: Sequence[float],
        result: str,
        *,
        low: float,
        high: float,
        within: float,
        log: bool = False,
        scale: str = "real",
        unit: str = "",
        digits: int = 2,
    ) -> Bet:
        """Bet on a number by a slider.

        Args:
            id: Such as ``"dosage/threshold"``.
            question: HTML.
            seeds: What each seed measured.
            result: What was found, HTML.
            low: The slider's lower end.
            high: Its upper end.
            within: Largest distance at which a seed agrees with a bet; on a logarithmic slider a
                factor, 1.2 for 20 %.
            log: Whether the slider is logarithmic.
            scale: Of the mean and its interval, as in `intervals.estimate`.
            unit: Written after the number.
            digits: Significant digits shown.

        Raises:
            ValueError: A seed is not finite or off the slider, or ``within`` lets none agree.
        """
        values = np.asarray(seeds, float)
        if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
            raise ValueError(f"expected a number from each of two seeds or more, got {seeds}")
        if not low < high or (log and low <= 0) or values.min() < low or values.max() > high:
            raise ValueError(
                f"expected a slider that holds {values.min():.3g} to {values.max():.3g}, "
                f"got {low} to {high}"
            )
        if within <= (1 if log else 0):
            raise ValueError(f"expected within above {1 if log else 0}, got {within}")
        place, reach = (np.log(values), np.log(within)) if log else (values, within)
        one = estimate(values, scale)
        return cls._of(
            id,
            "number",
            question,
            result,
            seeds=len(values),
            between=_pairs(np.abs(place[:, None] - place) <= reach),
            values=[float(f"{v:.6g}") for v in values],
            interval=[one.mean, one.low, one.high],
            low=low,
            high=high,
            log=log,
            within=within,
            unit=unit,
            digits=digits,
        )

    @classmethod
    def on_curve(
        cls,
        id: str,
        question: str,
        x: Sequence[float],
        seeds: np.ndarray,
        result: str,
        *,
        xlabel: str,
        ylabel: str,
        low: float,
        high: float,
        within: float,
        xlabels: Sequence[str] | None = None,
    ) -> Bet:
        """Bet on a curve, drawn over empty axes at some places.

        Args:
            id: Such as ``"dosage/threshold"``.
            question: HTML.
            x: Places [n], drawn evenly spaced.
            seeds: What each seed measured there [seeds, n].
            result: What was found, HTML.
            xlabel: With unit.
            ylabel: With unit.
            low: Lower end of the axis.
            high: Its upper end.
            within: Largest distance at which a seed agrees with the bet at a place.
            xlabels: The places as text; default as numbers.

        Raises:
            ValueError: The arrays do not fit or are not finite.
        """
        values = np.asarray(seeds, float)
        labels = [f"{v:g}" for v in x] if xlabels is None else list(xlabels)
        if values.ndim != 2 or values.shape[1] != len(labels) or not np.isfinite(values).all():
            raise ValueError(f"expected finite seeds [seeds, {len(labels)}], got {values.shape}")
        if len(values) < 2 or len(labels) < 3 or not low < high or within <= 0:
            raise ValueError(
                "expected two seeds, three places, low below high and within above 0, got "
                f"{values.shape}, {low}, {high}, {within}"
            )
        agree = (np.abs(values[:, None] - values) <= within).mean(-1)
        mean, lower, upper = mean_interval(values)
        return cls._of(
            id,
            "curve",
            question,
            result,
            seeds=len(values),
            between=_pairs(agree),
            values=[[float(f"{v:.4g}") for v in seed] for seed in values],
            mean=mean.tolist(),
            lower=lower.tolist(),
            upper=upper.tolist(),
            xlabels=labels,
            xlabel=xlabel,
            ylabel=ylabel,
            low=low,
            high=high,
            within=within,
        )

    @classmethod
    def _of(cls, id: str, kind: str, question: str, result: str, **more: Any) -> Bet:
        meta = {"id": checked_id(id), "kind": kind, "question": question, "result": result}
        return cls(meta=meta | more)

    def under(self, head: str) -> Bet:
        """This bet with HTML above its question, such as a thumbnail and a link."""
        self.meta = self.meta | {"head": head}
        return self

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return f"Bet: {self.meta['question']}"

    def still(self) -> str:
        """The question, what could be bet, and the result."""
        choices = [choice["text"] for choice in self.meta.get("choices", ())]
        outcomes = choices or self.meta.get("names", ())
        return (
            self.meta.get("head", "")
            + paragraph(self.meta["question"], strong=True)
            + (listed(outcomes) if outcomes else "")
            + f"<div><strong>Result.</strong> {self.meta['result']}</div>"
        )


class Score(Shown):
    """The page's bets, scored against the seeds, with buttons to export and to clear them.

    Attributes:
        meta: ``page`` and ``bets``: for each its ``id``, ``seeds`` and ``between``.
    """

    _esm = with_controls("score.js", "record")
    _css = with_controls("bet.css", "record")

    meta = t.Dict().tag(sync=True)

    def __init__(self, *bets: Bet) -> None:
        """Score some bets.

        Args:
            *bets: All of one page, each once.

        Raises:
            ValueError: There are none, one twice, or some of another page.
        """
        ids = [bet.meta["id"] for bet in bets]
        pages = {name.partition("/")[0] for name in ids}
        if len(pages) != 1 or len(set(ids)) != len(ids):
            raise ValueError(f"expected different bets of one page, got {ids}")
        kept = [{name: bet.meta[name] for name in ("id", "seeds", "between")} for bet in bets]
        super().__init__(meta={"page": pages.pop(), "bets": kept})

    def __repr__(self) -> str:
        """A line that is the same at every run, for where no widget can be shown."""
        return f"Score of {len(self.meta['bets'])} bets"

    def still(self) -> str:
        """How often two seeds agree with each other."""
        return paragraph(between_seeds(self.meta["bets"]))


def between_seeds(bets: Sequence[Mapping[str, Any]]) -> str:
    """How often two seeds agree, over some bets, in a sentence."""
    share = np.mean([bet["between"] for bet in bets])
    return (
        f"On this page's {len(bets)} bets two seeds drawn at random agree with each other in "
        f"{100 * share:.0f} % of the cases."
    )


def _pairs(agree: np.ndarray) -> float:
    """Mean over pairs of two different seeds of a symmetric table [seeds, seeds]."""
    count = len(agree)
    return float((agree.sum() - np.trace(agree)) / (count * (count - 1)))
