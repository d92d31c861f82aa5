"""Fingerprints of rows: of every format, as many as promised, and moved by nothing that did not change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.row_drift import compare_rows
from runtime.relational import engine
from runtime.row_prints import EXACT_ROWS, group_size, row_prints
from runtime.source_files import Format

ROWS = [{"id": number, "text": f"row {number}"} for number in range(40)]


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows))
    elif path.suffix == ".csv":
        path.write_text("id,text\n" + "".join(f"{row['id']},{row['text']}\n" for row in rows))
    else:
        lines = write(path.with_suffix(".jsonl"), rows)
        with engine(path.parent) as db:
            db.copy(f"SELECT * FROM read_json('{lines}')", path)
    return path


@pytest.mark.parametrize("format", ["jsonl", "json", "csv", "parquet"])
def test_a_changed_and_an_added_row_are_found_in_every_format(tmp_path: Path, format: Format) -> None:
    before, _ = row_prints(write(tmp_path / f"a.{format}", ROWS), format)
    rows = [*ROWS[:10], {"id": 10, "text": "other"}, *ROWS[11:], {"id": 40, "text": "new"}]
    after, lines = row_prints(write(tmp_path / f"b.{format}", rows), format, before.size)
    found = compare_rows(before, after, lines)
    assert before.rows == 40 and (found.changed, found.added, found.removed) == (1, 1, 0)
    first = 12 if format == "csv" else 11  # a CSV file begins with a header
    assert found.changed_at[0].first == first and found.added_at[0].first == first + 30


def test_a_line_that_cannot_be_read_is_a_row_of_the_lock_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n\nnot json\n')
    prints, lines = row_prints(path, "jsonl")
    assert prints.rows == 2 and [place.first for place in lines] == [1, 3]


@pytest.mark.parametrize("rows", [1, EXACT_ROWS, EXACT_ROWS + 1, 1_000_000, 10**8])
def test_a_lock_stays_small_however_long_the_file(rows: int) -> None:
    size = group_size(rows)
    assert rows / size <= EXACT_ROWS
    assert size == 1 or rows / (size // 2) > EXACT_ROWS


def test_an_inserted_row_touches_one_group_of_a_large_file(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"text": f"row {number}"} for number in range(2000)]
    before, _ = row_prints(write(tmp_path / "a.jsonl", rows), "jsonl", 16)
    after, lines = row_prints(write(tmp_path / "b.jsonl", [{"text": "new"}, *rows]), "jsonl", 16)
    found = compare_rows(before, after, lines)
    assert before.rows == 2000 and len(before.groups) < 300
    assert found.changed + found.added <= 2 * 64
    assert max(place.last for place in found.changed_at + found.added_at) <= 2 * 64


def test_equal_rows_without_end_close_their_groups(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"text": "the same"}] * 1000
    prints, _ = row_prints(write(tmp_path / "a.jsonl", rows), "jsonl", 8)
    assert prints.rows == 1000 and max(group.rows for group in prints.groups) <= 32
