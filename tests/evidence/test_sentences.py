"""Verdicts in words: cases, regions, numbers, and the sentence that readers see."""

import dataclasses
import math
import re

import numpy as np
import pytest

from gradbook.evidence import claims
from gradbook.evidence.claims import Finding, conditions, in_words
from gradbook.evidence.intervals import estimate

ABOVE, BELOW = ((0.9, math.inf),), ((-math.inf, 0.5),)
ALL = claims.load()
SETTLED = {one.claim.id: one for one in claims.of_chapter()}
ALIKE = [{"net": n, "when": w, "dose": d} for n in "xy" for w in "ab" for d in "pq"]
LAYERS = [{"layer": layer, "epoch": e} for layer in (2, 3) for e in range(1, 7)]


@pytest.mark.parametrize(
    ("cases", "among", "words"),
    [
        ([{}], [{}], ""),
        ([{"epoch": 3}], [], "epoch 3"),
        ([{"epoch": e} for e in (1, 2, 3, 5, 8, 9)], [], "epochs 1 to 3, 5, 8 and 9"),
        (LAYERS[3:6], LAYERS, "layer 2 (epochs 4 to 6)"),
        (LAYERS[3:6] + LAYERS[9:], LAYERS, "layers 2 and 3 (each epochs 4 to 6)"),
        (LAYERS[:6] + LAYERS[9:], LAYERS, "layer 3 (epochs 4 to 6) and layer 2"),
        ([{"layers": 4}, {"layers": 8}], [], "4 and 8 layers"),
        ([{"n": 32}, {"n": 10000}], [], "n = 32 and 10,000"),
        ([{"loss": 0.4}, {"loss": 0.01}], [], "loss 0.4 and 0.01"),
        (ALIKE, ALIKE, "x and y"),
        (ALIKE[:4], ALIKE, "x"),
        ([ALIKE[0], ALIKE[2]], ALIKE, "x (p)"),
        ([{"change": "order"}, {"change": "minibatches"}], [], "order and minibatches"),
        ([{"net": "a, b"}, {"net": "c and d"}, {"net": "e"}], [], "“a, b”, “c and d” and e"),
        ([{"view": "x", "layer": 2}], [{"view": v, "layer": 2} for v in "xy"], "x"),
    ],
)
def test_conditions_in_words(cases, among, words):
    assert conditions(cases, among) == words


def test_regions_in_words():
    assert in_words(((0.1, math.inf),)) == "at least 0.1"
    assert in_words(((-math.inf, -0.01),), "points") == "at most −1 points"
    assert in_words(((0.9, 1.1),), "×") == "0.9 to 1.1×"
    assert in_words(((-math.inf, 0.5), (2.0, math.inf))) == "at most 0.5 or at least 2"


def told(values, verdict="holds", **about):
    criterion = dataclasses.replace(ALL[0].criteria[0], holds=ABOVE, fails=BELOW, **about)
    return claims.number(Finding(criterion, values, estimate(values, criterion.scale), verdict))


def test_a_number_has_the_printed_verdict_its_unit_and_a_width():
    values = np.array([0.951, 0.962, 0.958, 0.957])
    low, high = 100 * estimate(values, "share").low, 100 * estimate(values, "share").high
    printed = f"{100 * values.mean():.1f} % [{low:.1f}, {high:.1f}]"
    assert told(values, scale="share", unit="%") == printed
    close = np.array([0.9004, 0.9005, 0.9006])
    one = estimate(close)
    assert told(close, scale="real") == f"0.90050 [{one.low:.5f}, {one.high:.5f}]"
    edge = np.array([0.9004, 0.92, 0.94, 0.94])
    wide = estimate(edge, level=0.5)
    assert wide.low > 0.9
    criterion = dataclasses.replace(ALL[0].criteria[0], holds=ABOVE, fails=BELOW)
    text = claims.number(Finding(criterion, edge, wide, "holds"))
    low = float(re.search(r"\[(.*),", text)[1])
    assert low >= 0.9


def test_where_nothing_varies_there_is_no_interval():
    assert told(np.full(10, 1.0), scale="share", unit="%") == "100 % (no seed differs)"
    assert told(np.array([np.nan, 0.95])) == "0.95 (one seed has it)"
    assert told(np.full(3, np.nan)) == "no seed has it"


@pytest.mark.parametrize("claim", ALL, ids=lambda claim: claim.id)
def test_a_sentence_names_every_case_s_verdict_and_one_number(claim):
    settled = SETTLED[claim.id]
    text = claims.sentence(settled)
    assert text.endswith(".") and not re.search(r"\bnan\b|\binf\b|\{|None", text)
    if not settled.outcomes:
        assert text.startswith("Not yet run")
        return
    words = {"holds": r"[Hh]olds?\b", "fails": r"[Ff]ails?\b", "undecided": r"[Oo]pen\b"}
    for verdict, word in words.items():
        said = re.search(word, text) is not None
        assert said == any(one.verdict == verdict for one in settled.outcomes)
    case, finding = claims.headline(settled)
    assert claims.number(finding) in text
    if settled.verdict in words:
        assert case.verdict == settled.verdict


def test_bullets_link_to_the_ledger():
    lines = claims.bullets("starvation", ["nine-fold-dose"], ledger="../ledger.html")
    (settled,) = lines.settled
    assert claims.sentence(settled) in repr(lines)
    assert 'href="../ledger.html#claim-nine-fold-dose"' in lines._repr_html_()
    with pytest.raises(ValueError, match="expected a chapter that has claims and ids of"):
        claims.bullets("starvation", ["minibatches-disagree"])
