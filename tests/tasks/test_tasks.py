"""The character regression: what a row says, what is to be learned, and what is refused."""

import re

import numpy as np
import pytest
import torch

from gradbook import tasks
from gradbook.tasks import ALPHABET, FIELD_WIDTHS, character_regression

STARTS = dict(zip(FIELD_WIDTHS, np.cumsum([0, *FIELD_WIDTHS.values()]).tolist(), strict=False))
ROW = {
    "a": "7", "b": "40", "t": "2015-06-30 23:59:59", "c": "1200", "d": "3",
    "e": "-9.9", "f": "0", "g": "0.05", "h": "999",
}  # fmt: skip


def field(row: str, name: str) -> str:
    """A field's text, without its padding."""
    return row[STARTS[name] :][: FIELD_WIDTHS[name]].rstrip("_")


def one_row(**changes: str) -> dict[str, list[str]]:
    return {name: [text] for name, text in {**ROW, **changes}.items()}


def test_a_row_is_44_characters_of_15():
    assert sum(FIELD_WIDTHS.values()) == 44 and len(set(ALPHABET)) == 15
    task = character_regression(train=30, test=20)
    assert task.features == 660
    assert task.train_inputs.shape == (30, 44) and task.test_inputs.shape == (20, 44)
    assert task.train_targets.shape == (30, 1) and task.test_targets.shape == (20, 1)
    assert task.train_inputs.dtype == torch.int64 and task.train_targets.dtype == torch.float32


def test_inputs_are_the_positions_of_the_ones_of_a_naive_encoding():
    task = character_regression(train=50, test=1)
    for row, positions in zip(task.rows, task.train_inputs, strict=True):
        one_hot = np.zeros((44, 15))
        for place, character in enumerate(row):
            one_hot[place, ALPHABET.index(character)] = 1
        assert positions.tolist() == np.flatnonzero(one_hot).tolist()


def test_encode_equals_a_loop_over_characters():
    rng = np.random.default_rng(0)
    letters = np.array(list(ALPHABET))
    fields = {
        name: ["".join(rng.choice(letters, rng.integers(0, width + 1))) for _ in range(40)]
        for name, width in FIELD_WIDTHS.items()
    }
    codes = tasks.encode(fields)
    for row in range(40):
        text = "".join(fields[name][row].ljust(w, "_") for name, w in FIELD_WIDTHS.items())
        assert codes[row].tolist() == [ALPHABET.index(character) for character in text]


def test_short_fields_are_padded_on_the_right():
    codes = tasks.encode(one_row(a="7"))[0, :3]
    assert "".join(ALPHABET[code] for code in codes) == "7__"


def test_the_target_is_ten_times_the_fifth_field_of_the_text():
    task = character_regression(train=500, test=1)
    assert list(FIELD_WIDTHS).index("d") == 4
    read = [10 * float(field(row, "d")) for row in task.rows]
    assert task.train_targets.flatten().tolist() == read
    assert min(read) == 0 and max(read) > 1600 and task.name == "y = 10*d"


def test_another_rule_computes_from_the_same_text():
    task = character_regression("(c/100)*b", train=300, test=1)
    read = [float(field(row, "c")) / 100 * float(field(row, "b")) for row in task.rows]
    torch.testing.assert_close(task.train_targets.flatten(), torch.tensor(read))
    assert torch.equal(task.train_inputs, character_regression(train=300, test=1).train_inputs)


@pytest.mark.parametrize(("rule", "name"), [("e", "e"), ("-g", "g"), ("h + 0.5", "h")])
def test_decimals_and_signs_are_read_back(rule, name):
    task = character_regression(rule, train=200, test=1)
    read = torch.tensor([eval(rule, {name: float(field(row, name))}) for row in task.rows])
    torch.testing.assert_close(task.train_targets.flatten(), read)


def test_time_stamps_lie_in_2015():
    stamp = re.compile(r"2015-\d\d-\d\d \d\d:\d\d:\d\d")
    rows = character_regression(train=200, test=1).rows
    assert all(stamp.fullmatch(field(row, "t")) for row in rows)


def test_a_seed_repeats_and_another_differs():
    first, again, other = (character_regression(train=60, test=9, seed=s) for s in (3, 3, 4))
    assert first.rows == again.rows and torch.equal(first.test_targets, again.test_targets)
    assert torch.equal(first.test_inputs, again.test_inputs)
    assert first.rows != other.rows and not torch.equal(first.train_targets, other.train_targets)


def test_training_and_test_rows_are_one_sample_cut_in_two():
    whole = character_regression(train=60, test=0)
    parts = character_regression(train=45, test=15)
    assert torch.equal(whole.train_inputs, torch.cat([parts.train_inputs, parts.test_inputs]))
    assert torch.equal(whole.train_targets, torch.cat([parts.train_targets, parts.test_targets]))


def test_the_global_generators_are_untouched():
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    character_regression(train=10, test=10)
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(numpy_before, np.random.get_state()[1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"c": "12345"}, "field 'c' holds at most 4 characters, got '12345' (5) in row 0"),
        ({"e": "1,5"}, "field 'e', row 0: ',' is not in the alphabet '0123456789. -:_'"),
        ({"h": "é"}, "field 'h', row 0: 'é' is not in the alphabet"),
        ({"b": "🙂"}, "field 'b', row 0: '🙂' is not in the alphabet"),
    ],
)
def test_a_field_that_cannot_be_written_is_named(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        tasks.encode(one_row(**changes))


def test_the_row_that_cannot_be_written_is_named():
    fields = {name: [text] * 3 for name, text in ROW.items()} | {"d": ["1", "2", "3x"]}
    with pytest.raises(ValueError, match=r"field 'd', row 2: 'x'"):
        tasks.encode(fields)


def test_missing_and_uneven_fields_are_named():
    fields = one_row()
    del fields["g"]
    with pytest.raises(ValueError, match=r"got none for \['g'\]: add them"):
        tasks.encode(fields)
    with pytest.raises(ValueError, match=r"fields of one length, got .*'a': 2"):
        tasks.encode(one_row() | {"a": ["1", "2"]})


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("10*q", "the rule '10*q' names 'q', which is no field"),
        ("10*t", "the rule '10*t' names 't', which is no field"),
        ("3*4", "the rule '3*4' names no field"),
        ("10*", "expected arithmetic in the fields"),
        ("", "expected arithmetic in the fields"),
        ("abs(d)", "expected only numbers, fields and + - * / in a rule, got 'abs(d)'"),
        ("d.real", "expected only numbers, fields and + - * / in a rule, got 'd.real'"),
        ("d if 1 else c", "expected only numbers, fields and + - * / in a rule"),
        ("'x'*d", "expected only numbers, fields and + - * / in a rule"),
        ("d@c", "expected only numbers, fields and + - * / in a rule"),
        ("d|c", "expected only numbers, fields and + - * / in a rule"),
    ],
)
def test_a_rule_that_is_no_arithmetic_in_the_fields_is_refused(rule, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        character_regression(rule, train=2, test=1)
