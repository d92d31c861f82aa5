"""A threshold that can be moved: what a rule keeps at another limit, and the line to write into the spec. Pure.

The limits of a rule are found in its text by the language's own parser, and written back at the same place, so the
line is the rule with one number changed. Counting is a binary search in the sorted numbers of the rows that come to the
rule. Rows without a number fall to a ``keep`` and stay under a ``drop``, as in a run.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from spec_lang import ast
from spec_lang.diagnostics import Diagnostics
from spec_lang.parsing import parse
from spec_lang.quantities import Quantity, Unit
from spec_lang.source import SourceFile, Span
from tui.formats import NOTHING, number
from tui.threshold_queries import Numbers

_BEFORE = "filter shown {\n  "
_STEPS = 40  # between the lowest and the highest percent
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Edge:
    """A limit of a rule. ``span`` is its place in the text, ``unit`` that of a quantity; ``inclusive``: a row exactly
    on it lies inside."""

    value: float
    inclusive: bool
    span: Span
    unit: Unit | None = None

    def written(self, value: float) -> str:
        """A value as the spec writes it, to its last digit: the line keeps what was counted."""
        return str(Quantity(_exact(value), self.unit)) if self.unit is not None else _plain(value)


@dataclass(frozen=True)
class Cut:
    """A rule as what lies inside of it: ``keep`` keeps that, ``drop`` drops it. One side may be open."""

    text: str
    verb: Literal["keep", "drop"]
    low: Edge | None
    high: Edge | None
    moved: Literal["low", "high"]
    written: bool = True  # whether the spec has it

    @property
    def edge(self) -> Edge:
        found = self.low if self.moved == "low" else self.high
        assert found is not None
        return found

    @property
    def two_sided(self) -> bool:
        return self.low is not None and self.high is not None

    def at(self, value: float) -> Cut:
        """The same with the moved limit at another value; it does not pass the other limit."""
        if self.moved == "low":
            top = value if self.high is None else min(value, self.high.value)
            return replace(self, low=replace(self.edge, value=top))
        bottom = value if self.low is None else max(value, self.low.value)
        return replace(self, high=replace(self.edge, value=bottom))

    def other(self) -> Cut:
        """The other limit is the one that moves; of a rule that nobody wrote, the other side is kept."""
        if self.two_sided:
            return replace(self, moved="high" if self.moved == "low" else "low")
        if self.written:
            return self
        name = self.text.split()[1]
        return unwritten(name, self.edge.value, "<=" if self.low is not None else ">=")

    def holds(self, value: float) -> bool:
        """Whether a number lies inside."""
        above = self.low is None or value > self.low.value or (self.low.inclusive and value == self.low.value)
        below = self.high is None or value < self.high.value or (self.high.inclusive and value == self.high.value)
        return above and below

    def keeps(self, value: float) -> bool:
        return self.holds(value) == (self.verb == "keep")


@dataclass(frozen=True)
class Kept:
    """How many of the rows that come to a rule it keeps; ``none`` of them have no number."""

    kept: int
    rows: int
    none: int

    @property
    def dropped(self) -> int:
        return self.rows - self.kept

    @property
    def share(self) -> str:
        """Of the rows, in percent; never 100% where one of them is missing."""
        return number(self.kept / self.rows, "share") if self.rows else NOTHING


def cut_of(text: str) -> Cut | None:
    """A rule that compares one number with limits that stand in it; None for any other."""
    file = SourceFile("rule", _BEFORE + text + "\n}")
    blocks = parse(file, Diagnostics()).spec.blocks
    rule = blocks[0].body.entries[0] if blocks and blocks[0].body.entries else None
    if (
        not isinstance(rule, ast.Rule)
        or not isinstance(rule.expr, ast.Binary)
        or rule.verb.text not in ("keep", "drop")
    ):
        return None
    verb: Literal["keep", "drop"] = "keep" if rule.verb.text == "keep" else "drop"
    expr = rule.expr
    if expr.op == "in" and isinstance(expr.right, ast.RangeLit):
        low, high = _edge(expr.right.low, True), _edge(expr.right.high, True)
        return Cut(text, verb, low, high, "low") if low is not None and high is not None else None
    for side, op in ((expr.right, expr.op), (expr.left, _FLIPPED.get(expr.op, ""))):
        if op in _FLIPPED and (edge := _edge(side, op.endswith("="))) is not None:
            above = op.startswith(">")
            return Cut(text, verb, edge if above else None, None if above else edge, "low" if above else "high")
    return None


def _edge(expr: ast.Expr, inclusive: bool) -> Edge | None:
    sign = 1
    span = expr.span
    if isinstance(expr, ast.Unary) and expr.op == "-":
        expr, sign = expr.operand, -1
    place = Span(span.start - len(_BEFORE), span.end - len(_BEFORE))
    if isinstance(expr, ast.NumberLit):
        return Edge(sign * float(expr.value), inclusive, place)
    if isinstance(expr, ast.QuantityLit):
        return Edge(sign * float(expr.value.value), inclusive, place, expr.value.unit)
    return None


def unwritten(name: str, value: float, op: Literal["<=", ">="] = ">=") -> Cut:
    """A rule on a score that the spec compares with nothing: it keeps the upper half, or the lower one."""
    shown = _plain(value)
    text = f"keep {name} {op} {shown}"
    edge = Edge(value, True, Span(len(text) - len(shown), len(text)))
    above = op == ">="
    return Cut(text, "keep", edge if above else None, None if above else edge, "low" if above else "high", False)


def inside(cut: Cut, values: Sequence[float]) -> tuple[int, int]:
    """The stretch of sorted numbers that lies inside a cut."""
    first, last = 0, len(values)
    if cut.low is not None:
        first = (bisect_left if cut.low.inclusive else bisect_right)(values, cut.low.value)
    if cut.high is not None:
        last = (bisect_right if cut.high.inclusive else bisect_left)(values, cut.high.value)
    return first, max(first, last)


def kept(cut: Cut, numbers: Numbers) -> Kept:
    first, last = inside(cut, numbers.values)
    within = last - first
    return Kept(within if cut.verb == "keep" else numbers.rows - within, numbers.rows, numbers.none)


def line_of(cut: Cut, original: Cut) -> str:
    """The rule with the limits as they are now; unchanged ones as they were written."""
    text = cut.text
    pairs = ((cut.low, original.low), (cut.high, original.high))
    moved = [(now, before) for now, before in pairs if now is not None and before is not None]
    for now, before in sorted(moved, key=lambda pair: -pair[1].span.start):
        if now.value != before.value:
            text = text[: before.span.start] + before.written(now.value) + text[before.span.end :]
    return text


# --- moving --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scale:
    """Where a threshold can go: steps of a round number between the ends of a histogram."""

    first: float
    last: float
    step: float
    digits: int

    def moved(self, value: float, steps: int) -> float:
        """The value some steps on, on a multiple of the step; one that is far beyond all steps stays."""
        place = value / self.step
        if not math.isfinite(place):
            return value
        start = math.floor(place + 1e-9) if steps > 0 else math.ceil(place - 1e-9)
        return round((start + steps) * self.step, self.digits)


def finite(values: Sequence[float]) -> Sequence[float]:
    """Sorted numbers without the infinite ones at their ends."""
    return values[bisect_right(values, -math.inf) : bisect_left(values, math.inf)]


def scale_of(numbers: Numbers) -> Scale | None:
    """From the first to the last percent of the finite numbers; None without any."""
    values = finite(numbers.values)
    if not len(values):
        return None
    first, last = float(values[len(values) // 100]), float(values[len(values) - 1 - len(values) // 100])
    if first == last:
        first, last = float(values[0]), float(values[-1])
    wide = last / _STEPS - first / _STEPS or max(abs(last), 1.0) / _STEPS  # their difference may be infinite
    power = 10.0 ** math.floor(math.log10(wide))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= wide * 0.999)
    if numbers.whole:
        step = max(1.0, round(step))
    return Scale(first, last, step, max(0, -math.floor(math.log10(step) + 1e-9)))


@dataclass(frozen=True)
class Bin:
    """Numbers from ``low`` up to ``high``: those at the positions ``begin`` up to ``end`` of the sorted ones."""

    low: float
    high: float
    begin: int
    end: int

    @property
    def rows(self) -> int:
        return self.end - self.begin


def bins(numbers: Numbers, scale: Scale, count: int) -> list[Bin]:
    """``count`` bins over the scale; rows beyond either end are in none of them.

    Of whole numbers a bin is as many whole numbers wide as it has to be.
    """
    whole, width = numbers.whole, scale.last / count - scale.first / count
    if whole:
        width = float(max(1, -(-(int(scale.last) - int(scale.first) + 1) // count)))
    width = width or 1.0
    found = []
    for place in range(count):
        low, high = (2 * (scale.first / 2 + at * (width / 2)) for at in (place, place + 1))  # the whole may be infinite
        low = low if place else scale.first  # half of the smallest numbers is not exact
        if place and low > scale.last:
            break
        final = place == count - 1 and not whole
        begin = bisect_left(numbers.values, low)
        end = bisect_right(numbers.values, scale.last) if final else bisect_left(numbers.values, high)
        found.append(Bin(low, high, begin, max(begin, end)))
    return found


def bars(numbers: Numbers, scale: Scale, count: int, cut: Cut) -> list[tuple[float, float, int, bool]]:
    """From, to and rows of bins, and whether a cut keeps them: of a bin that a limit goes through, the larger part."""
    first, last = inside(cut, numbers.values)

    def is_kept(one: Bin) -> bool:
        within = max(0, min(one.end, last) - max(one.begin, first))
        return 2 * (within if cut.verb == "keep" else one.rows - within) >= one.rows

    return [(one.low, one.high, one.rows, is_kept(one)) for one in bins(numbers, scale, count)]


def beside(cut: Cut, numbers: Numbers, most: int) -> tuple[list[int], list[int]]:
    """Positions of the rows just below and just above the limit that moves, nearest last and first."""
    edge, values = cut.edge, numbers.values
    low_side = cut.moved == "low"
    at = bisect_left(values, edge.value) if edge.inclusive == low_side else bisect_right(values, edge.value)
    return list(range(max(0, at - most), at)), list(range(at, min(len(values), at + most)))


def _plain(value: float) -> str:
    """A number as the language reads it: to its last digit, no exponent, no zeros at the end."""
    text = format(_exact(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _exact(value: float) -> Decimal:
    """The shortest decimal that is this number and no other."""
    return Decimal(repr(float(value)))
