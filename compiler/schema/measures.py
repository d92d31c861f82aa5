"""Limits on numbers that a run measures: ``guard real_share >= 30%``, ``block at fnr <= 5%``, ``rouge_l(x) < 0.7``.

Which measures there are is data, each with its unit: a share is compared with ``10%`` and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from compiler.reporting import Reporter, renamed_word, suggestion
from compiler.schema.calls import CallForm, ReadCall, read_call
from compiler.schema.written import UNLIMITED, Limits, constant, described, written, wrong_unit
from spec_lang.ast import Binary, Call, Expr, Faulty, Ref
from spec_lang.quantities import Unit
from spec_lang.source import Span

_ORDER = (">=", ">", "<=", "<")
_SHARE = Limits(minimum=Decimal(0), maximum=Decimal(1))


class Measure(Struct, frozen=True, eq=False):
    """A number of the run. ``form``: it is written as a call, such as ``rouge_l(instruction)``. ``side``: all limits on
    it are of one side, ``<`` on what may be too large and ``>`` on what may be too small; ``other`` says what a limit
    of the other side would do."""

    name: str
    unit: Unit | None
    doc: str
    form: CallForm | None = None
    limits: Limits = UNLIMITED
    side: Literal["<", ">"] | None = None
    other: str = ""


class ReadLimit(Struct, frozen=True, eq=False):
    """``real_share >= 30%``; ``call`` for a measure that is written as one."""

    measure: Measure
    op: str
    limit: Decimal
    span: Span
    call: ReadCall | None = None


def measures(*items: Measure) -> Mapping[str, Measure]:
    return {item.name: item for item in items}


class LimitOn(Struct, frozen=True, eq=False):
    """A measure compared with a number."""

    measures: Mapping[str, Measure]
    example: str

    @property
    def expects(self) -> str:
        return f"a limit such as `{self.example}`"

    def read(self, expr: Expr, field: str, report: Reporter) -> ReadLimit | None:
        if isinstance(expr, Faulty):
            return None
        if not isinstance(expr, Binary) or expr.op not in _ORDER or not isinstance(expr.left, Ref | Call):
            found = "" if isinstance(expr, Binary) else f", not {described(expr)}"
            help = f"measures: {', '.join(f'`{name}`' for name in self.measures)}"
            report.error("SFT0208", f"`{field}` takes {self.expects}{found}", expr.span, help)
            return None
        name = expr.left if isinstance(expr.left, Ref) else expr.left.func
        measure = self.measures.get(name.text)
        if measure is None:
            help = suggestion(name.text, self.measures, "measures")
            fix = renamed_word(name, self.measures)
            report.error("SFT0251", f"`{field}` has no measure `{name.text}`", name.span, help, fix=fix)
            return None
        call = self._call(measure, expr.left, report)
        limit = limit_in(measure.unit, expr.right, measure.name, report, measure.limits)
        if not _right_side(measure, expr, field, report):
            return None
        return None if limit is None else ReadLimit(measure, expr.op, limit, expr.span, call)

    def _call(self, measure: Measure, expr: Ref | Call, report: Reporter) -> ReadCall | None:
        if measure.form is None:
            if isinstance(expr, Call):
                report.error("SFT0304", f"`{measure.name}` is no function", expr.span, f"write `{measure.name}`")
            return None
        if isinstance(expr, Call):
            return read_call(measure.form, expr, report)
        message = f"`{measure.name}` is a function"
        report.error("SFT0304", message, expr.span, f"write `{measure.form.example}`")
        return None


def _right_side(measure: Measure, expr: Binary, field: str, report: Reporter) -> bool:
    """Whether the limit is of the side that can be meant; False after a report."""
    if measure.side is None or expr.op.startswith(measure.side):
        return True
    meant = measure.side + expr.op[1:]
    wrong, right = ("a lower", "an upper") if measure.side == "<" else ("an upper", "a lower")
    message = f"`{field}` takes {right} limit of `{measure.name}`, and `{expr.op}` is {wrong} one: {measure.other}"
    report.error("SFT0225", message, expr.op_span, f"did you mean `{meant}`?")
    return False


def limit_in(unit: Unit | None, expr: Expr, name: str, report: Reporter, limits: Limits = UNLIMITED) -> Decimal | None:
    """A constant in a unit; shares go from 0% to 100%. None after one report."""
    if isinstance(expr, Faulty):
        return None
    number = constant(expr)
    if number is None:
        report.error("SFT0208", f"`{name}` is compared with a number, not {described(expr)}", expr.span)
        return None
    if unit is None and number[1] is Unit.SHARE and limits.maximum == 1:
        help = f"write `{written(number[0], None)}`"
        report.error("SFT0209", f"`{name}` takes a plain number, not a share", expr.span, help)
        return None
    if number[1] is not unit:
        wrong_unit(expr, name, unit, report)
        return None
    bounds = _SHARE if unit in (Unit.SHARE, Unit.POINTS) else limits
    return number[0] if bounds.check(number[0], expr, name, unit, report) else None
