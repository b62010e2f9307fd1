"""The ledger: every claim with a picture and one sentence, details folded, and two filters.

The filters are radio buttons and a style sheet: they work on a page from disk, by keyboard, and
with no script. Where a style sheet is not read, all claims are shown.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gradbook.evidence.criteria import VERDICTS, Settled
from gradbook.evidence.sentences import MARKS, sentence
from gradbook.figures.claims import as_text, details, link, picture

CSS = """\
.ledger { text-align: left; }
.ledger fieldset { border: 0; margin: 0 0 0.5rem; padding: 0; min-width: 0; }
.ledger legend { font-weight: bold; padding: 0; font-size: inherit; }
.ledger label {
  display: inline-block; margin: 0.15rem 0.35rem 0.15rem 0; padding: 0.3rem 0.6rem;
  border: 1px solid currentColor; border-radius: 1rem; cursor: pointer;
}
.ledger label:has(:checked) { font-weight: bold; box-shadow: inset 0 0 0 1px currentColor; }
.ledger label:has(:focus-visible) { outline: 3px solid #0072B2; outline-offset: 2px; }
.ledger article { border-top: 1px solid #8888; padding: 0.75rem 0; }
.ledger p { margin: 0 0 0.35rem; line-height: 1.45; }
.ledger .verdict { white-space: nowrap; margin-right: 0.5em; }
.ledger-found { display: flex; gap: 1rem; align-items: flex-start; }
.ledger-found svg { flex: none; }
.ledger small { white-space: normal; }
.ledger-none { display: none; }
.ledger summary { cursor: pointer; padding: 0.25rem 0; width: max-content; }
.ledger .whole { font-size: 0.85em; display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
.ledger .words, .ledger .numbers { max-height: 9.5rem; overflow: auto; }
.ledger details ul { margin: 0; padding-left: 1.2rem; }
.ledger details li { margin: 0; line-height: 1.35; }
.ledger .numbers table { border-collapse: collapse; margin: 0; font-size: inherit; }
.ledger .numbers td { padding: 0 1em 0 0; text-align: left; border: 0; }
.ledger code { overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  .ledger-found, .ledger .whole { display: block; }
  .ledger .words { max-height: none; }
}
"""


@dataclass(frozen=True, eq=False)
class Ledger:
    """All claims; shows itself as HTML with filters, and as text where there is none."""

    settled: Sequence[Settled]

    def _repr_html_(self) -> str:
        cards = "".join(_card(one) for one in self.settled)
        filters = "".join(_filter(name, values) for name, values in self._filters().items())
        return (
            f'<div class="ledger"><style>{self._style()}</style>'
            f'<div class="ledger-filters">{filters}</div>{cards}'
            '<p class="ledger-none">No claim of this chapter has this verdict.</p></div>'
        )

    def __repr__(self) -> str:
        return as_text(self.settled)

    def _filters(self) -> dict[str, dict[str, int]]:
        """What each filter offers, with the number of claims."""
        chapters = [one.claim.chapter for one in self.settled]
        verdicts = [one.verdict for one in self.settled]
        return {
            "chapter": {name: chapters.count(name) for name in dict.fromkeys(chapters)},
            "verdict": {name: verdicts.count(name) for name in VERDICTS if name in verdicts},
        }

    def _style(self) -> str:
        filters = self._filters()
        rules = [CSS]
        for name, values in filters.items():
            rules += [
                f'.ledger:has([name="ledger-{name}"][value="{value}"]:checked) '
                f'article:not([data-{name}="{value}"]) {{ display: none }}'
                for value in values
            ]
        there = {(one.claim.chapter, one.verdict) for one in self.settled}
        rules += [
            f'.ledger:has([value="{chapter}"]:checked):has([value="{verdict}"]:checked) '
            ".ledger-none { display: block }"
            for chapter in filters["chapter"]
            for verdict in filters["verdict"]
            if (chapter, verdict) not in there
        ]
        return "\n".join(rules)


def ledger(settled: Iterable[Settled]) -> Ledger:
    """Every claim: verdict, a picture, when it holds and fails, with all else folded.

    Args:
        settled: Claims as `gradbook.evidence.claims.of_chapter` gives them.
    """
    return Ledger(tuple(settled))


def _filter(name: str, values: dict[str, int]) -> str:
    total = sum(values.values())
    options = [("all", f"all ({total})", " checked")]
    options += [
        (value, f"{MARKS.get(value, '')} {value.replace('_', ' ')} ({count})".strip(), "")
        for value, count in values.items()
    ]
    labels = "".join(
        f'<label><input type="radio" name="ledger-{name}" value="{value}" autocomplete="off"'
        f"{checked}> {html.escape(text)}</label>"
        for value, text, checked in options
    )
    return f"<fieldset><legend>{name.capitalize()}</legend>{labels}</fieldset>"


def _card(one: Settled) -> str:
    claim = one.claim
    return (
        f'<article id="claim-{claim.id}" data-chapter="{claim.chapter}" '
        f'data-verdict="{one.verdict}">'
        f'<p class="ledger-claim"><span class="verdict">{MARKS[one.verdict]} {one.verdict}</span> '
        f"<strong>{html.escape(claim.sentence)}</strong></p>"
        f'<div class="ledger-found">{picture(one)}<p>{html.escape(sentence(one))} '
        f"<small>{html.escape(claim.source)}; {link(one)}</small></p></div>"
        f"{details(one, pages=True)}</article>"
    )
