"""An estimate and its interval drawn against a threshold on one line. Pure.

``├──●──┤`` is the interval, ``┃`` the threshold; each strip is scaled to what it shows, because 85
against 80 percent would be two cells apart on a scale from 0 to 100.
"""

from __future__ import annotations

from rich.text import Text


def strip(
    low: float | None,
    high: float | None,
    estimate: float | None,
    threshold: float | None,
    width: int,
    style: str,
    mark_style: str,
    track_style: str = "",
) -> Text:
    """``width`` cells; blank where there is no estimate."""
    values = [value for value in (low, high, estimate, threshold) if value is not None and value == value]
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
    cells[cell(estimate)], styles[cell(estimate)] = "●", style
    if threshold is not None:
        spot = cell(threshold)
        # Where both fall on one cell, the estimate moves to the side on which it is.
        if spot == cell(estimate) and estimate != threshold:
            aside = spot + (1 if estimate > threshold else -1)
            if 0 <= aside < width:
                cells[aside], styles[aside] = "●", style
        cells[spot], styles[spot] = "┃", mark_style
    text = Text()
    for character, look in zip(cells, styles, strict=True):
        text.append(character, style=look)
    return text
