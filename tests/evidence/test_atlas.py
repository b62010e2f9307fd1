"""The atlas: a file says what was measured, and one that cannot be trusted is refused."""

import dataclasses
import json
import re

import numpy as np
import pytest

from gradbook.evidence import atlas
from gradbook.evidence.atlas import Atlas

REMEMBERED = {"epochs": 3, "nets": {"none": ["linear", 0.1]}}


def sample(**changes) -> Atlas:
    arrays = {
        "field": np.arange(24, dtype=np.int8).reshape(2, 3, 4),
        "scale": np.array([0.1, np.nan], dtype=np.float32),
    }
    versions = {"numpy": "2.0"}
    settings = {
        "name": "order", "arrays": arrays, "config": REMEMBERED, "jobs": [0, "b"],
        "versions": versions, "fingerprint": atlas.fingerprint("order"),
    }  # fmt: skip
    return Atlas(**settings | changes)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "order.npz"
    atlas.write(sample(), path)
    return path


def same(one: Atlas, other: Atlas) -> bool:
    details = [f.name for f in dataclasses.fields(Atlas) if f.name != "arrays"]
    return (
        all(getattr(one, name) == getattr(other, name) for name in details)
        and one.arrays.keys() == other.arrays.keys()
        and all(
            value.dtype == other[name].dtype and value.tobytes() == other[name].tobytes()
            for name, value in one.arrays.items()
        )
    )


def rewritten(path, **changes) -> None:
    """Change entries of a file's provenance, leaving its arrays; None removes an entry."""
    with np.load(path) as found:
        arrays = {name: found[name] for name in found.files}
    record = json.loads(str(arrays.pop("provenance"))) | changes
    record = {name: value for name, value in record.items() if value is not None}
    np.savez_compressed(path, provenance=np.array(json.dumps(record)), **arrays)


def test_what_is_written_is_read(file):
    assert same(atlas.read(file), sample())
    assert same(atlas.load("order", file.parent), sample())
    assert atlas.read(file)["field"][1, 2, 3] == 23


def test_an_array_that_is_not_there_is_named_with_those_that_are(file):
    with pytest.raises(KeyError, match=r"order holds \['field', 'scale'\], not 'fields'"):
        atlas.read(file)["fields"]


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="with `python -m gradbook evidence run order`"):
        atlas.load("order", tmp_path)


def test_a_truncated_file_is_refused_wherever_it_ends(file):
    whole = file.read_bytes()
    for length in range(0, len(whole), 7):
        file.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=re.escape(str(file))):
            atlas.read(file)


def test_a_flipped_byte_is_refused_or_without_effect(file):
    """Some bytes of a zip file mean nothing, such as its time stamps."""
    whole, refused = file.read_bytes(), 0
    for position in range(0, len(whole), 4):
        damaged = bytearray(whole)
        damaged[position] ^= 0b0101_0101
        file.write_bytes(damaged)
        try:
            read = atlas.read(file)
        except ValueError as error:
            assert str(file) in str(error)
            refused += 1
        else:
            assert same(read, sample())
    assert refused > len(whole) / 8


def test_changed_numbers_are_refused_though_the_zip_file_is_sound(file):
    with np.load(file) as found:
        arrays = {name: found[name] for name in found.files}
    arrays["field"][0, 0, 0] += 1
    np.savez_compressed(file, **arrays)
    with pytest.raises(ValueError, match=r"is damaged \(its checksum differs\)"):
        atlas.read(file)


def test_a_foreign_file_is_refused(tmp_path):
    path = tmp_path / "order.npz"
    np.savez(path, field=np.zeros(3))
    with pytest.raises(ValueError, match="no file of this atlas: it has no provenance"):
        atlas.read(path)
    for provenance in ("5", "[1]", "{}", "not json", 7):
        np.savez(path, provenance=np.array(provenance))
        with pytest.raises(ValueError, match="no file of this atlas: it has no provenance"):
            atlas.read(path)


def test_what_is_no_zip_file_is_refused(tmp_path):
    path = tmp_path / "order.npz"
    for content in (b"", b"hello", b"PK\x03\x04"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="is damaged"):
            atlas.read(path)
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match=re.escape(str(path))):
        atlas.read(path)


def test_pickled_objects_are_refused_unread(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was opened",))

    path = tmp_path / "order.npz"
    np.savez(path, field=np.array([Trap()], dtype=object), provenance=np.array("{}"))
    with pytest.raises(ValueError, match=r"is damaged .*allow_pickle"):
        atlas.read(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "has format 2, expected 1: rebuild it"),
        ({"checksum": None}, "its checksum differs"),
        ({"fingerprint": None}, "no file of this atlas"),
        ({"colour": "red"}, "no file of this atlas"),
    ],
)
def test_other_provenance_is_refused(file, changes, message):
    rewritten(file, **changes)
    with pytest.raises(ValueError, match=message):
        atlas.read(file)


def test_results_of_other_code_are_refused_by_load_and_read_by_read(file):
    atlas.write(sample(fingerprint="0" * 64), file)
    again = "measured by other code: measure it again with `python -m gradbook evidence run order`"
    with pytest.raises(ValueError, match=again):
        atlas.load("order", file.parent)
    assert atlas.read(file).fingerprint == "0" * 64


def test_results_under_another_name_are_refused(file):
    file.rename(file.with_name("explorer.npz"))
    with pytest.raises(ValueError, match="the results of 'explorer', got those of 'order'"):
        atlas.load("explorer", file.parent)


def test_an_unknown_experiment_is_named_with_the_known_ones():
    with pytest.raises(
        ValueError, match=r"of \[.*'agreement', 'explorer', .*'order', .*\], got 'weather'"
    ):
        atlas.fingerprint("weather")


def test_a_write_that_fails_leaves_the_old_file(file):
    before = file.read_bytes()
    lambdas = np.array([lambda: None], dtype=object)  # nothing can write these
    with pytest.raises(AttributeError, match="lambda"):
        atlas.write(sample(arrays={"field": np.ones(1000), "scale": lambdas}), file)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_the_checksum_sees_names_types_shapes_and_values():
    arrays = {"a": np.arange(6.0), "b": np.zeros(2)}
    known = atlas.checksum(arrays)
    assert atlas.checksum(dict(reversed(arrays.items()))) == known
    for changed in (
        {"a": np.arange(6.0), "c": np.zeros(2)},
        {"a": np.arange(6.0).reshape(2, 3), "b": np.zeros(2)},
        {"a": np.arange(6), "b": np.zeros(2)},
        {"a": np.arange(6.0), "b": np.array([0.0, -0.0])},
        {"a": np.arange(6.0)},
    ):
        assert atlas.checksum(changed) != known


def test_a_configurations_order_is_kept(tmp_path):
    """Axes of arrays follow the order of dicts in the configuration."""
    config = {"views": {"second": 2, "first": 1}, "a": 0}
    path = tmp_path / "x.npz"
    atlas.write(atlas.Atlas("x", {"v": np.zeros((1, 2))}, config, [0], {}, "f"), path)
    assert list(atlas.read(path).config["views"]) == ["second", "first"]
