"""Type check of expressions against the real columns of a source.

Gives a typed tree (``compiler.typed``), or None where something was reported or is not known; what
stands beside it is checked all the same. Types are those of ``compiler.world``: text, number, bool,
list, json. Nothing is converted silently: text that holds a number is compared through ``number(…)``.
"""

from __future__ import annotations

from decimal import Decimal

from compiler.column_scope import ColumnScope, column, conversion, has_type
from compiler.functions import ALIASES, FUNCTIONS, Function, Parameter
from compiler.regexes import problem
from compiler.reporting import did_you_mean
from compiler.schema.values import described, written
from compiler.typed import Apply, Between, Constant, Matches, OneOf, Operation, Typed
from compiler.world import ColumnType
from spec_lang.ast import (
    Arg,
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
    Tagged,
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
        return _call(expr, scope)
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
    left, right = check(expr.left, scope), check(expr.right, scope)
    if expr.op in _COMPARISONS:
        return _comparison(expr, left, right, scope) if left and right else None
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
        scope.report.error("SFT0303", message, expr.span, help)
        return None
    if left.type == "bool" and expr.op not in ("==", "!="):
        scope.report.error("SFT0303", f"`{expr.op}` does not order truth values", expr.op_span)
        return None
    return Operation(expr.op, (left, right), "bool", expr.span)


def _in(expr: Binary, scope: ColumnScope) -> Typed | None:
    value = check(expr.left, scope)
    if isinstance(expr.right, RangeLit):
        ends = [check(expr.right.low, scope), check(expr.right.high, scope)]
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
    items = [check(item, scope) for item in expr.right.items]
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
    pattern = _pattern(expr.right, scope)
    if value is None or pattern is None or not has_type(value, "text", "`matches`", scope):
        return None
    return Matches(value, pattern, expr.span)


def _pattern(expr: Expr, scope: ColumnScope) -> str | None:
    """A regular expression that is written out, checked against RE2's syntax."""
    if isinstance(expr, Faulty):
        return None
    if not isinstance(expr, StringLit):
        scope.report.error("SFT0303", 'a regular expression is written out, as `r"…"`', expr.span)
        return None
    found = problem(expr.value)
    if found is not None:
        scope.report.error("SFT0308" if found.unsupported else "SFT0307", found.message, expr.span, found.help)
        return None
    return expr.value


def _call(expr: Call, scope: ColumnScope) -> Typed | None:
    name = expr.func.text
    function = FUNCTIONS.get(name)
    if function is None:
        alias = ALIASES.get(name.lower())
        near = f"did you mean `{alias}`?" if alias else did_you_mean(name, FUNCTIONS)
        help = near or f"functions: {', '.join(f'`{known}`' for known in FUNCTIONS)}"
        scope.report.error("SFT0302", f"there is no function `{name}`", expr.func.span, help)
    parameters = _parameters(function, expr, scope) if function else None
    if function is None or parameters is None:
        for arg in expr.args:
            check(arg.value, scope)
        return None
    arguments = [
        _argument(parameter, arg, function, scope) for parameter, arg in zip(parameters, expr.args, strict=True)
    ]
    found = tuple(argument for argument in arguments if argument is not None)
    if len(found) < len(arguments):
        return None
    if function.result is None and any(argument.type != found[0].type for argument in found):
        kinds = " and ".join(argument.type for argument in found)
        scope.report.error("SFT0303", f"`{name}` takes values of one type, not {kinds}", expr.span)
        return None
    return Apply(function, found, function.result or found[0].type, expr.span)


def _parameters(function: Function, expr: Call, scope: ColumnScope) -> list[Parameter] | None:
    """The parameter of each argument, in order; None after a report."""
    parameters = list(function.parameters)
    if function.rest and len(expr.args) > len(parameters):
        parameters += [parameters[-1]] * (len(expr.args) - len(parameters))
    named = next((arg for arg in expr.args if arg.name is not None), None)
    if named is not None and named.name is not None:
        scope.report.error(
            "SFT0304", f"`{function.name}` takes no named arguments", named.name.span, function.signature
        )
        return None
    if len(expr.args) != len(parameters):
        need = "no arguments" if not parameters else f"{len(parameters)} argument{'s' if len(parameters) > 1 else ''}"
        at_least = "at least " if function.rest else ""
        message = f"`{function.name}` takes {at_least}{need}, not {len(expr.args)}"
        scope.report.error("SFT0304", message, expr.span, function.signature)
        return None
    return parameters


def _argument(parameter: Parameter, arg: Arg, function: Function, scope: ColumnScope) -> Typed | None:
    value = arg.value
    if parameter.kind == "regex":
        pattern = _pattern(value, scope)
        return None if pattern is None else Constant(pattern, "text", value.span)
    if parameter.kind == "path":
        return _path(value, scope)
    if isinstance(value, Tagged):
        scope.report.error("SFT0303", f"`{function.name}` takes no value with braces", value.span)
        return None
    typed = check(value, scope)
    if typed is None or typed.type in parameter.types:
        return typed
    wanted = " or ".join(parameter.types)
    help = conversion(typed.type, parameter.types[0])
    scope.report.error("SFT0303", f"`{function.name}` takes {wanted}, and this is {typed.type}", value.span, help)
    return None


def _path(expr: Expr, scope: ColumnScope) -> Typed | None:
    """``"a.b"`` as the JSON path ``$."a"."b"``."""
    if isinstance(expr, Faulty):
        return None
    if not isinstance(expr, StringLit):
        scope.report.error("SFT0303", 'a path is written out, such as `"address.city"`', expr.span)
        return None
    keys = expr.value.split(".")
    if not all(keys) or any('"' in key or "\\" in key for key in keys):
        scope.report.error(
            "SFT0304", "a path is made of keys with dots between them", expr.span, 'such as `"address.city"`'
        )
        return None
    return Constant("$" + "".join(f'."{key}"' for key in keys), "text", expr.span)
