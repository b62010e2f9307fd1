"""The ledger: claims beside what was measured, as a table that any notebook front end shows."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from gradbook.claims import VERDICTS, Criterion, Finding, Settled, conditions, in_words, judge
from gradbook.figures.style import BLUE, VERMILION

MARKS = dict(zip(VERDICTS, ("●", "◐", "○", "?", "…"), strict=True))
"""One sign a verdict, so that none is told by colour alone."""

FEW = 4
"""Up to so many conditions are listed one by one."""

WIDTH, HEIGHT, MARGIN = 168, 60, 5  # of a small picture, in pixels


@dataclass(frozen=True, eq=False)
class ClaimsTable:
    """Settled claims; shows itself as HTML, and as text where there is none."""

    settled: Sequence[Settled]
    pages: bool

    def _repr_html_(self) -> str:
        head = "<tr><th>Claim</th><th>Verdict</th><th>Measured, with 95 % interval</th></tr>"
        rows = "".join(_row(one, self.pages) for one in self.settled)
        return f'<table class="claims"><thead>{head}</thead><tbody>{rows}</tbody></table>'

    def __repr__(self) -> str:
        lines = []
        for one in self.settled:
            lines.append(f"{MARKS[one.verdict]} {one.verdict}: {one.claim.sentence}")
            for criterion, findings in _by_criterion(one):
                lines.append(f"    {criterion.measure}")
                lines += [f"    {line}" for line in _in_lines(findings)]
        return "\n".join(lines)


def claims_table(settled: Iterable[Settled], *, pages: bool = False) -> ClaimsTable:
    """A table of claims: sentence, verdict, effects with their intervals and regions.

    A small picture shows the mean and the interval under every condition. Blue is the region that
    confirms, vermilion the one that refutes.

    Args:
        settled: Claims as `gradbook.claims.settle` gives them.
        pages: Whether to link each claim to the section of the book's page that settles it, and to
            add the command that runs it again.
    """
    return ClaimsTable(tuple(settled), pages)


def _row(one: Settled, pages: bool) -> str:
    claim = one.claim
    where = f"<small>{html.escape(claim.source)}</small>"
    if pages:
        where += f"<br><small>{_link(one)}</small>"
        if claim.experiment is not None:
            where += f"<br><code>python -m gradbook evidence run {claim.id}</code>"
    measured = "".join(_effects(*part, one.seeds) for part in _by_criterion(one))
    return (
        f'<tr id="claim-{claim.id}">'
        f"<td>{html.escape(claim.sentence)}<br>{where}</td>"
        f'<td class="verdict">{MARKS[one.verdict]} {one.verdict}{_shares(one)}</td>'
        f"<td>{measured or _planned(one)}</td></tr>"
    )


def _shares(one: Settled) -> str:
    """Where conditions differ: under how many of them a claim holds, fails or is undecided."""
    verdicts = [finding.verdict for finding in one.findings]
    if len(set(verdicts)) < 2:
        return ""
    counts = [(verdict, verdicts.count(verdict)) for verdict in VERDICTS if verdict in verdicts]
    lines = "<br>".join(f"{verdict}: {count} of {len(verdicts)}" for verdict, count in counts)
    return f"<br><small>{lines}</small>"


def _link(one: Settled) -> str:
    page = f"{one.claim.chapter}.html"
    title = one.claim.chapter.replace("_", " ")
    if one.claim.section is None:
        return f"chapter: {title}, to come"
    anchor = re.sub(r"[^a-z0-9]+", "-", one.claim.section.lower()).strip("-")
    return f'<a href="{page}#{anchor}">{html.escape(one.claim.section)}</a>'


def _by_criterion(one: Settled) -> list[tuple[Criterion, list[Finding]]]:
    return [
        (criterion, list(findings))
        for criterion, findings in groupby(one.findings, key=lambda finding: finding.criterion)
    ]


def _effects(criterion: Criterion, findings: list[Finding], seeds: int) -> str:
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in _in_lines(findings))
    every = ""
    if len(findings) > FEW:
        cells = "".join(
            f"<tr><td>{html.escape(conditions([f]))}</td><td>{_number(f)}</td>"
            f"<td>{f.verdict}</td></tr>"
            for f in findings
        )
        every = f"<details><summary>all {len(findings)}</summary><table>{cells}</table></details>"
    measure, picture = _measure(criterion, f"; {seeds} seeds"), _picture(criterion, findings)
    return f"{measure}{picture}<ul>{lines}</ul>{every}"


def _planned(one: Settled) -> str:
    return "".join(_measure(criterion) for criterion in one.claim.criteria)


def _measure(criterion: Criterion, seeds: str = "") -> str:
    regions = f"holds: {in_words(criterion.holds)}; fails: {in_words(criterion.fails)}"
    return f"<p>{html.escape(criterion.measure)}{seeds}<br><small>{regions}</small></p>"


def _in_lines(findings: list[Finding]) -> list[str]:
    """Every condition where they are few; else which of them share a verdict."""
    if len(findings) <= FEW:
        lines = []
        for finding in findings:
            condition = conditions([finding])
            about = f"{condition}: " if condition else ""
            lines.append(f"{about}{_number(finding)}, {finding.verdict}")
        return lines
    means = [finding.mean for finding in findings]
    lines = [f"means from {_round(np.nanmin(means))} to {_round(np.nanmax(means))}"]
    for verdict in VERDICTS:
        sharing = [finding for finding in findings if finding.verdict == verdict]
        if sharing:
            lines.append(f"{verdict}: {conditions(sharing)}")
    return lines


def _number(finding: Finding) -> str:
    """Mean and interval, with as many digits as tell their verdict and their width."""
    if np.isnan(finding.mean):
        return "no seed has it"
    if np.isnan(finding.low):
        return f"{_round(finding.mean)} [one seed has it]"
    ends, regions = (finding.low, finding.high), (finding.criterion.holds, finding.criterion.fails)
    same = np.ptp(finding.values) <= 1e-9 * max(1.0, abs(finding.mean))

    def tells(digits: int) -> bool:
        low, high = (round(end, digits) for end in ends)
        return judge(low, high, *regions) == finding.verdict and (same or low < high)

    digits = next((digits for digits in range(2, 9) if tells(digits)), 2)
    mean, low, high = (_round(number, digits) for number in (finding.mean, *ends))
    return f"{mean} for every seed" if same else f"{mean} [{low}, {high}]"


def _round(number: float, digits: int = 2) -> str:
    """So many digits behind the point, with a true minus and no negative zero."""
    return f"{round(number, digits) + 0.0:.{digits}f}".replace("-", "−")


def _picture(criterion: Criterion, findings: list[Finding]) -> str:
    """Means and intervals over the regions, one upright bar a condition."""
    ends = np.array([(f.low, f.mean, f.high) for f in findings])
    bounds = [b for region in (criterion.holds, criterion.fails) for pair in region for b in pair]
    shown = [*ends[np.isfinite(ends)], *(b for b in bounds if np.isfinite(b))]
    low, high = min(shown), max(shown)
    slack = 0.12 * (high - low) or 0.5
    low, high = low - slack, high + slack

    def y(value: float) -> float:
        share = (np.clip(value, low, high) - low) / (high - low)
        return float(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN))

    shapes = []
    for region, colour in ((criterion.holds, BLUE), (criterion.fails, VERMILION)):
        for bottom, top in region:
            size = max(y(bottom) - y(top), 1.5)
            shapes.append(
                f'<rect x="0" y="{y(top):.1f}" width="{WIDTH}" height="{size:.1f}" '
                f'fill="{colour}" fill-opacity="0.35"/>'
            )
    step = (WIDTH - 2 * MARGIN) / len(findings)
    for number, (bottom, mean, top) in enumerate(ends):
        x = MARGIN + (number + 0.5) * step
        if np.isfinite(bottom):
            shapes.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y(bottom):.1f}" y2="{y(top):.1f}" '
                'stroke="currentColor" stroke-width="1.5"/>'
            )
        if np.isfinite(mean):
            shapes.append(f'<circle cx="{x:.1f}" cy="{y(mean):.1f}" r="2" fill="currentColor"/>')
    return (
        f'<svg role="img" aria-label="{_described(findings)}" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(shapes)}</svg>'
    )


def _described(findings: list[Finding]) -> str:
    counts = [
        f"{sum(f.verdict == verdict for f in findings)} {verdict}"
        for verdict in VERDICTS
        if any(f.verdict == verdict for f in findings)
    ]
    return html.escape(f"{len(findings)} intervals beside the two regions: {', '.join(counts)}")
