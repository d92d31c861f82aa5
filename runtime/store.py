"""The results store: one DuckDB file, opened for a moment at a time.

DuckDB lets one process hold a file for writing and shuts readers out meanwhile, so nobody keeps a connection across
thinking time: a writer opens, commits one step's rows and closes, a reader opens for one query, 4 ms each
(``attached_files``). Both retry with bounded backoff, then say who has it; in one process they take turns (``looks``).
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from runtime.attached_files import HERE, Attached, attach
from runtime.looks import ONE_AT_A_TIME, OPEN_LOOKS, found_in_order, is_in_order
from runtime.row_files import move_out, point_views, points_here
from runtime.stopping import signals_heard
from runtime.store_findings import findings, held, unusable
from spec_lang.diagnostics import DiagnosticError, fatal

if TYPE_CHECKING:
    import duckdb

SCHEMA_VERSION = 9
DATABASE = "results.duckdb"
PATIENCE_SECONDS = 30.0
_BESIDE = ".new-"  # how a folder begins in which a database is being made
_LEFT_S = 600  # seconds after which nobody is making it any more

T = TypeVar("T")
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Store:
    """A store folder (``.sft`` beside the spec): ``results.duckdb``, ``objects/``, ``runs/``."""

    root: Path
    patience: float = PATIENCE_SECONDS
    mends: bool = True  # whether a look may write: a store of an older version, or one that was moved

    @property
    def database(self) -> Path:
        return self.root / DATABASE

    @property
    def exists(self) -> bool:
        return self.database.exists() and self.database.stat().st_size > 0

    def refuse_a_file(self) -> None:
        """Raise DiagnosticError SFT0905 when something else than a folder bears the store's name."""
        if self.root.exists() and not self.root.is_dir():
            raise fatal("SFT0905", f"`{self.root}` is a file, and a store is a folder", "name a folder with `--store`")

    def create(self) -> Store:
        """Make the folder and the schema if they are not there. Raises DiagnosticError SFT0903 for a newer schema."""
        self.refuse_a_file()
        try:
            for folder in (self.root, self.root / "objects", self.root / "runs"):
                folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            if not self.exists:
                self._make_database()
                return self
        except OSError as error:
            raise fatal(
                "SFT0905",
                f"the store `{self.root}` cannot be made: {(error.strerror or str(error)).lower()}",
                "name a folder that can be written with `--store`",
            ) from error
        with self.writing() as con:
            _migrate(con, self.root)
        return self

    def _sweep(self) -> None:
        """Remove what a kill left of making a database; one being made is younger."""
        for folder in self.root.glob(_BESIDE + "*"):
            with suppress(OSError):
                if time.time() - folder.stat().st_mtime > _LEFT_S:
                    shutil.rmtree(folder, ignore_errors=True)

    def _make_database(self) -> None:
        """The file with its tables, made beside and named when it is whole: a kill meanwhile leaves no store that
        cannot be opened. Where two make it, the first one stays."""
        with TemporaryDirectory(prefix=_BESIDE, dir=self.root) as folder:
            beside = Store(Path(folder), self.patience)
            with beside.writing() as con:
                _migrate(con, self.root)
            try:
                os.link(beside.database, self.database)
            except OSError:  # it is there by now, or the file system has no links
                if not self.exists:
                    beside.database.replace(self.database)

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction: committed at the end, rolled back on any exception. Keep it short."""
        with ONE_AT_A_TIME:
            in_order = self.exists and is_in_order(self.database)
            opened = self._connect(read_only=False)
            try:
                with signals_heard():
                    opened.con.execute("BEGIN")
                    yield opened.con
                    opened.con.execute("COMMIT")
            except BaseException:
                with suppress(Exception):
                    opened.con.execute("ROLLBACK")
                raise
            finally:
                opened.close()
                if in_order:  # rows do not change that: the next look need not find it out again
                    with suppress(OSError):
                        found_in_order(self.database)

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection for one look. Fetch everything before leaving. SFT0902 when there is no store, and
        what ``Engine.execute`` raises of damaged files, values that do not fit, a full disk or too little memory.

        Looks inside a look share its connection, so several queries in a row cost one opening.
        """
        if not self.exists:
            raise fatal("SFT0902", f"there is no store at `{self.root}`", "run a spec first: `sft run FILE`")
        with ONE_AT_A_TIME:
            if self.database in OPEN_LOOKS:
                with findings(OPEN_LOOKS[self.database]):
                    yield OPEN_LOOKS[self.database]
                return
            opened = self._connect(read_only=True)
            try:
                if not is_in_order(self.database):
                    opened = self._in_order(opened)
                OPEN_LOOKS[self.database] = opened.con
                with findings(opened.con):
                    yield opened.con
            finally:
                OPEN_LOOKS.pop(self.database, None)
                opened.close()

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """Rows of one read-only query."""
        with self.reading() as con:
            return con.execute(sql, list(params)).fetchall()

    def write(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Run ``work`` in one transaction."""
        with self.writing() as con:
            return work(con)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Append rows in one transaction."""
        if rows:
            with self.writing() as con:
                insert_rows(con, table, columns, rows)

    def _in_order(self, opened: Attached) -> Attached:
        try:
            older, here = _is_older(opened.con), points_here(opened.con, self.root)
            if (older or not here) and not self.mends:
                raise fatal("SFT0905", f"the store `{self.root}` is of an earlier version, or was moved")
            if older:
                opened = self._renewed(opened)
                here = points_here(opened.con, self.root)
            elif here:
                found_in_order(self.database)
            return opened if here else self._pointed(opened)
        except BaseException:
            opened.close()
            raise

    def _renewed(self, opened: Attached) -> Attached:
        """A store of an older version, which lacks columns that are asked for, gets them before it is looked at."""
        opened.close()
        with suppress(OSError, DiagnosticError):
            self.create()
        return self._connect(read_only=True)

    def _pointed(self, opened: Attached) -> Attached:
        """A store that was moved: views look into this folder from now on. Where nothing can be written, rows are not
        found, and everything else is."""
        opened.close()
        with suppress(OSError, DiagnosticError), self.writing() as write:
            point_views(write, self.root)
        return self._connect(read_only=True)

    def _connect(self, *, read_only: bool) -> Attached:
        import duckdb

        begun = time.monotonic()
        pause = 0.005
        while True:
            try:
                return attach(self.database, read_only=read_only)
            except duckdb.IOException as error:
                if "lock" not in str(error).lower():
                    raise unusable(self.database, error) from error
                if (waited := time.monotonic() - begun) > self.patience:
                    raise held(self.database, error, self.patience) from error
            except duckdb.Error as error:
                raise unusable(self.database, error) from error
            time.sleep(pause * (0.5 + random.random()))
            pause = min(pause * 1.6, 0.04 if waited < 2.0 else 0.25)  # a look lasts for tens of milliseconds


def insert_rows(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Append rows on an open connection: one multi-row statement a thousand rows (executemany is row by row)."""
    slots = "(" + ",".join("?" * len(columns)) + ")"
    names = ",".join(f'"{column}"' for column in columns)
    for start in range(0, len(rows), 1000):
        chunk = rows[start : start + 1000]
        values = [value for row in chunk for value in row]
        con.execute(f'INSERT INTO "{table}" ({names}) VALUES {",".join([slots] * len(chunk))}', values)


def _is_older(con: duckdb.DuckDBPyConnection) -> bool:
    version = con.execute("SELECT schema_version FROM meta").fetchone()
    return version is not None and version[0] < SCHEMA_VERSION


def _migrate(con: duckdb.DuckDBPyConnection, root: Path) -> None:
    """The tables of this version, in a new store or beside those of an older one, which lose nothing."""
    schema = (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")
    found = con.execute(f"SELECT count(*) FROM duckdb_tables() WHERE {HERE} AND table_name = 'meta'").fetchone()
    if not found or not found[0]:
        point_views(con, root)  # first, because other views are made of them
        con.execute(schema)
        con.execute("INSERT INTO meta VALUES (?, now())", [SCHEMA_VERSION])
        return
    version = con.execute("SELECT schema_version FROM meta").fetchone()
    if version and version[0] > SCHEMA_VERSION:
        raise fatal(
            "SFT0903",
            f"the store was written by a newer version (schema {version[0]}, this one knows {SCHEMA_VERSION})",
            "upgrade sft-lang, or name another store with `--store`",
        )
    if version and version[0] < SCHEMA_VERSION:
        if version[0] < 2:
            con.execute((Path(__file__).parent / "migrate_2.sql").read_text(encoding="utf-8"))
        move_out(con, root)
        if not points_here(con, root):
            point_views(con, root)  # of a store that was moved; other views are made of them
        before = _set_aside(con)
        con.execute(schema)
        if before is not None:
            con.execute(f"INSERT INTO predictions BY NAME SELECT * FROM {before}")
            con.execute(f"DROP TABLE {before}")
        con.execute("UPDATE meta SET schema_version = ?", [SCHEMA_VERSION])
    if not points_here(con, root):
        point_views(con, root)


def _set_aside(con: duckdb.DuckDBPyConnection) -> str | None:
    """The answers of a store in which an item was asked once, for a key cannot be altered; they are first ones."""
    columns = con.execute(
        f"SELECT column_name FROM duckdb_columns() WHERE {HERE} AND table_name = 'predictions'"
    ).fetchall()
    if ("sample",) in columns:
        return None
    con.execute("ALTER TABLE predictions RENAME TO predictions_once")
    return "predictions_once"
