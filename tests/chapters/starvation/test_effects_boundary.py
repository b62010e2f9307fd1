"""A course's curve is the one that was recorded for it."""

import numpy as np
import pytest

from gradbook.chapters.starvation import effects
from gradbook.evidence.atlas import Atlas

NONE, DECAY = ["none", 0.0], ["weight decay", 0.01]
COURSES = [[NONE], [NONE, [1, *DECAY]], [DECAY], [DECAY, [4, *NONE]]]
OWN = [[0, 1, 4, 9], [4, 9], [0, 1, 4, 9], [9]]


@pytest.fixture
def results():
    """Every number says whose it is: margin, course, epoch, curve and array, digit by digit."""
    rows = [
        [[1000 * course + 10 * epoch + curve for curve in range(2)] for epoch in epochs]
        for course, epochs in enumerate(OWN)
    ]
    curves = np.array([row for block in rows for row in block], float)
    both = np.stack([curves, curves + 10_000])
    arrays = {"curves": both, "low": both - 0.25, "high": both + 0.5}
    config = {"courses": COURSES, "epochs": OWN[0], "curves": ["loss", "share_2"]}
    return Atlas("boundary", arrays, config, [-0.1, 0.1], {}, "")


@pytest.mark.parametrize("number", range(len(COURSES)))
@pytest.mark.parametrize("margin", [0, 1])
def test_a_curve_is_the_course_s_own(results, number, margin):
    drawn, low, high = effects.of_course(results, [-0.1, 0.1][margin], COURSES[number], "share_2")
    expected = 10_000 * margin + 1000 * number + 10 * np.array(OWN[number]) + 1
    np.testing.assert_array_equal(drawn, expected)
    np.testing.assert_array_equal(low, expected - 0.25)
    np.testing.assert_array_equal(high, expected + 0.5)


@pytest.mark.parametrize(
    ("margin", "course", "curve", "message"),
    [
        (0.2, [NONE], "loss", r"expected a margin of \[-0.1, 0.1\], got 0.2"),
        (0.1, [NONE, [9, *DECAY]], "loss", "expected a course of"),
        (0.1, [NONE], "gain", r"expected a curve of \['loss', 'share_2'\], got gain"),
    ],
)
def test_what_was_not_recorded_is_refused(results, margin, course, curve, message):
    with pytest.raises(ValueError, match=message):
        effects.of_course(results, margin, course, curve)
