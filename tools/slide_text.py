"""The text of a chapter's cells, cut into sentences and formulas, as HTML that a slide can show."""

from __future__ import annotations

import re
from functools import cache

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from mathml import TAG, mathml

FOLDED = re.compile(r"<details>.*?</details>|<div class=\"admonition.*?</div>", re.S)
SENTENCE = re.compile(r"(?:(?<=[.?!])|(?<=[.?!][*)])|(?<=[.?!]\*\*))\s+(?=[A-Z$“\"*\[`λ])")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
PUNCTUATED = re.compile(r"(<math(?:(?!</math>).)*</math>[.,;:?)])", re.S)
ENDED = re.compile(r"[.?!][*\"”)\s$]*$")
NUMBERED = re.compile(r"\b(?:Figure|Table) \d+\b(?! of the page)")
PLACED = re.compile(r"\b(the \w+) (above|below)(?=[.,;:)]| is\b| are\b)")
ANCHOR = re.compile(r"<(?:span|a)\b[^>]*>(.*?)</(?:span|a)>", re.S)


def plain(source: str) -> str:
    """A Markdown text without boxes, folded parts and links."""
    return LINK.sub(r"\1", ANCHOR.sub(r"\1", FOLDED.sub("", source)))


def paragraphs(source: str) -> list[list[str]]:
    """A Markdown text's paragraphs, lists of sentences; a displayed formula is one of its own.

    Headings, folded solutions and boxes are left out, of links and anchors the text stays.
    """
    found = []
    for block in re.split(r"\n\s*\n|\n(?=- )", plain(source)):
        block = block.strip()
        if not block or block.startswith("#"):
            continue
        if block.startswith("$$"):
            found.append([block])
        else:
            sentences = SENTENCE.split(block.removeprefix("- "))
            found.append([" ".join(sentence.split()) for sentence in sentences])
    return found


def chosen(source: str, starts: list[str]) -> list[list[str]]:
    """The sentences and formulas that begin as named, by paragraph, in their order.

    Raises:
        ValueError: A beginning is that of no sentence, or of several.
    """
    text = paragraphs(source)
    kept = set()
    for start in starts:
        at = [
            (p, s)
            for p, par in enumerate(text)
            for s in range(len(par))
            if par[s].startswith(start)
        ]
        if len(at) != 1:
            known = [sentence[:30] for paragraph in text for sentence in paragraph]
            raise ValueError(f"expected one sentence that begins {start!r}, got {len(at)}: {known}")
        kept.add(at[0])
    lines = [[par[s] for s in range(len(par)) if (p, s) in kept] for p, par in enumerate(text)]
    return [line for line in lines if line]


def sentences(source: str) -> list[list[tuple[int, str]]]:
    """A Markdown text's sentences as parts, each with the number of its paragraph.

    A displayed formula is a part of the sentence that leads to it, and so is what follows it, up to
    a full stop.
    """
    found: list[list[tuple[int, str]]] = []
    before = "."
    for number, paragraph in enumerate(paragraphs(source)):
        for part in paragraph:
            joins = "$$" in (part[:2], before[:2]) and not ENDED.search(TAG.sub("", before))
            found[len(found) - joins :] = [[*(found[-1] if joins else ()), (number, part)]]
            before = part
    return found


def spoken(told: list[list[tuple[int, str]]]) -> str:
    """Sentences as Markdown, a displayed formula in a paragraph of its own."""
    parts = [part for sentence in told for _, part in sentence]
    return " ".join(f"\n\n{part}\n\n" if part.startswith("$$") else part for part in parts).strip()


def others(source: str, shown: list[list[str]]) -> str:
    """What stands around the sentences shown, in the same paragraphs, for whoever speaks.

    A sentence that is shown in part is told as a whole.
    """
    seen = {part for paragraph in shown for part in paragraph}
    near = {n for n, par in enumerate(paragraphs(source)) if seen.intersection(par)}
    return spoken(
        [
            sentence
            for sentence in sentences(source)
            if near & {number for number, _ in sentence} and {part for _, part in sentence} - seen
        ]
    )


def first(source: str) -> str:
    """The first paragraph, to the end of its last sentence."""
    return spoken([sentence for sentence in sentences(source) if sentence[0][0] == 0])


def last(source: str, count: int = 2) -> str:
    """The last paragraphs with their formulas, from the first sentence that begins there."""
    told = [n for n, par in enumerate(paragraphs(source)) if not par[0].startswith("$$")]
    start = min(told[-count:], default=0)
    return spoken([sentence for sentence in sentences(source) if sentence[0][0] >= start])


def pointed(text: str, shown: set[str], before: int) -> str:
    """A text whose pointers lead somewhere from a slide.

    Args:
        text: HTML or Markdown.
        shown: Figures and tables that are on a slide, such as "Table 1"; others are on the page.
        before: The last slide before this one with a picture, which on the page stands above.
    """
    where = {"above": f"on slide {before}", "below": "that follows"}
    text = PLACED.sub(lambda m: f"{m[1]} {where[m[2]]}", text)
    return NUMBERED.sub(lambda m: m[0] if m[0] in shown else f"{m[0]} of the page", text)


def words(html: str) -> int:
    """How many words a text has, without tags, MathML and displayed formulas."""
    text = re.sub(r"\$\$.*?\$\$|<math.*?</math>|<[^>]+>", " ", html, flags=re.S)
    return len(re.findall(r"[^\W_]+(?:['’\-][^\W_]+)*", text))


@cache
def markdown() -> MarkdownIt:
    """A converter of Markdown whose formulas become MathML, as on the pages."""
    converter = MarkdownIt("commonmark", {"html": True}).use(dollarmath_plugin)
    converter.add_render_rule("math_inline", lambda _, t, i, *__: formula(t[i].content, False))
    for name in ("math_block", "math_inline_double"):
        converter.add_render_rule(name, lambda _, t, i, *__: formula(t[i].content, True))
    return converter


def formula(tex: str, displayed: bool) -> str:
    """A formula as MathML; a displayed one in its own box, with the number of its ``\\tag``."""
    if not displayed:
        return mathml(tex, displayed=False)
    tag = TAG.search(tex)
    number = f'<span class="number">({tag[1]})</span>' if tag else ""
    drawn = mathml(TAG.sub("", tex).strip(" .,"), displayed=True)
    return f'<div class="formula">{drawn}{number}</div>'


def html(text: str) -> str:
    """Markdown of one paragraph as HTML."""
    return PUNCTUATED.sub(r'<span class="together">\1</span>', markdown().render(text).strip())


def inline(text: str) -> str:
    """Markdown of one line as HTML, with no paragraph around it."""
    return PUNCTUATED.sub(
        r'<span class="together">\1</span>', markdown().renderInline(text).strip()
    )


def shortened(result: str, most: int) -> tuple[str, str]:
    """HTML paragraphs as the first sentences that have at most so many words, and the rest.

    The first sentence is kept however long it is.
    """
    body = re.sub(r"</?p>", " ", result).strip()
    sentences = re.split(r"(?<=[.?!])\s+(?=[A-Z])", body)
    count = 1
    while count < len(sentences) and words(" ".join(sentences[: count + 1])) <= most:
        count += 1
    return " ".join(sentences[:count]), " ".join(sentences[count:])
