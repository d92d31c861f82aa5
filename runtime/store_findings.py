"""What is told when a store cannot be opened, or not be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.damaged_files import damage
from runtime.looks import forget_order
from runtime.relational import explained
from runtime.stopping import signals_heard
from spec_lang.diagnostics import fatal

if TYPE_CHECKING:
    import duckdb


@contextmanager
def findings(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """What DuckDB says of files, values, disk or memory becomes a finding; the rest is a bug of ours."""
    import duckdb

    try:
        with signals_heard():
            yield
    except duckdb.OutOfMemoryException as error:
        raise fatal(
            "SFT0450",
            f"what DuckDB may hold is too little for this question: {str(error).splitlines()[0]}",
            "the dashboard holds little, `sft show` what `SFT_MEMORY_MB` says",
        ) from error
    except duckdb.Error as error:
        forget_order()
        told = damage(error, con, "") or explained(error)
        if told is error:
            raise
        raise told from error


def held(database: Path, error: Exception, patience: float) -> Exception:
    holder = re.search(r"PID (\d+)", str(error))
    who = f"process {holder[1]}" if holder else "another process"
    return fatal(
        "SFT0901",
        f"the store `{database}` is held by {who} and did not become free within {patience:.0f} s",
        "close the program that has it open (a database shell, a notebook) and run the command again; nothing was lost",
    )


def unusable(database: Path, error: Exception) -> Exception:
    text = str(error).splitlines()[0]
    if "no space left" in text.lower():
        return fatal(
            "SFT0904", f"the disk is full: {text}", "free some space and run the command again; finished steps are kept"
        )
    return fatal(
        "SFT0905",
        f"the store `{database}` cannot be opened: {text}",
        "move the file away, or name another store with `--store`",
    )
