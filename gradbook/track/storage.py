"""A file that only grows, record by record: what was written is there when training is killed.

Each record is one call of the system that appends it whole: a mark, its length, its CRC-32 and its
content, which is a line of JSON and the bytes of arrays. A record that was torn, because the
machine itself stopped or the disk was full, ends what is read; the next one that opens the file to
write cuts it off. A file on the disk is not forced out of the system's memory before it is closed:
what a killed program wrote is safe, what a power cut takes is not.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

MARK = b"gDos"
_HEAD = struct.Struct("<4sII")


def packed(told: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """A record as bytes.

    Args:
        told: Plain JSON, nan and infinity included.
        arrays: By name.
    """
    forms = {name: [array.dtype.str, list(array.shape)] for name, array in arrays.items()}
    line = json.dumps({"told": dict(told), "arrays": forms}).encode() + b"\n"
    content = line + b"".join(np.ascontiguousarray(array).tobytes() for array in arrays.values())
    return _HEAD.pack(MARK, len(content), zlib.crc32(content)) + content


def unpacked(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What `packed` was given."""
    line, _, rest = content.partition(b"\n")
    head, arrays, at = json.loads(line), {}, 0
    for name, (dtype, shape) in head["arrays"].items():
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(rest, dtype, count, at).reshape(shape)
        at += arrays[name].nbytes
    return head["told"], arrays


def records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Whole records of a file's bytes: where each ends, and its content."""
    at = 0
    while len(content) >= at + _HEAD.size:
        mark, length, crc = _HEAD.unpack_from(content, at)
        start, at = at + _HEAD.size, at + _HEAD.size + length
        found = content[start:at]
        if mark != MARK or len(found) < length or zlib.crc32(found) != crc:
            return
        yield at, found


class Log:
    """A file of records that is written to.

    Attributes:
        path: Where it lies.
    """

    def __init__(self, path: Path) -> None:
        """Open it, made where it is missing; a torn end is cut off.

        Raises:
            ValueError: There is a file that holds something else.
        """
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes() if path.exists() else b""
        whole = max((end for end, _ in records(content)), default=0)
        if content and not whole and not MARK.startswith(content[: len(MARK)]):
            raise ValueError(f"expected a file of doses or none, got {path}, which holds others")
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        os.ftruncate(self._file, whole)

    def append(self, record: bytes) -> None:
        """Write a record at the end.

        Raises:
            OSError: The system did not take all of it; what it took is cut off.
        """
        before = os.fstat(self._file).st_size
        written = os.write(self._file, record)
        if written != len(record):
            os.ftruncate(self._file, before)
            raise OSError(f"{self.path} took {written} of {len(record)} bytes: is the disk full?")

    def close(self) -> None:
        """Force it to the disk, and close it."""
        os.fsync(self._file)
        os.close(self._file)
