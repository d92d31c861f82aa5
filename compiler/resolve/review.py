"""Reviews: the columns that hold labels of people, and the items whose label is known."""

from __future__ import annotations

from compiler.known import Known
from compiler.names import Names
from compiler.resolve.policy import check_policy
from compiler.resolve.slices import resolve_slice
from compiler.resolve.tables import Tables, find_column, scope_of
from compiler.resolved_judge import ResolvedReview
from compiler.schema.review import Review


def resolve_review(block: Review, names: Names, tables: Tables) -> ResolvedReview:
    """The review over the columns of its source, as far as they are known."""
    source = names.look_up(block.from_.value, ("source",), "from", tables.sources)
    scope = scope_of(source, names)
    seen: dict[str, str] = {}
    for field, ref in (("item", block.item.value), ("final", block.final.value)):
        if ref is not None:
            find_column(ref, scope, f"`{field}`")
            seen.setdefault(ref.text, field)
    for ref in block.reviewers.value:
        if ref.text in seen:
            where = seen[ref.text]
            message = (
                f"`{ref.text}` stands twice in `reviewers`" if where == "reviewers" else f"`{ref.text}` is `{where}`"
            )
            names.report.error("SFT0205", message, ref.span, "every reviewer has a column of their own")
        else:
            find_column(ref, scope, "`reviewers`")
            seen[ref.text] = "reviewers"
    if block.reviewers.known and len(block.reviewers.value) == 1:
        help = "agreement is told from labels of two people on the same items"
        names.report.error("SFT0210", "`reviewers` has to hold at least 2 columns", block.reviewers.span, help)
    gold = names.look_up(block.gold.value, ("source",), "gold", tables.sources)
    _check_gold(block, names, tables)
    check_policy(block.policy.value, names)
    slices = Known({rule.name.text: resolve_slice(rule, scope, cells=False) for rule in block.slices})
    return ResolvedReview(block, source, gold, slices)


def _check_gold(block: Review, names: Names, tables: Tables) -> None:
    """Gold items are found by the same column, and their label stands in the column of the final one."""
    ref = block.gold.value
    gold = tables.sources.get(names.full(ref)) if ref is not None else None
    if ref is None or gold is None:
        return
    if block.final.value is None and block.final.known:
        message = "`gold` needs `final`: the column with the known label"
        names.report.error("SFT0225", message, block.gold.span, "add `final = COLUMN`")
    for column in (block.item.value, block.final.value):
        if column is not None and gold.columns.lacks(column.text):
            message = f"source `{gold.name}` has no column `{column.text}`, by which gold items are found"
            names.report.error("SFT0301", message, block.gold.span, also=[(column.span, "named here")])
