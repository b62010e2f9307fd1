"""What a class raises hands for: a bet's choices and a quiz's, with buttons that count."""

from __future__ import annotations

from html import escape
from itertools import pairwise


def choices(meta: dict) -> list[tuple[str, float]]:
    """What a class can raise hands for, each with the share of seeds that show it.

    A bet on a number becomes one on four parts of its slider, a drawn curve one on its end, an
    order one on what comes first.
    """
    if "choices" in meta:
        total = sum(choice["seeds"] for choice in meta["choices"])
        return [(choice["text"], choice["seeds"] / total) for choice in meta["choices"]]
    if meta["kind"] == "order":
        first = [max(range(len(seed)), key=seed.__getitem__) for seed in meta["values"]]
        return [(name, first.count(n) / len(first)) for n, name in enumerate(meta["names"])]
    low, high, values = meta["low"], meta["high"], meta["values"]
    if meta["kind"] == "curve":
        values = [value[-1] for value in values]
    parts, unit, before = 4, f" {meta.get('unit', '')}".rstrip(), ""
    if meta["kind"] == "curve":
        parts, before = 3, f"It ends at {meta['ylabel']} "
    edges = [
        low * (high / low) ** (k / parts) if meta.get("log") else low + (high - low) * k / parts
        for k in range(parts + 1)
    ]
    inside = [float(f"{edge:.2g}") for edge in edges[1:-1]]
    names = [
        f"below {number(inside[0])}{unit}",
        *(f"{number(a)} to {number(b)}{unit}" for a, b in pairwise(inside)),
        f"above {number(inside[-1])}{unit}",
    ]
    bounds = [float("-inf"), *inside, float("inf")]
    shares = [sum(a <= value < b for value in values) / len(values) for a, b in pairwise(bounds)]
    return [(before + name, share) for name, share in zip(names, shares, strict=True)]


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
