"""Who of this process is at a store, and how a process that asks in threads of its own comes to its end.

DuckDB opens no file twice within a process: one lock keeps readers and writers apart, and what looks is listed, so that
looks inside a look share a connection. A process must not end while one of its threads is inside of DuckDB: that thread
is ended where it stands, which C++ takes for a crash. So what is asked is stopped, and whoever is still computing gets
to the store no more.

Whether a store is of this version and its views point where it lies is looked at again when its file has changed: that
takes 5 of the 13 ms of opening one.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

ONE_AT_A_TIME = threading.RLock()  # held by whoever is at a store
OPEN_LOOKS: dict[Path, duckdb.DuckDBPyConnection] = {}  # by database, changed under the lock
_in_order: dict[Path, tuple[str, int, int, int]] = {}  # databases that were found to be in order, and their files then


def is_in_order(database: Path) -> bool:
    """Whether a database was found to be in order, and has neither been moved nor written to since."""
    return _in_order.get(database) == _file(database)


def found_in_order(database: Path) -> None:
    _in_order[database] = _file(database)


def forget_order() -> None:
    """Look again at every store: a question has failed, and files that views look into may be gone."""
    _in_order.clear()


def _file(database: Path) -> tuple[str, int, int, int]:
    state = database.stat()
    return str(database.resolve()), state.st_ino, state.st_mtime_ns, state.st_size


def interrupt_looks() -> None:
    """Stop what is asked right now: it raises in the thread that asks."""
    for con in tuple(OPEN_LOOKS.values()):
        with suppress(Exception):  # closed meanwhile
            con.interrupt()


def keep_others_out(seconds: float) -> None:
    """From now on only this thread gets to the stores; for the end of a process. Who is there is stopped, so long at
    most."""
    deadline = time.monotonic() + seconds
    while not ONE_AT_A_TIME.acquire(timeout=0.05) and time.monotonic() < deadline:
        interrupt_looks()
