"""Expressions after type checking: every node has a type, every name is a column, every function a table row.

Spans stay out of equality, so that two conditions on the same thing can be recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TypeAlias

from msgspec.structs import replace

from compiler.functions import Function, Written
from compiler.world import ColumnType
from spec_lang.source import Span, Spanned


class Column(Spanned, frozen=True):
    name: str
    type: ColumnType
    span: Span


class Constant(Spanned, frozen=True):
    """A value written in the spec: text, a number (decimal, exact), a truth value, or a list of texts as JSON."""

    value: str | Decimal | bool
    type: ColumnType
    span: Span


class Apply(Spanned, frozen=True):
    """A function of the table on its arguments."""

    function: Function
    arguments: tuple[Typed, ...]
    type: ColumnType
    span: Span


class Operation(Spanned, frozen=True):
    """``op``: ``and or not == != < <= > >= + - * / negate``."""

    op: str
    operands: tuple[Typed, ...]
    type: ColumnType
    span: Span


class Between(Spanned, frozen=True):
    """``value in low..high``, both ends included."""

    value: Typed
    low: Typed
    high: Typed
    span: Span
    type: ColumnType = "bool"


class OneOf(Spanned, frozen=True):
    """``value in [a, b]``."""

    value: Typed
    items: tuple[Typed, ...]
    span: Span
    type: ColumnType = "bool"


class Matches(Spanned, frozen=True):
    """``value matches r"…"``: a match anywhere in the text."""

    value: Typed
    pattern: str
    span: Span
    type: ColumnType = "bool"


Typed: TypeAlias = Column | Constant | Apply | Operation | Between | OneOf | Matches


def parts(expr: Typed) -> tuple[Typed, ...]:
    """The expressions that an expression is made of, in the order of the text."""
    match expr:
        case Apply():
            return expr.arguments
        case Operation():
            return expr.operands
        case Between():
            return (expr.value, expr.low, expr.high)
        case OneOf():
            return (expr.value, *expr.items)
        case Matches():
            return (expr.value,)
        case _:
            return ()


def changed(expr: Typed, change: Callable[[Typed], Typed]) -> Typed:
    """The expression with each of its parts changed."""
    new = tuple(map(change, parts(expr)))
    match expr:
        case Apply():
            return replace(expr, arguments=new)
        case Operation():
            return replace(expr, operands=new)
        case Between():
            return replace(expr, value=new[0], low=new[1], high=new[2])
        case OneOf():
            return replace(expr, value=new[0], items=new[1:])
        case Matches():
            return replace(expr, value=new[0])
        case _:
            return expr


def within(expr: Typed) -> Iterator[Typed]:
    """The expression and all that it is made of, the outer ones first."""
    yield expr
    for part in parts(expr):
        yield from within(part)


def names_column(expr: Typed) -> bool:
    """Whether a value depends on the row: without a column it is the same for all."""
    return any(isinstance(part, Column) for part in within(expr))


def written_out(expr: Typed) -> Written:
    """What an argument says that is written out; None where it depends on the row."""
    if not isinstance(expr, Constant):
        return None
    if expr.type != "list":
        return expr.value
    import json

    return tuple(json.loads(str(expr.value)))
