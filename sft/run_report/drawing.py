"""Pictures of a page as inline SVG: an interval against its threshold, shares of a whole, curves, rounds.

Every mark has its number in text beside it or in a title, and shapes differ where colours do, so that the page can be
read in grey and aloud. Colours are classes of the style sheet, which has two sets of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sft.run_report.markup import Markup, el, joined
from tui.formats import number
from tui.widgets.braille_plot import Frame, frame_of, short
from tui.widgets.braille_plot import Series as Curve

__all__ = ["Curve", "curves", "parts", "strip"]


def strip(
    low: float | None, high: float | None, estimate: float | None, threshold: float | None, unit: str, verdict: str
) -> Markup:
    """An estimate and its interval against a threshold, on a scale of its own, whose ends are told."""
    values = [value for value in (low, high, estimate, threshold) if value is not None and math.isfinite(value)]
    if estimate is None or not values:
        return joined()
    least, most = min(values), max(values)
    air = (most - least) * 0.15 or abs(most) * 0.1 or 1.0
    width, height, middle = 260, 46, 24

    def at(value: float) -> float:
        return round(10 + (value - least + air) / (most - least + 2 * air) * (width - 20), 1)

    marks = [el("line", x1=10, x2=width - 10, y1=middle, y2=middle, class_="track")]
    told = number(estimate, unit)
    if low is not None and high is not None:
        begin, end = at(low), at(high)
        marks.append(
            el("rect", x=begin, y=middle - 5, width=max(2, end - begin), height=10, rx=5, class_=f"span {verdict}")
        )
        marks.append(_label(begin, 42, number(low, unit), "end" if end - begin < 70 else "middle"))
        marks.append(_label(end, 42, number(high, unit), "start" if end - begin < 70 else "middle"))
        told += f", interval {number(low, unit)} to {number(high, unit)}"
    marks.append(el("circle", cx=at(estimate), cy=middle, r=4.5, class_=f"dot {verdict}"))
    if threshold is not None:
        spot = at(threshold)
        marks.append(el("line", x1=spot, x2=spot, y1=middle - 12, y2=middle + 9, class_="threshold"))
        marks.append(_label(spot, 9, number(threshold, unit), _anchor(spot, width), "strong"))
        told += f", threshold {number(threshold, unit)}"
    return _svg(width, height, told, *marks, class_="strip")


def parts(named: Sequence[tuple[str, int, str]], width: int = 260) -> Markup:
    """Parts of a whole side by side, as (name, count, class); each part that has room bears its count."""
    whole = sum(count for _, count, _ in named)
    if not whole:
        return joined()
    marks, begin = [], 0.0
    for name, count, look in named:
        if not count:
            continue
        size = count / whole * width
        place = {"x": round(begin, 1), "y": 0, "width": round(max(size - 1, 1), 1), "height": 18}
        marks.append(el("rect", el("title", f"{name}: {count:,}"), **place, class_=f"part {look}"))
        if size > 9 * len(f"{count:,}") and look != "none":
            marks.append(_label(round(begin + size / 2, 1), 13, f"{count:,}", "middle", "inside"))
        begin += size
    told = ", ".join(f"{count:,} {name}" for name, count, look in named if count and look != "none")
    return _svg(width, 18, told, *marks, class_="parts")


@dataclass(frozen=True)
class _Box:
    """Where a plot lies in its picture, and what it shows."""

    frame: Frame
    left: float = 56
    right: float = 708
    top: float = 12
    bottom: float = 196

    def x(self, value: float) -> float:
        return round(
            self.left + (value - self.frame.left) / (self.frame.right - self.frame.left) * (self.right - self.left), 1
        )

    def y(self, value: float) -> float:
        share = (value - self.frame.bottom) / (self.frame.top - self.frame.bottom)
        return round(self.bottom - share * (self.bottom - self.top), 1)


def curves(shown: Sequence[Curve], unit: str, axis: str, told: str, *, from_zero: bool = False) -> Markup:
    """Curves with axes and a legend; ``style`` of a curve is its class, ``unit`` that of its values."""
    frame = frame_of(shown, from_zero=from_zero)
    if frame is None:
        return el("p", "no values", class_="quiet")
    box = _Box(frame)
    marks = [*_grid(box, unit, axis)]
    for curve in shown:
        for x, low, high in curve.spread:
            spot, top, end = box.x(x), box.y(high), box.y(low)
            marks.append(el("path", d=_interval(spot, top, end), class_=f"line {curve.style}"))
        points = [(x, y) for x, y in curve.points if math.isfinite(y)]
        path = " ".join(f"{box.x(x):g},{box.y(y):g}" for x, y in points)
        marks.append(el("polyline", points=path, class_=f"line {curve.look} {curve.style}"))
        if curve.mark and len(points) <= 60:
            marks += [_point(box, x, y, curve, unit) for x, y in points]
    legend = [joined(el("span", _sample(curve), class_="sample"), curve.name, " ") for curve in shown if curve.points]
    return joined(
        _svg(720, 226, told, *marks, class_="plot"),
        el("p", *legend, class_="legend") if len(legend) > 1 else None,
    )


def _point(box: _Box, x: float, y: float, curve: Curve, unit: str) -> Markup:
    title = el("title", f"{curve.name}, {short(x)}: {number(y, unit)}")
    return el("circle", title, cx=box.x(x), cy=box.y(y), r=3.5, class_=f"mark {curve.style}")


def _grid(box: _Box, unit: str, axis: str) -> list[Markup]:
    marks = []
    for tick in ticks(box.frame.bottom, box.frame.top, 4):
        y = box.y(tick)
        marks.append(el("line", x1=box.left, x2=box.right, y1=y, y2=y, class_="grid"))
        marks.append(_label(box.left - 6, y + 4, number(tick, unit) if unit == "share" else short(tick), "end"))
    whole = axis == "round"
    for tick in ticks(box.frame.left, box.frame.right, 6):
        if not whole or tick == int(tick):
            marks.append(_label(box.x(tick), box.bottom + 16, short(tick), "middle"))
    marks.append(_label((box.left + box.right) / 2, box.bottom + 29, axis, "middle"))
    return marks


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers between two values, some more or fewer than asked for."""
    raw = (high - low) / max(1, about)
    if not raw > 0 or not math.isfinite(raw):
        return [low]
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def _interval(x: float, top: float, bottom: float) -> str:
    return f"M{x - 4:g} {top:g}h8M{x:g} {top:g}V{bottom:g}M{x - 4:g} {bottom:g}h8"


def _sample(curve: Curve) -> Markup:
    line = el("line", x1=0, x2=26, y1=6, y2=6, class_=f"line {curve.look} {curve.style}")
    mark = el("circle", cx=13, cy=6, r=3.5, class_=f"mark {curve.style}") if curve.mark else None
    return el("svg", line, mark, viewBox="0 0 26 12", width=26, height=12, aria_hidden="true")


def _label(x: float, y: float, words: str, anchor: str, look: str = "") -> Markup:
    return el("text", words, x=x, y=y, text_anchor=anchor, class_=look or None)


def _anchor(x: float, width: float) -> str:
    return "start" if x < 24 else "end" if x > width - 24 else "middle"


def _svg(width: int, height: int, told: str, *marks: Markup, class_: str) -> Markup:
    return el(
        "svg",
        el("title", told),
        *marks,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_label=told,
        class_=class_,
    )
