"""CSV records: line numbers, reasons, and when a column is a number."""

from pathlib import Path
from typing import Any

import pytest

from runtime.csv_rows import csv_rows
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.data.hostile import HOSTILE


def read(folder: Path, data: bytes) -> list[tuple[int, Any]]:
    (folder / "a.csv").write_bytes(data)
    return list(csv_rows(folder / "a.csv"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "-2", ""], [1, -2, None]),
        (["1", "2.50", "1e3"], [1.0, 2.5, 1000.0]),
        (["007", "1"], ["007", "1"]),
        (["123456789012345678"], [123456789012345678]),
        (["12345678901234567890"], ["12345678901234567890"]),
        (["1e999", "2.5"], ["1e999", "2.5"]),
        (["NaN", "1"], ["NaN", "1"]),
        (["1_000", "1"], ["1_000", "1"]),
        (["\u0661", "1"], ["\u0661", "1"]),
        (["true", "FALSE", ""], [True, False, None]),
        (["true", "1"], ["true", "1"]),
        (["yes", "no"], ["yes", "no"]),
        ([" 1", "2"], [" 1", "2"]),
    ],
)
def test_a_column_is_a_number_only_when_every_value_is_spelt_like_one(
    tmp_path: Path, values: list[str], expected: list[Any]
) -> None:
    lines = "".join(f"{value},x\n" for value in values)
    assert [row["n"] for _, row in read(tmp_path, f"n,t\n{lines}".encode())] == expected


def test_what_is_refused_has_its_line_and_reason(tmp_path: Path) -> None:
    data = b'a,b\r\n1,2\r\n\r\n1\r\n"x\r\ny",3\r\n1,2,3\r\n\xff,1\r\n4,"open'
    assert read(tmp_path, data) == [
        (2, {"a": "1", "b": 2}),
        (4, "1 fields where the header has 2"),
        (5, {"a": "x\r\ny", "b": 3}),
        (7, "3 fields where the header has 2"),
        (8, "not UTF-8"),
        (9, "not CSV: unexpected end of data"),
    ]


def test_texts_come_out_as_they_went_in(tmp_path: Path) -> None:
    quoted = [text.replace('"', '""') for text in HOSTILE]
    data = "t,n\n" + "".join(f'"{text}",1\n' for text in quoted)
    assert [row["t"] for _, row in read(tmp_path, data.encode())] == HOSTILE


@pytest.mark.parametrize("header", [b"a,a\n", b"a,\n", b"a,\xff\n", b"a, a \n"])
def test_a_header_names_every_column_once(tmp_path: Path, header: bytes) -> None:
    with pytest.raises(DiagnosticError) as error:
        read(tmp_path, header + b"1,2\n")
    assert error.value.diagnostics[0].code == "SFT0407"


def test_no_line_break_at_the_end_and_old_line_breaks(tmp_path: Path) -> None:
    assert read(tmp_path, b"a,b\rx,1\ry,2") == [(2, {"a": "x", "b": 1}), (3, {"a": "y", "b": 2})]
    assert read(tmp_path, b"a,b") == []
    assert read(tmp_path, b"") == []
