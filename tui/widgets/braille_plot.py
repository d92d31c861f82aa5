"""Lines in braille, two by four dots a cell: several curves, intervals, a cursor, ticks at both axes. Pure.

``plot`` gives text for a size, so that it is tested without a terminal. Curves are told apart by how they are drawn
(solid, dashed, dotted, marks at their points) and not by colour alone. Where two cross in a cell, the later one gives
the colour. A plot of 1,500 points on 120x40 takes some milliseconds (docs/architecture.md has figures).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.text import Text

from tui.formats import NOTHING

Points = Sequence[tuple[float, float]]
# The bit of each dot in a braille cell, by row and column (Unicode U+2800 block).
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
MARGIN = 8  # cells left of the plot, for the labels of the y axis
# Look -> of how many dots the first so many are drawn.
_RHYTHM = {"solid": (1, 1), "dashed": (7, 4), "dotted": (4, 1)}
SAMPLES = {"solid": "⣀⣀⣀", "dashed": "⣀⡀⢀⣀", "dotted": "⡀⢀ ⡀"}
CURSOR = "┊"


@dataclass(frozen=True)
class Series:
    """``look`` is solid, dashed or dotted; ``mark`` is a character at every point, where there is room for it;
    ``spread`` are intervals (x, low, high), drawn as upright lines."""

    name: str
    points: Points
    style: str = ""
    look: str = "solid"
    mark: str = ""
    spread: Sequence[tuple[float, float, float]] = ()

    @property
    def sample(self) -> str:
        """How the curve looks, for a legend."""
        return f"{SAMPLES[self.look]}{self.mark}"


@dataclass(frozen=True)
class Frame:
    """The rectangle of values that a plot shows."""

    left: float
    right: float
    bottom: float
    top: float

    def spot(self, x: float, y: float, across: int, down: int) -> tuple[int, int]:
        """Column and row of a value among so many."""
        column = round((x - self.left) / (self.right - self.left) * across)
        return column, round((self.top - y) / (self.top - self.bottom) * down)


def frame_of(series: Sequence[Series], *, from_zero: bool = False) -> Frame | None:
    """The frame around all finite points, a little air above and below; None without a point."""
    points = [(x, y) for one in series for x, y in one.points if math.isfinite(y)]
    points += [(x, y) for one in series for x, *ends in one.spread for y in ends if math.isfinite(y)]
    if not points:
        return None
    ys = [y for _, y in points]
    low, high = (min(0.0, *ys) if from_zero else min(ys)), max(ys)
    flat = high - low <= abs(high) * 1e-6
    air = (abs(high) * 0.1 if flat else (high - low) * 0.04) or 1.0
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    bottom = low - air if low < 0 else max(0.0, low - air)  # no air below zero for what cannot be negative
    return Frame(left, right if right > left else left + 1, bottom, high + air)


def dots(points: Points, frame: Frame, width: int, height: int, look: str = "solid") -> list[list[int]]:
    """Braille masks (height x width) of one polyline. Neighbouring points are joined dot by dot."""
    grid = [[0] * width for _ in range(height)]
    across, down = width * 2 - 1, height * 4 - 1
    period, drawn = _RHYTHM[look]
    before: tuple[int, int] | None = None
    walked = 0
    for x, y in points:
        if not math.isfinite(y):
            before = None
            continue
        spot = frame.spot(x, y, across, down)
        if spot == before:
            continue
        for i, j in _line(before or spot, spot):
            if walked % period < drawn and 0 <= i <= across and 0 <= j <= down:
                grid[j // 4][i // 2] |= _DOTS[j % 4][i % 2]
            walked += 1
        before = spot
    return grid


def _line(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int]]:
    length = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    for k in range(length + 1):
        yield round(start[0] + (end[0] - start[0]) * k / length), round(start[1] + (end[1] - start[1]) * k / length)


def plot(
    series: Sequence[Series],
    width: int,
    height: int,
    *,
    from_zero: bool = False,
    faint: str = "",
    unit: str = "step",
    cursor: float | None = None,
) -> Text:
    """``height`` lines of ``width`` cells: the plot, an axis line and the labels below it. ``cursor`` is a value of
    x."""
    frame = frame_of(series, from_zero=from_zero)
    plot_width, plot_height = width - MARGIN - 1, height - 2
    if frame is None or plot_width < 4 or plot_height < 1:
        return Text(f"{'no values yet':^{max(0, width)}}", style=faint)
    cells = [[(" ", "")] * plot_width for _ in range(plot_height)]
    if cursor is not None and frame.left <= cursor <= frame.right:
        column = frame.spot(cursor, frame.top, plot_width - 1, 1)[0]
        for row in cells:
            row[column] = (CURSOR, faint)
    _draw_curves(cells, series, frame, plot_width, plot_height)
    _draw_marks(cells, series, frame, plot_width, plot_height)
    lines = []
    for position, row in enumerate(cells):
        label = _y_label(position, plot_height, frame)
        line = Text(f"{label:>{MARGIN}}", style=faint).append("┤" if label else "│", style=faint)
        for style, group in groupby(row, key=lambda cell: cell[1]):
            line.append("".join(character for character, _ in group), style=style)
        lines.append(line)
    lines.append(Text(" " * MARGIN + "└" + "─" * plot_width, style=faint))
    lines.append(Text(_x_labels(frame, plot_width, unit), style=faint))
    return Text("\n", end="").join(lines)


Cells = list[list[tuple[str, str]]]


def _draw_curves(cells: Cells, series: Sequence[Series], frame: Frame, width: int, height: int) -> None:
    masks = [[0] * width for _ in range(height)]
    for one in series:
        for row, line in enumerate(dots(one.points, frame, width, height, one.look)):
            for column, mask in enumerate(line):
                if mask:
                    masks[row][column] |= mask
                    cells[row][column] = (chr(0x2800 + masks[row][column]), one.style)


def _draw_marks(cells: Cells, series: Sequence[Series], frame: Frame, width: int, height: int) -> None:
    """Intervals as upright lines, and marks where they do not crowd: at most one in three cells of the width."""
    beside = max(0, sum(bool(one.spread) for one in series) - 1)
    for one in series:
        aside = sum(bool(other.spread) for other in series[: series.index(one)]) if one.spread else 0
        for x, low, high in one.spread:  # those of several curves stand beside each other
            column, top = frame.spot(x, high, width - 1 - beside, height - 1)
            column += aside
            bottom = frame.spot(x, low, width - 1, height - 1)[1]
            for row in range(max(0, top), min(height - 1, bottom) + 1):
                cells[row][column] = ("│" if top < row < bottom else "┬" if row == top else "┴", one.style)
        points = [(x, y) for x, y in one.points if math.isfinite(y)]
        if one.mark and len(points) <= max(2, width // 3):
            for x, y in points:
                column, row = frame.spot(x, y, width - 1 - (beside if one.spread else 0), height - 1)
                cells[row][column + aside] = (one.mark, one.style)


def _y_label(row: int, height: int, frame: Frame) -> str:
    """Labels at top, bottom and, where there is room, in the middle."""
    rows = {0, height - 1} | ({height // 2} if height >= 7 else set())
    if row not in rows:
        return ""
    return short(frame.top - (frame.top - frame.bottom) * row / max(1, height - 1))


def _x_labels(frame: Frame, width: int, unit: str) -> str:
    left, right = short(frame.left), short(frame.right)
    halfway = (frame.left + frame.right) / 2
    if unit in ("step", "tokens"):  # there is no half of one
        halfway = float(round(halfway))
    middle = short(halfway) if unit != "round" or halfway == int(halfway) else ""
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
