"""Types of data columns: what one JSON value is, and what a column is whose values differ."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compiler.world import ColumnType
from spec_lang.diagnostics import DiagnosticError, fatal

MOST_FIELDS = 2_000


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


def too_many_fields() -> DiagnosticError:
    """The finding SFT0410, for more than MOST_FIELDS fields over all rows."""
    return fatal(
        "SFT0410",
        f"the rows have more than {MOST_FIELDS:,} different fields",
        "keys that are values (ids, dates) belong into a field of their own",
    )
