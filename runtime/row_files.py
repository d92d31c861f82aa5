"""The store's views over rows that stay in files: ``examples`` and ``renders``.

A million rows of 1 kB are 3 GB as two DuckDB tables, and writing them shuts every reader out for half a minute; as
compressed files of their steps they are there already. A view has to name an absolute path, so that
``duckdb .sft/results.duckdb`` works from any folder; a store that was moved is pointed anew when it is next opened
(about 1 ms to notice). A finished step's folder is whole, so no view ever sees half a file.
"""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.hashing import HASH_LENGTH
from runtime.artifacts import sync
from runtime.attached_files import HERE
from runtime.relational import PARQUET_SETTINGS, PLACE, literal

if TYPE_CHECKING:
    import duckdb

EXAMPLES = "examples.parquet"
RENDERS = "renders.parquet"
# View -> its file in a step's folder, and the columns with their types. ``ord`` is in no file: it is the place there.
_VIEWS = {
    "examples": (EXAMPLES, "row_id VARCHAR, file VARCHAR, line BIGINT, content JSON"),
    "renders": (
        RENDERS,
        "ord BIGINT, row_id VARCHAR, template_hash VARCHAR, messages JSON, expected VARCHAR",
    ),
}
_STEP = "?" * HASH_LENGTH  # as a pattern: finished steps only, a folder being written has a longer name
_NOWHERE = Path("none") / ("0" * HASH_LENGTH)  # files without rows, because a pattern has to match something


def point_views(con: duckdb.DuckDBPyConnection, root: Path) -> None:
    """Make both views, over the steps in the store at ``root``."""
    nowhere = root / _NOWHERE
    nowhere.mkdir(parents=True, exist_ok=True)
    for name, (file, columns) in _VIEWS.items():
        fields = [(name, kind) for name, kind in (column.split(" ") for column in columns.split(", "))]
        if not _is_whole(nowhere / file):
            held = [(field, kind.replace("JSON", "VARCHAR")) for field, kind in fields if field != "ord"]
            empty = ", ".join(f"NULL::{kind} AS {field}" for field, kind in held)
            _write_parquet(con, f"SELECT {empty} WHERE false", nowhere / file)
        listed = ", ".join(f"{PLACE if field == 'ord' else field}::{kind} AS {field}" for field, kind in fields)
        con.execute(
            f"CREATE OR REPLACE VIEW {name} AS SELECT parse_filename(parse_dirpath(filename)) AS step_hash, {listed} "
            f"FROM read_parquet({_pattern(root, file)}, hive_partitioning = false, filename = true)"
        )


def points_here(con: duckdb.DuckDBPyConnection, root: Path) -> bool:
    """Whether the views look into the store at ``root``, the way they do now, and can. True for a store that has none:
    it is of an older version."""
    found = con.execute(
        f"SELECT view_name, sql FROM duckdb_views() WHERE {HERE} AND view_name IN ('examples', 'renders')"
    ).fetchall()
    views = dict(found)
    if not views:
        return True
    here = all(_pattern(root, file) in views.get(name, "") for name, (file, _) in _VIEWS.items())
    return here and PLACE in views["renders"] and all(_is_whole(root / _NOWHERE / file) for file, _ in _VIEWS.values())


def second_name(path: Path, name: str) -> None:
    """Let a file of a step also be called ``name``, without a second copy where the file system can."""
    other = path.with_name(name)
    other.unlink(missing_ok=True)
    try:
        os.link(path, other)
    except OSError:
        shutil.copyfile(path, other)


def move_out(con: duckdb.DuckDBPyConnection, root: Path) -> None:
    """Rows that an older version kept in tables, into the folders of their steps."""
    found = con.execute(f"SELECT count(*) FROM duckdb_tables() WHERE {HERE} AND table_name = 'examples'").fetchone()
    if not found or not found[0]:
        return
    for (step,) in con.execute("SELECT DISTINCT step_hash FROM examples").fetchall():
        folder = root / "objects" / step
        if folder.is_dir():
            _write_parquet(
                con,
                "SELECT row_id, file, line, content::VARCHAR AS content FROM examples WHERE step_hash = ? "
                "ORDER BY file, line",
                folder / EXAMPLES,
                [step],
            )
    for (step,) in con.execute("SELECT DISTINCT step_hash FROM renders").fetchall():
        rows = root / "objects" / step / "rows.parquet"
        if rows.is_file():
            second_name(rows, RENDERS)
    con.execute("DROP TABLE examples")
    con.execute("DROP TABLE renders")
    point_views(con, root)


def _pattern(root: Path, file: str) -> str:
    return literal(f"{glob.escape(str(root.resolve()))}/*/{_STEP}/{file}")


def _is_whole(path: Path) -> bool:
    """Whether a Parquet file has its end, with which it is a file at all: a kill may have left a beginning."""
    with suppress(OSError), path.open("rb") as handle:
        return handle.read()[-4:] == b"PAR1"
    return False


def _write_parquet(con: duckdb.DuckDBPyConnection, select: str, path: Path, params: Sequence[str] = ()) -> None:
    """Write a file that views read: it has its name when it is whole."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    con.execute(f"COPY ({select}) TO {literal(str(beside))} ({PARQUET_SETTINGS})", list(params))
    sync(beside)
    beside.replace(path)
