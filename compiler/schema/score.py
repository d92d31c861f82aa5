"""``score``: named numbers of every row, and the thresholds that rows have to pass."""

from __future__ import annotations

from compiler.schema.fields import Clauses, Entry, RuleEntry, Shape, others, rules
from compiler.schema.filter import TOP
from compiler.schema.values import Formula, Text
from spec_lang.ast import Expr

VERBS = {
    "keep": Clauses("required", {**TOP, "because": Text()}, example="keep top 80% by helpful per task", instead="top"),
    "drop": Clauses("required", {"because": Text()}, example="drop ifd >= 1.0"),
}


class Score(Shape):
    scores: tuple[Entry[Expr], ...] = others(Formula(), "scores")
    rules: tuple[RuleEntry, ...] = rules(VERBS)
