"""Texts that an expression cannot have: ``lower(x)`` has no upper case, ``trim(x)`` no white space at its ends.

Only letters and spaces of ASCII count, about which every implementation agrees.
"""

from __future__ import annotations

import re

from compiler.typed import Apply, Between, Constant, Matches, OneOf, Operation, Typed

_PARTS = frozenset({"trim", "first", "last", "substring", "extract"})  # letters of the result are letters of the text
_CASES = {"lower": re.compile("[A-Z]"), "upper": re.compile("[a-z]")}
_SPACES = " \t\r\n"


def cannot_be(expr: Typed, value: Typed) -> bool:
    """Whether it is certain that a text never is this value."""
    if not isinstance(value, Constant) or not isinstance(value.value, str):
        return False
    return _wrong_case(expr, value.value) or (_is_trimmed(expr) and value.value.strip(_SPACES) != value.value)


def cannot_contain(call: Apply) -> bool:
    """Whether ``contains``, ``starts_with`` or ``ends_with`` looks for what is in no such text."""
    if call.function.name not in ("contains", "starts_with", "ends_with"):
        return False
    text, part = call.arguments
    if not isinstance(part, Constant) or not isinstance(part.value, str):
        return False
    outer = {"starts_with": part.value[:1], "ends_with": part.value[-1:]}.get(call.function.name, "")
    return _wrong_case(text, part.value) or (_is_trimmed(text) and outer != "" and outer in _SPACES)


def _wrong_case(expr: Typed, value: str) -> bool:
    while isinstance(expr, Apply):
        name = expr.function.name
        if name in _CASES:
            return _CASES[name].search(value) is not None
        if name not in _PARTS:
            return False
        expr = expr.arguments[0]
    return False


def _is_trimmed(expr: Typed) -> bool:
    while isinstance(expr, Apply):
        if expr.function.name == "trim":
            return True
        if expr.function.name not in _CASES:
            return False
        expr = expr.arguments[0]
    return False


# --- nulls ------------------------------------------------------------------------------------------

# Functions that give something for null, or whose conditions are not about the value itself.
_TAKE_NULL = frozenset({"is_null", "coalesce", "if", "min", "max", "any", "all", "count_items", "join"})


def null_and_not(parts: list[Typed]) -> bool:
    """Whether one condition asks for a null and another holds only for a value: ``is_null(x) and words(x) > 3``."""
    nulls = [part.arguments[0] for part in parts if isinstance(part, Apply) and part.function.name == "is_null"]
    return any(_needs(part, value) for value in nulls for part in parts)


def _needs(expr: Typed, value: Typed) -> bool:
    """Whether an expression is null where ``value`` is."""
    if expr == value:
        return True
    if isinstance(expr, Apply):
        takes = expr.function.name in _TAKE_NULL
        return not takes and any(_needs(argument, value) for argument in expr.arguments)
    if isinstance(expr, Operation):
        return expr.op not in ("and", "or") and any(_needs(operand, value) for operand in expr.operands)
    if isinstance(expr, Between):
        return any(_needs(part, value) for part in (expr.value, expr.low, expr.high))
    return isinstance(expr, OneOf | Matches) and _needs(expr.value, value)
