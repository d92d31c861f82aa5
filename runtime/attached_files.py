"""One DuckDB a process, to which the file of a store is attached for as long as somebody looks.

A DuckDB of its own for every look costs 20 to 50 ms of a processor, nearly all of it for the functions that it
registers; to attach a file and to detach it again costs 4. A file that is detached is closed: whatever was written is
in it, and other processes have it.

The caller sees to it that no two threads are here at once.
"""

from __future__ import annotations

import atexit
import os
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.relational import literal, memory_limit_mb

if TYPE_CHECKING:
    import duckdb

# Of what DuckDB lists, what is in the file that names are looked up in: another one may be attached as well.
HERE = "database_name = current_database()"
_NUMBERS = count(1)
_running: list[duckdb.DuckDBPyConnection] = []  # the one of this process, once it is there
_most_mb: list[int] = []  # what it may hold, where that was said
_of_parent: list[duckdb.DuckDBPyConnection] = []  # its threads are not in a forked process; never touched there


@dataclass
class Attached:
    """A connection in which the file is what names are looked up in."""

    con: duckdb.DuckDBPyConnection
    name: str
    closed: bool = False

    def close(self) -> None:
        """Close the file, once. Where that is interrupted the whole DuckDB goes, and with it everything it holds."""
        if self.closed:
            return
        self.closed = True
        try:
            self.con.execute("USE memory")
            self.con.execute(f"DETACH {self.name}")
            self.con.close()
        except BaseException:
            self.con.close()
            _end()
            raise


def attach(database: Path, *, read_only: bool) -> Attached:
    """Open a file, which is made where there is none. Raises what DuckDB does: IOException where another process has it
    open."""
    name, form = f"file_{next(_NUMBERS)}", "READ_ONLY" if read_only else "READ_WRITE"
    con = _instance().cursor()
    opened = Attached(con, name)
    try:
        con.execute(f"ATTACH {literal(str(database))} AS {name} ({form})")
    except BaseException:
        con.close()
        raise
    try:
        con.execute(f"USE {name}")
        with suppress(Exception):  # it may have spilled already, and then stays where it is
            con.execute(f"SET temp_directory = {literal(f'{database}.tmp')}")
    except BaseException:
        opened.close()
        raise
    return opened


def hold_at_most(megabytes: int) -> None:
    """What the DuckDB of this process may hold, for programs that only look. One that is not there yet is not made for
    it: that takes 0.15 s, which a dashboard spends beside the drawing of its first screen."""
    _most_mb[:] = [megabytes]
    for con in _running:
        con.execute(f"SET memory_limit = '{megabytes}MB'")


def _instance() -> duckdb.DuckDBPyConnection:
    if not _running:
        import duckdb

        most = _most_mb[0] if _most_mb else memory_limit_mb()  # as much as a step's engine has
        config: dict[str, Any] = {"memory_limit": f"{most}MB"}
        _running.append(duckdb.connect(config=config))
    return _running[0]


def _end() -> None:
    while _running:
        _running.pop().close()


def _leave_to_parent() -> None:
    _of_parent.extend(_running)
    _running.clear()


atexit.register(_end)
os.register_at_fork(after_in_child=_leave_to_parent)
