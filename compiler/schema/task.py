"""``task``: a source, the filters its rows pass, the templates they are rendered with, and its split."""

from __future__ import annotations

from decimal import Decimal

from compiler.schema.fields import Clauses, Entry, RuleEntry, Shape, Value, field, nested, others, required, rules
from compiler.schema.filter import SIMILARITY, OneOrMany
from compiler.schema.values import ListOf, Name, Real, Whole, at_least
from compiler.schema.written import Limits
from spec_lang.ast import Expr, Ref
from spec_lang.quantities import Unit


class Split(Shape):
    """Rows go to parts by a hash of ``key``: equal keys never part, and adding rows moves no row. With ``similar`` nor
    do similar keys, and a row that is added can move those it is similar to."""

    key: Value[tuple[Expr, ...]] = required(OneOrMany(), "the columns whose equal values stay together", stand_in=())
    similar: Value[Decimal | None] = field(
        SIMILARITY, "rows whose keys are this similar stay together too, directly or through other rows"
    )
    seed: Value[int] = field(Whole(at_least(0)), "another seed gives another split", default=0)
    parts: tuple[Entry[Decimal], ...] = others(
        Real(Limits(above=Decimal(0), maximum=Decimal(1)), Unit.SHARE), "parts of the split with their shares"
    )


TEMPLATE_VERBS = {
    "use": Clauses(
        "required",
        {"weight": Real(Limits(above=Decimal(0), maximum=Decimal(1)), Unit.SHARE)},
        example="use terse weight 30%",
    )
}


class WeightedTemplates(Shape):
    """Templates with the share of rows that each gets; those without a weight divide the rest evenly."""

    rules: tuple[RuleEntry, ...] = rules(TEMPLATE_VERBS, required="write one `use TEMPLATE` a template")


class Task(Shape):
    from_: Value[Ref | None] = required(Name("the name of a source or generate"), "the source of the rows")
    filters: Value[tuple[Ref, ...]] = field(
        ListOf(Name("the name of a filter"), empty=True), "filters, in the order in which rows pass them", default=()
    )
    scores: Value[tuple[Ref, ...]] = field(
        ListOf(Name("the name of a score"), empty=True), "scores of the rows that passed, with thresholds", default=()
    )
    templates: Value[tuple[Ref, ...]] = field(
        ListOf(Name("the name of a template")), "with several, each row takes one by a hash of its content", default=()
    )
    templates_: WeightedTemplates | None = nested(WeightedTemplates, "instead of the list: templates with weights")
    split: Split | None = nested(Split, "parts for training, validation and test")
