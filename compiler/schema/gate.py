"""``gate``: what has to hold before a model is released."""

from __future__ import annotations

from decimal import Decimal

from compiler.schema.calls import Argument, CallForm, CallOf, ReadCall, forms
from compiler.schema.fields import Clauses, RuleEntry, Shape, Value, field, rules
from compiler.schema.numbers import AnyNumber
from compiler.schema.values import Name, Real, Text, Word
from compiler.schema.written import Limits
from spec_lang.quantities import Unit

LATER = ("baseline", "never")


BLESSED = forms(
    CallForm(
        "blessed",
        (Argument("name", Text()),),
        "the run that `sft bless RUN NAME` made a baseline; it does not change",
        'blessed("main")',
    )
)

# the confidence level of a one-sided bound: at 50% it would be the estimate itself, at 100% infinite
_LEVEL = Real(Limits(above=Decimal("0.5"), below=Decimal(1)), Unit.SHARE)

VERBS = {
    "require": Clauses(
        "required",
        {
            "at": _LEVEL,
            "each": Name("the name of a slice"),
            "no_worse_than": Name("the name of a model"),
            "by": AnyNumber(),
            "correct": Word(("none", "holm")),
            "because": Text(),
        },
        example="require format.exact(tuned) >= 80% at 95%",
    ),
    "never": Clauses("required", {"because": Text()}, example='never format.tag("critical")'),
}


class Gate(Shape):
    baseline: Value[ReadCall | None] = field(
        CallOf(BLESSED), 'what `no_worse_than baseline` compares with: a run that was blessed, as `blessed("main")`'
    )
    rules: tuple[RuleEntry, ...] = rules(VERBS, required="write `require` rules")
