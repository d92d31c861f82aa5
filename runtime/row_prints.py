"""Fingerprints of a file's rows, for a lock that holds no data.

A row of a JSONL file is the text of its line; of the other formats it is the row's values. Files of up to 16,384 rows
get a fingerprint a row. Larger ones get one a group, with borders chosen by the rows themselves (a row whose hash ends
in zeros closes its group), so that an inserted row changes the group it falls into and no other. About a million rows
a second from JSONL, 16 bytes of memory a row.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path

from compiler.row_drift import Group, Lines, Prints
from runtime.csv_rows import csv_rows
from runtime.json_lines import numbered_lines
from runtime.json_lists import is_small, list_items
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
    if format == "csv" or (format == "json" and is_small(path)):
        rows = csv_rows(path) if format == "csv" else list_items(path)
        return ((line, _hash(json.dumps(row, sort_keys=True).encode())) for line, row in rows)
    return _by_engine(path, format)


def _by_engine(path: Path, format: Format) -> Iterator[tuple[int, int]]:
    from runtime.relational import engine
    from runtime.source_rows import load_rows

    with tempfile.TemporaryDirectory(prefix="sft-prints-") as scratch, engine(Path(scratch)) as db:
        load_rows(db, [path], format, Path(scratch))
        rows = db.rows(
            "SELECT line, sha256(json::VARCHAR)[:16] FROM raw UNION ALL "
            "SELECT line, sha256(reason)[:16] FROM unreadable ORDER BY line"
        )
    return ((line, int(digest, 16)) for line, digest in rows)


def _hash(text: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
