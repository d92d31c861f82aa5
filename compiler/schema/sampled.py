"""An amount of rows: a share of them, or a number."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from compiler.reporting import Reporter
from compiler.schema.values import Real, Whole, at_least
from compiler.schema.written import Limits, constant
from spec_lang.ast import Expr
from spec_lang.quantities import Unit


class Amount(NamedTuple):
    """A number of rows."""

    rows: int


class ShareOrRows(Struct, frozen=True, eq=False):
    """``10%`` (a fraction then) or ``5000 rows``."""

    expects: str = "a share (`10%`) or a number of rows (`5000 rows`)"

    def read(self, expr: Expr, field: str, report: Reporter) -> Decimal | Amount | None:
        number = constant(expr)
        if number is not None and number[1] is Unit.ROWS:
            rows = Whole(at_least(1), Unit.ROWS).read(expr, field, report)
            return Amount(rows) if rows is not None else None
        if number is not None and number[1] is None:
            shown = expr.text if hasattr(expr, "text") else f"{number[0]:f}"
            help = f"write `{shown} rows`" if number[0] >= 1 else f"write `{number[0] * 100:f}%`"
            report.error("SFT0209", f"`{field}` takes {self.expects}, and this has no unit", expr.span, help)
            return None
        share: Decimal | None = Real(Limits(above=Decimal(0), maximum=Decimal(1)), Unit.SHARE).read(expr, field, report)
        return share
