"""What a class raises hands for: a bet's choices and a quiz's, with buttons that count."""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape
from itertools import pairwise

LEADING = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)
"""What a round number begins with."""


def choices(meta: dict) -> list[tuple[str, float]]:
    """What a class can raise hands for, each with the share of seeds that show it.

    A bet on a number becomes one on four parts of its slider, a drawn curve one on its end, an
    order one on what comes first. No part ends within the interval of the result.
    """
    if "choices" in meta:
        total = sum(choice["seeds"] for choice in meta["choices"])
        return [(choice["text"], choice["seeds"] / total) for choice in meta["choices"]]
    if meta["kind"] == "order":
        first = [max(range(len(seed)), key=seed.__getitem__) for seed in meta["values"]]
        return [(name, first.count(n) / len(first)) for n, name in enumerate(meta["names"])]
    low, high, log, values = meta["low"], meta["high"], meta.get("log", False), meta["values"]
    parts, unit, before = 4, f" {meta.get('unit', '').strip()}".rstrip(), ""
    if meta["kind"] == "curve":
        parts, before = 3, f"It ends at {meta['ylabel']} "
        values = [value[-1] for value in values]
    inside = edges(low, high, parts, interval(meta), log=log)
    names = [
        f"below {number(inside[0])}{unit}",
        *(f"{number(a)} to {number(b)}{unit}" for a, b in pairwise(inside)),
        f"above {number(inside[-1])}{unit}",
    ]
    bounds = [float("-inf"), *inside, float("inf")]
    shares = [sum(a <= value < b for value in values) / len(values) for a, b in pairwise(bounds)]
    return [(before + name, share) for name, share in zip(names, shares, strict=True)]


def interval(meta: dict) -> tuple[float, float]:
    """The 95 % interval of the mean of a bet on a number, or of where a curve ends."""
    if meta["kind"] == "curve":
        return meta["lower"][-1], meta["upper"][-1]
    return meta["interval"][1], meta["interval"][2]


def edges(
    low: float, high: float, parts: int, result: tuple[float, float], *, log: bool
) -> list[float]:
    """Where the parts of a slider meet: equal parts, but for edges within the result's interval.

    Such an edge goes to the nearest round number outside, or to another edge if that is nearer:
    then there is a part less. It stays where the slider has no round number outside.

    Args:
        low: The slider's lower end.
        high: Its upper end.
        parts: How many.
        result: The interval, with its ends.
        log: Whether the slider is logarithmic.
    """
    place: Callable[[float], float] = math.log if log else float
    at = [place(low) + (place(high) - place(low)) * k / parts for k in range(1, parts)]
    found = [float(f"{math.exp(x) if log else x:.2g}") for x in at]
    free = [x for x in (*round_numbers(low, high, parts, log=log), *found) if not within(x, result)]

    def moved(edge: float) -> float:
        if not within(edge, result):
            return edge
        return min(free, key=lambda x: abs(place(x) - place(edge)), default=edge)

    return sorted({moved(edge) for edge in found})


def within(value: float, ends: tuple[float, float]) -> bool:
    """Whether a value lies in an interval or at an end of it."""
    return ends[0] <= value <= ends[1]


def round_numbers(low: float, high: float, parts: int, *, log: bool) -> list[float]:
    """Numbers on a slider that are easily read: 10, 15, 20, 25, 30, 40, ... on a logarithmic one.

    On another, multiples of the power of ten below the width of a part.
    """
    if log:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        every = [float(f"{digits}e{k}") for k in powers for digits in LEADING]
    else:
        power = math.floor(math.log10((high - low) / parts))
        unit = 10.0**power
        every = [
            round(k * unit, max(0, -power))
            for k in range(math.floor(low / unit), math.ceil(high / unit) + 1)
        ]
    return [x for x in every if low < x < high]


def asked(meta: dict) -> str:
    """What a raised hand means, as HTML, where the question asks for more than a choice."""
    if meta["kind"] == "order":
        return f"<p>Raise your hand for the one that you put first: {meta['ends'][0]}.</p>"
    if meta["kind"] == "curve":
        return "<p>Draw on paper. Then raise your hand for where your curve ends.</p>"
    return ""


def number(value: float) -> str:
    """A number as a reader expects it."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}".replace("-", "−")


def counted(key: str, options: list[str], *, counts: bool) -> str:
    """A list of choices, with buttons that count hands or with the hands that were counted."""
    items = []
    for n, option in enumerate(options, 1):
        more = (
            f'<button class="less" aria-label="One less for choice {n}">−</button>'
            "<output>0</output>"
            f'<button class="more" aria-label="One more for choice {n}">+</button>'
            if counts
            else '<span class="hands"><output>0</output> hands</span>'
        )
        items.append(f"<li><span>{option}</span>{more}</li>")
    return f'<ol class="vote" data-vote="{escape(key)}">{"".join(items)}</ol>'


def quiz(meta: dict) -> str:
    """The questions one after the other, each with its hands and then with its answers."""
    items = []
    for n, question in enumerate(meta["questions"]):
        key, name = f"{meta['id']}/{n}", f"<p><strong>{question['text']}</strong></p>"
        asked = counted(key, [choice["text"] for choice in question["choices"]], counts=True)
        told = [
            f'<span class="{"right" if c["right"] else "wrong"}">{c["text"]}</span> '
            f"<small>{c['why']}</small>"
            for c in question["choices"]
        ]
        for step, shown in enumerate((asked, counted(key, told, counts=False))):
            start = n == step == 0
            kind = "start" if start else "fragment current-visible"
            index = "" if start else f' data-fragment-index="{2 * n + step - 1}"'
            items.append(f'<div class="{kind}"{index}>{name}{shown}</div>')
    return f'<div class="stack">{"".join(items)}</div>'
