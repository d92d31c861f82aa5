"""Conditions that hold nowhere or everywhere, whatever the data are.

Deliberately small: bounds by constants on one and the same expression and values that it cannot have, joined by
``and``, ``or`` and ``not``. What is found is certain; what is not found is left to the ledger's counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from compiler.possible_texts import cannot_be, cannot_contain
from compiler.typed import Apply, Between, Constant, OneOf, Operation, Typed

Verdict = Literal["never", "always"] | None


class _Interval(Struct, frozen=True):
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


_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_INVERSE: dict[Verdict, Verdict] = {"never": "always", "always": "never", None: None}


def verdict(expr: Typed) -> Verdict:
    """``never`` or ``always`` (for values that are not null), where that is certain."""
    if isinstance(expr, Constant) and isinstance(expr.value, bool):
        return "always" if expr.value else "never"
    if isinstance(expr, Operation) and expr.op == "not":
        return _INVERSE[verdict(expr.operands[0])]
    if isinstance(expr, Operation) and expr.op == "or":
        return _INVERSE[_conjunction(conjuncts(_negated(expr)))]
    if isinstance(expr, Operation) and expr.op == "and":
        return _conjunction(conjuncts(expr))
    return _single(expr)


def conjuncts(expr: Typed) -> list[Typed]:
    """Conditions that hold where this one does, with ``not`` as deep inside as it goes."""
    if isinstance(expr, Operation) and expr.op == "and":
        return [part for side in expr.operands for part in conjuncts(side)]
    if isinstance(expr, Operation) and expr.op == "not":
        inside = _negated(expr.operands[0])
        return conjuncts(inside) if inside != expr else [expr]
    return [expr]


def _negated(expr: Typed) -> Typed:
    """The condition that holds where this one does not (and where it is not null)."""
    if not isinstance(expr, Operation):
        return Operation("not", (expr,), "bool", expr.span)
    if expr.op == "not":
        return expr.operands[0]
    if expr.op in ("and", "or"):
        other = "or" if expr.op == "and" else "and"
        return Operation(other, tuple(_negated(side) for side in expr.operands), "bool", expr.span)
    if expr.op in _OPPOSITE:
        return Operation(_OPPOSITE[expr.op], expr.operands, "bool", expr.span)
    return Operation("not", (expr,), "bool", expr.span)


def _conjunction(parts: Sequence[Typed]) -> Verdict:
    verdicts = [verdict(part) for part in parts]
    if "never" in verdicts or exclude_each_other(parts):
        return "never"
    return "always" if all(v == "always" for v in verdicts) else None


def exclude_each_other(parts: Sequence[Typed]) -> bool:
    """Whether no value satisfies all of these, though each may be satisfied."""
    allowed: dict[Typed, _Interval] = {}
    chosen: dict[Typed, frozenset[Typed]] = {}
    left_out: dict[Typed, frozenset[Typed]] = {}
    for part in parts:
        bound, choice = _bound(part), _choice(part)
        if bound is not None:
            allowed[bound[0]] = allowed.get(bound[0], _ALL).meet(bound[1])
        if choice is not None:
            chosen[choice[0]] = chosen.get(choice[0], choice[1]) & choice[1]
        excluded = _choice(_negated(part))
        if excluded is not None:
            left_out[excluded[0]] = left_out.get(excluded[0], frozenset()) | excluded[1]
    if any(interval.empty for interval in allowed.values()):
        return True
    if any(not values - left_out.get(of, frozenset()) for of, values in chosen.items()):
        return True
    there = set(parts)
    return any(_negated(part) in there for part in parts)


def subject(part: Typed) -> Typed:
    """What a condition is about: the value that it bounds, or the condition itself without its ``not``."""
    for found in (_bound(part), _choice(part), _choice(_negated(part))):
        if found is not None:
            return found[0]
    return part.operands[0] if isinstance(part, Operation) and part.op == "not" else part


def leave_nothing(kept: Sequence[Typed], dropped: Sequence[Typed]) -> bool:
    """Whether rows that pass ``keep`` of the ones never pass ``drop`` of the others. A null is not dropped, so of
    ``drop`` only counts what is said of a value that ``keep`` has seen."""
    parts = [part for condition in kept for part in conjuncts(condition)]
    seen = {subject(part) for part in parts}
    parts += [part for condition in dropped for part in conjuncts(_negated(condition)) if subject(part) in seen]
    return exclude_each_other(parts)


def _single(expr: Typed) -> Verdict:
    if isinstance(expr, OneOf) and not expr.items:
        return "never"
    if isinstance(expr, Apply) and expr.function.name == "any" and verdict(expr.arguments[1]) == "never":
        return "never"
    if isinstance(expr, Operation) and all(isinstance(side, Constant) for side in expr.operands):
        return _constants(expr)
    text = _of_text(expr)
    if text is not None:
        return text
    bound = _bound(expr)
    if bound is None:
        return None
    possible = _possible(bound[0])
    if bound[1].empty or possible.meet(bound[1]).empty:
        return "never"
    return "always" if possible != _ALL and bound[1].covers(possible) else None


def _of_text(expr: Typed) -> Verdict:
    """``lower(x) == "EN"`` and ``starts_with(lower(x), "Q")`` hold for no text."""
    if isinstance(expr, Apply):
        return "never" if cannot_contain(expr) else None
    choice, excluded = _choice(expr), _choice(_negated(expr))
    if choice is not None and choice[1] and all(cannot_be(choice[0], item) for item in choice[1]):
        return "never"
    if excluded is not None and all(cannot_be(excluded[0], item) for item in excluded[1]):
        return "always"
    return None


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
    if isinstance(expr, Operation) and expr.op == "==":
        left, right = expr.operands
        if isinstance(left, Constant) and not isinstance(right, Constant):
            left, right = right, left
        return (left, frozenset((right,))) if isinstance(right, Constant) else None
    return None
