"""Numbers that may be written with one unit or another: ``80%`` or ``500 rows``, ``2pt`` or ``0.2``.

Which of them is right is checked where the other side is known.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from compiler.reporting import Reporter
from compiler.schema.written import Limits, constant, wrong_type, wrong_unit
from spec_lang.ast import Expr
from spec_lang.quantities import Unit

_SHARE = Limits(above=Decimal(0), maximum=Decimal(1))
_ROWS = Limits(minimum=Decimal(1))


class ShareOrRows(Struct, frozen=True, eq=False):
    """``80%`` of the rows, or ``500 rows``."""

    expects: str = "a share of the rows (`80%`) or a number of rows (`500 rows`)"

    def read(self, expr: Expr, field: str, report: Reporter) -> tuple[Decimal, Unit] | None:
        number = constant(expr)
        if number is None:
            wrong_type(expr, field, self.expects, report)
            return None
        value, unit = number
        if unit is not Unit.SHARE and unit is not Unit.ROWS:
            fraction = unit is None and 0 < value < 1
            wrong_unit(expr, field, Unit.SHARE if fraction else Unit.ROWS, report)
            return None
        if unit is Unit.ROWS and value != value.to_integral_value():
            report.error("SFT0208", f"`{field}` takes a whole number of rows", expr.span)
            return None
        limits = _SHARE if unit is Unit.SHARE else _ROWS
        return (value, unit) if limits.check(value, expr, field, unit, report) else None


class AnyNumber(Struct, frozen=True, eq=False):
    """A number, at least 0, with the unit of what it is compared with."""

    expects: str = "a number in the unit of the metric (`2pt`, `80%`, or a plain number)"

    def read(self, expr: Expr, field: str, report: Reporter) -> tuple[Decimal, Unit | None] | None:
        number = constant(expr)
        if number is None:
            wrong_type(expr, field, self.expects, report)
        elif number[0] < 0:
            report.error("SFT0210", f"`{field}` has to be at least 0", expr.span)
            return None
        return number
