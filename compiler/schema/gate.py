"""``gate``: what has to hold before a model is released."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from compiler.reporting import Reporter
from compiler.schema.fields import Clauses, RuleEntry, Shape, rules
from compiler.schema.values import Limits, Name, Real, Text, Word, constant, described
from spec_lang.ast import Expr
from spec_lang.quantities import Unit

LATER = ("baseline", "never", "strict", "above", "below", "over", "falls", "when")


@dataclass(frozen=True, eq=False, repr=False)
class Margin:
    """Points for a share metric, a plain number for a plain one; which of them is checked with the metric."""

    expects: str = "a margin (`2pt`, or a plain number for a metric without a unit)"

    def read(self, expr: Expr, field: str, report: Reporter) -> tuple[Decimal, Unit | None] | None:
        number = constant(expr)
        if number is None:
            report.error("SFT0208", f"`{field}` takes {self.expects}, not {described(expr)}", expr.span)
        elif number[0] < 0:
            report.error("SFT0210", f"`{field}` has to be at least 0", expr.span)
            return None
        return number


# the confidence level of a one-sided bound: at 50% it would be the estimate itself, at 100% infinite
_LEVEL = Real(Limits(above=Decimal("0.5"), below=Decimal(1)), Unit.SHARE)

VERBS = {
    "require": Clauses(
        "required",
        {
            "at": _LEVEL,
            "each": Name("the name of a slice"),
            "no_worse_than": Name("the name of a model"),
            "by": Margin(),
            "correct": Word(("none", "holm")),
            "because": Text(),
        },
        example="require format.exact(tuned) >= 80% at 95%",
    )
}


class Gate(Shape):
    rules: tuple[RuleEntry, ...] = rules(VERBS, required="write `require` rules")
