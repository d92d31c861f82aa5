"""JSON lines: one conversation a line, as OpenAI-style messages, with where it is from."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.exporting.layouts.base import Layout, Names, Written
from runtime.exporting.rows import PartTable


def messages(table: PartTable, one_answer: bool) -> str:
    """Whatever a message holds stays as it is."""
    return f"SELECT messages::JSON AS messages, {table.origin_columns} FROM {table.view}"


def _usage(names: Names, parts: Sequence[Written]) -> str:
    return "One JSON object a line; `messages` is a list of `role` and `content`."


JSONL = Layout("jsonl", "JSON lines", lambda part: f"{part}.jsonl", "json", messages, _usage)
