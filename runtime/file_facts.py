"""What the rows of one file say of it: the types of its columns, how many there are, what cannot be read.

Small text files are read by Python alone (8 MB in about 0.1 s), because importing DuckDB would cost ``sft check`` more
than the reading; larger ones go through the tables that ingest uses.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compiler.world import ColumnType
from runtime.column_types import type_of
from runtime.csv_rows import csv_rows
from runtime.json_lines import numbered_lines, row_of
from runtime.json_lists import is_small, list_items
from runtime.large_numbers import Sizes, sizes_of
from runtime.logs import LOG_FORMATS, log_rows
from runtime.packed_files import text_bytes
from runtime.source_facts import FileFacts
from runtime.source_files import Format, unit_of


def facts_of(path: Path, format: Format) -> FileFacts:
    """The facts of a file, from all of its rows. Raises OSError, DiagnosticError and what ``broken_archive`` names."""
    return _by_python(path, format) if by_python(path, format) else _by_engine(path, format)


def by_python(path: Path, format: Format) -> bool:
    """Whether Python alone reads a file: small ones, and logs, which no engine knows."""
    return format in LOG_FORMATS or (is_small(path) and format != "parquet")


def read_by_python(path: Path, format: Format) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """(line, row or why there is none) of a text file."""
    if format in LOG_FORMATS:
        return log_rows(path, format)
    if format == "jsonl":
        return ((number, row_of(line)) for number, line in numbered_lines(path))
    return csv_rows(path) if format in ("csv", "tsv") else list_items(path)


def _by_python(path: Path, format: Format) -> FileFacts:
    seen: dict[str, set[ColumnType]] = {}
    rows = unreadable = 0
    first_reason = None
    sizes = Sizes()
    for number, row in read_by_python(path, format):
        if isinstance(row, str):
            unreadable += 1
            first_reason = first_reason or f"{unit_of(format)} {number}: {row}"
            continue
        rows += 1
        for field, value in row.items():
            seen.setdefault(field, set()).add(type_of(value))
            sizes.note(field, value)
    columns = {field: sorted(types) for field, types in seen.items()}
    return FileFacts(columns, rows, unreadable, first_reason, *sizes.lists())


def _by_engine(path: Path, format: Format) -> FileFacts:
    from runtime.relational import engine
    from runtime.source_rows import find_columns, load_rows

    with (
        tempfile.TemporaryDirectory(prefix="sft-facts-") as scratch,
        engine(Path(scratch), holds=text_bytes([path])) as db,
    ):
        load_rows(db, [path], format, Path(scratch))
        found = find_columns(db, integers=False)
        sizes = sizes_of(db, found)
        rows = db.value("SELECT count(*) FROM raw")
        refused = db.rows("SELECT line, reason FROM unreadable ORDER BY line LIMIT 1")
        count = db.value("SELECT count(*) FROM unreadable")
    columns = {column.field: list(column.kinds) for column in found}
    reason = f"{unit_of(format)} {refused[0][0]}: {refused[0][1]}" if refused else None
    return FileFacts(columns, rows, count, reason, *sizes.lists())
