"""Conditions that hold nowhere or everywhere, whatever the data are.

Deliberately small: bounds by constants on one and the same expression, joined by ``and`` and
``or``. What is found is certain; what is not found is left to the ledger's counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from compiler.typed import Apply, Between, Constant, OneOf, Operation, Typed

Verdict = Literal["never", "always"] | None


@dataclass(frozen=True, slots=True)
class _Interval:
    """Values of one expression for which a condition holds; a closed end belongs to it."""

    low: Decimal | None
    low_closed: bool
    high: Decimal | None
    high_closed: bool

    @property
    def empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and not (self.low_closed and self.high_closed))

    def meet(self, other: _Interval) -> _Interval:
        low, low_closed = self.low, self.low_closed
        if other.low is not None and (low is None or (other.low, not other.low_closed) > (low, not low_closed)):
            low, low_closed = other.low, other.low_closed
        high, high_closed = self.high, self.high_closed
        if other.high is not None and (high is None or (other.high, other.high_closed) < (high, high_closed)):
            high, high_closed = other.high, other.high_closed
        return _Interval(low, low_closed, high, high_closed)

    def covers(self, other: _Interval) -> bool:
        return self.meet(other) == other


_ALL = _Interval(None, False, None, False)
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def verdict(expr: Typed) -> Verdict:
    """``never`` or ``always`` (for values that are not null), where that is certain."""
    if isinstance(expr, Constant) and isinstance(expr.value, bool):
        return "always" if expr.value else "never"
    if isinstance(expr, Operation) and expr.op == "not":
        inner = verdict(expr.operands[0])
        return {"never": "always", "always": "never"}.get(inner or "")  # type: ignore[return-value]
    if isinstance(expr, Operation) and expr.op == "or":
        sides = [verdict(side) for side in expr.operands]
        return "always" if "always" in sides else "never" if sides == ["never", "never"] else None
    if isinstance(expr, Operation) and expr.op == "and":
        return _conjunction(_conjuncts(expr))
    return _single(expr)


def _conjuncts(expr: Typed) -> list[Typed]:
    if isinstance(expr, Operation) and expr.op == "and":
        return [part for side in expr.operands for part in _conjuncts(side)]
    return [expr]


def _conjunction(parts: list[Typed]) -> Verdict:
    verdicts = [verdict(part) for part in parts]
    if "never" in verdicts:
        return "never"
    allowed: dict[Typed, _Interval] = {}
    texts: dict[Typed, frozenset[Typed]] = {}
    for part in parts:
        bound = _bound(part)
        if bound is not None:
            allowed[bound[0]] = allowed.get(bound[0], _ALL).meet(bound[1])
        choice = _choice(part)
        if choice is not None:
            texts[choice[0]] = texts.get(choice[0], choice[1]) & choice[1]
    if any(interval.empty for interval in allowed.values()) or any(not values for values in texts.values()):
        return "never"
    return "always" if all(v == "always" for v in verdicts) else None


def _single(expr: Typed) -> Verdict:
    if isinstance(expr, OneOf) and not expr.items:
        return "never"
    if isinstance(expr, Apply) and expr.function.name == "any" and verdict(expr.arguments[1]) == "never":
        return "never"
    if isinstance(expr, Operation) and all(isinstance(side, Constant) for side in expr.operands):
        return _constants(expr)
    bound = _bound(expr)
    if bound is None:
        return None
    possible = _possible(bound[0])
    if bound[1].empty or possible.meet(bound[1]).empty:
        return "never"
    return "always" if possible != _ALL and bound[1].covers(possible) else None


def _possible(expr: Typed) -> _Interval:
    """The values that an expression can have at all."""
    if not isinstance(expr, Apply):
        return _ALL
    low, high = expr.function.low, expr.function.high
    if expr.function.name == "bucket":
        high = _number(expr.arguments[1])
        return _Interval(low, True, high, False)
    return _Interval(low, low is not None, high, high is not None)


def _constants(expr: Operation) -> Verdict:
    left, right = expr.operands[0], expr.operands[-1]
    assert isinstance(left, Constant) and isinstance(right, Constant)
    if expr.op == "==":
        return "always" if left.value == right.value else "never"
    if expr.op == "!=":
        return "never" if left.value == right.value else "always"
    if isinstance(left.value, Decimal) and isinstance(right.value, Decimal):
        holds = {
            "<": left.value < right.value,
            "<=": left.value <= right.value,
            ">": left.value > right.value,
            ">=": left.value >= right.value,
        }.get(expr.op)
        return None if holds is None else "always" if holds else "never"
    return None


def _number(expr: Typed) -> Decimal | None:
    return expr.value if isinstance(expr, Constant) and isinstance(expr.value, Decimal) else None


def _bound(expr: Typed) -> tuple[Typed, _Interval] | None:
    """``x < 3``, ``3 < x``, ``x == 3``, ``x in 3..80`` as the expression and the interval it is held in."""
    if isinstance(expr, Between):
        low, high = _number(expr.low), _number(expr.high)
        return None if low is None or high is None else (expr.value, _Interval(low, True, high, True))
    if not isinstance(expr, Operation) or len(expr.operands) != 2 or expr.op not in _FLIPPED:
        return None
    left, right, op = expr.operands[0], expr.operands[1], expr.op
    if _number(left) is not None:
        left, right, op = right, left, _FLIPPED[op]
    limit = _number(right)
    if limit is None or op == "!=":
        return None
    if op == "==":
        return left, _Interval(limit, True, limit, True)
    if op in (">", ">="):
        return left, _Interval(limit, op == ">=", None, False)
    return left, _Interval(None, False, limit, op == "<=")


def _choice(expr: Typed) -> tuple[Typed, frozenset[Typed]] | None:
    """``x == "a"`` or ``x in ["a", "b"]`` as the expression and its possible values."""
    if isinstance(expr, OneOf) and all(isinstance(item, Constant) for item in expr.items):
        return expr.value, frozenset(expr.items)
    if isinstance(expr, Operation) and expr.op == "==" and isinstance(expr.operands[1], Constant):
        return expr.operands[0], frozenset((expr.operands[1],))
    return None
