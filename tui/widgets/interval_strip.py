"""An estimate and its interval drawn against a threshold on one line. Pure.

``├──●──┤`` is the interval, ``╂`` in it the one-sided bound that decides, ``┃`` a threshold; each strip is scaled to
what it shows, because 85 against 80 percent would be two cells apart on a scale from 0 to 100. The interval has two
sides and reaches further than the bound: a requirement that passes may be drawn with an end beyond its threshold, and
its bound on this side of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text


def strip(
    ends: tuple[float | None, float | None, float | None],
    estimate: float | None,
    thresholds: Sequence[float],
    width: int,
    style: str,
    mark_style: str,
    track_style: str = "",
) -> Text:
    """``width`` cells; blank where there is no estimate. ``ends`` are those of the interval, and the bound."""
    low, high, bound = ends
    values = [value for value in (*ends, estimate, *thresholds) if value is not None and value == value]
    if estimate is None or not values:
        return Text(" " * width)
    least, most = min(values), max(values)
    air = (most - least) * 0.12 or abs(most) * 0.1 or 1.0
    start, span = least - air, (most - least) + 2 * air

    def cell(value: float) -> int:
        return min(width - 1, max(0, round((value - start) / span * (width - 1))))

    cells, styles = ["┈"] * width, [track_style] * width
    if low is not None and high is not None:
        begin, end = cell(low), cell(high)
        for position in range(begin, end + 1):
            cells[position], styles[position] = "─", style
        if end > begin:
            cells[begin], cells[end] = "├", "┤"
    if bound is not None:
        cells[cell(bound)], styles[cell(bound)] = "╂", style
    cells[cell(estimate)], styles[cell(estimate)] = "●", style
    for threshold in thresholds:
        spot = cell(threshold)
        _aside(cells, styles, spot, "●", estimate - threshold, style, at=cell(estimate))
        if bound is not None:
            _aside(cells, styles, spot, "╂", bound - threshold, style, at=cell(bound))
        cells[spot], styles[spot] = "┃", mark_style
    text = Text()
    for character, look in zip(cells, styles, strict=True):
        text.append(character, style=look)
    return text


def _aside(cells: list[str], styles: list[str], spot: int, sign: str, beyond: float, style: str, *, at: int) -> None:
    """Where a sign and a threshold fall on one cell, the sign moves to the side on which it is."""
    aside = spot + (1 if beyond > 0 else -1)
    if spot == at and beyond and 0 <= aside < len(cells) and cells[aside] != "●":
        cells[aside], styles[aside] = sign, style
