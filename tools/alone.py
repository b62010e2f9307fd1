"""One at a time: whoever writes `.venv` or `_build` of a working tree waits for who does so now."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(root: Path, doing: str) -> Iterator[None]:
    """Hold the working tree's lock; a process that ends, however it ends, gives it back.

    Args:
        root: The working tree; the lock is `_build/.lock` in it.
        doing: What the others are told, such as "building the book".
    """
    path = root / "_build/.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            print(f"Waiting: {lock.read() or 'another make is at work here'}.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(f"process {os.getpid()} is {doing}")
        lock.flush()
        yield
        lock.truncate(0)
