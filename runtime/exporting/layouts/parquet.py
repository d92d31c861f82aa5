"""Parquet: the same rows in columns, ``messages`` as a list of structs."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.exporting.layouts.base import Layout, Names, Written
from runtime.exporting.rows import PartTable, Pattern

MESSAGES = """from_json(messages, '[{"role": "VARCHAR", "content": "VARCHAR"}]') AS messages"""


def columns(table: PartTable, one_answer: bool) -> str:
    return f"SELECT {MESSAGES}, {table.origin_columns} FROM {table.view}"


PLAIN = "messages of a role and a text"


def only_plain(pattern: Pattern) -> bool:
    """A column has one type: messages with calls of tools, or with parts, are no list of two texts."""
    return pattern.is_plain


def _usage(names: Names, parts: Sequence[Written]) -> str:
    return f"`duckdb -c \"FROM '{parts[0].file}'\"`, `pandas.read_parquet`, `polars.read_parquet`."


PARQUET = Layout(
    "parquet", "Parquet", lambda part: f"{part}.parquet", "parquet", columns, _usage, fits=only_plain, takes=PLAIN
)
