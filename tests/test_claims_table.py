"""The ledger's table shows each claim with its numbers, in HTML and in text."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from gradbook import claims, figures
from gradbook.claims import Claim, Criterion, Finding, Settled

ABOVE, BELOW = ((0.5, np.inf),), ((-np.inf, 0.1),)


class Page(HTMLParser):
    """Tags in order with their attributes, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(text)
        assert not self.open, "a tag is not closed"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("br",):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self):
        return " ".join(self.words)


def settled(ends, cases=None, holds=ABOVE, fails=BELOW, **about):
    criterion = Criterion("a <measure>", holds, fails, "distance")
    cases = cases or [{"epoch": number} for number in range(len(ends))]
    findings = tuple(
        Finding(
            criterion,
            case,
            np.linspace(low, high, 10),
            mean,
            low,
            high,
            claims.judge(low, high, holds, fails),
        )
        for (low, mean, high), case in zip(ends, cases, strict=True)
    )
    details = {"section": "The whole curve, and why", "experiment": "order"} | about
    claim = Claim("a-claim", "It is <so>.", "nowhere, paragraph 1", "some_chapter", (criterion,))
    claim = claims.Claim(**vars(claim) | details)
    return Settled(claim, findings, claims.overall(f.verdict for f in findings), 10)


def test_a_row_holds_sentence_verdict_numbers_link_and_command():
    table = figures.claims_table([settled([(0.6, 0.7, 0.8)])], pages=True)
    page = Page(table._repr_html_())
    assert "It is <so>." in page.text and "a <measure>; 10 seeds" in page.text
    assert "epoch 0: 0.70 [0.60, 0.80], holds" in page.text
    assert "holds: at least 0.5; fails: at most 0.1" in page.text
    assert page.all("a") == [{"href": "some_chapter.html#the-whole-curve-and-why"}]
    assert "python -m gradbook evidence run a-claim" in page.text
    assert {"id": "claim-a-claim"} in page.all("tr")


def test_a_chapter_s_table_has_neither_links_nor_commands():
    page = Page(figures.claims_table([settled([(0.6, 0.7, 0.8)])])._repr_html_())
    assert not page.all("a") and not page.all("code")


def test_a_claim_that_waits_shows_its_predictions():
    one = settled([(0, 0, 0)], experiment=None, section=None)
    table = figures.claims_table([Settled(one.claim)], pages=True)
    page = Page(table._repr_html_())
    assert "not yet run" in page.text and "chapter: some chapter, to come" in page.text
    assert "holds: at least 0.5; fails: at most 0.1" in page.text
    assert not page.all("svg") and not page.all("a") and "evidence run" not in page.text
    assert repr(table) == "… not yet run: It is <so>."


def test_many_situations_are_drawn_together_and_all_are_one_click_away():
    ends = [(0.6, 0.7, 0.8)] * 3 + [(0.0, 0.05, 0.08)] * 2 + [(0.0, 0.3, 0.6)]
    table = figures.claims_table([settled(ends)])
    page = Page(table._repr_html_())
    assert "holds: epochs 0 to 2" in page.text and "fails: epochs 3, 4" in page.text
    assert "undecided: epoch 5" in page.text and "means from 0.05 to 0.70" in page.text
    assert "all 6" in page.text and page.text.count("0.70 [0.60, 0.80]") == 3
    assert "    holds: epochs 0 to 2" in repr(table).splitlines()


def test_the_picture_is_to_scale():
    ends = [(0.6, 0.7, 0.8), (0.0, 0.05, 0.08), (np.nan, 0.3, np.nan)]
    page = Page(figures.claims_table([settled(ends)])._repr_html_())
    (picture,) = page.all("svg")
    expected = "3 intervals beside the two regions: 1 holds, 1 fails, 1 undecided"
    assert picture["role"] == "img" and picture["aria-label"] == expected
    bars = [[float(bar[name]) for name in ("y1", "y2")] for bar in page.all("line")]
    dots = [float(dot["cy"]) for dot in page.all("circle")]
    assert len(bars) == 2 and len(dots) == 3
    slope = (dots[0] - dots[1]) / (0.7 - 0.05)
    assert slope < 0, "larger values stand higher"
    for (low, mean, high), (bottom, top), dot in zip(ends, bars, dots, strict=False):
        assert bottom - dot == pytest.approx(slope * (low - mean), abs=0.15)
        assert top - dot == pytest.approx(slope * (high - mean), abs=0.15)
    confirming, refuting = page.all("rect")
    assert confirming["fill"] == figures.BLUE and refuting["fill"] == figures.VERMILION
    edge = float(confirming["y"]) + float(confirming["height"])
    assert edge - dots[0] == pytest.approx(slope * (0.5 - 0.7), abs=0.15)
    assert float(refuting["y"]) - dots[1] == pytest.approx(slope * (0.1 - 0.05), abs=0.15)


def test_intervals_of_no_length_are_drawn():
    regions = {"holds": ((-np.inf, 0.0),), "fails": ((1e-12, np.inf),)}
    page = Page(figures.claims_table([settled([(0, 0, 0)], **regions)])._repr_html_())
    assert "epoch 0: 0.00 for every seed, holds" in page.text and len(page.all("circle")) == 1


def test_a_printed_interval_has_the_printed_verdict_and_a_width():
    regions = {"holds": ((0.9, 1.1),), "fails": ((2.0, np.inf),)}
    page = Page(figures.claims_table([settled([(1.079, 1.091, 1.1021)], **regions)])._repr_html_())
    assert "1.091 [1.079, 1.102], undecided" in page.text
    page = Page(figures.claims_table([settled([(0.0131, 0.0139, 0.0144)])])._repr_html_())
    assert "0.014 [0.013, 0.014], fails" in page.text


def test_a_verdict_of_several_says_how_many_agree():
    ends = [(0.6, 0.7, 0.8)] * 3 + [(0.0, 0.05, 0.08)]
    mixed = Page(figures.claims_table([settled(ends)])._repr_html_())
    assert "holds: 3 of 4" in mixed.text and "fails: 1 of 4" in mixed.text
    agreed = Page(figures.claims_table([settled(ends[:3])])._repr_html_())
    assert " of 3" not in agreed.text


def test_numbers_are_rounded_the_same_everywhere():
    page = Page(figures.claims_table([settled([(-0.0004, -0.0001, 0.0004)])])._repr_html_())
    assert "−0.0001 [−0.0004, 0.0004]" in page.text
    page = Page(figures.claims_table([settled([(-0.3, -0.2, -0.1)])])._repr_html_())
    assert "−0.20 [−0.30, −0.10]" in page.text


def test_the_real_ledger_names_every_claim_once():
    every = claims.of_chapter()
    table = figures.claims_table(every, pages=True)
    page = Page(table._repr_html_())
    ids = [row["id"] for row in page.all("tr") if "id" in row]
    assert ids == [f"claim-{one.claim.id}" for one in every]
    for one in every:
        assert one.claim.sentence in page.text and one.claim.sentence in repr(table)
        assert page.text.count(f"evidence run {one.claim.id}") == (one.claim.experiment is not None)
    assert not re.search(r"\bnan\b|\binf\b", page.text)
