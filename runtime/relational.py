"""The relational engine: an in-memory DuckDB over Parquet files, one a step, gone when the step ends.

Data steps are SQL over columnar files, run out of core: an engine takes at most ``memory_limit_mb`` and
what does not fit spills into the step's own folder. Row order is part of every result, so insertion
order is preserved, rows are written as they are read wherever nothing groups or joins them, and whatever
does is ordered again before it is written. Rows and their order do not depend on threads; where a file's row
groups are cut does, and nothing reads that. DuckDB is imported here and for the store only. An engine takes over the
DuckDB of the one before it (``step_databases``), for 1 ms; the first one costs 15.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.damaged_files import damage
from runtime.machine_memory import machine_memory
from runtime.step_databases import step_database
from runtime.stopping import stoppable
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import one_line

if TYPE_CHECKING:
    import duckdb
    import numpy.typing as npt

Row = tuple[Any, ...]

FAILED_ON_A_VALUE = "SFT0411"
MEMORY_VARIABLE = "SFT_MEMORY_MB"
MEMORY_MB = 2_800  # enough to sort any number of rows, through the disk; a process stays under 4 GB
MEMORY_SHARE = 0.5  # of the machine's memory, where that is less; training and the store have to live beside it
LEAST_MB = 512
ROW_GROUP = 51_200  # a multiple of the engine's vectors (2,048); each thread holds one while it writes
SMALL_GROUP = 10_240  # for files in which single rows are looked up: a group is read as a whole
# Where the file is there already, DuckDB would write one beside, and leave it there when it is killed.
PARQUET_SETTINGS = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, USE_TMP_FILE false"


@dataclass(frozen=True)
class Engine:
    """A connection with the few verbs that steps need. Values are always bound, never pasted.

    ``failures`` tell of functions in Python that raised while a statement ran; the first is raised in its place.
    """

    con: duckdb.DuckDBPyConnection
    tables: str  # the database in which its tables are
    functions: set[str]
    failures: list[Callable[[], Exception]] = field(default_factory=list)

    def execute(self, sql: str, params: Sequence[Any] = ()) -> None:
        """Run a statement. Raises DiagnosticError SFT0904 (disk full), SFT0450 (too little memory), SFT0411 (a value
        that does not fit), SFT0906 (a step's file that is damaged), or what a function in Python failed with."""
        self.rows(sql, params)

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query. Raises Interrupted where the run is stopped."""
        with self._asked(self.con, sql):
            return self.con.execute(sql, list(params)).fetchall()

    def stream(self, sql: str, params: Sequence[Any] = ()) -> Iterator[Row]:
        """The rows of a query, a few thousand held as Python objects at a time. No other query runs meanwhile."""
        with self._asked(self.con, sql):
            result = self.con.execute(sql, list(params))
        while rows := self._fetched(result, 10_000, sql):
            yield from rows

    def batches(self, sql: str, params: Sequence[Any], size: int) -> Iterator[list[Row]]:
        """The rows of a query, ``size`` at a time; other statements may run in between."""
        with self.con.cursor() as reader:
            reader.execute(f"USE {self.tables}")
            with self._asked(reader, sql):
                reader.execute(sql, list(params))
            while batch := self._fetched(reader, size, sql):
                yield batch

    def _fetched(self, con: duckdb.DuckDBPyConnection, rows: int, sql: str) -> list[Row]:
        with self._asked(con, sql):
            return con.fetchmany(rows)

    @contextmanager
    def _asked(self, con: duckdb.DuckDBPyConnection, sql: str) -> Iterator[None]:
        """A statement, or a part of its rows: what DuckDB says against it becomes what the user is told."""
        import duckdb

        try:
            with stoppable(con):
                yield
        except duckdb.Error as error:
            raise (self.failures[0]() if self.failures else damage(error, self.con, sql) or explained(error)) from error

    def value(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """The single value of a query that gives one row with one column."""
        return self.rows(sql, params)[0][0]

    def binds(self, sql: str, params: Sequence[Any] = ()) -> bool:
        """Whether all columns are there that a query reads."""
        import duckdb

        try:
            self.con.execute(f"SELECT * FROM ({sql}) LIMIT 0", list(params))
        except duckdb.BinderException:
            return False
        return True

    def add_function(self, name: str, call: Callable[..., Any], parameters: Sequence[str], result: str) -> None:
        """A function in Python of values of these SQL types; NULL arrives as None."""
        self.functions.add(name)
        self.con.create_function(name, call, list(parameters), result, type="native", null_handling="special")  # type: ignore[arg-type]

    def append(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows to a table, about 0.5 us a value; lists as bound parameters would take four times as long."""
        self.append_columns(table, list(zip(*rows, strict=True)))

    def append_columns(self, table: str, columns: Sequence[Sequence[Any] | npt.NDArray[Any]]) -> None:
        """Add rows to a table, by its columns; arrays of numpy as they are, for a tenth of that."""
        import numpy as np

        if not columns:
            return
        held = {
            f"c{place}": column if isinstance(column, np.ndarray) else np.array(column, dtype=object)
            for place, column in enumerate(columns)
        }
        self.con.register("__appended", held)
        try:
            self.execute(f"INSERT INTO {quoted(table)} SELECT * FROM __appended")
        finally:
            self.con.unregister("__appended")

    def copy(self, select: str, path: Path, params: Sequence[Any] = (), *, kept: bool = False) -> int:
        """Write a query's rows, in their order, to a Parquet file; the number of rows.

        ``kept`` is for rows that are looked up one by one later: they lie in smaller groups.
        """
        row_group = SMALL_GROUP if kept else ROW_GROUP
        settings = f"{PARQUET_SETTINGS}, ROW_GROUP_SIZE {row_group}"
        return int(self.value(f"COPY ({select}) TO {literal(str(path))} ({settings})", params))


@contextmanager
def engine(scratch: Path, threads: int | None = None, *, holds: int = 0) -> Iterator[Engine]:
    """An engine that spills into a folder below ``scratch``, which is removed at the end.

    ``holds`` is how many bytes its tables will take. From half of the memory on they lie in a file from the start: a
    table in memory that does not fit is written out anew each time that it is looked through, all of it.
    """
    import duckdb

    spill = scratch / ".spill"
    shutil.rmtree(spill, ignore_errors=True)  # a killed run may have left it
    settings = {
        "threads": threads or os.cpu_count() or 1,
        "memory_limit": f"{memory_limit_mb()}MB",
        "temp_directory": str(spill),
        "preserve_insertion_order": True,
        "autoinstall_known_extensions": False,
    }
    try:
        if holds > memory_limit_mb() << 19:
            spill.mkdir(parents=True)
            with duckdb.connect(str(spill / "tables.duckdb"), config=settings) as con:
                yield Engine(con, "tables", set())
        else:
            with step_database(settings) as (con, tables, functions):
                yield Engine(con, tables, functions)
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def quoted(name: str) -> str:
    """A column or table name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal, for what table functions and COPY cannot take as a parameter."""
    return "'" + text.replace("'", "''") + "'"


def file_literal(path: Path) -> str:
    """The name of one file to read, as an SQL literal: DuckDB takes ``*``, ``?`` and ``[`` in it for a pattern."""
    return literal(glob.escape(str(path)))


PLACE = "file_row_number"  # the number of a row in its file, from 0: DuckDB gives it, no file has to hold it


def parquet(*paths: Path) -> str:
    """Parquet files as something to select from; a folder called ``key=value`` above one adds no column."""
    files = file_literal(paths[0]) if len(paths) == 1 else f"[{', '.join(map(file_literal, paths))}]"
    return f"read_parquet({files}, hive_partitioning = false)"


@contextmanager
def as_finding(finding: Callable[[str], Exception]) -> Iterator[None]:
    """Turn whatever DuckDB says against a file while it reads it into the finding that ``finding`` makes of its words.

    A full disk stays what it is.
    """
    import duckdb

    try:
        yield
    except DiagnosticError as error:
        if error.diagnostics[0].code != FAILED_ON_A_VALUE:
            raise
        raise finding(_first_line(error.__cause__ or error)) from error
    except duckdb.Error as error:
        raise finding(_first_line(error)) from error


def memory_limit_mb() -> int:
    """What one engine may hold, in MB: ``SFT_MEMORY_MB`` of the environment, or 2,800 and at most half the machine, or
    half of what its container may have.

    The process is larger by the files being written and by Python, some 500 MB.
    """
    named = os.environ.get(MEMORY_VARIABLE, "")
    if named.isascii() and named.isdigit():
        return max(LEAST_MB, int(named))
    return max(LEAST_MB, min(MEMORY_MB, int(machine_memory() * MEMORY_SHARE) >> 20))


def _first_line(error: BaseException) -> str:
    return one_line(str(error).partition("\n")[0], 300)


_PARAMETERS = re.compile(r"following parameters: |prepared statement")  # that we did not give: a bug of ours
_FULL = re.compile(r"no space left|failed to offload|max_temp_directory_size|disk quota", re.IGNORECASE)
# What is wrong with an expression whatever the values are, should the checks of the compiler let it through.
_LIMITS = (
    ("expression depth limit", "write the expression with fewer calls inside of one another"),
    ("json path", "change the path"),
    (
        "pattern too large|invalid (?:repetition|character class|escape|perl|named)|bad repetition|missing [])]|"
        "no argument for repetition",
        "change the regular expression, for example so that it repeats less",
    ),
)


def explained(error: duckdb.Error) -> Exception:
    """What the user can mend becomes a finding; anything else is a bug of ours and stays as it is."""
    import duckdb

    text = _first_line(error)
    if _FULL.search(str(error)):
        return fatal(
            "SFT0904", f"the disk is full: {text}", "free some space and run the command again; finished steps are kept"
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return fatal(
            "SFT0450",
            f"{memory_limit_mb():,} MB are too little for this step: {text}",
            f"give it more, for example `{MEMORY_VARIABLE}={2 * memory_limit_mb()} sft run …`; finished steps are kept",
        )
    if isinstance(error, duckdb.InvalidInputException) and _PARAMETERS.search(text):
        return error
    limit = next((help for pattern, help in _LIMITS if re.search(pattern, text, re.IGNORECASE)), None)
    if limit is not None:
        return fatal(FAILED_ON_A_VALUE, f"an expression is not one that can be computed: {text}", limit)
    if isinstance(error, duckdb.ConversionException | duckdb.OutOfRangeException | duckdb.InvalidInputException):
        return fatal(
            FAILED_ON_A_VALUE,
            f"an expression met a value that it cannot take: {text}",
            "guard the expression with a condition",
        )
    return error
