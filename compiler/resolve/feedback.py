"""Feedback: the columns of its file that tell consent and time, and the source that it becomes a version of."""

from __future__ import annotations

from compiler.column_scope import ColumnScope
from compiler.known import Known
from compiler.names import Names
from compiler.paths import rebased
from compiler.resolve.policy import check_policy
from compiler.resolve.tables import Tables, find_column
from compiler.resolved_lifecycle import ResolvedFeedback
from compiler.schema.feedback import Feedback
from compiler.world import ColumnType, Problem, World


def resolve_feedback(block: Feedback, names: Names, world: World, tables: Tables) -> ResolvedFeedback:
    """The feedback, as far as its file is known."""
    path = block.path
    facts = world.source(rebased(path.value, block.file)) if path.value is not None else None
    if isinstance(facts, Problem):
        names.report.error(facts.code, facts.message, path.span, facts.help)
        facts = None
    fields: dict[str, ColumnType | None] = {**facts.columns} if facts else {}
    entries = block.columns.columns if block.columns else ()
    mapped = {entry.name.text: entry.value for entry in entries}
    in_file: Known[ColumnType] = Known(fields, more=facts is None)
    file = ColumnScope(in_file, f"the file of feedback `{block.name}`", names.report)
    for ref in mapped.values():
        find_column(ref, file, "`columns`")
    taken = {ref.text for ref in mapped.values()}
    columns = {name: kind for name, kind in fields.items() if name not in taken}
    columns |= {name: fields.get(ref.text) for name, ref in mapped.items()}
    known: Known[ColumnType] = Known(columns, more=facts is None or "columns" in block.broken)
    scope = ColumnScope(known, f"feedback `{block.name}`", names.report)
    find_column(block.consent.value, scope, "`consent`", "bool")
    find_column(block.received.value, scope, "`received`")
    check_policy(block.policy.value, names)
    into = names.look_up(block.into.value, ("source",), "into", tables.sources)
    return ResolvedFeedback(block, facts, known, into)
