"""The tables and the ledger show each claim with its numbers, in HTML and in text."""

import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from gradbook import figures
from gradbook.evidence import claims
from gradbook.evidence.claims import Claim, Criterion, Finding, Outcome, Settled
from gradbook.evidence.intervals import Estimate

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
        if tag not in ("br", "input"):
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
    """A claim whose first case is the source's own, with these intervals."""
    criterion = Criterion("a <measure>", holds, fails, "a quantity", "real", "repeated")
    cases = cases or [{"epoch": number} for number in range(len(ends))]
    outcomes = []
    for (low, mean, high), case in zip(ends, cases, strict=True):
        verdict = claims.judge(low, high, holds, fails)
        one = Estimate(mean, low, high, 10 if np.isfinite(low) else 1, low != high)
        finding = Finding(criterion, np.linspace(low, high, 10), one, verdict)
        outcomes.append(Outcome((case,), not outcomes, verdict, (finding,)))
    details = {"section": "The whole curve, and why", "experiment": "order"} | about
    claim = Claim(
        "a-claim",
        "It is <so>.",
        "so it <is>",
        "does",
        "nowhere, paragraph 1",
        "its words",
        "some_chapter",
        (criterion,),
        tuple(cases),
        cases[0],
        **details,
    )
    return Settled(claim, tuple(outcomes), outcomes[0].verdict, 10)


THREE = [(0.6, 0.7, 0.8), (0.0, 0.05, 0.08), (0.0, 0.3, 0.6)]


def test_a_row_holds_sentence_verdict_numbers_link_and_command():
    table = figures.claims_table([settled(THREE)], pages=True)
    page = Page(table._repr_html_())
    assert "It is <so>." in page.text
    assert "Holds for epoch 0; fails for epoch 1; open for epoch 2." in page.text
    assert "The source's case, epoch 0: a quantity 0.70 [0.60, 0.80]." in page.text
    assert "A <measure>. Holds: at least 0.5; fails: at most 0.1 (repeated on new" in page.text
    assert "The source: “so it <is>”." in page.text and "its words" in page.text
    assert page.all("a") == [{"href": "some_chapter.html#the-whole-curve-and-why"}]
    assert "python -m gradbook evidence run a-claim" in page.text
    assert {"id": "claim-a-claim"} in page.all("tr")


def test_one_of_several_cases_of_the_source_is_not_called_the_source_s_case():
    one = settled(THREE)
    several = dataclasses.replace(one.claim, source_case={"epoch": [0, 1]})
    page = Page(figures.claims_table([dataclasses.replace(one, claim=several)])._repr_html_())
    assert "One of the source's cases, epoch 0: a quantity 0.70 [0.60, 0.80]." in page.text


def test_a_chapter_s_table_has_neither_links_nor_commands():
    page = Page(figures.claims_table([settled(THREE)])._repr_html_())
    assert not page.all("a") and not page.all("code")


@pytest.mark.parametrize("show", [figures.claims_table, figures.ledger])
def test_a_claim_that_waits_shows_its_predictions(show):
    one = settled([(0, 0, 0)], experiment=None, section=None)
    shown = show([Settled(one.claim)])
    page = Page(shown._repr_html_())
    assert "not yet run" in page.text and "Holds: at least 0.5; fails: at most 0.1" in page.text
    assert not page.all("svg") and not page.all("a") and "evidence run" not in page.text
    assert repr(shown).startswith("… not yet run: It is <so>.")


def test_all_numbers_are_folded_under_their_claim():
    page = Page(figures.claims_table([settled(THREE)])._repr_html_())
    (numbers,) = [one for one in page.all("div") if one.get("class") == "numbers"]
    assert numbers["tabindex"] == "0" and numbers["role"] == "region"
    rows = [row for row in page.all("tr") if "id" not in row]
    assert len(rows) == 1 + len(THREE)
    assert page.text.count("0.70 [0.60, 0.80]") == 2


def test_what_is_void_says_why():
    one = settled(THREE)
    void = Outcome(({"epoch": 9},), False, "void", why="it has none")
    one = Settled(one.claim, (*one.outcomes, void), one.verdict, 10)
    text = Page(figures.claims_table([one])._repr_html_()).text
    assert "has no meaning for epoch 9" in text and "epoch 9: void, since it has none." in text


def test_the_picture_is_to_scale():
    ends = [(0.6, 0.7, 0.8), (0.0, 0.05, 0.08), (np.nan, 0.3, np.nan)]
    page = Page(figures.claims_table([settled(ends)])._repr_html_())
    (picture,) = page.all("svg")
    assert picture["role"] == "img"
    assert picture["aria-label"].endswith(
        "3 cases beside the two regions, 1 holds, 1 fails, 1 undecided"
    )
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


def test_the_source_s_own_case_is_drawn_full_and_others_hollow():
    page = Page(figures.claims_table([settled(THREE)])._repr_html_())
    assert [dot["fill"] for dot in page.all("circle")] == ["currentColor", "none", "none"]


def test_intervals_of_no_length_are_drawn_and_told_as_one_number():
    regions = {"holds": ((-np.inf, 0.0),), "fails": ((1e-12, np.inf),)}
    page = Page(figures.claims_table([settled([(0, 0, 0)], **regions)])._repr_html_())
    assert "A quantity 0 (no seed differs)" in page.text and len(page.all("circle")) == 1
    assert "seeds; intervals" not in page.text


def test_the_real_ledger_names_every_claim_once():
    every = claims.of_chapter()
    shown = figures.ledger(every)
    page = Page(shown._repr_html_())
    ids = [card["id"] for card in page.all("article")]
    assert ids == [f"claim-{one.claim.id}" for one in every]
    assert [card["data-verdict"] for card in page.all("article")] == [one.verdict for one in every]
    for one in every:
        assert one.claim.sentence in page.text and one.claim.sentence in repr(shown)
        commands = re.findall(rf"evidence run {one.claim.id}(?![-\w])", page.text)
        assert len(commands) == (one.claim.experiment is not None)
    assert not re.search(r"\bnan\b|\binf\b", page.text)


def test_the_ledger_s_filters_offer_what_there_is_and_count_it():
    every = claims.of_chapter()
    page = Page(figures.ledger(every)._repr_html_())
    offered = {"chapter": [], "verdict": []}
    for button in page.all("input"):
        assert button["type"] == "radio"
        offered[button["name"].removeprefix("ledger-")].append(button["value"])
    assert offered["chapter"] == ["all", *dict.fromkeys(one.claim.chapter for one in every)]
    assert set(offered["verdict"]) == {"all", *(one.verdict for one in every)}
    for name, values in offered.items():
        for value in values[1:]:
            count = sum(value in (one.claim.chapter, one.verdict) for one in every)
            assert f"{value.replace('_', ' ')} ({count})" in page.text, name
    chosen = [button["value"] for button in page.all("input") if "checked" in button]
    assert chosen == ["all", "all"]
