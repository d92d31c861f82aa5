"""Guardrails: a score, the rows that its threshold is chosen on, and other rows that its errors are measured on."""

from __future__ import annotations

from compiler.expression_types import condition
from compiler.names import Names
from compiler.resolve.score import resolve_scorer
from compiler.resolve.tables import Tables, scope_of
from compiler.resolve.task import find_rows
from compiler.resolved_lifecycle import ResolvedGuardrail
from compiler.schema.fields import RuleEntry
from compiler.schema.guardrail import LIMIT, Guardrail
from compiler.schema.measures import ReadLimit


def resolve_guardrail(block: Guardrail, names: Names, tables: Tables) -> ResolvedGuardrail:
    """The guardrail over the columns of its rows, as far as they are known."""
    report = names.report
    calibrate = find_rows(block.calibrate.value, "calibrate", names, tables.tasks)
    holdout = find_rows(block.holdout.value, "holdout", names, tables.tasks)
    if calibrate is not None and holdout is not None and calibrate.name == holdout.name:
        also = [(block.calibrate.span, "the threshold is chosen on them here")]
        message = f"both errors are measured on `{holdout.name}`, on which the threshold was chosen"
        report.error("SFT0256", message, block.holdout.span, "name another part of the task", also)
    scope = scope_of(calibrate or holdout, names)
    score = resolve_scorer(block.score.value, "`score`", names, scope) if block.score.value is not None else None
    if block.harmful.value is not None:
        condition(block.harmful.value, scope, "`harmful`")
    blocks = [rule for rule in block.rules if rule.verb == "block"]
    if block.rules and len(blocks) != 1:
        message = f"guardrail `{block.name}` has {'no' if not blocks else len(blocks)} `block`"
        at = blocks[1].node.verb.span if blocks else block.head
        report.error("SFT0215", message, at, "write one, such as `block at fnr <= 5%`")
    return ResolvedGuardrail(block, score, calibrate, holdout, tuple(_limit(rule, names) for rule in block.rules))


def _limit(rule: RuleEntry, names: Names) -> ReadLimit | None:
    """``block at fnr <= 5%``, ``require fpr <= 10%``: errors have upper limits."""
    limit: ReadLimit | None = rule.clause("at") if rule.verb == "block" else None
    if rule.verb == "require" and rule.expr is not None:
        limit = LIMIT.read(rule.expr, "require", names.report)
    if limit is not None and limit.op not in ("<=", "<"):
        message = f"`{limit.measure.name}` is an error, and this is a lower limit"
        names.report.error("SFT0208", message, limit.span, f"write `{limit.measure.name} <= …`")
    return limit
