"""``filter``: rules that rows have to pass, in order; a row falls to the first rule that drops it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from compiler.reporting import Reporter
from compiler.schema.fields import Clauses, RuleEntry, Shape, rules
from compiler.schema.values import Formula, Limits, ListOf, Real, Text
from spec_lang.ast import Expr, ListLit
from spec_lang.quantities import Unit

LATER = ("decontaminate", "top")


@dataclass(frozen=True, eq=False, repr=False)
class OneOrMany:
    """``on instruction`` or ``on [instruction, output]``."""

    expects: str = "a column or a list of columns"

    def read(self, expr: Expr, field: str, report: Reporter) -> tuple[Expr, ...] | None:
        if isinstance(expr, ListLit):
            return ListOf(Formula()).read(expr, field, report)
        one = Formula().read(expr, field, report)
        return None if one is None else (one,)


_SIMILARITY = Real(Limits(above=Decimal(0), maximum=Decimal(1)), Unit.SHARE)

VERBS = {
    "keep": Clauses("required", {"because": Text()}, example="keep words(instruction) in 3..80"),
    "drop": Clauses("required", {"because": Text()}, example='drop instruction matches r"(?i)lorem ipsum"'),
    "dedup": Clauses(
        "none",
        {"exact": None, "near": None, "on": OneOrMany(), "at": _SIMILARITY, "because": Text()},
        required=("on",),
        example="dedup near on instruction at 90%",
    ),
}


class Filter(Shape):
    rules: tuple[RuleEntry, ...] = rules(VERBS, required="write `keep`, `drop` or `dedup` rules")
