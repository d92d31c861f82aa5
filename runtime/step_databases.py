"""The DuckDB that a step has left, kept for the next one: to open one takes 15 to 40 ms of a processor, nearly all for
the functions that it registers; to take one over takes one.

What a step makes lies in a database of its own, which is attached for it and detached after it, and its functions in
Python are removed: nothing is left to be found. A step that fails, or has spilled, takes its DuckDB with it. One is
kept a process, and who comes while it is away opens another.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

Settings = Mapping[str, str | int | bool]

_NUMBERS = count(1)
_kept: list[duckdb.DuckDBPyConnection] = []
_of_parent: list[duckdb.DuckDBPyConnection] = []  # its threads are not in a forked process; never touched there


@contextmanager
def step_database(
    settings: Settings,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str, set[str]]]:
    """A connection with a database in memory, the name of that, and where to note functions that it gets."""
    base = _with(settings)
    con, name, functions = base.cursor(), f"step_{next(_NUMBERS)}", set[str]()
    try:
        con.execute(f"ATTACH ':memory:' AS {name}")
        con.execute(f"USE {name}")
        yield con, name, functions
    except BaseException:
        con.close()
        base.close()
        raise
    if _left(con, name, functions) and not _kept:
        _kept.append(base)
    else:
        base.close()


def _left(con: duckdb.DuckDBPyConnection, name: str, functions: set[str]) -> bool:
    """Whether nothing of a step is there any more."""
    import duckdb

    try:
        for function in functions:
            con.remove_function(function)
        con.execute("USE memory")
        con.execute(f"DETACH {name}")
    except duckdb.Error:
        return False
    finally:
        con.close()
    return True


def _with(settings: Settings) -> duckdb.DuckDBPyConnection:
    import duckdb

    while _kept:
        con = _kept.pop()
        try:
            for name, value in settings.items():
                text = str(value).replace("'", "''")
                con.execute(f"SET {name} = '{text}'")
        except duckdb.Error:  # it has spilled: a folder that was used cannot be changed
            con.close()
        else:
            return con
    return duckdb.connect(config=dict(settings))


def _leave_to_parent() -> None:
    _of_parent.extend(_kept)
    _kept.clear()


@atexit.register
def _end() -> None:
    while _kept:
        _kept.pop().close()


os.register_at_fork(after_in_child=_leave_to_parent)
