"""Views over the files of steps: in a moved store, in one of an older version, and never over half a step."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from runtime.row_files import EXAMPLES
from runtime.store import SCHEMA_VERSION, Store

STEP = "a" * 32
ROWS = [("r1", "rows.jsonl", 1, '{"q":"ü"}'), ("r2", "rows.jsonl", 2, '{"q":"b"}')]


def put(store: Store, folder: str) -> None:
    """A step's examples, as ingest leaves them."""
    path = store.root / "objects" / folder
    path.mkdir()
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t (row_id VARCHAR, file VARCHAR, line BIGINT, content VARCHAR)")
        con.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", ROWS)
        con.execute("COPY t TO $1 (FORMAT parquet)".replace("$1", "'" + str(path / EXAMPLES).replace("'", "''") + "'"))


def shown(store: Store) -> list[tuple[object, ...]]:
    return store.query("SELECT step_hash, row_id, file, line, content FROM examples ORDER BY line")


@pytest.mark.parametrize("name", [".sft", "a,b", "it's [1] *", "ü x"])
def test_a_moved_store_shows_its_own_rows(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path / name).create()
    assert shown(store) == []
    assert store.query("SELECT * FROM renders") == []
    put(store, STEP)
    put(store, "b" * 32 + ".partial")
    assert shown(store) == [(STEP, *row) for row in ROWS]
    store.insert("ledger", ("step_hash", "rule", "row_id"), [(STEP, "0", "r2")])
    shutil.copytree(store.root, tmp_path / "elsewhere" / name)
    shutil.rmtree(store.root / "objects" / STEP)
    moved = Store(tmp_path / "elsewhere" / name)
    assert shown(moved) == [(STEP, *row) for row in ROWS]
    assert shown(store) == []
    with duckdb.connect(str(moved.database), read_only=True) as con:  # as a shell opens it, from any folder
        assert con.execute("SELECT content ->> 'q' FROM examples ORDER BY line").fetchall() == [("ü",), ("b",)]


def test_a_store_that_is_moved_between_two_looks_shows_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a dashboard that was opened on ``.sft`` in a folder that gets another name."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    store = Store(Path(".sft")).create()
    put(store, STEP)
    assert shown(store) == shown(store) == [(STEP, *row) for row in ROWS]
    (tmp_path / "project").rename(tmp_path / "other")
    assert shown(store) == [(STEP, *row) for row in ROWS]
    shutil.rmtree(store.root / "objects" / STEP)
    assert shown(store) == shown(store) == []
    shutil.rmtree(store.root / "none")  # by somebody who tidies up
    with pytest.raises(Exception, match="No files found"):
        shown(store)
    assert shown(store) == [], "the next look finds out, and mends it"


def test_rows_of_an_older_store_move_into_the_folders_of_their_steps(tmp_path: Path) -> None:
    store = Store(tmp_path / ".sft").create()
    (store.root / "objects" / STEP).mkdir()
    (store.root / "objects" / STEP / "rows.parquet").write_bytes(b"")
    with store.writing() as con:
        con.execute("DROP VIEW examples")
        con.execute("DROP VIEW renders")
        con.execute("CREATE TABLE examples (step_hash TEXT, row_id TEXT, file TEXT, line BIGINT, content JSON)")
        con.execute("CREATE INDEX examples_row ON examples (row_id)")
        con.executemany("INSERT INTO examples VALUES (?, ?, ?, ?, ?)", [(STEP, *row) for row in ROWS])
        con.execute("CREATE TABLE renders (step_hash TEXT, ord BIGINT, row_id TEXT, messages JSON)")
        con.execute("UPDATE meta SET schema_version = 2")
    assert shown(store) == [(STEP, *row) for row in ROWS], "an old store can be read as it is"
    store.create()
    assert shown(store) == [(STEP, *row) for row in ROWS]
    assert store.query("SELECT schema_version FROM meta") == [(SCHEMA_VERSION,)]
    assert store.query("SELECT * FROM renders") == []


def test_files_that_a_kill_left_half_are_written_anew(tmp_path: Path) -> None:
    store = Store(tmp_path / ".sft").create()
    for path in (store.root / "none").rglob("*.parquet"):
        path.write_bytes(path.read_bytes()[:20])
    assert shown(store) == [] and shown(store.create()) == []
    assert sorted(path.name for path in (store.root / "none").rglob("*.*")) == ["examples.parquet", "renders.parquet"]
