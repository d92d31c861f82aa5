"""Type check of expressions against the real columns of a source.

Gives a typed tree (``compiler.typed``), or None where something was reported or is not known; what
stands beside it is checked all the same. Types are those of ``compiler.world``: text, number, bool,
list, json. Nothing is converted silently: text that holds a number is compared through ``number(…)``.
"""

from __future__ import annotations

from decimal import Decimal

from compiler.column_scope import ColumnScope, column, conversion, has_type
from compiler.expression_calls import call, pattern_of
from compiler.functions import FUNCTIONS
from compiler.schema.values import constant, described, written, wrong_unit
from compiler.typed import Between, Constant, Matches, OneOf, Operation, Typed
from compiler.value_fixes import literal_of
from compiler.world import ColumnType
from spec_lang.ast import (
    Binary,
    BoolLit,
    Call,
    Expr,
    Faulty,
    ListLit,
    NumberLit,
    QuantityLit,
    RangeLit,
    Ref,
    StringLit,
    Unary,
)

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_ARITHMETIC = ("+", "-", "*", "/")


def condition(expr: Expr, scope: ColumnScope, where: str) -> Typed | None:
    """A typed expression that is true or false; ``where`` names what needs it ("`keep`")."""
    typed = check(expr, scope)
    if typed is None:
        return None
    if typed.type != "bool":
        help = 'compare it, for example `… > 3` or `… == "yes"`'
        scope.report.error("SFT0305", f"{where} takes a condition, and this is {typed.type}", expr.span, help)
        return None
    return typed


def check(expr: Expr, scope: ColumnScope) -> Typed | None:
    """A typed expression of any type."""
    if isinstance(expr, Ref):
        return column(expr, scope)
    if isinstance(expr, StringLit):
        return Constant(expr.value, "text", expr.span)
    if isinstance(expr, NumberLit):
        return Constant(Decimal(str(expr.value)), "number", expr.span)
    if isinstance(expr, BoolLit):
        return Constant(expr.value, "bool", expr.span)
    if isinstance(expr, QuantityLit):
        _quantity(expr, scope)
        return None
    if isinstance(expr, Call):
        return call(expr, scope, check)
    if isinstance(expr, Unary):
        return _unary(expr, scope)
    if isinstance(expr, Binary):
        return _binary(expr, scope)
    if isinstance(expr, Faulty):
        return None
    what = "a range" if isinstance(expr, RangeLit) else described(expr)
    help = "ranges and lists stand on the right of `in`" if isinstance(expr, RangeLit | ListLit) else None
    scope.report.error("SFT0303", f"{what} is no value of an expression", expr.span, help)
    return None


def _quantity(expr: QuantityLit, scope: ColumnScope) -> None:
    plain = written(expr.value.value, None)
    scope.report.error("SFT0309", "columns are plain numbers, without a unit", expr.span, f"write `{plain}`")


def _beside(other: Expr, expr: Expr, scope: ColumnScope) -> Typed | None:
    """One side of a comparison: a number that is written out has the unit of what it is compared with."""
    function = FUNCTIONS.get(other.func.text) if isinstance(other, Call) else None
    if function is None or function.unit is None or constant(expr) is None:
        return check(expr, scope)
    number = constant(expr)
    assert number is not None
    if number[1] is not function.unit:
        wrong_unit(expr, function.name, function.unit, scope.report, code="SFT0309")
        return None
    return Constant(number[0], "number", expr.span)


def _unary(expr: Unary, scope: ColumnScope) -> Typed | None:
    operand = check(expr.operand, scope)
    wanted: ColumnType = "bool" if expr.op == "not" else "number"
    if operand is None or not has_type(operand, wanted, f"`{expr.op}`", scope):
        return None
    if isinstance(operand, Constant) and isinstance(operand.value, Decimal):
        return Constant(-operand.value, "number", expr.span)
    return Operation("not" if expr.op == "not" else "negate", (operand,), wanted, expr.span)


def _binary(expr: Binary, scope: ColumnScope) -> Typed | None:
    if expr.op == "in":
        return _in(expr, scope)
    if expr.op == "matches":
        return _matches(expr, scope)
    if expr.op in _COMPARISONS:
        left = _beside(expr.right, expr.left, scope)
        right = _beside(expr.left, expr.right, scope)
        return _comparison(expr, left, right, scope) if left and right else None
    left, right = check(expr.left, scope), check(expr.right, scope)
    wanted: ColumnType = "number" if expr.op in _ARITHMETIC else "bool"
    if expr.op == "+" and left and right and left.type == right.type == "text":
        scope.report.error("SFT0303", "`+` adds numbers, not text", expr.op_span, "write `concat(a, b)`")
        return None
    sound = [side is not None and has_type(side, wanted, f"`{expr.op}`", scope) for side in (left, right)]
    return Operation(expr.op, (left, right), wanted, expr.span) if left and right and all(sound) else None


def _comparison(expr: Binary, left: Typed, right: Typed, scope: ColumnScope) -> Typed | None:
    for side in (left, right):
        if side.type in ("list", "json"):
            help = conversion(side.type, "number" if side.type == "list" else "text")
            scope.report.error("SFT0303", f"{side.type} cannot be compared", side.span, help)
            return None
    if left.type != right.type:
        help = conversion("text", "number") if {left.type, right.type} == {"text", "number"} else None
        message = f"`{expr.op}` compares {left.type} with {right.type}"
        fix = literal_of(left.type, expr.right)
        help = f"write `{fix[0].text}`" if fix else help
        scope.report.error("SFT0303", message, expr.span, help, fix=fix)
        return None
    if left.type == "bool" and expr.op not in ("==", "!="):
        scope.report.error("SFT0303", f"`{expr.op}` does not order truth values", expr.op_span)
        return None
    return Operation(expr.op, (left, right), "bool", expr.span)


def _in(expr: Binary, scope: ColumnScope) -> Typed | None:
    value = check(expr.left, scope)
    if isinstance(expr.right, RangeLit):
        ends = [_beside(expr.left, end, scope) for end in (expr.right.low, expr.right.high)]
        parts = [part for part in (value, *ends) if part is not None]
        sound = [has_type(part, "number", "a range", scope) for part in parts]
        if len(parts) < 3 or not all(sound):
            return None
        return Between(parts[0], parts[1], parts[2], expr.span)
    if not isinstance(expr.right, ListLit):
        help = 'write `in 3..80` or `in ["a", "b"]`; a part of a text is found with `contains(text, part)`'
        if not isinstance(expr.right, Faulty):
            scope.report.error("SFT0303", "`in` takes a range or a list on its right", expr.right.span, help)
        return None
    items = [_beside(expr.left, item, scope) for item in expr.right.items]
    if value is None or any(item is None for item in items):
        return None
    found = tuple(item for item in items if item is not None)
    sound = [has_type(item, value.type, "this list", scope) for item in found]
    if value.type in ("list", "json"):
        scope.report.error("SFT0303", f"{value.type} cannot be compared", value.span)
        return None
    return OneOf(value, found, expr.span) if all(sound) else None


def _matches(expr: Binary, scope: ColumnScope) -> Typed | None:
    value = check(expr.left, scope)
    pattern = pattern_of(expr.right, scope)
    if value is None or pattern is None or not has_type(value, "text", "`matches`", scope):
        return None
    return Matches(value, pattern, expr.span)
