"""Types that a field's value can have: each reads one expression and says what it expected.

A reader reports its own mistake, once, at the value's span, and gives None or what it could read;
the caller goes on with that. Units are checked here: a share is written ``10%``, points ``2pt``, and neither is
ever taken for the other or for a plain number.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Protocol

from msgspec import Struct

from compiler.reporting import Reporter, did_you_mean, renamed_word, spelled, suggestion
from compiler.schema.written import UNLIMITED, Limits, constant, described, written, wrong_type, wrong_unit
from compiler.value_fixes import bracketed, quoted, unquoted, unquoted_number
from spec_lang.ast import Expr, Faulty, ListLit, Ref, StringLit, Tagged
from spec_lang.literals import quote
from spec_lang.quantities import Unit
from spec_lang.vocabulary import NULLS

_LIKE_PARAMS = ("var", "vars", "param", "params", "local", "locals", "config", "cfg", "args", "env", "self")


def meant_param(expr: Expr, report: Reporter) -> str | None:
    """What to say of a name in the place of a literal that was probably meant as a param; None where it was not."""
    if not isinstance(expr, Ref) or any(part.quoted for part in expr.parts):
        return None
    name = expr.parts[-1].text
    if len(expr.parts) == 1:
        return did_you_mean(name, report.params)
    if expr.parts[0].text.lower() not in _LIKE_PARAMS:
        return None
    if name in report.params:
        return f"did you mean `{name}`? a param is written by its name alone"
    return did_you_mean(name, report.params) or f"declare `param {name} = …`, and write `{name}` here"


class ValueType(Protocol):
    """What a field holds."""

    @property
    def expects(self) -> str:
        """For messages and documentation: "a whole number, at least 1"."""

    def read(self, expr: Expr, field: str, report: Reporter) -> Any:
        """The value, or None after one report."""


class Text(Struct, frozen=True, eq=False):
    """A string in quotes, not empty."""

    expects: str = "a string"

    def read(self, expr: Expr, field: str, report: Reporter) -> str | None:
        if isinstance(expr, StringLit):
            if not expr.value.strip():
                report.error("SFT0210", f"`{field}` is empty", expr.span)
                return None
            return expr.value
        help = f"put it in quotes: `{quote(expr.text)}`" if isinstance(expr, Ref) else None
        param = meant_param(expr, report)
        wrong_type(expr, field, self.expects, report, param or help, () if param else quoted(expr))
        return None


class Word(Struct, frozen=True, eq=False):
    """One of a few bare words."""

    choices: tuple[str, ...]

    @property
    def expects(self) -> str:
        return "one of " + ", ".join(f"`{choice}`" for choice in self.choices)

    def read(self, expr: Expr, field: str, report: Reporter) -> str | None:
        if isinstance(expr, StringLit) and expr.value in self.choices:
            help = f"write it without quotes: `{expr.value}`"
            wrong_type(expr, field, self.expects, report, help, unquoted(expr))
            return None
        word = expr.tag.text if isinstance(expr, Tagged) else expr.text if isinstance(expr, Ref) else None
        if word is None:
            wrong_type(expr, field, self.expects, report)
        elif isinstance(expr, Tagged) and word in self.choices:
            report.error("SFT0208", f"`{field} = {word}` takes no braces", expr.body.span)
        elif word in self.choices:
            return word
        else:
            help = suggestion(word, self.choices, "allowed")
            fix = renamed_word(expr, self.choices) if isinstance(expr, Ref) else ()
            report.error("SFT0211", f"`{word}` is no value of `{field}`", expr.span, help, fix=fix)
        return None


NOT_RUNNABLE = "SFT0202"


def not_runnable(what: str, at: Any, report: Reporter, missing: str = "") -> None:
    """The language has it and it was checked; ``missing`` is the step that this version has not."""
    help = "this version knows it but cannot run it; leave it out"
    if missing:
        help = f"this version checks it but cannot run it: {missing} is missing; leave it out"
    report.error(NOT_RUNNABLE, f"{what} is not runnable yet", at.span, help)


class Whole(Struct, frozen=True, eq=False):
    """A whole number. With ``unit`` it is written with that unit, unless ``plain`` allows both."""

    limits: Limits = UNLIMITED
    unit: Unit | None = None
    plain: bool = False

    @property
    def expects(self) -> str:
        names = {Unit.TOKENS: "a number of tokens (`512tok`)", Unit.ROWS: "a number of rows"}
        names[Unit.DURATION] = "a duration (`20min`)"
        base = names.get(self.unit, "a whole number") if self.unit else "a whole number"
        bounds = self.limits.text(self.unit if not self.plain else None)
        return f"{base}, {bounds}" if bounds else base

    def read(self, expr: Expr, field: str, report: Reporter) -> int | None:
        number = constant(expr)
        if number is None:
            wrong_type(expr, field, self.expects, report, meant_param(expr, report), unquoted_number(expr))
            return None
        value, unit = number
        if unit is not self.unit and not (unit is None and self.plain):
            wrong_unit(expr, field, self.unit, report)
            return None
        if value != value.to_integral_value():
            report.error("SFT0208", f"`{field}` takes a whole number, not {written(value, unit)}", expr.span)
            return None
        return int(value) if self.limits.check(value, expr, field, unit, report) else None


class Real(Struct, frozen=True, eq=False):
    """A number without a unit, or with ``unit`` (a share is stored as a fraction)."""

    limits: Limits = UNLIMITED
    unit: Unit | None = None

    @property
    def expects(self) -> str:
        names: dict[Unit | None, str] = {Unit.SHARE: "a share (`10%`)", Unit.POINTS: "percentage points (`2pt`)"}
        base = names.get(self.unit, "a number")
        bounds = self.limits.text(self.unit)
        return f"{base}, {bounds}" if bounds else base

    def read(self, expr: Expr, field: str, report: Reporter) -> Decimal | None:
        number = constant(expr)
        if number is None:
            wrong_type(expr, field, self.expects, report, meant_param(expr, report), unquoted_number(expr))
            return None
        if number[1] is not self.unit:
            wrong_unit(expr, field, self.unit, report, limits=self.limits)
            return None
        return number[0] if self.limits.check(number[0], expr, field, self.unit, report) else None


class Name(Struct, frozen=True, eq=False):
    """A name, dotted where a part is meant; what it stands for is looked up later. Columns, fields of files and labels
    may be called anything, and stand in backticks then."""

    expects: str

    def read(self, expr: Expr, field: str, report: Reporter) -> Ref | None:
        if isinstance(expr, Ref):
            return expr
        help, fix = None, unquoted(expr)
        if isinstance(expr, StringLit):
            help = "names are written without quotes"
            kind = re.search("column|field|label", self.expects)
            if not fix and expr.value.strip() and kind:
                what = "label" if kind[0] == "label" else "column name"
                help, fix = f"a {what} like this stands in backticks", spelled(expr.span, expr.value)
        wrong_type(expr, field, self.expects, report, help, fix)
        return None


class ListOf(Struct, frozen=True, eq=False):
    """A list in brackets, not empty unless ``empty``; items that cannot be read are left out."""

    item: ValueType
    empty: bool = False

    @property
    def expects(self) -> str:
        return f"a list of values, each {self.item.expects}"

    def read(self, expr: Expr, field: str, report: Reporter) -> tuple[Any, ...] | None:
        if not isinstance(expr, ListLit):
            example = f"put it in brackets: `{field} = [{expr.text}]`" if isinstance(expr, Ref) else None
            if isinstance(expr, Ref) and expr.text in NULLS:
                example = f"leave `{field}` out where there is nothing to list"
            fix = bracketed(expr, report.file)
            report.error("SFT0208", f"`{field}` takes a list, not {described(expr)}", expr.span, example, fix=fix)
            return None
        if not expr.items and not self.empty:
            report.error("SFT0226", f"`{field}` is an empty list", expr.span)
            return None
        read = (self.item.read(item, field, report) for item in expr.items if not isinstance(item, Faulty))
        return tuple(item for item in read if item is not None)


class Formula(Struct, frozen=True, eq=False):
    """Any expression over the columns of the data; typed later, when the columns are known."""

    expects: str = "an expression"

    def read(self, expr: Expr, field: str, report: Reporter) -> Expr | None:
        if isinstance(expr, Tagged):
            wrong_type(expr, field, self.expects, report)
            return None
        return expr


def at_least(value: int) -> Limits:
    return Limits(minimum=Decimal(value))
