"""Claims and their criteria as data, and what was found of them. No torch.

Each chapter's ``claims.toml`` holds its claims.

A claim is judged by its criteria, case by case: a case must pass all of them. A criterion names a
measure and two regions of it: where the measure would confirm the claim (`holds`) and where it
would refute it (`fails`). Both are written before the run that decides. The rule that makes
verdicts of intervals and regions is in `gradbook.evidence.claims`; no verdict is written anywhere.

id            what the command line and links know it by
sentence      the claim in this book's words
quote         the source's own words; none in a claim of this book's own
kind          what the source says: that it does, in the case that it names; that it can, in one
              case at least; that it grows
source        text and paragraph (title, date and headings do not count; a formula begins one), or
              "this book"
chapter       the notebook that settles it; `section` is the heading there, once it is settled
experiment    one of the chapter's; absent while the claim is not yet run
cases         the conditions under which it is measured, in all combinations
source_case   which of them are the source's own; all others are ablations
              (all, where it is absent); in a claim of this book's own, the one that it speaks of
source_words  the source's words that this is taken from, or what they leave open; none in a claim
              of this book's own
void          further cases in which the quantity has no meaning; untested: which no experiment here
              reaches. Each a case, and why
criteria      measure: in words, with its unit; holds, fails: regions [low, high], or a list of such
              quantity: the measure in a few words; unit: behind its number ("%" and "points" of
              shares: times a hundred)
              scale: the values that it can take: real, positive (a ratio or a size), share (0 to
              1), cosine (−1 to 1, also correlations and differences of shares)
              basis: repeated, if a pilot of the same simulation came before the regions, and new
              seeds repeat it; predicted, if a derivation came before; set first, if the regions
              were written before that simulation was
              effect: a function of the chapter's effects, one number a seed; given: arguments of it
              beside the case's
identities    what cannot fail: shown, not counted. measure, why, effect, and its own cases
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gradbook.evidence import registry
from gradbook.evidence.intervals import RANGES, Estimate

VERDICTS = ("holds", "fails", "undecided", "void", "not tested here", "not yet run")
KINDS = ("does", "can", "grows")
BASES = {
    "repeated": "repeated on new seeds",
    "predicted": "predicted by a derivation",
    "set first": "set before the first run",
}
"""How a criterion's regions came about, to how readers are told."""

Region = tuple[tuple[float, float], ...]
"""Intervals [low, high], one or more."""

Case = Mapping[str, Any]
"""A condition: the effect's arguments by name."""

OWN = "this book"
"""The source of a claim that no source makes."""


@dataclass(frozen=True)
class Criterion:
    """One measure of a claim; see above for the attributes.

    `effect` is the function of the chapter's effects that gives it, one number a seed; None while
    the claim is not yet run.
    """

    measure: str
    holds: Region
    fails: Region
    quantity: str
    scale: str
    basis: str
    unit: str = ""
    effect: str | None = None
    given: Case = field(default_factory=dict)


@dataclass(frozen=True)
class Identity:
    """What cannot fail, and why."""

    measure: str
    why: str
    effect: str
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Claim:
    """A claim of a source; see above for the attributes.

    `void` and `untested` are pairs of a case and why.
    """

    id: str
    sentence: str
    quote: str
    kind: str
    source: str
    source_words: str
    chapter: str
    criteria: tuple[Criterion, ...]
    cases: tuple[Case, ...] = ({},)
    source_case: Case = field(default_factory=dict)
    void: tuple[tuple[Case, str], ...] = ()
    untested: tuple[tuple[Case, str], ...] = ()
    identities: tuple[Identity, ...] = ()
    section: str | None = None
    experiment: str | None = None

    def is_source(self, case: Case) -> bool:
        """Whether a case is the source's own."""
        return all(
            case.get(key) in (wanted if isinstance(wanted, list) else [wanted])
            for key, wanted in self.source_case.items()
        )


@dataclass(frozen=True, eq=False)
class Finding:
    """What one criterion found in one case.

    Attributes:
        criterion: Which.
        values: The measure, one number a seed [seeds]; nan where a seed does not have it.
        estimate: Its mean and interval.
        verdict: ``"holds"``, ``"fails"`` or ``"undecided"``.
    """

    criterion: Criterion
    values: np.ndarray
    estimate: Estimate
    verdict: str


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was found in one case.

    Attributes:
        cases: The condition; several where they repeat the same numbers.
        source: Whether it is the source's own.
        verdict: One of `VERDICTS`.
        findings: One a criterion; none where the case is void or not tested.
        level: Coverage of the intervals.
        why: Why it is void or not tested.
    """

    cases: tuple[Case, ...]
    source: bool
    verdict: str
    findings: tuple[Finding, ...] = ()
    level: float = 0.95
    why: str = ""


@dataclass(frozen=True, eq=False)
class Settled:
    """A claim with what was found; without outcomes it is not yet run.

    `identities` hold an identity's case and its number in it.
    """

    claim: Claim
    outcomes: tuple[Outcome, ...] = ()
    verdict: str = "not yet run"
    seeds: int = 0
    identities: tuple[tuple[Identity, Case, float], ...] = ()


def load(*files: Path | str) -> tuple[Claim, ...]:
    """All claims, in the order of the sources; or those of some files.

    Raises:
        ValueError: An entry is not as described above; names the claim.
    """
    found: dict[str, Claim] = {}
    for file in files or registry.claims().values():
        _read(Path(file), found)
    return tuple(sorted(found.values(), key=_place))


def _place(claim: Claim) -> tuple[str, int]:
    """Where in the sources a claim stands."""
    text, _, place = claim.source.partition(", ")
    return text, int((re.findall(r"\d+", place) or [0])[0])


def _read(file: Path, found: dict[str, Claim]) -> None:
    entries = tomllib.loads(file.read_text(encoding="utf-8"))["claims"]
    for number, entry in enumerate(entries, start=1):
        name = entry.get("id", f"number {number}")
        try:
            claim = _claim(entry)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"claim {name!r} in {file}: {error}") from error
        if name in found:
            raise ValueError(f"claim {name!r} in {file}: the id is taken")
        found[name] = claim


def find(name: str) -> Claim:
    """The claim of an id.

    Raises:
        ValueError: There is none; the message lists them.
    """
    known = {claim.id: claim for claim in load()}
    if name not in known:
        raise ValueError(f"expected a claim of {list(known)}, got {name!r}")
    return known[name]


def judge(low: float, high: float, holds: Region, fails: Region) -> str:
    """Verdict of one interval: holds, fails or undecided."""
    for verdict, region in (("holds", holds), ("fails", fails)):
        if any(a <= low and high <= b for a, b in region):
            return verdict
    return "undecided"


def _claim(entry: dict[str, Any]) -> Claim:
    entry = {"quote": "", "source_words": "", **entry}
    criteria = tuple(_criterion(part) for part in entry.pop("criteria"))
    cases = _combined(entry.pop("cases", {}))
    identities = tuple(
        Identity(**{**part, "cases": _combined(part.get("cases", {}))})
        for part in entry.pop("identities", ())
    )
    beside = {
        name: tuple((part["case"], part["why"]) for part in entry.pop(name, ()))
        for name in ("void", "untested")
    }
    claim = Claim(criteria=criteria, cases=cases, identities=identities, **beside, **entry)
    _one_of("kind", claim.kind, KINDS)
    if {bool(claim.quote), bool(claim.source_words)} != {claim.source != OWN}:
        raise ValueError(
            f"expected a quote and source_words of the source (none of {OWN!r}), "
            f"got {claim.quote!r} and {claim.source_words!r} of {claim.source!r}"
        )
    if not criteria:
        raise ValueError("expected at least one criterion, got none")
    every = [*cases, *(case for case, _ in (*claim.void, *claim.untested))]
    if not any(claim.is_source(case) for case in every):
        raise ValueError(f"expected a source_case among the cases, got {claim.source_case}")
    for criterion in criteria:
        if (claim.experiment is None) != (criterion.effect is None):
            raise ValueError(
                "expected an effect in every criterion of a claim with an experiment, "
                "and in none of a claim without"
            )
    if claim.experiment is not None and claim.section is None:
        raise ValueError("expected the section that settles it, got none")
    for one in (*criteria, *identities):
        if one.effect is not None:
            registry.effect(registry.chapter_of(claim.chapter), one.effect)
    return claim


def _combined(cases: Mapping[str, list[Any]]) -> tuple[Case, ...]:
    return tuple(
        dict(zip(cases, values, strict=True)) for values in itertools.product(*cases.values())
    )


def _criterion(entry: dict[str, Any]) -> Criterion:
    entry = dict(entry)
    holds, fails = (_region(entry.pop(name)) for name in ("holds", "fails"))
    if any(a <= d and c <= b for a, b in holds for c, d in fails):
        raise ValueError(f"expected regions that do not meet, got {holds} and {fails}")
    criterion = Criterion(holds=holds, fails=fails, **entry)
    _one_of("scale", criterion.scale, RANGES)
    _one_of("basis", criterion.basis, BASES)
    return criterion


def _one_of(what: str, value: str, known: Any) -> None:
    if value not in known:
        raise ValueError(f"expected a {what} of {list(known)}, got {value!r}")


def _region(ends: list[Any]) -> Region:
    intervals = [ends] if not isinstance(ends[0], list) else ends
    if not all(len(pair) == 2 and pair[0] <= pair[1] for pair in intervals):
        raise ValueError(f"expected a region [low, high] or a list of such, got {ends}")
    return tuple((float(low), float(high)) for low, high in intervals)
