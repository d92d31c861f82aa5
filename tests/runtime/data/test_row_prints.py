"""Fingerprints of rows: of every format, as many as promised, and moved by nothing that did not change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.row_drift import compare_rows
from runtime.json_elements import json_elements
from runtime.relational import engine
from runtime.row_prints import EXACT_ROWS, row_prints
from runtime.source_files import Format
from spec_lang.diagnostics import DiagnosticError

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


def told(before: Path, after: Path, format: Format) -> str:
    pinned, _ = row_prints(before, format)
    return compare_rows(pinned, *row_prints(after, format, pinned.size)).text


def save(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize("cell", ["n/a", "14.0", "true", ""])
def test_a_cell_of_a_csv_file_changes_its_row_and_no_other(tmp_path: Path, cell: str) -> None:
    lines = ["id,text\n", *(f"{number},row\n" for number in range(20))]
    before = save(tmp_path / "a.csv", "".join(lines))
    after = save(tmp_path / "b.csv", "".join([*lines[:15], f"{cell},row\n", *lines[16:]]))
    assert told(before, after, "csv") == "1 row changed (line 16)"


@pytest.mark.parametrize("other", ["3,x,z", "3,x,y,z", '3,"x', "3,\udc80,"])
def test_a_record_that_cannot_be_read_is_known_by_its_text(tmp_path: Path, other: str) -> None:
    before, after = tmp_path / "a.csv", tmp_path / "b.csv"
    before.write_bytes(b"id,text\n1,a\n3,x,y\n")
    after.write_bytes(f"id,text\n1,a\n{other}\n".encode(errors="surrogateescape"))
    assert told(before, after, "csv") == "1 row changed (line 3)"


def test_layout_and_order_of_keys_are_no_change_of_json_however_large(tmp_path: Path) -> None:
    rows = [
        {"id": number, "text": "long " * 200, "of": 0.1, "a": {"c": None, "b": [1e3, 2**70]}} for number in range(9_000)
    ]
    before = save(tmp_path / "a.json", json.dumps(rows))
    after = save(tmp_path / "b.json", json.dumps([dict(reversed(row.items())) for row in rows], indent=2))
    assert before.stat().st_size > 8 << 20
    assert told(before, after, "json") == "the same rows, written in other bytes"


def test_a_file_that_grows_beyond_any_size_keeps_its_fingerprints(tmp_path: Path) -> None:
    rows = [{"id": number, "text": "long " * 170} for number in range(9_500)]
    before, after = (
        save(tmp_path / "a.json", json.dumps(rows)),
        save(tmp_path / "b.json", json.dumps([*rows, *rows[:300]])),
    )
    assert before.stat().st_size < 8 << 20 < after.stat().st_size
    assert told(before, after, "json") == "300 rows added (lines 9,501-9,800)"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "[]",
        " [ ] ",
        "[1]",
        "[1 , 23]",
        '["a]", {"b": [1, 2]}]',
        "\ufeff[1]",
        "[\n12\n,\n3\n]\n",
        f'["{"x" * 5_000_000}", 1]',
    ],
)
def test_elements_are_those_of_the_list(tmp_path: Path, text: str) -> None:
    plain = text.removeprefix("\ufeff").strip()
    assert list(json_elements(save(tmp_path / "a.json", text))) == (json.loads(plain) if plain else [])


def test_elements_are_read_across_the_ends_of_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = [12345, "a, b]", {"c": [1.5e10, None]}, True, [], -7]
    for piece in range(1, 12):
        monkeypatch.setattr("runtime.json_elements._CHUNK", piece)
        assert list(json_elements(save(tmp_path / "a.json", json.dumps(values, indent=1)))) == values


@pytest.mark.parametrize("text", ["{}", "[1", "[1,", "[1 2]", "[nope]", "[1}", "[" * 100_000])
def test_a_list_that_is_broken_is_said(tmp_path: Path, text: str) -> None:
    with pytest.raises(DiagnosticError) as raised:
        list(json_elements(save(tmp_path / "a.json", text)))
    assert raised.value.diagnostics[0].code == "SFT0407"


@pytest.mark.parametrize("rows", [EXACT_ROWS, EXACT_ROWS + 1, 5 * EXACT_ROWS])
def test_a_lock_stays_small_however_long_the_file(tmp_path: Path, rows: int) -> None:
    path = save(tmp_path / "a.jsonl", "".join(f'{{"id": {number}}}\n' for number in range(rows)))
    prints, _ = row_prints(path, "jsonl")
    assert prints.rows == rows
    assert EXACT_ROWS * 0.4 < len(prints.groups) < EXACT_ROWS * 1.1


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
