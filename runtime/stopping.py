"""How a run that is asked to stop ends what DuckDB computes for it.

A statement over millions of rows may take a minute, and what it has made until then is thrown away in any case: so a
stop ends it, and lets the step begin no other one. That is of the engines of steps alone (``relational``): what goes to
the store is short, and is finished.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_computing: list[duckdb.DuckDBPyConnection] = []  # connections of engines in which a statement runs
_stopped: list[bool] = []  # not empty from when a run was asked to stop until it has ended


def stop_statements() -> None:
    """End what engines compute right now, and let them begin nothing until ``statements_again``. For signal handlers,
    too."""
    _stopped.append(True)
    for con in tuple(_computing):
        con.interrupt()


def statements_again() -> None:
    """The run that was asked to stop has ended."""
    _stopped.clear()


@contextmanager
def stoppable(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A statement of a step, or a part of its rows. Raises Interrupted where the run is asked to stop."""
    import duckdb

    from runtime.context import Interrupted

    _computing.append(con)
    try:
        if _stopped:
            raise Interrupted
        with signals_heard():
            yield
    except duckdb.InterruptException as error:
        raise Interrupted from error
    finally:
        _computing.remove(con)


@contextmanager
def signals_heard() -> Iterator[None]:
    """Give back the KeyboardInterrupt that a signal handler raised while DuckDB computed: it makes another error of
    it."""
    try:
        yield
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from error
        raise
