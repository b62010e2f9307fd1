"""Claims are well formed, and a verdict follows from an interval and two regions alone."""

import ast
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from gradbook.chapters.starvation import effects
from gradbook.evidence import atlas, claims, registry
from gradbook.evidence.claims import Claim, Finding, Outcome, Settled, in_words, judge, overall
from gradbook.evidence.intervals import RANGES, estimate
from gradbook.figures.claims import slug

ROOT = Path(__file__).resolve().parents[2]
ABOVE, BELOW = ((0.9, math.inf),), ((-math.inf, 0.5),)
ALL = claims.load()
SETTLED = {one.claim.id: one for one in claims.of_chapter()}
RUN = [claim for claim in ALL if claim.experiment]


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.95, 0.99, "holds"),
        (0.90, 0.91, "holds"),
        (0.10, 0.40, "fails"),
        (0.10, 0.50, "fails"),
        (0.60, 0.80, "undecided"),
        (0.60, 0.95, "undecided"),
        (0.40, 0.95, "undecided"),
        (math.nan, math.nan, "undecided"),
    ],
)
def test_one_interval(low, high, verdict):
    assert judge(low, high, ABOVE, BELOW) == verdict


def test_a_region_of_two_pieces_refutes_in_each_of_them():
    holds, fails = ((0.9, 1.1),), ((-math.inf, 0.5), (2.0, math.inf))
    assert judge(0.1, 0.3, holds, fails) == judge(2.5, 3.0, holds, fails) == "fails"
    assert judge(0.4, 2.1, holds, fails) == judge(1.2, 1.5, holds, fails) == "undecided"


@pytest.mark.parametrize(
    ("kind", "source", "ablations", "verdict"),
    [
        ("does", ["holds"], ["fails", "undecided"], "holds"),
        ("does", ["fails"], ["holds"], "fails"),
        ("does", ["holds", "fails"], [], "fails"),
        ("does", ["holds", "undecided"], ["fails"], "undecided"),
        ("does", ["void"], ["holds"], "void"),
        ("does", ["not tested here"], ["fails"], "not tested here"),
        ("grows", ["holds"], ["fails"], "holds"),
        ("can", ["fails"], ["holds"], "holds"),
        ("can", ["fails"], ["undecided"], "undecided"),
        ("can", ["fails"], ["fails", "void"], "fails"),
    ],
)
def test_a_claim_of_several_cases(kind, source, ablations, verdict):
    cases = [*((one, True) for one in source), *((one, False) for one in ablations)]
    assert overall(kind, cases) == verdict


def test_criteria_of_one_case_are_joined_by_and():
    assert claims.of_cases(["holds", "holds"]) == "holds"
    assert claims.of_cases(["holds", "fails"]) == "fails"
    assert claims.of_cases(["holds", "undecided"]) == "undecided"


def test_holm_s_levels_are_those_of_his_steps():
    """Errors at which cases are decided: 0.01, 0.015, 0.03, 0.04, of m = 4 at 5 %."""
    errors = [0.03, 0.01, 0.04, 0.015]
    levels = claims.holm([lambda level, e=e: e <= 1 - level for e in errors])
    steps = {0.01: 0.05 / 4, 0.015: 0.05 / 3, 0.03: 0.05 / 2, 0.04: 0.05 / 2}
    assert levels == pytest.approx([1 - steps[error] for error in errors])


def test_holm_keeps_the_chance_of_any_wrong_verdict():
    """Twelve cases whose truth lies on the region's border: one in twenty runs decides wrongly."""
    rng, wrong = np.random.default_rng(0), 0
    holds, fails = ((0.0, math.inf),), ((-math.inf, -9.0),)
    for _ in range(400):
        samples = rng.normal(0, 1, (12, 10))

        def decided(level, values):
            one = estimate(values, "real", level)
            return judge(one.low, one.high, holds, fails) == "holds"

        tests = [lambda level, v=values: decided(level, v) for values in samples]
        wrong += any(test(level) for test, level in zip(tests, claims.holm(tests), strict=True))
    assert wrong / 400 < 0.05 + 2 * math.sqrt(0.05 * 0.95 / 400)


def test_shuffling_one_pool_of_equal_verdicts_changes_nothing():
    criterion = ALL[0].criteria[0]
    found = Finding(criterion, np.zeros(2), estimate(np.zeros(2)), "holds")
    one = Settled(ALL[0], (Outcome(({},), True, "holds", (found,)),) * 3, "holds", 2)
    waiting = Settled(ALL[1])
    counts = claims.shuffled([one, waiting], draws=3)
    assert (counts["holds"], counts["not yet run"]) == (1, 1)


def test_shuffling_deals_each_verdict_as_often_as_the_pool_has_it():
    """Of two claims with one case each, one holds: each is dealt it half the time."""
    found = Finding(ALL[0].criteria[0], np.zeros(2), estimate(np.zeros(2)), "holds")
    two = [
        Settled(ALL[0], (Outcome(({},), True, verdict, (found,)),), verdict, 2)
        for verdict in ("holds", "fails")
    ]
    counts = claims.shuffled(two, draws=50)
    assert (counts["holds"], counts["fails"]) == (1, 1)


@pytest.mark.parametrize("claim", RUN, ids=lambda claim: claim.id)
def test_a_verdict_follows_from_its_numbers(claim):
    """The rule once more, written another way, with another t interval where that is the one."""
    settled = SETTLED[claim.id]
    assert settled.verdict in claims.VERDICTS
    measured = [one for one in settled.outcomes if one.findings]
    assert sorted(map(str, (c for one in measured for c in one.cases))) == sorted(
        map(str, claim.cases)
    )
    for outcome in measured:
        assert outcome.source == any(claim.is_source(case) for case in outcome.cases)
        assert (outcome.level == 0.95) or claim.kind == "can"
        kinds = []
        for finding in outcome.findings:
            one, criterion = finding.estimate, finding.criterion
            values = finding.values[~np.isnan(finding.values)]
            if one.varies and criterion.scale in ("real", "positive"):
                logs = criterion.scale == "positive"
                ends = stats.ttest_1samp(np.log(values) if logs else values, 0)
                ends = ends.confidence_interval(outcome.level)
                ends = np.exp(ends) if logs else ends
                np.testing.assert_allclose([one.low, one.high], ends, rtol=1e-9, atol=1e-12)
            elif len(values) > 1 and not one.varies:
                assert one.low == one.high == pytest.approx(values[0], rel=1e-5)
            least, most = RANGES[criterion.scale]
            assert np.isnan(one.low) or least <= one.low <= one.high <= most
            inside = [
                name
                for name in ("holds", "fails")
                for a, b in getattr(criterion, name)
                if one.low >= a and one.high <= b
            ]
            kinds.append(inside[0] if inside else "undecided")
            assert finding.verdict == kinds[-1], (claim.id, outcome.cases)
        assert (outcome.verdict == "holds") == (set(kinds) == {"holds"})
        assert (outcome.verdict == "fails") == ("fails" in kinds)


def test_cases_that_repeat_numbers_are_one():
    (claim,) = (claim for claim in RUN if claim.id == "all-three-would-be-best")
    results = atlas.load(claim.experiment)
    arrays = {effects.accuracy_gained(results, **case).tobytes() for case in claim.cases}
    assert len(SETTLED[claim.id].outcomes) == len(arrays) < len(claim.cases)


def test_identities_are_shown_and_not_counted():
    for claim in RUN:
        settled = SETTLED[claim.id]
        counted = [case for one in settled.outcomes for case in one.cases]
        assert not [case for _, case, _ in settled.identities if case in counted]
        assert len(settled.identities) == sum(len(one.cases) for one in claim.identities)
    composition = SETTLED["composition-sets-the-direction"]
    assert [value for _, _, value in composition.identities] == [0, 0]
    general = SETTLED["general-features-get-more"]
    for _, case, value in general.identities:
        assert 10**value == pytest.approx(case["n"], rel=1e-9)


def test_what_has_no_meaning_or_was_not_tested_has_no_numbers():
    for claim in RUN:
        for one in SETTLED[claim.id].outcomes:
            assert bool(one.findings) == (one.verdict not in ("void", "not tested here"))
            assert bool(one.why) == (not one.findings)


@pytest.mark.parametrize("claim", RUN, ids=lambda claim: claim.id)
def test_evidence_is_of_this_code_and_of_enough_seeds(claim):
    results = atlas.load(claim.experiment)  # refuses what other code measured
    config = results.config
    trains_the_full_network = "[2000, 1000, 200]" in json.dumps(dict(config))
    trains_a_transformer = claim.experiment.startswith("transformer_")
    enough = 10 if trains_the_full_network or trains_a_transformer else 20
    assert len(set(results.jobs)) == len(results.jobs) >= enough
    assert list(results.jobs) == list(registry.experiment(claim.experiment).JOBS)


def test_outdated_evidence_is_no_verdict(tmp_path):
    results = atlas.load("order")
    stale = atlas.Atlas(
        "order", results.arrays, results.config, results.jobs, results.versions, "other"
    )
    atlas.write(stale, tmp_path / "order.npz")
    claim = next(claim for claim in RUN if claim.experiment == "order")
    with pytest.raises(ValueError, match="were measured by other code: measure it again with"):
        claims.settle(claim, tmp_path)
    with pytest.raises(FileNotFoundError, match="evidence run order"):
        claims.settle(claim, tmp_path / "elsewhere")


def test_all_claims_are_there_once_with_both_predictions():
    assert len(ALL) >= 23 and len({claim.id for claim in ALL}) == len(ALL)
    for claim in ALL:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", claim.id)
        assert claim.sentence.endswith(".")
        assert re.fullmatch(
            r"this book|(gradient-dosage|minibatch-sensitivity), paragraphs? \d+( and \d+)?",
            claim.source,
        )
        assert claim.experiment in (None, *registry.experiments())
        for criterion in claim.criteria:
            assert criterion.holds and criterion.fails and criterion.measure
            assert in_words(criterion.holds) and in_words(criterion.fails)


def test_a_settled_claim_names_a_heading_of_its_chapter():
    """Or one that has moved to a depth page, where the old address leads on."""
    for claim in RUN:
        notebook = (ROOT / "book" / f"{claim.chapter}.ipynb").read_text(encoding="utf-8")
        heading = rf'"#+ (\d+\. )?{re.escape(claim.section)}(\\n)?"'
        moved = f'id=\\"{slug(claim.section)}\\" data-moved='
        assert re.search(heading, notebook) or moved in notebook, claim.section


def test_no_verdict_is_typed_by_hand():
    """Neither among the claims nor in what judges or draws them."""
    for file in registry.claims().values():
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"^\s*verdict\s*=", text, re.M)
        assert not re.search("holds in part", text)
    files = sorted((ROOT / "gradbook/chapters").glob("*/effects.py"))
    assert len(files) > 1
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        strings = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)}
        assert not strings & set(claims.VERDICTS)


@pytest.mark.parametrize("chapter", sorted({claim.chapter for claim in ALL}))
def test_no_chapter_types_a_claim_s_verdict(chapter):
    """It shows them, and may discuss them; only the ledger explains the rule's words."""
    pages = [ROOT / f"book/{chapter}.ipynb", *sorted((ROOT / "book" / chapter).glob("*.ipynb"))]
    read = [json.loads(page.read_text(encoding="utf-8"))["cells"] for page in pages]
    cells = [cell for page in read for cell in page]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    typed = r"holds in part|hold in part|claims? (holds?|fails?)\b|rule says"
    assert not [source for source in sources if re.search(typed, source)]
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    assert f'claims.of_chapter("{chapter}")' in code


def test_a_claim_that_is_not_run_has_no_numbers():
    for claim in ALL:
        if claim.experiment is None:
            settled = SETTLED[claim.id]
            assert (settled.verdict, settled.outcomes) == ("not yet run", ())


def test_chapters_take_their_own_claims():
    own = claims.of_chapter("minibatch_sensitivity")
    assert {one.claim.chapter for one in own} == {"minibatch_sensitivity"}
    assert len(claims.of_chapter()) == len(ALL) > len(own)


def test_effects_give_one_number_a_seed():
    for claim in RUN:
        results = atlas.load(claim.experiment)
        for criterion in claim.criteria:
            effect = registry.effect(registry.chapter_of(claim.chapter), criterion.effect)
            for case in claim.cases:
                values = effect(results, **criterion.given, **case)
                assert values.shape == (len(results.jobs),)
    assert isinstance(ALL[0], Claim)
