"""Rows of a CSV or TSV file as JSON objects: RFC 4180, comma or tab by the file's name, a header line, UTF-8.

Every value of such a file is text; a column becomes a number or a truth value only when all its values
are spelt like one (``007`` and an id of twenty digits stay text, an empty field is no value). Two
passes, constant memory.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from runtime.packed_files import open_bytes, unpacked_name
from spec_lang.diagnostics import fatal
from spec_lang.plain_text import one_line

_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})\Z", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})(?=[.eE])(\.\d{1,30})?([eE][+-]?\d{1,2})?\Z", re.ASCII)
_FIELD_LIMIT = 1 << 28

Spelling = Literal["whole", "number", "bool", "text"]


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that is no row: why, and the text as it stands in the file."""

    reason: str
    text: str


def csv_rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """(line, row) of every record, or (line, reason) for one that does not fit the header.

    Raises DiagnosticError SFT0407 when the header names no column, or one twice.
    """
    spellings = _spellings(path)
    for line, record in csv_records(path):
        if isinstance(record, Refused):
            yield line, record.reason
        else:
            yield line, {name: _value(text, spellings[name]) if text else None for name, text in record.items()}


def csv_records(path: Path) -> Iterator[tuple[int, dict[str, str] | Refused]]:
    """(line, texts of the fields as they are written) of every record. Raises as ``csv_rows`` does."""
    csv.field_size_limit(_FIELD_LIMIT)
    with (
        open_bytes(path) as handle,
        io.TextIOWrapper(handle, "utf-8-sig", errors="surrogateescape", newline="") as text,
    ):
        taken: list[str] = []
        reader = csv.reader(_noted(text, taken), delimiter=_delimiter(path), strict=True)
        header: list[str] | None = None
        while True:
            start = reader.line_num + 1
            taken.clear()
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield (
                    start,
                    Refused(f"not {'TSV' if reader.dialect.delimiter != ',' else 'CSV'}: {error}", "".join(taken)),
                )
                continue
            if not record:
                continue
            if header is None:
                header = _checked_header(path, record)
            elif len(record) != len(header):
                reason = f"{len(record)} fields where the header has {len(header)}"
                yield start, Refused(reason, "".join(taken))
            elif any(_not_utf8(field) for field in record):
                yield start, Refused("not UTF-8", "".join(taken))
            else:
                yield start, dict(zip(header, record, strict=True))


def _delimiter(path: Path) -> str:
    return "\t" if unpacked_name(path.name).lower().endswith(".tsv") else ","


def _noted(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    """The lines, each also put into ``taken``."""
    for line in lines:
        taken.append(line)
        yield line


def _checked_header(path: Path, record: list[str]) -> list[str]:
    header = [name.strip() for name in record]
    for name in header:
        if not name or header.count(name) > 1 or _not_utf8(name):
            what = (
                f"names `{one_line(name, 40)}` twice"
                if name and not _not_utf8(name)
                else "has a column without a readable name"
            )
            raise fatal(
                "SFT0407", f"the header of `{path.name}` {what}", "give every column its own name in the first line"
            )
    return header


def _spellings(path: Path) -> dict[str, Spelling]:
    """How all values of each column are spelt: the narrowest that fits every one."""
    found: dict[str, set[Spelling]] = {}
    for _, record in csv_records(path):
        if isinstance(record, Refused):
            continue
        for name, text in record.items():
            seen = found.setdefault(name, set())
            if text and "text" not in seen:
                seen.add(_spelling(text))
    return {name: _narrowest(seen) for name, seen in found.items()}


def _narrowest(seen: set[Spelling]) -> Spelling:
    if len(seen) == 1:
        return next(iter(seen))
    return "number" if seen == {"whole", "number"} else "text"


def _spelling(text: str) -> Spelling:
    if _WHOLE.match(text):
        return "whole"
    if _NUMBER.match(text):
        return "number"
    return "bool" if text.lower() in {"true", "false"} else "text"


def _value(text: str, spelling: Spelling) -> Any:
    if spelling == "whole":
        return int(text)
    if spelling == "number":
        return int(text) if _WHOLE.match(text) else float(text)
    return text.lower() == "true" if spelling == "bool" else text


def _not_utf8(text: str) -> bool:
    return not text.isascii() and any("\udc80" <= char <= "\udcff" for char in text)
