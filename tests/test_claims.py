"""Claims are well formed, and a verdict follows from an interval and two regions alone."""

import ast
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from gradbook import atlas, claims, effects, experiments
from gradbook.claims import Claim, Criterion, Finding, conditions, in_words, judge, overall

ROOT = Path(__file__).resolve().parents[1]
ABOVE, BELOW = ((0.9, math.inf),), ((-math.inf, 0.5),)
ALL = claims.load()
RUN = [claim for claim in ALL if claim.experiment]


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.95, 0.99, "holds"),
        (0.90, 0.91, "holds"),
        (0.10, 0.40, "fails"),
        (0.10, 0.50, "fails"),
        (0.60, 0.80, "holds in part"),
        (0.60, 0.95, "undecided"),
        (0.40, 0.60, "undecided"),
        (0.40, 0.95, "undecided"),
        (math.nan, math.nan, "undecided"),
    ],
)
def test_one_interval(low, high, verdict):
    assert judge(low, high, ABOVE, BELOW) == verdict


def test_a_region_of_two_pieces_refutes_in_each_of_them():
    holds, fails = ((0.9, 1.1),), ((-math.inf, 0.5), (2.0, math.inf))
    assert judge(0.1, 0.3, holds, fails) == judge(2.5, 3.0, holds, fails) == "fails"
    assert judge(0.4, 2.1, holds, fails) == "undecided"
    assert judge(1.2, 1.5, holds, fails) == "holds in part"


@pytest.mark.parametrize(
    ("verdicts", "verdict"),
    [
        (["holds", "holds"], "holds"),
        (["fails", "fails"], "fails"),
        (["undecided"], "undecided"),
        (["holds in part"], "holds in part"),
        (["holds", "fails"], "holds in part"),
        (["holds", "undecided"], "holds in part"),
        (["holds in part", "fails"], "holds in part"),
        (["fails", "undecided"], "undecided"),
    ],
)
def test_a_claim_of_several_conditions(verdicts, verdict):
    assert overall(verdicts) == verdict


@pytest.mark.parametrize("claim", RUN, ids=lambda claim: claim.id)
def test_a_verdict_follows_from_its_numbers(claim):
    """The rule once more, written another way, with another t interval."""
    settled = claims.settle(claim)
    assert settled.findings and settled.verdict in claims.VERDICTS
    for finding in settled.findings:
        values = finding.values[~np.isnan(finding.values)]
        inside = {"holds": False, "fails": False}
        if len(values) < 2:
            assert finding.verdict == "undecided"
            continue
        if values.std() > 1e-12 * abs(values).max():
            low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        else:
            low = high = values.mean()
        np.testing.assert_allclose([finding.low, finding.high], [low, high], atol=1e-12)
        outside = True
        for name in inside:
            for a, b in getattr(finding.criterion, name):
                inside[name] |= low >= a and high <= b
                outside &= high < a or low > b
        expected = next((name for name, is_in in inside.items() if is_in), None)
        expected = expected or ("holds in part" if outside else "undecided")
        assert finding.verdict == expected, (claim.id, finding.case)
    kinds = {finding.verdict for finding in settled.findings}
    if len(kinds) > 1:
        assert settled.verdict == (
            "holds in part" if kinds & {"holds", "holds in part"} else "undecided"
        )
    else:
        assert {settled.verdict} == kinds


@pytest.mark.parametrize("claim", RUN, ids=lambda claim: claim.id)
def test_evidence_is_of_this_code_and_of_enough_seeds(claim):
    results = atlas.load(claim.experiment)  # refuses what other code measured
    config = results.config
    trains_the_full_network = "[2000, 1000, 200]" in json.dumps(dict(config))
    enough = 10 if trains_the_full_network else 20
    assert len(set(results.jobs)) == len(results.jobs) >= enough
    assert list(results.jobs) == list(experiments.module(claim.experiment).JOBS)


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
            r"(gradient-dosage|minibatch-sensitivity), paragraphs? \d+( and \d+)?", claim.source
        )
        assert claim.experiment in (None, *experiments.NAMES)
        for criterion in claim.criteria:
            assert criterion.holds and criterion.fails and criterion.measure
            assert in_words(criterion.holds) and in_words(criterion.fails)


def test_a_settled_claim_names_a_heading_of_its_chapter():
    for claim in RUN:
        notebook = (ROOT / "book" / f"{claim.chapter}.ipynb").read_text(encoding="utf-8")
        heading = rf'"#+ (\d+\. )?{re.escape(claim.section)}(\\n)?"'
        assert re.search(heading, notebook), claim.section


def test_no_verdict_is_typed_by_hand():
    """Neither among the claims nor in what judges or draws them."""
    text = Path(claims.FILE).read_text(encoding="utf-8")
    assert not re.search(r"^\s*verdict\s*=", text, re.M)
    files = sorted((ROOT / "gradbook/effects").glob("*.py"))
    assert len(files) > 1
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        strings = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)}
        assert not strings & set(claims.VERDICTS)


@pytest.mark.parametrize("chapter", sorted({claim.chapter for claim in ALL}))
def test_no_chapter_types_a_claim_s_verdict(chapter):
    """It shows the table, and may discuss it; only the ledger explains the rule's words."""
    cells = json.loads((ROOT / f"book/{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    typed = r"holds in part|hold in part|claims? (holds?|fails?)\b|rule says"
    assert not [source for source in sources if re.search(typed, source)]
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    assert f'claims.of_chapter("{chapter}")' in code


def test_a_claim_that_is_not_run_has_no_numbers():
    for claim in ALL:
        if claim.experiment is None:
            settled = claims.settle(claim)
            assert (settled.verdict, settled.findings) == ("not yet run", ())


def test_chapters_take_their_own_claims():
    own = claims.of_chapter("minibatch_sensitivity")
    assert {one.claim.chapter for one in own} == {"minibatch_sensitivity"}
    assert len(claims.of_chapter()) == len(ALL) > len(own)


GOOD = """
[[claims]]
id = "a"
sentence = "A."
source = "gradient-dosage, paragraph 1"
chapter = "c"
section = "S"
experiment = "order"
[[claims.criteria]]
measure = "m"
holds = [0.5, inf]
fails = [-inf, 0.1]
effect = "distance"
cases = { change = ["order", "minibatches"] }
"""


def written(tmp_path, text):
    path = tmp_path / "claims.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_cases_are_all_combinations(tmp_path):
    text = GOOD.replace("cases = {", 'cases = { epoch = [1, 2], biases = ["x"],')
    (claim,) = claims.load(written(tmp_path, text))
    assert len(claim.criteria[0].cases) == 4
    assert claim.criteria[0].cases[0] == {"epoch": 1, "biases": "x", "change": "order"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("holds = [0.5, inf]", "holds = [0.05, inf]", "expected regions that do not meet"),
        ("holds = [0.5, inf]", "holds = [0.5]", r"expected a region \[low, high\]"),
        ('effect = "distance"', 'effect = "nonsense"', "expected a function of gradbook.effects"),
        ('effect = "distance"', "", "expected an effect in every criterion"),
        ('experiment = "order"', "", "expected an effect in every criterion"),
        ('section = "S"', "", "expected the section that settles it"),
        ('sentence = "A."', "", "sentence"),
        ('chapter = "c"', 'chapter = "c"\nverdict = "holds"', "verdict"),
    ],
)
def test_a_malformed_claim_is_named(tmp_path, old, new, message):
    with pytest.raises(ValueError, match=f"claim 'a' in .*{message}"):
        claims.load(written(tmp_path, GOOD.replace(old, new)))


def test_an_id_is_given_once(tmp_path):
    with pytest.raises(ValueError, match=r"claim 'a' in .*: the id is taken"):
        claims.load(written(tmp_path, GOOD + GOOD))


def finding(**case) -> Finding:
    return Finding(Criterion("m", ABOVE, BELOW), case, np.zeros(2), 0, 0, 0, "fails")


@pytest.mark.parametrize(
    ("cases", "words"),
    [
        ([{}], ""),
        ([{"epoch": 3}], "epoch 3"),
        ([{"epoch": e} for e in (1, 2, 3, 5, 8, 9)], "epochs 1 to 3, 5, 8, 9"),
        (
            [{"layer": layer, "epoch": e} for layer in (2, 3) for e in (4, 5, 6)],
            "layer 2, epochs 4 to 6; layer 3, epochs 4 to 6",
        ),
        ([{"layers": 4}, {"layers": 8}], "layers 4, 8"),
        ([{"change": "order"}, {"change": "minibatches"}], "order; minibatches"),
        (
            [{"net": "ReLU", "change": change} for change in ("order", "decay and noise")],
            "ReLU, order; ReLU, decay and noise",
        ),
    ],
)
def test_conditions_in_words(cases, words):
    assert conditions([finding(**case) for case in cases]) == words


def test_regions_in_words():
    assert in_words(((0.1, math.inf),)) == "at least 0.1"
    assert in_words(((-math.inf, -0.01),)) == "at most −0.01"
    assert in_words(((0.9, 1.1),)) == "0.9 to 1.1"
    assert in_words(((-math.inf, 0.5), (2.0, math.inf))) == "at most 0.5 or at least 2"


def test_effects_give_one_number_a_seed():
    for claim in RUN:
        results = atlas.load(claim.experiment)
        for criterion in claim.criteria:
            for case in criterion.cases:
                values = getattr(effects, criterion.effect)(results, **case)
                assert values.shape == (len(results.jobs),)
    assert isinstance(ALL[0], Claim)
