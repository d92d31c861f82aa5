"""Types of data columns: what one JSON value is, and what a column is whose values differ."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compiler.world import ColumnType
from spec_lang.diagnostics import DiagnosticError, fatal

MOST_FIELDS = 2_000
_ORDER: tuple[ColumnType, ...] = ("text", "number", "bool", "list", "json")


def type_of(value: Any) -> ColumnType:
    """The column type of one JSON value as Python reads it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "list" if isinstance(value, list) else "json"


def unified(types: Iterable[ColumnType]) -> ColumnType:
    """One type for a field that was seen with several: different scalars are text, anything else is JSON."""
    seen = set(types) - {"null"}
    if len(seen) < 2:
        return next(iter(seen), "null")
    return "text" if seen <= {"text", "number", "bool"} else "json"


def mixed(types: Iterable[ColumnType]) -> tuple[ColumnType, ...]:
    """The types of a field that holds lists or objects beside other values, in a fixed order; none of any other."""
    seen = set(types) - {"null"}
    scalars = seen - {"list", "json"}
    return tuple(kind for kind in _ORDER if kind in seen) if scalars and scalars != seen else ()


def text_or_json(cell: str) -> str:
    """SQL for a JSON value in a column of text: a text as it is, without quotes; anything else as JSON."""
    text = f"WHEN 'VARCHAR' THEN json_extract_string({cell}, '$')"
    return f"CASE json_type({cell}) WHEN 'NULL' THEN NULL {text} ELSE {cell}::VARCHAR END"


def too_many_fields() -> DiagnosticError:
    """The finding SFT0410, for more than MOST_FIELDS fields over all rows."""
    return fatal(
        "SFT0410",
        f"the rows have more than {MOST_FIELDS:,} different fields",
        "keys that are values (ids, dates) belong into a field of their own",
    )
