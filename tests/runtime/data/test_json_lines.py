"""Line numbers of JSONL files, and what is wrong with a line."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import json_lines
from runtime.json_lines import numbered_lines, row_of, scan_lines


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": 1', "not JSON: expecting ',' delimiter at column 8"),
        (b'{"a": "b\r\n', "not JSON: the string that begins at column 7 is not closed"),
        (b'{"a": 1e400}', "not readable: a number is too large"),
        (b'{"a": ' + b"9" * 301 + b"}", "not readable: a number is too large"),
        (b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}", "not readable: nested too deeply"),
        (b"[1]", "not an object but a list"),
        (b"null", "not an object but null"),
        (b"true", "not an object but a truth value"),
        (b"3", "not an object but a number"),
        (b'{"a": NaN}', "not readable: NaN is not a JSON value"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 8"),
        (b'{"a": "\\ud800"}', "not Unicode: half of a surrogate pair"),
        (b'{"a": 1} {"b": 2}', "not JSON: extra data at column 10"),
        (b"{" + b'"a":{' * 100_000, "not readable: nested too deeply"),
    ],
)
def test_says_why_a_line_cannot_be_read(line: bytes, reason: str) -> None:
    assert row_of(line) == reason


def test_reads_what_is_unusual_and_valid() -> None:
    assert row_of(b'{"a": "\\ud83d\\ude00", "b": "\\u0000"}\r\n') == {"a": "😀", "b": "\0"}
    assert row_of(b'{"a": 1, "a": 2}') == {"a": 1}, "the first of a repeated key, as DuckDB has it"


@settings(max_examples=200)
@given(
    data=st.lists(st.sampled_from([b"\n", b"\r\n", b" ", b"\t", b"{}", b"\xef\xbb\xbf", b"x"])), chunk=st.integers(4, 9)
)
def test_scan_agrees_with_reading_line_by_line(
    data: list[bytes], chunk: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("scan") / "a.jsonl"
    path.write_bytes(b"".join(data))
    old, json_lines._CHUNK = json_lines._CHUNK, chunk
    try:
        scan = scan_lines(path)
    finally:
        json_lines._CHUNK = old
    filled = [number for number, _ in numbered_lines(path)]
    whole = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    lines = whole.split(b"\n")
    total = len(lines) - (lines[-1] == b"")
    assert scan.filled == len(filled)
    assert sorted([*filled, *scan.blank]) == list(range(1, total + 1))
    assert scan.longest == max(map(len, lines))


def test_packed_files_are_read_alike(tmp_path: Path) -> None:
    data = b"".join(json.dumps({"i": i}).encode() + b"\n\n" for i in range(50))
    (tmp_path / "a.jsonl").write_bytes(data)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(data))
    assert scan_lines(tmp_path / "a.jsonl") == scan_lines(tmp_path / "a.jsonl.gz")
