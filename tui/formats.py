"""Numbers as people read them: shares in percent, times in two units, counts with separators.

Pure functions from values to short strings, shared by the dashboard and the plain views, so that
both show one number the same way. A value that is not there is an en dash, never a zero.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

NOTHING = "–"


def count(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def brief_count(value: int) -> str:
    """In seven cells: exact below a million, then ``1.23M``."""
    for size, unit in ((10**9, "G"), (10**6, "M")):
        if value >= size:
            return f"{value / size:.2f}{unit}" if value < 100 * size else f"{value / size:.0f}{unit}"
    return f"{value:,}"


def number(value: float | None, unit: str = "plain", *, signed: bool = False) -> str:
    """A value in its unit: ``share`` 0.983 is 98.3%, ``points`` 0.02 is 2.0pt, anything else plain with four digits."""
    if value is None or value != value:
        return NOTHING
    sign = "+" if signed else ""
    if unit == "share":
        return _percentage(100 * value, sign) + "%"
    if unit == "points":
        return _percentage(100 * value, sign) + "pt"
    return f"{value:{sign}.4g}"


def interval(low: float | None, high: float | None, unit: str = "plain") -> str:
    """``[91.1, 99.7]``: the unit stands at the estimate already."""
    if low is None or high is None:
        return ""
    return f"[{number(low, unit).rstrip('%pt')}, {number(high, unit).rstrip('%pt')}]"


def estimate(value: float | None, low: float | None, high: float | None, unit: str, *, signed: bool = False) -> str:
    """``98.3% [91.1, 99.7]``."""
    return f"{number(value, unit, signed=signed)} {interval(low, high, unit)}".rstrip()


def place(file: str | None, number: int, row_files: Collection[str] = ()) -> str:
    """``tickets.jsonl:17``; ``tickets.json row 17`` for a file that has rows and no lines, one of ``row_files``."""
    return f"{file} row {number:,}" if file in row_files else f"{file or 'row'}:{number}"


def share(part: float, whole: float) -> str:
    """A part of a whole in percent; small ones keep a digit so that they do not read as nothing."""
    if not whole:
        return NOTHING
    ratio = 100 * part / whole
    return "0%" if not part else "<0.1%" if ratio < 0.1 else f"{ratio:.1f}%" if ratio < 10 else f"{ratio:.0f}%"


def duration(seconds: float | None) -> str:
    """``40 ms``, ``2.4 s``, ``29 s``, ``3 min 05 s``, ``1 h 12 min``."""
    if seconds is None or seconds < 0:
        return NOTHING
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def ago(moment: float, now: float) -> str:
    """How long ago, in one unit; a date when it is more than a week. Both in seconds since 1970."""
    seconds = now - moment
    if seconds < 60:
        return "just now"
    for size, name in ((60, "min"), (3600, "h"), (86400, "d")):
        if seconds < size * (60 if name == "min" else 24 if name == "h" else 7):
            return f"{int(seconds // size)} {name} ago"
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"


def times(value: float) -> str:
    """``once``, ``1.5 times``."""
    return "once" if value == 1 else f"{number(value)} times"


def data_size(amount: int) -> str:
    """``812 B``, ``41 kB``, ``3.4 GB``."""
    value, unit = float(amount), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit in ("B", "kB") or value >= 99.5 else f"{value:.1f} {unit}"


def rate(value: float | None, unit: str) -> str:
    """``412 tokens/s``, ``0.83 steps/s``."""
    if value is None:
        return ""
    shown = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{shown} {unit}/s"


def _percentage(value: float, sign: str) -> str:
    """One decimal; up to six where fewer would say none or all of what is neither: 99.997, 0.003."""
    digits = 1
    while digits < 6 and (near := round(value, digits)) in (0, 100, -100) and near != value:
        digits += 1
    if round(value, digits) in (0, 100, -100):
        digits = 1
    return _trimmed(f"{value:{sign}.{digits}f}")


def _trimmed(text: str) -> str:
    return text.removesuffix(".0")
