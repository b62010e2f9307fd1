"""Work beside a notebook's cells, so that a panel's buttons are heard while it trains."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any

from IPython import get_ipython

_turn = threading.Lock()
_halts: list[Callable[[], None]] = []  # of what runs or waits for its turn


def start(work: Callable[[], None], halt: Callable[[], None]) -> threading.Event:
    """Do work in a thread, once no cell runs and no other such work does.

    A cell that is run meanwhile waits for it as for another cell, since both may seed the global
    random generator. Outside of a kernel there is nothing to wait for.

    Args:
        work: What to do.
        halt: Asks for its end; also called where the kernel is interrupted.

    Returns:
        What is set once the work has ended.
    """
    done = threading.Event()
    kernel = getattr(get_ipython(), "kernel", None)

    def wait(*_: Any) -> None:
        while not done.is_set():
            try:
                done.wait(0.5)  # with no end to it, Windows would hear of no interrupt
            except KeyboardInterrupt:
                _interrupt()

    def run() -> None:
        try:
            with _turn:
                work()
        finally:
            done.set()
            if kernel:
                kernel.io_loop.add_callback(leave)

    def begin() -> None:
        if kernel:
            _halts.append(halt)
            kernel.shell.events.register("pre_run_cell", wait)
            signal.signal(signal.SIGINT, _interrupt)  # between cells a kernel ignores it
        threading.Thread(target=run, daemon=True).start()

    def leave() -> None:
        _halts.remove(halt)
        kernel.shell.events.unregister("pre_run_cell", wait)
        if not _halts and signal.getsignal(signal.SIGINT) is _interrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    if kernel:
        kernel.io_loop.add_callback(begin)
    else:
        begin()
    return done


def _interrupt(*_: Any) -> None:
    for halt in list(_halts):
        halt()
