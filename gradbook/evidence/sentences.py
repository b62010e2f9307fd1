"""Verdicts in words: when a claim holds and when it fails, with one number. No torch."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradbook.evidence.criteria import (
    OWN,
    Case,
    Claim,
    Finding,
    Outcome,
    Region,
    Settled,
    judge,
)

CLAUSES = {
    "holds": "holds for",
    "fails": "fails for",
    "undecided": "open for",
    "void": "has no meaning for",
    "not tested here": "not tested for",
}
"""How a sentence speaks of the cases of a verdict."""

MARKS = {
    "holds": "●",
    "fails": "○",
    "undecided": "?",
    "void": "∅",
    "not tested here": "–",
    "not yet run": "…",
}
"""One sign a verdict, so that none is told by colour alone."""


def in_words(region: Region, unit: str = "") -> str:
    """A region as a reader says it: ``"at least 0.1"``, ``"0.9 to 1.1"``, ``"at least 90 %"``."""
    times, after = _unit(unit)

    def interval(low: float, high: float) -> str:
        low, high = (float(f"{times * end:.9g}") for end in (low, high))
        if np.isinf(high):
            return f"at least {low:g}"
        return f"at most {high:g}" if np.isinf(low) else f"{low:g} to {high:g}"

    return (" or ".join(interval(*ends) for ends in region) + after).replace("-", "−")


def conditions(cases: Iterable[Case], among: Iterable[Case] = ()) -> str:
    """Cases in words, with runs of numbers drawn together.

    Such as ``"layer 2 (epochs 2 to 6 and 8) and layer 3"``. Names that hold a comma or an "and"
    stand in quotation marks.

    Args:
        cases: The cases to name.
        among: All cases that there are; what has the same value in all of them, or every value in
            those named, goes without saying.
    """
    cases, among = list(cases), list(among)
    told = [
        key for key in _keys([*cases, *among]) if len({str(one.get(key)) for one in among}) != 1
    ]
    told = told[:1] + [key for key in told[1:] if not _all_told(key, cases, among)]
    groups: dict[tuple[tuple[str, Any], ...], list[tuple[str, Any]]] = {}
    for case in cases:
        items = [(key, case[key]) for key in told if key in case]
        if items and items[-1] not in groups.setdefault(tuple(items[:-1]), []):
            groups[tuple(items[:-1])].append(items[-1])
    if () in groups:
        return _listed(_parts(groups[()]))
    same: dict[str, list[tuple[str, Any]]] = {}
    for before, last in groups.items():
        there = [one for one in among if all(one.get(key) == value for key, value in before)]
        every = {str(one.get(last[0][0])) for one in there}
        inner = "" if len(every) == len(last) > 1 else _listed(_parts(last))
        inner = ", ".join(filter(None, (*(_word(*item) for item in before[1:]), inner)))
        same.setdefault(inner, []).append(before[0])
    ordered = sorted(same.items(), key=lambda one: not one[0])  # what is said of one stays with it
    parts: list[str] = []
    for inner, outer in ordered:
        each = "each " if len(outer) > 1 else ""
        names = _parts(outer)
        parts += [f"{_listed(names)} ({each}{inner})"] if inner else names
    return _listed(parts)


def number(finding: Finding) -> str:
    """Mean and interval with the unit, with as many digits as tell their verdict and their width.

    Where nothing varies there is one number and no interval.
    """
    one, criterion = finding.estimate, finding.criterion
    times, after = _unit(criterion.unit)
    if one.seeds == 0:
        return "no seed has it"
    if np.isnan(one.low):
        return f"{_round(times * one.mean)}{after} (one seed has it)"
    if not one.varies:
        return f"{times * one.mean + 0.0:.3g}{after} (no seed differs)".replace("-", "−")
    ends = times * one.low, times * one.high

    def tells(digits: int) -> bool:
        low, high = (round(end, digits) / times for end in ends)
        return judge(low, high, criterion.holds, criterion.fails) == finding.verdict

    fine = int(np.ceil(-np.log10((ends[1] - ends[0]) / 6)))
    first = min(max(fine, 0), 8)
    digits = next((digits for digits in range(first, 9) if tells(digits)), first)
    shown = (times * one.mean, *ends)
    if max(map(abs, shown)) < 1e-3:
        mean, low, high = (_power(value) for value in shown)
    else:
        mean, low, high = (_round(value, digits) for value in shown)
    return f"{mean}{after} [{low}, {high}]"


def headline(settled: Settled) -> tuple[Outcome, Finding] | None:
    """The case and the measure whose number stands for a claim.

    That of the first case, the source's before the others, that has the claim's verdict; where none
    has, of the first that was measured; of the criterion that decides it. None before the run.
    """
    measured = sorted((o for o in settled.outcomes if o.findings), key=lambda one: not one.source)
    if not measured:
        return None
    case = next((one for one in measured if one.verdict == settled.verdict), measured[0])
    deciding = [one for one in case.findings if one.verdict == case.verdict]
    return case, (deciding or case.findings)[0]


def sentence(settled: Settled) -> str:
    """When a claim holds, fails and is open, and its number, in one or two sentences."""
    found = headline(settled)
    if found is None:
        return f"Not yet run: {settled.claim.criteria[0].quantity}."
    clauses = []
    for verdict, words in CLAUSES.items():
        named = of_verdict(settled, verdict)
        if named is not None:
            clauses.append(_joined(words, named) if named else words.removesuffix(" for"))
    case, finding = found
    claim = settled.claim
    shown = [one for one in case.cases if claim.is_source(one) or not case.source]
    where = _named(claim, shown)
    if where and case.source and claim.source_case and claim.kind != "can" and claim.source != OWN:
        several = sum(map(claim.is_source, every_case(claim))) > len(shown)
        whose = "one of the source's cases" if several else "the source's case"
        where = f"{whose}, {where}"
    told = f"{where}: {finding.criterion.quantity}" if where else finding.criterion.quantity
    return f"{_capital('; '.join(clauses))}. {_capital(told)} {number(finding)}."


def of_verdict(settled: Settled, verdict: str) -> str | None:
    """The cases of a verdict in words; empty if there is but one case, None if none has it."""
    cases = [case for o in settled.outcomes if o.verdict == verdict for case in o.cases]
    return _named(settled.claim, cases) if cases else None


def every_case(claim: Claim) -> list[Case]:
    """All cases of a claim, also those that are void or not tested."""
    return [*claim.cases, *(case for case, _ in (*claim.void, *claim.untested))]


@dataclass(frozen=True, eq=False)
class Bullets:
    """What is true of some claims, one line each; shows itself as HTML, and as text."""

    settled: Sequence[Settled]
    ledger: str

    def _repr_html_(self) -> str:
        lines = []
        for one in self.settled:
            link = f'<a href="{html.escape(self.ledger)}#claim-{one.claim.id}">{one.verdict}</a>'
            lines.append(
                f"<li><strong>{html.escape(one.claim.sentence)}</strong> "
                f"{html.escape(sentence(one))} ({MARKS[one.verdict]} {link})</li>"
            )
        return f'<ul class="what-is-true">{"".join(lines)}</ul>'

    def __repr__(self) -> str:
        return "\n".join(
            f"- {one.claim.sentence} {sentence(one)} ({MARKS[one.verdict]} {one.verdict})"
            for one in self.settled
        )


def _joined(words: str, named: str) -> str:
    """``"holds for layer 2"``, ``"holds in training"``."""
    return f"{words.removesuffix(' for') if re.match('(at|in) ', named) else words} {named}"


def _named(claim: Claim, cases: Iterable[Case]) -> str:
    return conditions(cases, every_case(claim))


def _unit(unit: str) -> tuple[float, str]:
    """What a number is multiplied by, and what stands behind it."""
    times = 100.0 if unit in ("%", "points") else 1.0
    return times, unit if unit == "×" else f" {unit}" if unit else ""


def _keys(cases: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for case in cases for key in case))


def _all_told(key: str, cases: Sequence[Case], among: Sequence[Case]) -> bool:
    """Whether the cases hold several values of a key, and with each the others that there are."""

    def others(case: Case) -> dict[str, Any]:
        return {name: value for name, value in case.items() if name != key}

    there = [one for one in among if any(others(one) == others(case) for case in cases)]
    return len(there) > len({str(others(one)) for one in there}) and all(
        one in cases for one in there
    )


def _parts(items: list[tuple[str, Any]]) -> list[str]:
    """The values of one key, or of several, in words: names one by one, numbers together."""
    keys: dict[str, list[Any]] = {}
    for key, value in items:
        keys.setdefault(key, []).append(value)
    parts: list[str] = []
    for key, values in keys.items():
        names = all(isinstance(value, str) for value in values)
        parts += [_word(key, value) for value in values] if names else [_values(key, values)]
    return parts


def _values(key: str, values: list[Any]) -> str:
    if all(isinstance(value, float) for value in values):
        return f"{key} {_listed([f'{value:g}' for value in values])}"
    if not all(isinstance(value, int) for value in values):
        return _listed([_word(key, value) for value in values])
    if len(key) == 1:  # a symbol
        return f"{key} = {_runs(values)}"
    if key.endswith("s"):  # a count
        return f"{_runs(values)} {key}"
    return f"{key}{'s' if len(values) > 1 else ''} {_runs(values)}"


def _word(key: str, value: Any) -> str:
    if isinstance(value, int | float):
        return _values(key, [value])
    return f"“{value}”" if re.search(r",| and ", value) else value


def _listed(parts: list[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _runs(numbers: list[int]) -> str:
    """Sorted integers with runs of three and more drawn together."""
    runs: list[list[int]] = []
    for value in sorted(numbers):
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    parts = [
        [f"{run[0]} to {run[-1]}"] if len(run) > 2 else [f"{n:,}" for n in run] for run in runs
    ]
    return _listed([part for several in parts for part in several])


def _round(value: float, digits: int = 2) -> str:
    """So many digits behind the point, with a true minus and no negative zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def _power(value: float) -> str:
    """Two digits and a power of ten."""
    head, _, power = f"{value:.1e}".partition("e")
    raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{head}·10{raised}".replace("-", "−")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if re.match(r"[a-z]+\b(?!·)", text) else text
