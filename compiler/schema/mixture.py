"""``mixture``: training rows of several tasks, at rates that are computed and not drawn."""

from __future__ import annotations

from decimal import Decimal

from compiler.schema.fields import Clauses, RuleEntry, Shape, Value, field, rules
from compiler.schema.filter import DECONTAMINATE
from compiler.schema.values import Real, Whole, at_least
from compiler.schema.written import Limits
from spec_lang.quantities import Unit

LATER: tuple[str, ...] = ()

VERBS = {
    "use": Clauses(
        "required",
        {
            "by": Real(Limits(above=Decimal(0))),
            "cap": Whole(at_least(1), Unit.ROWS, plain=True),
            "weight": Real(Limits(above=Decimal(0), maximum=Decimal(1)), Unit.SHARE),
        },
        example="use triage.train cap 3000",
    ),
    "decontaminate": DECONTAMINATE,
}


class Mixture(Shape):
    rules: tuple[RuleEntry, ...] = rules(VERBS, required="write one `use TASK` a task")
    temperature: Value[Decimal] = field(
        Real(Limits(minimum=Decimal(1))), "1 keeps the proportions, more makes small tasks larger", default=Decimal(1)
    )
    total: Value[int | None] = field(
        Whole(at_least(1), Unit.ROWS, plain=True), "rows of the mixture; without it, all rows after caps"
    )
    epochs: Value[int] = field(
        Whole(at_least(1)), "instead of a total: so many times the rows after caps, new rows first", default=1
    )
    repeats: Value[int] = field(
        Whole(at_least(1)), "how often a row may stand in the mixture, in an epoch of it; more is an error", default=1
    )
    seed: Value[int] = field(Whole(at_least(0)), "another seed gives another order and choice of rows", default=0)
