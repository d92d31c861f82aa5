"""Places inside fields: the same types by Python and by the engine, and the values in a column of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime import json_lists
from runtime.inner_types import read_inner_types
from tests.runtime.data.conftest import Bench

ROWS = [
    {"d": {"q": "x", "n": 1, "a/b~": True, "0": "key"}, "l": [{"t": "one"}, {"t": 2}], "s": '{"q": 1}'},
    {"d": {"q": None, "n": 2.5}, "l": [{"t": "two"}], "s": "x"},
    {"d": [1], "l": "none"},
    {},
]
PLACES = (
    *(("d", "q"), ("d", "n"), ("d", "a/b~"), ("d", "0"), ("l", "0", "t"), ("l", "1", "t"), ("l", "0"), ("l", "2")),
    *(("s", "q"), ("d", "none"), ("none", "x")),
)
TYPES = ("text", "number", "bool", "text", "text", "number", "json", "null", "null", "null", "null")


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_types_are_those_of_all_rows(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps(ROWS) if name == "a.json" else "\n".join(map(json.dumps, ROWS)) + "\n{"
    (tmp_path / name).write_text(text)
    assert read_inner_types(tmp_path, name, PLACES, tmp_path / "one") == TYPES
    monkeypatch.setattr(json_lists, "SMALL", 0)
    assert read_inner_types(tmp_path, name, PLACES, tmp_path / "two") == TYPES
    (tmp_path / name).write_text("[]")
    assert read_inner_types(tmp_path, name, PLACES, tmp_path / "two") == ("null",) * len(PLACES)


def test_a_place_is_a_column_and_changes_no_id(bench: Bench) -> None:
    bench.write("a.jsonl", ROWS)
    bench.ingest("a.jsonl")
    ids = [row["__row_id"] for row in bench.rows("ingest:s")]
    result = bench.ingest("a.jsonl", columns={"q": "d.q", "n": "d.n", "first": "l.0.t", "rest": "l"})
    rows = bench.rows("ingest:s")
    assert [(row["q"], row["n"], row["first"]) for row in rows] == [
        ("x", 1.0, "one"),
        (None, 2.5, "two"),
        (None, None, None),
        (None, None, None),
    ]
    assert result.summary["columns"] == {
        "q": "text",
        "n": "number",
        "first": "text",
        "rest": "json",
        "d": "json",
        "s": "text",
    }
    bench.ingest("a.jsonl", columns={"q": "d.q"})
    assert [row["__row_id"] for row in bench.rows("ingest:s")] == ids
