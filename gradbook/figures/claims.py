"""A chapter's claims beside what was measured, as a table that any notebook front end shows."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gradbook.evidence.criteria import BASES, OWN, VERDICTS, Criterion, Outcome, Settled
from gradbook.evidence.sentences import (
    MARKS,
    conditions,
    every_case,
    headline,
    in_words,
    number,
    sentence,
)
from gradbook.figures.style import BLUE, VERMILION

WIDTH, HEIGHT, MARGIN = 168, 60, 5  # of a small picture, in pixels

SCALED = {"%": 100.0, "points": 100.0}


@dataclass(frozen=True, eq=False)
class ClaimsTable:
    """Settled claims; shows itself as HTML, and as text where there is none."""

    settled: Sequence[Settled]
    pages: bool

    def _repr_html_(self) -> str:
        head = "<tr><th>Claim</th><th>Verdict</th><th>Measured</th></tr>"
        rows = "".join(_row(one, self.pages) for one in self.settled)
        return f'<table class="claims"><thead>{head}</thead><tbody>{rows}</tbody></table>'

    def __repr__(self) -> str:
        return as_text(self.settled)


def claims_table(settled: Iterable[Settled], *, pages: bool = False) -> ClaimsTable:
    """A table of claims: sentence, verdict, when each holds and fails, and all numbers folded.

    A small picture shows the mean and the interval of every case, the source's own as full dots.
    Blue is the region that confirms, vermilion the one that refutes.

    Args:
        settled: Claims as `gradbook.evidence.claims.settle` gives them.
        pages: Whether to link each claim to the section of the book's page that settles it, and to
            add the command that runs it again.
    """
    return ClaimsTable(tuple(settled), pages)


def as_text(settled: Iterable[Settled]) -> str:
    """Two lines a claim: verdict and claim, and when it holds."""
    return "\n".join(
        f"{MARKS[one.verdict]} {one.verdict}: {one.claim.sentence}\n    {sentence(one)}"
        for one in settled
    )


def _row(one: Settled, pages: bool) -> str:
    claim = one.claim
    where = f"<small>{html.escape(claim.source)}</small>"
    if pages:
        where += f"<br><small>{link(one)}</small>"
    return (
        f'<tr id="claim-{claim.id}">'
        f"<td>{html.escape(claim.sentence)}<br>{where}</td>"
        f'<td class="verdict">{MARKS[one.verdict]} {one.verdict}</td>'
        f"<td>{picture(one)}<p>{html.escape(sentence(one))}</p>{details(one, pages)}</td></tr>"
    )


def link(one: Settled) -> str:
    """A link to the section that settles a claim, or that it is to come."""
    page = f"{one.claim.chapter}.html"
    title = one.claim.chapter.replace("_", " ")
    if one.claim.section is None:
        return f"chapter: {title}, to come"
    return f'<a href="{page}#{slug(one.claim.section)}">{html.escape(one.claim.section)}</a>'


def slug(title: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def details(one: Settled, pages: bool) -> str:
    """What a verdict rests on, folded: the source's words, the criteria and every number."""
    claim, says = one.claim, {"does": "does", "can": "can", "grows": "grows"}
    own = claim.source_case and conditions(
        filter(claim.is_source, every_case(claim)), every_case(claim)
    )
    if claim.source == OWN:
        lines = ["A claim of this book" + ("; the case that it speaks of" if own else "")]
    else:
        lines = [f"The source: “{claim.quote}”."]
        lines.append(f"It says that it {says[claim.kind]}; its case, from “{claim.source_words}”")
    lines[-1] += f": {own}." if own else "."
    seeds = any(f.estimate.varies for o in one.outcomes for f in o.findings)
    lines += [_criterion(part) for part in claim.criteria]
    if seeds:
        lines.append(f"{one.seeds} seeds; intervals of 95 %{_corrected(one)}.")
    for outcome in one.outcomes:
        if outcome.why:
            name = conditions(outcome.cases, every_case(claim))
            lines.append(f"{name}: {outcome.verdict}, since {outcome.why}.")
    lines += [
        f"Identity, not counted: {identity.measure}. {identity.why[:1].upper()}{identity.why[1:]}."
        for identity in claim.identities
    ]
    text = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    if pages and claim.experiment is not None:
        text += f"<li><code>python -m gradbook evidence run {claim.id}</code></li>"
    label = html.escape(claim.sentence)
    return (
        '<details><summary>Criterion and all numbers</summary><div class="whole">'
        f'<div class="words" tabindex="0" role="region" aria-label="Criterion: {label}">'
        f"<ul>{text}</ul></div>{_numbers(one, label)}</div></details>"
    )


def _corrected(one: Settled) -> str:
    levels = [o.level for o in one.outcomes if o.findings]
    return f", by Holm's steps up to {100 * max(levels):.4g} %" if max(levels) > 0.9501 else ""


def _criterion(criterion: Criterion) -> str:
    regions = [in_words(region, criterion.unit) for region in (criterion.holds, criterion.fails)]
    return (
        f"{criterion.measure[:1].upper()}{criterion.measure[1:]}. Holds: {regions[0]}; "
        f"fails: {regions[1]} ({BASES[criterion.basis]})."
    )


def _numbers(one: Settled, label: str) -> str:
    every = every_case(one.claim)
    cells = []
    for outcome in one.outcomes:
        name = html.escape(conditions(outcome.cases, every))
        own = "source" if outcome.source else ""
        numbers = "; ".join(number(finding) for finding in outcome.findings)
        row = (name, own, html.escape(numbers), outcome.verdict)
        cells.append("".join(f"<td>{cell}</td>" for cell in row))
    for _, case, value in one.identities:
        name = html.escape(conditions([case]))
        exact = f"{round(value, 12) + 0.0:.3g}"
        cells.append(f"<td>{name}</td><td></td><td>{exact}</td><td>identity</td>")
    rows = "".join(f"<tr>{cell}</tr>" for cell in cells)
    if not rows:
        return ""
    return (
        f'<div class="numbers" tabindex="0" role="region" aria-label="All numbers: {label}">'
        f"<table><tbody>{rows}</tbody></table></div>"
    )


def picture(one: Settled) -> str:
    """Means and intervals of the measure of the headline over the regions, one bar a case.

    The source's own cases have a full dot, ablations a hollow one. Empty before the run.
    """
    found = headline(one)
    if found is None:
        return ""
    criterion = found[1].criterion
    shown = [o for o in one.outcomes if o.findings]
    at = [next(f for f in o.findings if f.criterion is criterion).estimate for o in shown]
    ends = np.array([(e.low, e.mean, e.high) for e in at])
    y, low, high = _axis(ends, criterion)
    shapes = []
    for region, colour in ((criterion.holds, BLUE), (criterion.fails, VERMILION)):
        for bottom, top in region:
            size = max(y(bottom) - y(top), 1.5)
            shapes.append(
                f'<rect x="0" y="{y(top):.1f}" width="{WIDTH}" height="{size:.1f}" '
                f'fill="{colour}" fill-opacity="0.35"/>'
            )
    step, radius = (WIDTH - 2 * MARGIN) / len(shown), 3 if len(shown) <= 12 else 2
    for place, (outcome, (bottom, mean, top)) in enumerate(zip(shown, ends, strict=True)):
        x = MARGIN + (place + 0.5) * step
        if np.isfinite(bottom):
            shapes.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y(bottom):.1f}" y2="{y(top):.1f}" '
                'stroke="currentColor" stroke-width="1.5"/>'
            )
        if np.isfinite(mean):
            fill = "currentColor" if outcome.source else "none"
            shapes.append(
                f'<circle cx="{x:.1f}" cy="{y(mean):.1f}" r="{radius}" fill="{fill}" '
                'stroke="currentColor"/>'
            )
    label = html.escape(_described(criterion, shown, low, high))
    return (
        f'<svg role="img" aria-label="{label}" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(shapes)}</svg>'
    )


def _axis(ends: np.ndarray, criterion: Criterion) -> tuple:
    """From values to pixels from the top, and the lowest and highest value shown."""
    bounds = [b for region in (criterion.holds, criterion.fails) for pair in region for b in pair]
    shown = [*ends[np.isfinite(ends)], *(b for b in bounds if np.isfinite(b))]
    low, high = min(shown), max(shown)
    slack = 0.12 * (high - low) or 0.5
    low, high = low - slack, high + slack

    def y(value: float) -> float:
        share = (np.clip(value, low, high) - low) / (high - low)
        return float(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN))

    return y, low, high


def _described(criterion: Criterion, shown: Sequence[Outcome], low: float, high: float) -> str:
    counts = [
        f"{sum(one.verdict == verdict for one in shown)} {verdict}"
        for verdict in VERDICTS
        if any(one.verdict == verdict for one in shown)
    ]
    times = SCALED.get(criterion.unit, 1.0)
    ends = f"{times * low:.3g} to {times * high:.3g} {criterion.unit}".strip()
    cases = "1 case" if len(shown) == 1 else f"{len(shown)} cases"
    return f"{criterion.quantity}, {ends}: {cases} beside the two regions, {', '.join(counts)}"
