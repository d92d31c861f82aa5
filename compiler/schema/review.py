"""``review``: labels of several people on the same items, and how far they agree."""

from __future__ import annotations

from compiler.schema.fields import Shape, Value, field, named_rules, required
from compiler.schema.values import ListOf, Name
from spec_lang.ast import NamedRule, Ref

# What a gate can ask of a review, with what it means.
FIGURES = {
    "alpha": "Krippendorff's alpha for nominal labels, missing ones allowed; 1 is perfect, 0 is chance",
    "kappa": "Cohen's kappa, the mean over pairs of reviewers",
    "agreement": "the share of pairs of labels that are the same",
    "gold_accuracy": "the share of labels on gold items that are right, of the worst reviewer",
    "overlap": "the share of items with at least two labels",
    "adjudicated": "the share of disputed items that have a final label",
}
SHARES = frozenset(("agreement", "gold_accuracy", "overlap", "adjudicated"))


class Review(Shape):
    from_: Value[Ref | None] = required(Name("the name of a source"), "the source with one row an item")
    item: Value[Ref | None] = required(Name("the name of a column"), "the column that names the item")
    reviewers: Value[tuple[Ref, ...]] = required(
        ListOf(Name("the name of a column")),
        "one column a reviewer, at least two; empty where there is no label",
        stand_in=(),
    )
    final: Value[Ref | None] = field(Name("the name of a column"), "the label after adjudication")
    gold: Value[Ref | None] = field(
        Name("the name of a source"), "items whose label is known: the same `item` and `final` columns"
    )
    policy: Value[Ref | None] = field(Name("the name of a policy"), "the policy by whose rubric was judged")
    slices: tuple[NamedRule, ...] = named_rules("slice")
