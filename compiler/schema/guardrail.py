"""``guardrail``: a filter around a model, whose threshold comes from one set of rows and whose errors from another."""

from __future__ import annotations

from compiler.schema.fields import Clauses, RuleEntry, Shape, Value, field, required, rules
from compiler.schema.measures import LimitOn, Measure, measures
from compiler.schema.values import Formula, Name, Text
from spec_lang.ast import Expr, Ref
from spec_lang.quantities import Unit

ERRORS = measures(
    Measure("fnr", Unit.SHARE, "false negative rate: the share of harmful rows that pass"),
    Measure("fpr", Unit.SHARE, "false positive rate: the share of harmless rows that are blocked"),
)
LIMIT = LimitOn(ERRORS, "fnr <= 5%")

VERBS = {
    "block": Clauses("none", {"at": LIMIT, "because": Text()}, required=("at",), example="block at fnr <= 5%"),
    "require": Clauses("required", {"because": Text()}, example="require fpr <= 10%"),
}


class Guardrail(Shape):
    score: Value[Expr | None] = required(
        Formula("a score such as `toxicity(output)`"), "what is compared with the threshold"
    )
    calibrate: Value[Ref | None] = required(Name("a task's part"), "labelled rows that the threshold is chosen on")
    holdout: Value[Ref | None] = required(Name("a task's part"), "other labelled rows that both errors are measured on")
    harmful: Value[Expr | None] = field(
        Formula('a condition such as `label == "unsafe"`'), "which of these rows have to be blocked"
    )
    rules: tuple[RuleEntry, ...] = rules(VERBS, required="write `block at fnr <= 5%`")
