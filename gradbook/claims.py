"""The claims of the two source texts, and the rule that makes verdicts of measurements. No torch.

`gradbook/claims.toml` holds the claims and their criteria: a measure, the region of it that would
confirm the claim and the region that would refute it. Per condition the rule is:

- the 95 % interval (Student's t over seeds) lies in the confirming region: *holds*;
- it lies in the refuting region: *fails*;
- it lies between them, touching neither: *holds in part*;
- anything else: *undecided*.

A claim has the verdict that all its conditions share. Where they differ, it *holds in part* if it
holds, wholly or in part, under some condition, and is *undecided* otherwise.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gradbook import atlas, effects
from gradbook.intervals import mean_interval

FILE = Path(__file__).with_name("claims.toml")
VERDICTS = ("holds", "holds in part", "fails", "undecided", "not yet run")

Region = tuple[tuple[float, float], ...]
"""Intervals [low, high], one or more."""


@dataclass(frozen=True)
class Criterion:
    """One measure of a claim.

    Attributes:
        measure: What is measured, in words, with its unit.
        holds: Where the measure would confirm the claim.
        fails: Where it would refute it.
        effect: The function of `gradbook.effects` that gives it, one number a seed; None while the
            claim is not yet run.
        cases: The conditions, as arguments of that function.
    """

    measure: str
    holds: Region
    fails: Region
    effect: str | None = None
    cases: tuple[Mapping[str, Any], ...] = ({},)


@dataclass(frozen=True)
class Claim:
    """A claim of a source; see the head of ``claims.toml`` for the attributes."""

    id: str
    sentence: str
    source: str
    chapter: str
    criteria: tuple[Criterion, ...]
    section: str | None = None
    experiment: str | None = None


@dataclass(frozen=True, eq=False)
class Finding:
    """What one criterion found under one condition.

    Attributes:
        criterion: Which.
        case: The condition.
        values: The measure, one number a seed [seeds]; nan where a seed does not have it.
        mean: Mean over the seeds that have it.
        low: Lower end of its 95 % interval.
        high: Upper end.
        verdict: One of `VERDICTS`.
    """

    criterion: Criterion
    case: Mapping[str, Any]
    values: np.ndarray
    mean: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True, eq=False)
class Settled:
    """A claim with what was found; without findings it is not yet run."""

    claim: Claim
    findings: tuple[Finding, ...] = ()
    verdict: str = "not yet run"
    seeds: int = 0


def load(file: Path | str = FILE) -> tuple[Claim, ...]:
    """All claims, in the order of the sources.

    Raises:
        ValueError: An entry is not as the head of the file describes it; names the claim.
    """
    entries = tomllib.loads(Path(file).read_text(encoding="utf-8"))["claims"]
    found: dict[str, Claim] = {}
    for number, entry in enumerate(entries, start=1):
        name = entry.get("id", f"number {number}")
        try:
            claim = _claim(entry)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"claim {name!r} in {file}: {error}") from error
        if name in found:
            raise ValueError(f"claim {name!r} in {file}: the id is taken")
        found[name] = claim
    return tuple(found.values())


def find(name: str) -> Claim:
    """The claim of an id.

    Raises:
        ValueError: There is none; the message lists them.
    """
    known = {claim.id: claim for claim in load()}
    if name not in known:
        raise ValueError(f"expected a claim of {list(known)}, got {name!r}")
    return known[name]


def settle(claim: Claim, folder: Path | str = atlas.FOLDER, level: float = 0.95) -> Settled:
    """Judge a claim by its experiment's results.

    Args:
        claim: One of `load`.
        folder: Where the results lie.
        level: Coverage of the intervals.

    Raises:
        FileNotFoundError, ValueError: The results are missing or outdated; see `atlas.load`.
    """
    if claim.experiment is None:
        return Settled(claim)
    results = atlas.load(claim.experiment, folder)
    findings = []
    for criterion in claim.criteria:
        for case in criterion.cases:
            values = np.asarray(getattr(effects, criterion.effect)(results, **case), dtype=float)
            mean, low, high = (float(number) for number in mean_interval(values, level))
            verdict = judge(low, high, criterion.holds, criterion.fails)
            findings.append(Finding(criterion, case, values, mean, low, high, verdict))
    verdict = overall(finding.verdict for finding in findings)
    return Settled(claim, tuple(findings), verdict, len(results.jobs))


def of_chapter(chapter: str | None = None) -> tuple[Settled, ...]:
    """The claims of a chapter, settled; of all chapters where none is given."""
    return tuple(settle(claim) for claim in load() if chapter in (None, claim.chapter))


def judge(low: float, high: float, holds: Region, fails: Region) -> str:
    """Verdict of one interval; see the rule above."""
    if np.isnan(low) or np.isnan(high):
        return "undecided"
    if any(a <= low and high <= b for a, b in holds):
        return "holds"
    if any(a <= low and high <= b for a, b in fails):
        return "fails"
    if any(low <= b and a <= high for a, b in (*holds, *fails)):
        return "undecided"
    return "holds in part"


def overall(verdicts: Iterable[str]) -> str:
    """Verdict of a claim from those of its conditions; see the rule above."""
    kinds = set(verdicts)
    if len(kinds) == 1:
        return kinds.pop()
    return "holds in part" if kinds & {"holds", "holds in part"} else "undecided"


def in_words(region: Region) -> str:
    """A region as a reader says it: ``"at least 0.1"``, ``"0.9 to 1.1"``."""

    def interval(low: float, high: float) -> str:
        if np.isinf(high):
            return f"at least {low:g}"
        return f"at most {high:g}" if np.isinf(low) else f"{low:g} to {high:g}"

    return " or ".join(interval(*ends) for ends in region).replace("-", "−")


def conditions(findings: Iterable[Finding]) -> str:
    """Conditions in words, runs of numbers drawn together: ``"layer 2, epochs 2 to 6, 8"``.

    All of one criterion; empty where that has one condition without a name.
    """
    groups: dict[tuple[str, str], list[Any]] = {}
    for finding in findings:
        *before, (key, last) = finding.case.items() or ((("", ""),))
        label = ", ".join(_word(*item) for item in before)
        if isinstance(last, int):
            groups.setdefault((label, key), []).append(last)
        else:
            groups.setdefault((label, ""), []).append(last)
    return "; ".join(_group(*names, values) for names, values in groups.items())


def _group(label: str, key: str, values: list[Any]) -> str:
    if not key:  # names, some of which hold commas and "and"
        return "; ".join(", ".join(filter(None, (label, value))) for value in values)
    if len(key) == 1:  # a symbol
        words = f"{key} = {_runs(values)}"
    else:
        plural = "s" if len(values) > 1 and not key.endswith("s") else ""
        words = f"{key}{plural} {_runs(values)}"
    return ", ".join(filter(None, (label, words)))


def _word(key: str, value: Any) -> str:
    return f"{key} {value}" if isinstance(value, int) else value


def _runs(numbers: list[int]) -> str:
    """Sorted integers with runs of three and more drawn together."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return ", ".join(parts)


def _claim(entry: dict[str, Any]) -> Claim:
    entry = dict(entry)
    criteria = tuple(_criterion(part) for part in entry.pop("criteria"))
    claim = Claim(criteria=criteria, **entry)
    if not criteria:
        raise ValueError("expected at least one criterion, got none")
    for criterion in criteria:
        if (claim.experiment is None) != (criterion.effect is None):
            raise ValueError(
                "expected an effect in every criterion of a claim with an experiment, "
                "and in none of a claim without"
            )
    if claim.experiment is not None and claim.section is None:
        raise ValueError("expected the section that settles it, got none")
    return claim


def _criterion(entry: dict[str, Any]) -> Criterion:
    entry = dict(entry)
    holds, fails = (_region(entry.pop(name)) for name in ("holds", "fails"))
    if any(a <= d and c <= b for a, b in holds for c, d in fails):
        raise ValueError(f"expected regions that do not meet, got {holds} and {fails}")
    if entry.get("effect") is not None and not callable(getattr(effects, entry["effect"], None)):
        raise ValueError(f"expected a function of gradbook.effects, got {entry['effect']!r}")
    cases = entry.pop("cases", {})
    combined = tuple(
        dict(zip(cases, values, strict=True)) for values in itertools.product(*cases.values())
    )
    return Criterion(holds=holds, fails=fails, cases=combined, **entry)


def _region(ends: list[Any]) -> Region:
    intervals = [ends] if not isinstance(ends[0], list) else ends
    if not all(len(pair) == 2 and pair[0] <= pair[1] for pair in intervals):
        raise ValueError(f"expected a region [low, high] or a list of such, got {ends}")
    return tuple((float(low), float(high)) for low, high in intervals)
