"""A histogram that tells what is kept from what is dropped: full bars and shaded ones, with limits marked below.

Bars of kept rows are solid, of dropped ones shaded, so colour is not needed to read it. Pure: text for a size. A bar
with any row is never blank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

EIGHTHS = " ▁▂▃▄▅▆▇█"
SHADES = " ░"
Bar = tuple[float, float, int, bool]  # from, to, rows, whether they are kept


@dataclass(frozen=True)
class Mark:
    """A value on the axis; of two at one place the later is drawn."""

    value: float
    sign: str
    label: str
    style: str


@dataclass(frozen=True)
class Looks:
    kept: str
    dropped: str
    faint: str


def histogram(bars: Sequence[Bar], marks: Sequence[Mark], width: int, height: int, looks: Looks) -> Text:
    """``height`` lines: bars, the axis with its marks, and their labels. Needs three lines at least."""
    text = Text(no_wrap=True, end="")
    if not bars or height < 3 or width < 10:
        return text
    cell = max(1, width // len(bars))
    most = max(rows for _, _, rows, _ in bars) or 1
    room = height - 2
    for line in range(room):
        for _, _, rows, kept in bars:
            text.append(_bar(rows, most, room, line, kept) * cell, style=looks.kept if kept else looks.dropped)
        text.append("\n")
    first, last, used = bars[0][0], bars[-1][1], cell * len(bars)
    text.append_text(_axis(marks, first, last, used, looks)).append("\n")
    return text.append_text(_labels(marks, first, last, used, looks))


def _bar(rows: int, most: int, room: int, line: int, solid: bool) -> str:
    """What a bar has on a line, counted from the top."""
    eighths = -(-rows * room * 8 // most)
    here = min(8, max(0, eighths - 8 * (room - 1 - line)))
    return EIGHTHS[here] if solid else SHADES[here > 0]


def _column(value: float, first: float, last: float, width: int) -> int:
    inside = min(max(value, first), last)
    share = (inside / 2 - first / 2) / (last / 2 - first / 2) if last > first else 0.5  # the whole may be infinite
    return round(share * (width - 1))


def _axis(marks: Sequence[Mark], first: float, last: float, width: int, looks: Looks) -> Text:
    signs = {_column(mark.value, first, last, width): mark for mark in marks}
    text = Text(no_wrap=True, end="")
    for column in range(width):
        mark = signs.get(column)
        text.append(mark.sign if mark else "─", style=mark.style if mark else looks.faint)
    return text


def _labels(marks: Sequence[Mark], first: float, last: float, width: int, looks: Looks) -> Text:
    """The labels of marks, those drawn last first, where they do not run into another; then the ends where there is
    room."""
    taken: list[tuple[int, int, str, str]] = []
    ends = (Mark(first, "", f"{first:.4g}", looks.faint), Mark(last, "", f"{last:.4g}", looks.faint))
    for mark in (*reversed(marks), *ends):
        size = cell_len(mark.label)
        start = min(max(0, _column(mark.value, first, last, width) - size // 2), max(0, width - size))
        if size and size <= width and all(start + size < begin or start > end for begin, end, _, _ in taken):
            taken.append((start, start + size, mark.label, mark.style))
    text = Text(no_wrap=True, end="")
    for start, _, label, style in sorted(taken):
        text.append(" " * (start - text.cell_len)).append(label, style=style)
    return text
