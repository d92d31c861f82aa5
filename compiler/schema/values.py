"""Types that a field's value can have: each reads one expression and says what it expected.

A reader reports its own mistake, once, at the value's span, and gives None or what it could read;
the caller goes on with that. Units are checked here: a share is written ``10%``, points ``2pt``, and neither is
ever taken for the other or for a plain number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from compiler.hashing import decimal_text
from compiler.reporting import Reporter, renamed, suggestion
from compiler.value_fixes import bracketed, quoted, unit_fix, unquoted, unquoted_number
from spec_lang.ast import BoolLit, Expr, Faulty, ListLit, NumberLit, QuantityLit, Ref, StringLit, Tagged, Unary
from spec_lang.diagnostics import Edit
from spec_lang.quantities import Unit


class ValueType(Protocol):
    """What a field holds."""

    @property
    def expects(self) -> str:
        """For messages and documentation: "a whole number, at least 1"."""

    def read(self, expr: Expr, field: str, report: Reporter) -> Any:
        """The value, or None after one report."""


def constant(expr: Expr) -> tuple[Decimal, Unit | None] | None:
    """A number with its unit, with a sign where it has one; None for anything else."""
    if isinstance(expr, NumberLit):
        return Decimal(str(expr.value)), None
    if isinstance(expr, QuantityLit):
        return expr.value.value, expr.value.unit
    if isinstance(expr, Unary) and expr.op == "-":
        inner = constant(expr.operand)
        return (-inner[0], inner[1]) if inner else None
    return None


def described(expr: Expr) -> str:
    """What an expression is, in a word or two, for "expected …, found …"."""
    number = constant(expr)
    if number is not None:
        names = {Unit.SHARE: "a share", Unit.POINTS: "points", Unit.TOKENS: "tokens", Unit.ROWS: "rows"}
        return "a plain number" if number[1] is None else names.get(number[1], "a duration")
    kinds: Sequence[tuple[type, str]] = (
        (StringLit, "a string"),
        (BoolLit, "true or false"),
        (Ref, "a name"),
        (ListLit, "a list"),
        (Tagged, "a value with braces"),
    )
    return next((name for kind, name in kinds if isinstance(expr, kind)), "an expression")


def wrong_type(
    expr: Expr, field: str, expects: str, report: Reporter, help: str | None = None, fix: Iterable[Edit] = ()
) -> None:
    report.error("SFT0208", f"`{field}` takes {expects}, not {described(expr)}", expr.span, help, fix=fix)


UNIT_NAMES = {Unit.SHARE: "a share", Unit.POINTS: "percentage points", Unit.TOKENS: "tokens"}
UNIT_NAMES |= {Unit.ROWS: "rows", Unit.DURATION: "a duration"}


def written(value: Decimal, unit: Unit | None) -> str:
    """A number as it is written in a spec: ``10%``, ``2pt``, ``512tok``, ``0.5``."""
    if unit in (Unit.SHARE, Unit.POINTS):
        return decimal_text(value * 100) + ("%" if unit is Unit.SHARE else "pt")
    suffix = {Unit.TOKENS: "tok", Unit.ROWS: " rows", Unit.DURATION: "s"}.get(unit, "") if unit else ""
    return decimal_text(value) + suffix


def wrong_unit(expr: Expr, field: str, wanted: Unit | None, report: Reporter, code: str = "SFT0209") -> None:
    """Report a number with the wrong unit; the help shows the number as it was probably meant."""
    found = constant(expr)
    assert found is not None
    value, unit = found
    fractions = (Unit.SHARE, Unit.POINTS)
    help = None
    if wanted in fractions and unit is None:
        # 0.9 was meant as a fraction, 90 as a percentage
        help = f"write `{written(value if abs(value) <= 1 else value / 100, wanted)}`"
    elif (wanted in fractions) == (unit in fractions) or unit is None:
        help = f"write `{written(value, wanted)}`"
    elif wanted is None and unit in fractions:
        help = f"write `{written(value * 100, None)}`"
    what = "a plain number" if wanted is None else UNIT_NAMES[wanted]
    fix = unit_fix(expr, value, unit, wanted)
    report.error(code, f"`{field}` takes {what}, not {described(expr)}", expr.span, help, fix=fix)


@dataclass(frozen=True, eq=False, repr=False)
class Limits:
    """Bounds of a number; ``above`` and ``below`` are exclusive. ``unusual`` warns: (limit, why)."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None
    above: Decimal | None = None
    below: Decimal | None = None
    unusual: tuple[Decimal, str] | None = None

    def text(self, unit: Unit | None) -> str:
        """``at least 1``, ``above 0 and at most 1``; empty without bounds."""
        low = [f"at least {written(self.minimum, unit)}"] if self.minimum is not None else []
        low += [f"above {written(self.above, unit)}"] if self.above is not None else []
        high = [f"at most {written(self.maximum, unit)}"] if self.maximum is not None else []
        high += [f"below {written(self.below, unit)}"] if self.below is not None else []
        return " and ".join(low + high)

    def check(self, value: Decimal, expr: Expr, field: str, unit: Unit | None, report: Reporter) -> bool:
        outside = (
            (self.minimum is not None and value < self.minimum)
            or (self.maximum is not None and value > self.maximum)
            or (self.above is not None and value <= self.above)
            or (self.below is not None and value >= self.below)
        )
        if outside:
            message = f"`{field}` has to be {self.text(unit)}, not {written(value, unit)}"
            report.error("SFT0210", message, expr.span)
        elif self.unusual is not None and value > self.unusual[0]:
            report.warning(
                "SFT0224", f"`{field}` of {written(value, unit)} is unusually high", expr.span, self.unusual[1]
            )
        return not outside


@dataclass(frozen=True, eq=False, repr=False)
class Text:
    """A string in quotes, not empty."""

    expects: str = "a string"

    def read(self, expr: Expr, field: str, report: Reporter) -> str | None:
        if isinstance(expr, StringLit):
            if not expr.value.strip():
                report.error("SFT0210", f"`{field}` is empty", expr.span)
                return None
            return expr.value
        help = f'put it in quotes: `"{expr.text}"`' if isinstance(expr, Ref) else None
        wrong_type(expr, field, self.expects, report, help, quoted(expr, report.file))
        return None


@dataclass(frozen=True, eq=False, repr=False)
class Word:
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
            fix = renamed(expr, self.choices) if isinstance(expr, Ref) else ()
            report.error("SFT0211", f"`{word}` is no value of `{field}`", expr.span, help, fix=fix)
        return None


def not_runnable(what: str, at: Any, report: Reporter, missing: str = "") -> None:
    """The language has it and it was checked; ``missing`` is the step that this version has not."""
    help = "this version knows it but cannot run it; leave it out"
    if missing:
        help = f"this version checks it but cannot run it: {missing} is missing; leave it out"
    report.error("SFT0202", f"{what} is not runnable yet", at.span, help)


@dataclass(frozen=True, eq=False, repr=False)
class Whole:
    """A whole number. With ``unit`` it is written with that unit, unless ``plain`` allows both."""

    limits: Limits = Limits()
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
            wrong_type(expr, field, self.expects, report, fix=unquoted_number(expr))
            return None
        value, unit = number
        if unit is not self.unit and not (unit is None and self.plain):
            wrong_unit(expr, field, self.unit, report)
            return None
        if value != value.to_integral_value():
            report.error("SFT0208", f"`{field}` takes a whole number, not {written(value, unit)}", expr.span)
            return None
        return int(value) if self.limits.check(value, expr, field, unit, report) else None


@dataclass(frozen=True, eq=False, repr=False)
class Real:
    """A number without a unit, or with ``unit`` (a share is stored as a fraction)."""

    limits: Limits = Limits()
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
            wrong_type(expr, field, self.expects, report, fix=unquoted_number(expr))
            return None
        if number[1] is not self.unit:
            wrong_unit(expr, field, self.unit, report)
            return None
        return number[0] if self.limits.check(number[0], expr, field, self.unit, report) else None


@dataclass(frozen=True, eq=False, repr=False)
class Name:
    """A name, dotted where a part is meant; what it stands for is looked up later."""

    expects: str

    def read(self, expr: Expr, field: str, report: Reporter) -> Ref | None:
        if isinstance(expr, Ref):
            return expr
        help = "names are written without quotes" if isinstance(expr, StringLit) else None
        wrong_type(expr, field, self.expects, report, help, unquoted(expr))
        return None


@dataclass(frozen=True, eq=False, repr=False)
class ListOf:
    """A list in brackets, not empty unless ``empty``; items that cannot be read are left out."""

    item: ValueType
    empty: bool = False

    @property
    def expects(self) -> str:
        return f"a list of values, each {self.item.expects}"

    def read(self, expr: Expr, field: str, report: Reporter) -> tuple[Any, ...] | None:
        if not isinstance(expr, ListLit):
            example = f"put it in brackets: `{field} = [{expr.text}]`" if isinstance(expr, Ref) else None
            fix = bracketed(expr, report.file)
            report.error("SFT0208", f"`{field}` takes a list, not {described(expr)}", expr.span, example, fix=fix)
            return None
        if not expr.items and not self.empty:
            report.error("SFT0226", f"`{field}` is an empty list", expr.span)
            return None
        read = (self.item.read(item, field, report) for item in expr.items if not isinstance(item, Faulty))
        return tuple(item for item in read if item is not None)


@dataclass(frozen=True, eq=False, repr=False)
class Formula:
    """Any expression over the columns of the data; typed later, when the columns are known."""

    expects: str = "an expression"

    def read(self, expr: Expr, field: str, report: Reporter) -> Expr | None:
        if isinstance(expr, Tagged):
            wrong_type(expr, field, self.expects, report)
            return None
        return expr


def at_least(value: int) -> Limits:
    return Limits(minimum=Decimal(value))
