"""A histogram that tells what is kept from what is dropped: full bars and shaded ones, with limits marked below.

Bars of kept rows are solid, of dropped ones shaded, so colour is not needed to read it. Pure: text for a size. A bar
with any row is never blank. The ends of the axis bear their own values; a limit that lies beyond one stands at it with
an arrow that points on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def histogram(
    bars: Sequence[Bar],
    marks: Sequence[Mark],
    width: int,
    height: int,
    looks: Looks,
    written: Callable[[float], str] = "{:.4g}".format,
) -> Text:
    """``height`` lines: bars, the axis with its marks, and their labels. Needs three lines at least. ``written`` is how
    the ends of the axis are told."""
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
    return text.append_text(_labels(marks, (first, last), used, looks, written))


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


def _labels(
    marks: Sequence[Mark], ends: tuple[float, float], width: int, looks: Looks, written: Callable[[float], str]
) -> Text:
    """The labels of marks beyond the axis at its ends, then that of the mark that was drawn last, then of the others
    where they run into none; then the ends of the axis where nothing stands at them."""
    (first, last), places = ends, _Places(width)
    left, right = 0, width
    for mark in sorted((mark for mark in marks if mark.value < first and mark.label), key=lambda mark: mark.value):
        left = max(left, places.put(f"◂ {mark.label}", mark.style, 0, aside=1)[1] + 1)
    for mark in sorted((mark for mark in marks if mark.value > last and mark.label), key=lambda mark: -mark.value):
        right = min(right, places.put(f"{mark.label} ▸", mark.style, width, aside=-1)[0] - 1)
    for mark in (mark for mark in reversed(marks) if first <= mark.value <= last):
        at = _column(mark.value, first, last, width)
        beside = (1 if at < width // 2 else -1) if mark is marks[-1] else 0
        places.put(mark.label, mark.style, at - cell_len(mark.label) // 2, beside)
    places.put(written(first), looks.faint, left)
    places.put(written(last), looks.faint, right - cell_len(written(last)))
    return places.text()


class _Places:
    """Labels on one line, with a blank between any two."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.taken: list[tuple[int, int, str, str]] = []

    def put(self, label: str, style: str, start: int, aside: int = 0) -> tuple[int, int]:
        """A label at a column, or the nearest one that the line has; where others stand, beside them on the right (1)
        or left (-1), or nowhere (0). Where it begins and ends; the ends of the line where it stands nowhere."""
        size = cell_len(label)
        start = min(max(0, start), max(0, self.width - size))
        while size and 0 <= start <= self.width - size:
            block = next((t for t in self.taken if start + size >= t[0] and start <= t[1]), None)
            if block is None:
                self.taken.append((start, start + size, label, style))
                return start, start + size
            if not aside:
                break
            start = block[1] + 1 if aside > 0 else block[0] - size - 1
        return self.width, 0

    def text(self) -> Text:
        text = Text(no_wrap=True, end="")
        for start, _, label, style in sorted(self.taken):
            text.append(" " * (start - text.cell_len)).append(label, style=style)
        return text
