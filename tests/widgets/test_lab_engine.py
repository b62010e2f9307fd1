"""The engine is one small script, built from `lab/`, the same at every build."""

from __future__ import annotations

import gzip
import json
import os
import shutil

import numpy as np
import pytest

from build_lab import CLANG, KINDS, checksum, compiled, script
from engine import ENGINE, evaluate


def test_the_script_is_small_and_is_what_its_checksum_says():
    text = ENGINE.read_text("utf-8")
    assert len(gzip.compress(text.encode(), 9, mtime=0)) <= 30_000
    assert ENGINE.with_suffix(".sha256").read_text("utf-8") == checksum(text)


def test_the_sources_give_the_script_again():
    if shutil.which(CLANG) is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no clang-19")
    built = script({kind: compiled(real) for kind, real in KINDS.items()})
    assert built == ENGINE.read_text("utf-8")


@pytest.mark.parametrize("entropy", [[0, 7], [3, 12]])
def test_normals_are_numpys(entropy):
    drawn = evaluate(
        f"(r => Array.from({{length: 50000}}, () => lab.normal(r)))(new lab.NumpyRandom({entropy}))"
    )
    expected = np.random.default_rng(entropy).standard_normal(50_000)
    assert np.abs(expected).max() > 3.7  # the tail too
    np.testing.assert_allclose(drawn, expected, rtol=0, atol=1e-14)


def test_binomials_and_multinomials_are_numpys():
    """By inversion and by rejection, below and above a half."""
    pairs = [(64, 0.1), (64, 0.48), (64, 0.9), (500, 0.3), (2000, 0.2), (100_000, 0.4), (64, 0.52)]
    drawn = evaluate(
        f"(r => {json.dumps(pairs)}.flatMap(([n, p]) => Array.from({{length: 500}}, () =>"
        " lab.binomial(r, n, p))))(new lab.NumpyRandom([2, 7]))"
    )
    source = np.random.default_rng([2, 7])
    assert drawn == [int(v) for n, p in pairs for v in source.binomial(n, p, 500)]


def test_scikit_learns_generator():
    drawn = evaluate(
        "(r => { const order = [...Array(300).keys()]; r.shuffle(order);"
        " return [order, Array.from({length: 600}, () => r.normal())]; })(new lab.RandomState(10))"
    )
    source = np.random.RandomState(10)
    order = np.arange(300)
    source.shuffle(order)
    assert drawn[0] == order.tolist()
    np.testing.assert_allclose(drawn[1], source.standard_normal(600), rtol=0, atol=1e-14)
