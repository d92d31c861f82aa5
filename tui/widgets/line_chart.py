"""A line chart in braille: two by four dots a cell, several curves, ticks at both axes.

The drawing is pure (``chart`` gives text for a size), so that it is tested without a terminal and
the plain view prints the same picture. A cell that two curves cross takes the colour of the later.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.widgets import Static

from tui.formats import NOTHING

Points = Sequence[tuple[float, float]]
# The bit of each dot in a braille cell, by row and column (Unicode U+2800 block).
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
MARGIN = 8  # cells left of the plot, for the labels of the y axis


@dataclass(frozen=True)
class Series:
    name: str
    points: Points
    style: str = ""


@dataclass(frozen=True)
class Frame:
    """The rectangle of values that a plot shows."""

    left: float
    right: float
    bottom: float
    top: float


def frame_of(series: Sequence[Series], *, from_zero: bool = False) -> Frame | None:
    """The frame around all finite points, a little air above and below; None without a point."""
    points = [(x, y) for one in series for x, y in one.points if math.isfinite(y)]
    if not points:
        return None
    ys = [y for _, y in points]
    low, high = (min(0.0, *ys) if from_zero else min(ys)), max(ys)
    flat = high - low <= abs(high) * 1e-6
    air = (abs(high) * 0.1 if flat else (high - low) * 0.04) or 1.0
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    bottom = low - air if low < 0 else max(0.0, low - air)  # no air below zero for what cannot be negative
    return Frame(left, right if right > left else left + 1, bottom, high + air)


def dots(points: Points, frame: Frame, width: int, height: int) -> list[list[int]]:
    """Braille masks (height x width) of one polyline. Neighbouring points are joined dot by dot."""
    grid = [[0] * width for _ in range(height)]
    across, down = width * 2 - 1, height * 4 - 1
    before: tuple[int, int] | None = None
    for x, y in points:
        if not math.isfinite(y):
            before = None
            continue
        column = round((x - frame.left) / (frame.right - frame.left) * across)
        row = round((frame.top - y) / (frame.top - frame.bottom) * down)
        for i, j in _line(before or (column, row), (column, row)):
            if 0 <= i <= across and 0 <= j <= down:
                grid[j // 4][i // 2] |= _DOTS[j % 4][i % 2]
        before = (column, row)
    return grid


def _line(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    length = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    return [
        (round(start[0] + (end[0] - start[0]) * k / length), round(start[1] + (end[1] - start[1]) * k / length))
        for k in range(length + 1)
    ]


def chart(
    series: Sequence[Series], width: int, height: int, *, from_zero: bool = False, faint: str = "", unit: str = "step"
) -> Text:
    """The chart as ``height`` lines of ``width`` cells: the plot, an axis line and the labels below it."""
    frame = frame_of(series, from_zero=from_zero)
    plot_width, plot_height = width - MARGIN - 1, height - 2
    if frame is None or plot_width < 4 or plot_height < 1:
        return Text(f"{'no values yet':^{max(0, width)}}", style=faint)
    masks = [dots(one.points, frame, plot_width, plot_height) for one in series]
    lines = []
    for row in range(plot_height):
        label = _y_label(row, plot_height, frame)
        line = Text(f"{label:>{MARGIN}}", style=faint).append("┤" if label else "│", style=faint)
        for column in range(plot_width):
            mask, style = 0, ""
            for one, grid in zip(series, masks, strict=True):
                if grid[row][column]:
                    mask, style = mask | grid[row][column], one.style
            line.append(chr(0x2800 + mask) if mask else " ", style=style)
        lines.append(line)
    lines.append(Text(" " * MARGIN + "└" + "─" * plot_width, style=faint))
    lines.append(Text(_x_labels(frame, plot_width, unit), style=faint))
    return Text("\n", end="").join(lines)


def _y_label(row: int, height: int, frame: Frame) -> str:
    """Labels at top, bottom and, where there is room, in the middle."""
    rows = {0, height - 1} | ({height // 2} if height >= 7 else set())
    if row not in rows:
        return ""
    value = frame.top - (frame.top - frame.bottom) * row / max(1, height - 1)
    return short(value)


def _x_labels(frame: Frame, width: int, unit: str) -> str:
    left, right = short(frame.left), short(frame.right)
    middle = short((frame.left + frame.right) / 2)
    first, last = f"{unit} {left}", right
    room = width - len(first) - len(last)
    return " " * (MARGIN + 1) + first + (middle.center(room) if room > len(middle) + 6 else " " * max(1, room)) + last


def short(value: float) -> str:
    """A tick label of at most eight characters."""
    if value != value:
        return NOTHING
    size = abs(value)
    if size < 1e-12:
        return "0"
    if size >= 1e7 or size < 0.001:
        return f"{value:.1e}".replace("e-0", "e-").replace("e+", "e")
    if size >= 10_000:
        return f"{value / 1000:.4g}k"
    return f"{value:.3g}" if size < 1000 else f"{value:.0f}"


class LineChart(Static):
    """A chart with its title and legend on the border; redraws when its size or its series change."""

    def __init__(self, title: str, *, from_zero: bool = False, id: str) -> None:
        super().__init__(id=id, markup=False, classes="chart")
        self.border_title = title
        self.from_zero = from_zero
        self._series: tuple[Series, ...] = ()
        self._faint = ""

    def plot(self, series: Sequence[Series], faint: str) -> None:
        self._series, self._faint = tuple(series), faint
        self.refresh()

    def render(self) -> Text:
        size = self.content_size
        return chart(self._series, size.width, size.height, from_zero=self.from_zero, faint=self._faint)
