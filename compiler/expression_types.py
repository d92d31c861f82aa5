"""Type check of expressions against the real columns of a source.

Gives a typed tree (``compiler.typed``), or None where something was reported or is not known; what
stands beside it is checked all the same. Types are those of ``compiler.world``: text, number, bool,
list, json. Nothing is converted silently: text that holds a number is compared through ``number(…)``.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from compiler.column_scope import ColumnScope, column, conversion, has_type, null_name
from compiler.expression_calls import call, pattern_of
from compiler.functions import FUNCTIONS
from compiler.reporting import written_anew
from compiler.schema.written import constant, described, written, wrong_unit
from compiler.typed import Apply, Between, Constant, Matches, OneOf, Operation, Typed, names_column
from compiler.value_fixes import literal_of
from compiler.world import ColumnType
from compiler.written_arguments import known_languages
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
from spec_lang.diagnostics import Diagnostics, Edit
from spec_lang.quantities import Unit

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_ARITHMETIC = ("+", "-", "*", "/")
_KEEP_UNITS = ("min", "max", "abs", "coalesce", "if", "round")


def condition(expr: Expr, scope: ColumnScope, where: str) -> Typed | None:
    """A typed expression that is true or false; ``where`` names what needs it ("`keep`")."""
    typed = _check_as("bool", expr, scope)
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


def _check_as(wants: ColumnType, expr: Expr, scope: ColumnScope) -> Typed | None:
    """An expression at a place that takes a type; only ``meta.score`` asks, for what it was meant as."""
    return check(expr, replace(scope, wants=wants) if isinstance(expr, Ref) and len(expr.parts) > 1 else scope)


def _quantity(expr: QuantityLit, scope: ColumnScope) -> None:
    plain = written(expr.value.value, None)
    scope.report.error("SFT0309", "columns are plain numbers, without a unit", expr.span, f"write `{plain}`")


def beside(other: Expr, expr: Expr, scope: ColumnScope) -> Typed | None:
    """One side of a comparison, or an end of a bin: a number that is written out has the unit of what it is compared
    with. Beside a sum of shares and its like it may have the unit."""
    number = constant(expr)
    if number is None:
        return _check_as(_type_of(other), expr, scope)
    function = FUNCTIONS.get(other.func.text) if isinstance(other, Call) else None
    if function is not None and function.unit is not None:
        if number[1] is not function.unit:
            wrong_unit(expr, function.name, function.unit, scope.report, code="SFT0309", verb="gives")
            return None
    elif number[1] is None or number[1] is not _unit_of(other):
        return check(expr, scope)
    return Constant(number[0], "number", expr.span)


def _type_of(expr: Expr) -> ColumnType:
    """What stands beside an expression, as far as it can be told without its columns: text where nothing can."""
    if constant(expr) is not None or (isinstance(expr, Binary) and expr.op in _ARITHMETIC):
        return "number"
    if isinstance(expr, BoolLit):
        return "bool"
    function = FUNCTIONS.get(expr.func.text) if isinstance(expr, Call) else None
    return (function.result if function is not None else None) or "text"


def _unit_of(expr: Expr) -> Unit | None:
    """The unit of a number that is computed from numbers with one: a sum of shares is a share."""
    if isinstance(expr, Call):
        function = FUNCTIONS.get(expr.func.text)
        if function is None or function.name not in _KEEP_UNITS:
            return function.unit if function is not None else None
        units = {_unit_of(arg.value) for arg in expr.args if constant(arg.value) is None}
        return units.pop() if len(units) == 1 else None
    if isinstance(expr, Unary):
        return _unit_of(expr.operand)
    if not isinstance(expr, Binary) or expr.op not in _ARITHMETIC:
        return None
    left, right = _unit_of(expr.left), _unit_of(expr.right)
    if expr.op in ("+", "-"):
        return left if left is right else None
    by_number = left if constant(expr.right) is not None else right if expr.op == "*" else None
    return by_number if left is None or right is None else None


def _unary(expr: Unary, scope: ColumnScope) -> Typed | None:
    wanted: ColumnType = "bool" if expr.op == "not" else "number"
    operand = _check_as(wanted, expr.operand, scope)
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
        if _null_test(expr, scope):
            return None
        left = beside(expr.right, expr.left, scope)
        right = beside(expr.left, expr.right, scope)
        known = known_languages(left, [expr.right], scope) and known_languages(right, [expr.left], scope)
        return _comparison(expr, left, right, scope) if left and right and known else None
    wanted: ColumnType = "number" if expr.op in _ARITHMETIC else "bool"
    left, right = _check_as(wanted, expr.left, scope), _check_as(wanted, expr.right, scope)
    if expr.op == "+" and left and right and left.type == right.type == "text":
        scope.report.error("SFT0303", "`+` adds numbers, not text", expr.op_span, "write `concat(a, b)`")
        return None
    if expr.op == "/" and isinstance(right, Constant) and right.value == 0 and right.type == "number":
        message = "a number divided by 0 has no value, in any row"
        scope.report.error("SFT0306", message, expr.right.span)
        return None
    sound = [side is not None and has_type(side, wanted, f"`{expr.op}`", scope) for side in (left, right)]
    return Operation(expr.op, (left, right), wanted, expr.span) if left and right and all(sound) else None


def _null_test(expr: Binary, scope: ColumnScope) -> bool:
    """Whether a value is compared with the null of another language; True after a report."""
    sides = ((expr.left, expr.right), (expr.right, expr.left))
    found = next(((null, value) for null, value in sides if null_name(null, scope)), None)
    if found is None or expr.op not in ("==", "!="):
        return False
    null, value = found
    check(value, scope)
    test = f"{'not ' if expr.op == '!=' else ''}is_null({scope.report.file.slice(value.span)})"
    message = f"there is no value `{scope.report.file.slice(null.span)}`"
    scope.report.error("SFT0301", message, null.span, f"write `{test}`", fix=written_anew(expr.span, test))
    return True


def _comparison(expr: Binary, left: Typed, right: Typed, scope: ColumnScope) -> Typed | None:
    for side in (left, right):
        if side.type in ("list", "json"):
            help = conversion(side.type, "number" if side.type == "list" else "text")
            scope.report.error("SFT0303", f"{side.type} cannot be compared", side.span, help)
            return None
    if left.type != right.type:
        help = conversion("text", "number") if {left.type, right.type} == {"text", "number"} else None
        message = f"`{expr.op}` compares {left.type} with {right.type}"
        fix = literal_of(left.type, expr.right) or _other_reader(expr, left, right)
        help = f"write `{fix[0].text}`" if fix else help
        scope.report.error("SFT0303", message, expr.span, help, fix=fix)
        return None
    if left.type == "bool" and expr.op not in ("==", "!="):
        scope.report.error("SFT0303", f"`{expr.op}` does not order truth values", expr.op_span)
        return None
    return Operation(expr.op, (left, right), "bool", expr.span)


def _in_range(part: Typed, scope: ColumnScope) -> bool:
    """Whether a part of ``x in 3..80`` is a number; False after a report."""
    if isinstance(part, Constant) and part.type == "text":
        help = 'texts have no ranges: write `in ["a", "b"]`, or `matches r"^[a-z]"`'
        scope.report.error("SFT0303", "a range takes number, and this is text", part.span, help)
        return False
    return has_type(part, "number", "a range", scope)


def _other_reader(expr: Binary, left: Typed, right: Typed) -> tuple[Edit, ...]:
    """``json_field(meta, "score") > 1`` reads the number with ``json_number``."""
    for side, typed, other in ((expr.left, left, right), (expr.right, right, left)):
        reader = {"number": "json_number", "bool": "json_bool"}.get(other.type)
        if isinstance(side, Call) and isinstance(typed, Apply) and typed.function.name == "json_field" and reader:
            return written_anew(side.func.span, reader)
    return ()


def _in(expr: Binary, scope: ColumnScope) -> Typed | None:
    value = _check_as("number" if isinstance(expr.right, RangeLit) else "text", expr.left, scope)
    if isinstance(expr.right, RangeLit):
        ends = [beside(expr.left, end, scope) for end in (expr.right.low, expr.right.high)]
        parts = [part for part in (*ends, value) if part is not None]
        if not all(_in_range(part, scope) for part in parts) or len(parts) < 3:
            return None
        return Between(parts[2], parts[0], parts[1], expr.span)
    if not isinstance(expr.right, ListLit):
        _in_a_value(expr, scope)
        return None
    items = [beside(expr.left, item, scope) for item in expr.right.items]
    if not known_languages(value, expr.right.items, scope):
        return None
    if value is None or any(item is None for item in items):
        return None
    found = tuple(item for item in items if item is not None)
    sound = [has_type(item, value.type, "this list", scope) for item in found]
    if value.type in ("list", "json"):
        scope.report.error("SFT0303", f"{value.type} cannot be compared", value.span)
        return None
    return OneOf(value, found, expr.span) if all(sound) else None


def _in_a_value(expr: Binary, scope: ColumnScope) -> None:
    """Report ``"a" in tags``: on the right stands what is written out."""
    if isinstance(expr.right, Faulty):
        return
    help = 'write `in 3..80` or `in ["a", "b"]`; a part of a text is found with `contains(text, part)`'
    found = check(expr.right, replace(scope, report=scope.report.into(Diagnostics())))
    item, whole = (scope.report.file.slice(side.span) for side in (expr.left, expr.right))
    meant = {"list": f"any({whole}, item == {item})", "text": f"contains({whole}, {item})"}
    text = meant.get(found.type) if found is not None and names_column(found) else None
    fix = written_anew(expr.span, text if isinstance(expr.left, StringLit) else None)
    message = "`in` takes a range or a list on its right"
    scope.report.error("SFT0303", message, expr.right.span, f"write `{text}`" if text else help, fix=fix)


def _matches(expr: Binary, scope: ColumnScope) -> Typed | None:
    value = check(expr.left, scope)
    pattern = pattern_of(expr.right, scope.report)
    if value is None or pattern is None or not has_type(value, "text", "`matches`", scope):
        return None
    return Matches(value, pattern, expr.span)
