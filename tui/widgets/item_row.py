"""A line of a list of items: badges of subject and baseline, template, expected text, and the output with its
differences coloured. Only the beginnings are compared, which is what a line has room for."""

from __future__ import annotations

from dataclasses import replace

from rich.text import Text

from spec_lang.plain_text import one_line
from tui.item_pages import PredictionRow
from tui.themes import Ink
from tui.view_models.predictions import item_line
from tui.widgets.columns import Col, Row
from tui.widgets.marked_text import marked_line
from tui.word_diff import compare

ITEM_COLUMNS = (
    Col("", 1),
    Col("base", 4),
    Col("template", 10),
    Col("expected", share=1),
    Col("output", share=1),
    Col("item", 8, wide=True),
)
MOST_COMPARED = 160


def item_row(row: PredictionRow, unit: str, ink: Ink) -> Row:
    line = item_line(row, unit)
    base = item_line(replace(row, value=row.base_value), unit)
    mark = Text(line.badge, style=f"bold {ink.badge(line.badge)}")
    beside = Text(base.badge if unit == "share" else base.value, style=ink.badge(base.badge))
    cells = (mark, beside, Text(one_line(line.template, 40), style=ink.faint))
    said = compare(line.expected[:MOST_COMPARED], line.output[:MOST_COMPARED])
    output = marked_line(said, ink, MOST_COMPARED) if line.output.strip() else Text("(empty)", style=ink.faint)
    expected = Text(one_line(line.expected, MOST_COMPARED), style=ink.faint)
    item = Text(line.row_id[:8], style=ink.faint)
    return Row(key_of(row.row_id, row.template), (*cells, expected, output, item))


def key_of(row_id: str, template: str) -> str:
    return f"{row_id}\n{template}"


def of_key(key: str | None) -> tuple[str, str] | None:
    """Row id and template of a line."""
    if key is None:
        return None
    row_id, _, template = key.partition("\n")
    return row_id, template
