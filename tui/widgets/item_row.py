"""A line of a list of items: badges of subject and baseline, template, expected text, and the output with its
differences coloured. Both texts are shown from about where they begin to differ; compared is what a line has room for
from there, as far as the page of the list has read them."""

from __future__ import annotations

from dataclasses import replace

from rich.text import Text

from spec_lang.plain_text import one_line, visible
from tui.in_sight import first_difference
from tui.item_pages import PredictionRow
from tui.themes import Ink
from tui.view_models.predictions import item_line
from tui.widgets.columns import Col, Row
from tui.widgets.marked_text import marked_line
from tui.word_diff import Piece, compare

ITEM_COLUMNS = (
    Col("", 1),
    Col("base", 4),
    Col("template", 10),
    Col("expected", share=1),
    Col("output", share=1),
    Col("item", 8, wide=True),
)
EXPECTED, OUTPUT = 3, 4  # positions of the columns that are compared
MOST_COMPARED = 160


def item_row(row: PredictionRow, side: tuple[str, str], ink: Ink, *, alone: bool = False) -> Row:
    """``alone``: there is nothing beside it to tell of."""
    line = item_line(row, side)
    base = item_line(replace(row, value=row.base_value), side)
    mark = Text(line.badge, style=f"bold {ink.badge(line.badge)}")
    told = "" if alone else base.badge if side[0] == "share" else base.value
    beside = Text(told, style=ink.badge(base.badge))
    cells = (mark, beside, Text(one_line(line.template, 40), style=ink.faint))
    differs = first_difference(line.expected, line.output)
    said = _compared(line.expected, line.output, differs)
    most = differs + MOST_COMPARED
    output = marked_line(said, ink, most, wrong=line.wrong) if line.output.strip() else Text("(empty)", style=ink.faint)
    expected = Text(one_line(line.expected, most), style=ink.faint)
    item = Text(line.row_id[:8], style=ink.faint)
    place = len(visible(line.expected[:differs]))
    places = {EXPECTED: place, OUTPUT: place} if place and line.output.strip() else {}
    return Row(key_of(row.row_id, row.template), (*cells, expected, output, item), places)


def _compared(expected: str, output: str, differs: int) -> tuple[Piece, ...]:
    """What both begin with is compared with the rest as long as there is room for it."""
    start = differs if differs > MOST_COMPARED // 2 else 0
    rest = compare(expected[start : start + MOST_COMPARED], output[start : start + MOST_COMPARED])
    return (Piece(output[:start], "same"), *rest) if start else rest


def key_of(row_id: str, template: str) -> str:
    return f"{row_id}\n{template}"


def of_key(key: str | None) -> tuple[str, str] | None:
    """Row id and template of a line."""
    if key is None:
        return None
    row_id, _, template = key.partition("\n")
    return row_id, template
