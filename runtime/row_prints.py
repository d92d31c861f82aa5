"""Fingerprints of a file's rows, for a lock that holds no data.

A row of a JSONL file is the text of its line; of a CSV file the texts of its fields, or of the record where it cannot
be read; of JSON the values, in whatever order and layout they stand; of Parquet the values. A fingerprint depends on
nothing but its row, not on other rows and not on the size of the file. Files of up to 16,384 rows get a fingerprint a
row. Larger ones get one a group, with borders chosen by the rows themselves (a row whose hash ends in zeros closes its
group), so that an inserted row changes the group it falls into and no other. A million rows take from one second
(JSONL) to some ten (CSV, JSON), and 16 bytes of memory a row.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compiler.row_drift import Group, Lines, Prints
from runtime.csv_rows import Refused, csv_records
from runtime.json_elements import json_elements
from runtime.json_lines import numbered_lines
from runtime.logs import LOG_FORMATS, log_rows
from runtime.source_files import Format

EXACT_ROWS = 1 << 14
_BYTES = 3  # of a hash, which are four characters of base64
_LONGEST = 4  # times the average group, so that equal rows without end close their groups too


def row_prints(path: Path, format: Format, size: int | None = None) -> tuple[Prints, tuple[Lines, ...]]:
    """The fingerprints of a file and the lines of each group; ``size`` is chosen by the number of rows unless given.

    Raises OSError and DiagnosticError as the readers do.
    """
    hashes, lines = array("Q"), array("Q")
    for line, digest in _hashes(path, format):
        hashes.append(digest)
        lines.append(line)
    size = size or group_size(len(hashes))
    groups, places = [], []
    for start, end in _groups(hashes, size):
        groups.append(Group(_print(hashes[start:end]), end - start))
        places.append(Lines(lines[start], lines[end - 1]))
    return Prints(size, tuple(groups)), tuple(places)


def group_size(rows: int) -> int:
    """The smallest power of two that leaves at most ``EXACT_ROWS`` groups."""
    size = 1
    while rows > EXACT_ROWS * size:
        size *= 2
    return size


def _groups(hashes: array[int], size: int) -> Iterator[tuple[int, int]]:
    start = 0
    for position, digest in enumerate(hashes):
        if not digest & (size - 1) or position + 1 - start >= size * _LONGEST:
            yield start, position + 1
            start = position + 1
    if start < len(hashes):
        yield start, len(hashes)


def _print(hashes: array[int]) -> str:
    whole = b"".join(digest.to_bytes(8, "big") for digest in hashes)
    return base64.urlsafe_b64encode(hashlib.blake2b(whole, digest_size=_BYTES).digest()).decode()


def _hashes(path: Path, format: Format) -> Iterator[tuple[int, int]]:
    """(line, 64 bits of hash) of every row that is not blank."""
    if format == "jsonl":
        return ((line, _hash(text.strip(b" \t\r\n"))) for line, text in numbered_lines(path))
    if format in ("csv", "tsv"):
        return ((line, _hash_fields(record)) for line, record in csv_records(path))
    if format == "json":
        return ((number, _hash_value(value)) for number, value in enumerate(json_elements(path), 1))
    if format in LOG_FORMATS:
        return ((place, _hash_value(row)) for place, row in log_rows(path, format))
    return _by_engine(path)


def _hash_fields(record: dict[str, str] | Refused) -> int:
    return _hash_value(record.text if isinstance(record, Refused) else record)


def _hash_value(value: Any) -> int:
    try:
        return _hash(json.dumps(value, sort_keys=True).encode())
    except RecursionError:  # no reader takes such a row, whatever it says
        return _hash(b"nested too deeply")


def _by_engine(path: Path) -> Iterator[tuple[int, int]]:
    from runtime.packed_files import text_bytes
    from runtime.relational import engine
    from runtime.source_rows import load_rows

    with (
        tempfile.TemporaryDirectory(prefix="sft-prints-") as scratch,
        engine(Path(scratch), holds=text_bytes([path])) as db,
    ):
        load_rows(db, [path], "parquet", Path(scratch))
        rows = db.rows(
            "SELECT line, sha256(json::VARCHAR)[:16] FROM raw UNION ALL "
            "SELECT line, sha256(reason)[:16] FROM unreadable ORDER BY line"
        )
    return ((line, int(digest, 16)) for line, digest in rows)


def _hash(text: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
