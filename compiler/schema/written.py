"""Numbers and values as they are written, and what is said where one has the wrong type, unit or size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec import Struct

from compiler.hashing import decimal_text
from compiler.reporting import Reporter
from compiler.value_fixes import unit_fix
from spec_lang.ast import BoolLit, Expr, ListLit, NumberLit, QuantityLit, Ref, StringLit, Tagged, Unary
from spec_lang.diagnostics import Edit
from spec_lang.quantities import Unit


class Limits(Struct, frozen=True, eq=False):
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

    def allow(self, value: Decimal) -> bool:
        """Whether a value is within the bounds."""
        return not (
            (self.minimum is not None and value < self.minimum)
            or (self.maximum is not None and value > self.maximum)
            or (self.above is not None and value <= self.above)
            or (self.below is not None and value >= self.below)
        )

    def check(self, value: Decimal, expr: Expr, field: str, unit: Unit | None, report: Reporter) -> bool:
        outside = not self.allow(value)
        if outside:
            message = f"`{field}` has to be {self.text(unit)}, not {written(value, unit)}"
            report.error("SFT0210", message, expr.span)
        elif self.unusual is not None and value > self.unusual[0]:
            report.warning(
                "SFT0224", f"`{field}` of {written(value, unit)} is unusually high", expr.span, self.unusual[1]
            )
        return not outside


UNLIMITED = Limits()


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


def wrong_unit(
    expr: Expr,
    field: str,
    wanted: Unit | None,
    report: Reporter,
    code: str = "SFT0209",
    limits: Limits | None = None,
    verb: str = "takes",
) -> None:
    """Report a number with the wrong unit; the help shows the number as it was probably meant."""
    found = constant(expr)
    assert found is not None
    value, unit = found
    fractions = (Unit.SHARE, Unit.POINTS)
    help, fraction = None, False
    parts = field == "weight" and unit is None and value >= 1  # 3 to 1: what 3 is a share of is not known here
    if parts:
        help = "weights are shares of the whole: three parts of four are `75%`"
    elif wanted in fractions and unit is None:
        # 0.9 was meant as a fraction, 90 as a percentage
        help = f"write `{written(value if abs(value) <= 1 else value / 100, wanted)}`"
    elif (wanted in fractions) == (unit in fractions) or unit is None:
        help = f"write `{written(value, wanted)}`"
    elif wanted is None and unit in fractions:
        fraction = limits is not None and limits.allow(value) and not limits.allow(value * 100)
        number = value if fraction else value * 100
        help = f"write `{written(number, None)}`"
    what = "a plain number" if wanted is None else UNIT_NAMES[wanted]
    fix: tuple[Edit, ...] = ()
    if not parts:
        fix = (Edit(expr.span, written(value, None)),) if fraction else unit_fix(expr, value, unit, wanted)
    report.error(code, f"`{field}` {verb} {what}, not {described(expr)}", expr.span, help, fix=fix)
