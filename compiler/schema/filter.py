"""``filter``: rules that rows have to pass, in order; a row falls to the first rule that drops it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Struct

from compiler.reporting import Reporter
from compiler.schema.fields import Clauses, RuleEntry, Shape, rules
from compiler.schema.numbers import ShareOrRows
from compiler.schema.values import Formula, ListOf, Name, Real, Text, ValueType, Whole, at_least
from compiler.schema.written import Limits
from spec_lang.ast import Expr, ListLit
from spec_lang.quantities import Unit

_COLUMN = Formula()


class OneOrMany(Struct, frozen=True, eq=False):
    """``on instruction`` or ``on [instruction, output]``; ``of`` is the type of each."""

    expects: str = "a column or a list of columns"
    of: ValueType = _COLUMN

    def read(self, expr: Expr, field: str, report: Reporter) -> tuple[Any, ...] | None:
        if isinstance(expr, ListLit):
            return ListOf(self.of).read(expr, field, report)
        one = self.of.read(expr, field, report)
        return None if one is None else (one,)


_FRACTION = Limits(above=Decimal(0), maximum=Decimal(1))

# `keep top 80% by helpful per task`: ties go by the hash of the row, so that the choice is the same everywhere.
TOP: dict[str, ValueType | None] = {"top": ShareOrRows(), "by": Formula(), "per": Formula()}

# `decontaminate against [helpful] ngram 8 coverage 50%`
_OVERLAP: dict[str, ValueType | None] = {
    "against": ListOf(Name("the name of an eval, a task or a source")),
    "ngram": Whole(at_least(1)),
    "coverage": Real(_FRACTION, Unit.SHARE),
    "because": Text(),
}
_EXAMPLE = "decontaminate against [helpful] ngram 8 coverage 50%"

SIMILARITY = Real(_FRACTION, Unit.SHARE)

VERBS = {
    "keep": Clauses("required", {"because": Text(), **TOP}, example="keep words(instruction) in 3..80", instead="top"),
    "drop": Clauses("required", {"because": Text()}, example='drop instruction matches r"(?i)lorem ipsum"'),
    "dedup": Clauses(
        "none",
        {
            "exact": None,
            "near": None,
            "on": OneOrMany(),
            "at": SIMILARITY,
            "by": OneOrMany("a value or a list of values"),
            "against": OneOrMany("a task or a source, or a list of them", Name("the name of a task or a source")),
            "because": Text(),
        },
        required=("on",),
        example="dedup near on instruction at 90%",
    ),
    "decontaminate": Clauses("none", _OVERLAP, required=("against",), example=_EXAMPLE),
}

# Of a mixture or a train, whose rows are decontaminated against every eval as it is: other numbers, or other rows to
# compare with; `decontaminate off because "…"` leaves it out.
DECONTAMINATE = Clauses("optional", _OVERLAP, example=_EXAMPLE)


class Filter(Shape):
    rules: tuple[RuleEntry, ...] = rules(VERBS, required="write `keep`, `drop` or `dedup` rules")
