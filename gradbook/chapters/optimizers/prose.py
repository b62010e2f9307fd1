"""Half a megabyte of English: the topics of Python 3.11.7's `help`, a copy kept with the chapter.

Pythons differ in their topics, so the copy is what is read, and its hash is checked. No torch.
"""

from __future__ import annotations

import hashlib
import lzma
import re
from collections import Counter
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("vendor") / "topics" / "topics.txt.xz"
SHA256 = "74d0773e08745aecb4918d358b4bfee396ba7d3e66575d55f09f366c7b5a6355"

OTHER = 0
"""The token of all words that are not among the most common."""


def topics() -> str:
    """`pydoc_data.topics` of Python 3.11.7, topic after topic in alphabetical order.

    Raises:
        ValueError: The copy is not what it should be.
    """
    text = lzma.decompress(FILE.read_bytes())
    if (found := hashlib.sha256(text).hexdigest()) != SHA256:
        raise ValueError(f"expected a text of hash {SHA256} in {FILE}, got {found}: restore it")
    return text.decode("utf-8")


def paragraphs() -> list[list[str]]:
    """Words of each paragraph in lower case; one that topics repeat is there once."""
    kept = dict.fromkeys(" ".join(one.split()) for one in re.split(r"\n\s*\n", topics()))
    words = (re.findall(r"[a-z]+(?:'[a-z]+)?", one.lower()) for one in kept)
    return [one for one in words if one]


def vocabulary(size: int) -> tuple[list[str], np.ndarray]:
    """The most common words, and the share of the text that each one is.

    A word's token is its rank, from 1; all others are `OTHER`.
    """
    counts = Counter(word for one in paragraphs() for word in one)
    common = sorted(counts, key=lambda word: (-counts[word], word))[:size]
    return common, np.array([counts[word] for word in common]) / counts.total()


def split(seed: int, size: int, held_out: float) -> tuple[np.ndarray, np.ndarray]:
    """Tokens to learn from, and those of paragraphs kept from training.

    Args:
        seed: Of the choice of paragraphs.
        size: Words with a token of their own.
        held_out: Share of the paragraphs that is kept.
    """
    token = {word: rank for rank, word in enumerate(vocabulary(size)[0], start=1)}
    every = [[token.get(word, OTHER) for word in one] for one in paragraphs()]
    kept = np.random.default_rng(seed).random(len(every)) < held_out
    parts = ([one for one, out in zip(every, kept, strict=True) if out == k] for k in (False, True))
    learned, held = (np.array([token for one in part for token in one]) for part in parts)
    return learned, held
