"""How a process that asks the store in threads of its own comes to its end.

A process must not end while one of its threads is inside of DuckDB: that thread is ended where it stands, which C++
takes for a crash. So what is asked is stopped, and whoever is still computing gets to the store no more.
"""

from __future__ import annotations

import time
from contextlib import suppress

from runtime.store import _IN_PROCESS, _LOOKING


def interrupt_looks() -> None:
    """Stop what is asked right now: it raises in the thread that asks."""
    for con in tuple(_LOOKING.values()):
        with suppress(Exception):  # closed meanwhile
            con.interrupt()


def keep_others_out(seconds: float) -> None:
    """From now on only this thread gets to the stores; for the end of a process. Who is there is stopped, so long at
    most."""
    deadline = time.monotonic() + seconds
    while not _IN_PROCESS.acquire(timeout=0.05) and time.monotonic() < deadline:
        interrupt_looks()
