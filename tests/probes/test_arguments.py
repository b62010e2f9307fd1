"""Whatever does not fit is refused in words, by every public probe, and nothing is changed.

Random arguments that are wrong by construction: a slice of them here, all 10,000 with
``GRADBOOK_ARGUMENTS=10000 pytest tests/probes/test_arguments.py``. What came of them stands in the
summary of the tests.
"""

import os
import traceback
from collections import Counter
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from calls import CALLS, bad_calls
from gradbook import probes
from misfits import NET
from witness import Witness

COUNT = int(os.environ.get("GRADBOOK_ARGUMENTS", "400"))
HERE = str(Path(probes.__file__).parent)
RESULTS = {"Dose", "GradientLandscape", "LayerPass"}


def outcome(name: str, arguments: dict) -> str:
    try:
        getattr(probes, name)(**arguments)
    except (ValueError, TypeError) as error:
        own = traceback.extract_tb(error.__traceback__)[-1].filename.startswith(HERE)
        words = len(str(error).split()) >= 4
        return "refused in words" if own and words else f"an accidental {type(error).__name__}"
    except Exception as error:
        return f"another exception, {type(error).__name__}"
    return "accepted"


def test_all_public_probes_are_there():
    assert set(CALLS) | RESULTS == set(probes.__all__)


@pytest.mark.parametrize("name", CALLS)
def test_the_right_arguments_are_taken(name):
    """Else the arguments below could be refused for another reason."""
    getattr(probes, name)(**CALLS[name][0])


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_random_arguments_are_refused_in_words(summary):
    found = Counter()
    wrong = {}

    @hypothesis.seed(0)
    @hypothesis.settings(
        max_examples=COUNT,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(bad_calls())
    def refused(call):
        name, arguments = call
        witness = Witness(NET)
        came = outcome(name, arguments)
        found[came] += 1
        if came != "refused in words":
            given = CALLS[name][0]
            bad = {k: v for k, v in arguments.items() if v is not given.get(k)}
            wrong.setdefault((name, came), bad)
        if changes := witness.changes():
            wrong[name, "changed"] = changes

    refused()
    total = sum(found.values())
    summary(f"{total} random arguments that do not fit: {dict(found)}")
    assert total >= COUNT
    assert wrong == {}, "\n".join(f"{key}: {value!r:.300}" for key, value in wrong.items())


def test_numpy_numbers_are_numbers():
    assert probes.predicted_cosine(np.float64(64.0), np.int64(64)) == 0.5
