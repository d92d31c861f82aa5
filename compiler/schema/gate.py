"""``gate``: what has to hold before a model is released."""

from __future__ import annotations

from decimal import Decimal

from compiler.schema.calls import Argument, CallForm, CallOf, ReadCall, forms
from compiler.schema.fields import Clauses, RuleEntry, Shape, Value, blocks, field, rules
from compiler.schema.lint import Flag
from compiler.schema.numbers import AnyNumber
from compiler.schema.values import Name, Real, Text, Word
from compiler.schema.written import Limits
from spec_lang.quantities import Unit

LATER = ()


BLESSED = forms(
    CallForm(
        "blessed",
        (
            Argument("name", Text()),
            Argument("model", Name("the name of a model of that run"), required=False, default=None),
        ),
        "the run that `sft bless RUN NAME` made a baseline; it does not change",
        'blessed("main")',
    )
)

# the confidence level of a one-sided bound: at 50% it would be the estimate itself, at 100% infinite
_LEVEL = Real(Limits(above=Decimal("0.5"), below=Decimal(1)), Unit.SHARE)
_OTHER = Name("the name of a model")

VERBS = {
    "require": Clauses(
        "required",
        {
            "at": _LEVEL,
            "each": Name("the name of a slice"),
            "no_worse_than": _OTHER,
            "by": AnyNumber(),
            "no_significant_regression": _OTHER,
            "equivalent": _OTHER,
            "within": AnyNumber(),
            "correct": Word(("none", "holm")),
            "because": Text(),
        },
        example="require format.exact(tuned) >= 80% at 95%",
    ),
    "never": Clauses("required", {"because": Text()}, example='never format.tag("critical")'),
}
_RULES = "write `require` rules"


class Inner(Shape):
    """A group inside of a group; deeper ones nobody could read."""

    rules: tuple[RuleEntry, ...] = rules(VERBS, required=_RULES)


class Group(Shape):
    any_of: tuple[Inner, ...] = blocks("any", Inner, "holds when one of its requirements holds", word="of")
    all_of: tuple[Inner, ...] = blocks("all", Inner, "holds when all of its requirements hold", word="of")
    rules: tuple[RuleEntry, ...] = rules(VERBS, required=_RULES)


_HOLDS = "holds when {} of its requirements hold; it takes the rules of the gate, and groups of these once more"


class Gate(Shape):
    baseline: Value[ReadCall | None] = field(
        CallOf(BLESSED), 'what `no_worse_than baseline` compares with: a run that was blessed, as `blessed("main")`'
    )
    strict: Value[bool] = field(
        Flag(), "`true`: what is inconclusive fails the gate, and warnings about it are errors", default=False
    )
    any_of: tuple[Group, ...] = blocks("any", Group, _HOLDS.format("any"), word="of")
    all_of: tuple[Group, ...] = blocks("all", Group, _HOLDS.format("all"), word="of")
    rules: tuple[RuleEntry, ...] = rules(VERBS, required=_RULES)
