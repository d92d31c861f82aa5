"""Rows in a new order, in one piece and in many: the same file, and nothing left beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.large_sorts import copy_sorted, unpacked_bytes
from runtime.relational import Engine, engine, parquet

ROWS = 3000
SHUFFLED = (
    "SELECT i::VARCHAR AS id, repeat('é' || i, 40) AS text, NULL::VARCHAR AS none, (i * 7) % 3000 AS ord FROM given"
)


def sort(db: Engine, path: Path, memory: int, size: int = 1_000_000) -> int:
    db.execute(f"CREATE OR REPLACE TABLE given AS SELECT i FROM range({ROWS}) r(i)")
    return copy_sorted(db, SHUFFLED, [], ("id", "text", "none"), ROWS, size, path, memory=memory)


@pytest.mark.parametrize("threads", [1, 2])
def test_pieces_give_the_rows_of_one_piece(tmp_path: Path, threads: int) -> None:
    with engine(tmp_path, threads) as db:
        found = []
        for name, memory in (("whole", 1 << 30), ("some", 2_000_000), ("many", 100_000)):
            path = tmp_path / name / "rows.parquet"
            path.parent.mkdir()
            assert sort(db, path, memory) == ROWS
            found.append(db.rows(f"SELECT * FROM {parquet(path)}"))
            assert [one.name for one in path.parent.iterdir()] == ["rows.parquet"]
    expected = sorted(range(ROWS), key=lambda i: i * 7 % 3000)
    assert [row[0] for row in found[0]] == [str(i) for i in expected]
    assert found[0] == found[1] == found[2]


def test_the_smallest_piece_is_a_row(tmp_path: Path) -> None:
    with engine(tmp_path) as db:
        db.execute("CREATE TABLE given AS SELECT i FROM range(3) r(i)")
        select = "SELECT i::VARCHAR AS id, i AS ord FROM given"
        assert copy_sorted(db, select, [], ("id",), 3, 1000, tmp_path / "rows.parquet", memory=100) == 3
        assert db.rows(f"SELECT id FROM {parquet(tmp_path / 'rows.parquet')}") == [("0",), ("1",), ("2",)]


def test_a_killed_run_leaves_no_rows(tmp_path: Path) -> None:
    (tmp_path / ".pieces").mkdir()
    (tmp_path / ".pieces" / "0.parquet").write_bytes(b"not a file of this run")
    (tmp_path / ".pieces" / "old.parquet").write_bytes(b"nor this")
    with engine(tmp_path) as db:
        before = db.value("SELECT current_setting('disabled_optimizers')")
        assert sort(db, tmp_path / "rows.parquet", 100_000) == ROWS
        assert db.value("SELECT current_setting('disabled_optimizers')") == before
    assert not (tmp_path / ".pieces").exists()


def test_the_size_is_that_of_the_columns_before_they_are_packed(tmp_path: Path) -> None:
    with engine(tmp_path) as db:
        path = tmp_path / "rows.parquet"
        texts = "SELECT md5(i::VARCHAR) || repeat('x', 968) AS text, i AS number FROM range(10000) r(i)"
        db.copy(texts, path)
        size = unpacked_bytes(db, [path], ["text"])
        assert 10_000_000 <= size < 11_000_000 < unpacked_bytes(db, [path], ["text", "number"]) + 1_000_000
        assert path.stat().st_size < size / 5
