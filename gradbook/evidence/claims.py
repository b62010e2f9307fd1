"""The rule that makes verdicts of measurements. No torch.

1. An interval. A measure is one number a seed. Its mean gets a 95 % interval over seeds that
   stays where the measure can be. real: Student's t. positive: Student's t of the logarithms, so
   the mean is the geometric one. share, cosine: Wilson's score interval with the seeds' own
   spread in place of the binomial one and Student's quantile in place of the normal one. Where
   all seeds agree to the last digits there is no interval, but one number.
2. A case. A criterion holds in it if the interval lies in the confirming region, and fails if it
   lies in the refuting one. The case holds if all criteria hold, and fails if one fails; else it
   is undecided, also where the interval lies between the regions. Cases that repeat the same
   numbers are one case.
3. A claim. It has a verdict by the source's own case: holds, if all cases that are the source's
   hold; fails, if one of them fails; else undecided. void, if the quantity has no meaning in the
   source's case; not tested here, if no experiment reaches it.
4. A claim that something can happen holds if any case holds, and fails if all fail. It gets more
   chances the more cases are tried, so intervals are corrected for that by Holm's steps: the case
   that is decided most clearly is judged at 1 − 0.05/m, the next at 1 − 0.05/(m − 1), to the
   first that is not decided, whose level all others share. m counts the cases that have an
   interval.
5. A claim that something grows is judged as one that it does; its measure is the growth.
6. Ablations move no verdict. From them comes the sentence: holds for, fails for, open for.
7. The number that the sentence shows is that of the first case, the source's before the others,
   that has the claim's verdict; where none has, of the first that was measured; of the criterion
   that decides it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from gradbook.evidence import atlas, registry
from gradbook.evidence.criteria import (
    OWN,
    VERDICTS,
    Case,
    Claim,
    Criterion,
    Finding,
    Outcome,
    Settled,
    find,
    judge,
    load,
)
from gradbook.evidence.intervals import estimate
from gradbook.evidence.sentences import Bullets, conditions, headline, in_words, number, sentence

__all__ = [
    "OWN",
    "VERDICTS",
    "Bullets",
    "Case",
    "Claim",
    "Criterion",
    "Finding",
    "Outcome",
    "Settled",
    "bullets",
    "conditions",
    "find",
    "headline",
    "holm",
    "in_words",
    "judge",
    "load",
    "number",
    "of_cases",
    "of_chapter",
    "overall",
    "sentence",
    "settle",
    "shuffled",
]


def settle(claim: Claim, folder: Path | str | None = None, level: float = 0.95) -> Settled:
    """Judge a claim by its experiment's results.

    Args:
        claim: One of `load`.
        folder: Where the results lie; default the data of their chapter.
        level: Coverage of the intervals, before the correction for several cases.

    Raises:
        FileNotFoundError, ValueError: The results are missing or outdated; see `atlas.load`.
    """
    if claim.experiment is None:
        return Settled(claim)
    return _settled(claim, atlas.load(claim.experiment, folder), level)


def _settled(claim: Claim, results: atlas.Atlas, level: float) -> Settled:
    chapter = registry.chapter_of(claim.chapter)

    def measured(effect: str, case: Case) -> np.ndarray:
        return np.asarray(registry.effect(chapter, effect)(results, **case), dtype=float)

    groups = _distinct(
        [
            (case, [measured(one.effect, {**one.given, **case}) for one in claim.criteria])
            for case in claim.cases
        ]
    )
    outcomes = [
        *_judged(claim, groups, level),
        *(Outcome((c,), claim.is_source(c), "void", why=why) for c, why in claim.void),
        *(Outcome((c,), claim.is_source(c), "not tested here", why=w) for c, w in claim.untested),
    ]
    identities = tuple(
        (identity, case, float(measured(identity.effect, case).mean()))
        for identity in claim.identities
        for case in identity.cases
    )
    verdict = overall(claim.kind, [(one.verdict, one.source) for one in outcomes])
    return Settled(claim, tuple(outcomes), verdict, len(results.jobs), identities)


def of_chapter(chapter: str | None = None, level: float = 0.95) -> tuple[Settled, ...]:
    """The claims of a chapter, settled; of all chapters where none is given."""
    wanted = [claim for claim in load() if chapter in (None, claim.chapter)]
    results = {name: atlas.load(name) for name in {one.experiment for one in wanted} if name}
    return tuple(
        _settled(one, results[one.experiment], level) if one.experiment else Settled(one)
        for one in wanted
    )


def bullets(
    chapter: str, names: Sequence[str] | None = None, *, ledger: str = "ledger.html"
) -> Bullets:
    """What is true of a chapter's claims: when each holds and when it fails, with its number.

    Args:
        chapter: Its notebook's name.
        names: The claims' ids, in the order wanted; all of the chapter's where none are given.
        ledger: The ledger's address from that page, to which each line links.

    Raises:
        ValueError: A name is no claim of the chapter.
    """
    own = {one.claim.id: one for one in of_chapter(chapter)}
    unknown = [name for name in names or () if name not in own]
    if not own or unknown:
        raise ValueError(
            f"expected a chapter that has claims and ids of {list(own)}, "
            f"got {chapter!r} and {unknown}"
        )
    return Bullets(tuple(own[name] for name in names or own), ledger)


def of_cases(verdicts: Iterable[str]) -> str:
    """Verdict of a case from those of its criteria, of which all must hold."""
    kinds = set(verdicts)
    if "fails" in kinds:
        return "fails"
    return "holds" if kinds == {"holds"} else "undecided"


def overall(kind: str, cases: Iterable[tuple[str, bool]]) -> str:
    """Verdict of a claim.

    Args:
        kind: What it says: does, can or grows.
        cases: The verdict of each case, and whether that is the source's own.
    """
    cases = list(cases)
    if kind == "can":
        kinds = {verdict for verdict, _ in cases} - {"void", "not tested here"}
        if "holds" in kinds:
            return "holds"
        return "fails" if kinds == {"fails"} else "undecided"
    kinds = {verdict for verdict, source in cases if source}
    for verdict in ("void", "not tested here"):
        if verdict in kinds:
            return verdict
    return of_cases(kinds)


def holm(decided: Sequence[Callable[[float], bool]], level: float = 0.95) -> list[float]:
    """Levels at which several cases are judged, so that all are right together as often as `level`.

    The case that is decided at the highest level is judged at 1 − α/m, the next at 1 − α/(m − 1),
    to the first that is not decided, whose level all others share.

    Args:
        decided: For each of the m cases, whether its interval of a level lies in a region.
        level: 1 − α.

    Source: Holm, "A simple sequentially rejective multiple test procedure" (1979).
    """
    order = sorted(range(len(decided)), key=lambda case: _least_error(decided[case]))
    levels = [0.0] * len(decided)
    stopped = None
    for rank, case in enumerate(order):
        levels[case] = stopped or 1 - (1 - level) / (len(decided) - rank)
        if stopped is None and not decided[case](levels[case]):
            stopped = levels[case]
    return levels


def shuffled(settled: Iterable[Settled], draws: int = 2000, seed: int = 0) -> dict[str, float]:
    """How many claims would have each verdict if measured cases' verdicts were dealt at random.

    The verdicts of all cases are one pool; kinds, and which cases are the source's, stay.

    Args:
        settled: All claims.
        draws: How often the pool is dealt.
        seed: Of the dealing.

    Returns:
        Mean number of claims, of every verdict.
    """
    settled = list(settled)
    rng = np.random.default_rng(seed)
    pool = [o.verdict for one in settled for o in one.outcomes if o.findings]
    counts = dict.fromkeys(VERDICTS, 0)
    for _ in range(draws):
        dealt = iter(rng.permutation(pool).tolist())
        for one in settled:
            cases = [(next(dealt) if o.findings else o.verdict, o.source) for o in one.outcomes]
            counts[overall(one.claim.kind, cases) if cases else one.verdict] += 1
    return {verdict: count / draws for verdict, count in counts.items()}


def _distinct(cases: list) -> list[tuple[tuple[Case, ...], list[np.ndarray]]]:
    """Cases with their arrays; those that repeat the same numbers are one."""
    found: list[tuple[list[Case], list[np.ndarray]]] = []
    for case, arrays in cases:
        for before, known in found:
            if all(map(_repeats, arrays, known)):
                before.append(case)
                break
        else:
            found.append(([case], arrays))
    return [(tuple(names), arrays) for names, arrays in found]


def _repeats(values: np.ndarray, known: np.ndarray) -> bool:
    return not np.isnan(values).all() and np.array_equal(values, known, equal_nan=True)


def _judged(claim: Claim, groups: list, level: float) -> list[Outcome]:
    def findings(arrays: list[np.ndarray], level: float) -> tuple[Finding, ...]:
        found = []
        for criterion, values in zip(claim.criteria, arrays, strict=True):
            one = estimate(values, criterion.scale, level)
            verdict = judge(one.low, one.high, criterion.holds, criterion.fails)
            found.append(Finding(criterion, values, one, verdict))
        return tuple(found)

    def verdict(arrays: list[np.ndarray], level: float) -> str:
        return of_cases(one.verdict for one in findings(arrays, level))

    levels = [level] * len(groups)
    if claim.kind == "can":
        tried = [
            number
            for number, (_, arrays) in enumerate(groups)
            if any(one.estimate.varies for one in findings(arrays, level))
        ]
        corrected = holm(
            [lambda at, a=groups[n][1]: verdict(a, at) != "undecided" for n in tried], level
        )
        for case, at in zip(tried, corrected, strict=True):
            levels[case] = at
    return [
        Outcome(
            names,
            any(map(claim.is_source, names)),
            verdict(arrays, at),
            findings(arrays, at),
            at,
        )
        for (names, arrays), at in zip(groups, levels, strict=True)
    ]


def _least_error(decided: Callable[[float], bool]) -> float:
    """Logarithm of the smallest 1 − level at which a case is decided; 0 where it never is."""
    low, high = -12.0, -1e-4
    if not decided(1 - 10**high):
        return 0.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if decided(1 - 10**middle) else (middle, high)
    return high
