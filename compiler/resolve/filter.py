"""Filter rules over the columns of one task: typed conditions and dedup keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec.structs import replace

from compiler.column_scope import ColumnScope
from compiler.contradictions import leave_nothing
from compiler.expression_types import check
from compiler.known import Known
from compiler.names import Names
from compiler.reporting import Reporter
from compiler.resolve.thresholds import same_for_every_row, threshold
from compiler.resolved import Against, Dedup, FilterRule, Predicate, ResolvedFilter, ResolvedSource, Rows
from compiler.resolved_decontaminate import Decontaminate
from compiler.schema.fields import RuleEntry
from compiler.schema.filter import Filter
from compiler.typed import Typed
from spec_lang.ast import Expr, Ref

# The rows that a name in `against` stands for, and their columns; None after a report, or where they are not known.
FindRows: TypeAlias = Callable[[Ref], tuple[Rows | ResolvedSource, ColumnScope] | None]


def check_filter(block: Filter, names: Names) -> Filter:
    """The block, after reporting what is wrong of its rules over any columns: for filters that no task uses."""
    resolve_filter(block, ColumnScope(Known(more=True), f"filter `{block.name}`", names.report, names=names))
    for ref in against_of(block):
        names.stands(ref, ("task", "source"), "against", parts=2 if names.kind(ref) == "task" else 1)
    return block


def against_of(block: Filter) -> tuple[Ref, ...]:
    """The tasks and sources that the `dedup` rules of a filter compare with."""
    return tuple(
        ref
        for entry in block.rules
        if entry.verb == "dedup"
        for ref in entry.clause("against") or ()
        if ref is not None
    )


def resolve_filter(block: Filter, scope: ColumnScope, find: FindRows = lambda ref: None) -> ResolvedFilter:
    """The rules over these columns; ``find`` gives the rows of other tasks and sources."""
    rules = tuple(_rule(rule, scope, find) for rule in block.rules)
    _leave_something([rule for rule in rules if isinstance(rule, Predicate)], scope.report)
    return ResolvedFilter(block, rules)


def _leave_something(rules: list[Predicate], report: Reporter) -> None:
    """Report the first rule that drops whatever the ones before it keep, with the one that it clashes with."""
    if len(rules) < 2 or not _clash(rules):
        return
    last = next(index for index in range(2, len(rules) + 1) if _clash(rules[:index])) - 1
    earlier = next((rule for rule in rules[:last] if _clash([rule, rules[last]])), rules[0])
    spans = [rule.entry.expr.span for rule in (rules[last], earlier) if rule.entry.expr is not None]
    also = [(spans[1], "the other rule")]
    report.error("SFT0306", "no row passes both this rule and an earlier one", spans[0], also=also)


def _clash(rules: list[Predicate]) -> bool:
    kept = [rule.condition for rule in rules if rule.entry.verb == "keep"]
    dropped = [rule.condition for rule in rules if rule.entry.verb == "drop"]
    return leave_nothing(kept, dropped)


def _rule(entry: RuleEntry, scope: ColumnScope, find: FindRows) -> FilterRule | None:
    if entry.verb == "decontaminate":
        return Decontaminate(entry)
    return _dedup(entry, scope, find) if entry.verb == "dedup" else threshold(entry, replace(scope, prepares=True))


def _dedup(entry: RuleEntry, scope: ColumnScope, find: FindRows) -> Dedup | None:
    near, at, on = (entry.clauses.get(word) for word in ("near", "at", "on"))
    sound = _dedup_clauses(entry, scope.report)
    keys = dedup_keys(on.value or (), scope, text_only=near is not None) if on is not None else None
    by = [_ordered(expr, scope) for expr in entry.clause("by") or ()]
    others = [_against(entry, ref, keys, scope, find) for ref in entry.clause("against") or ()]
    if keys is None or not sound:
        return None
    best = tuple(item for item in by if item is not None)
    against = tuple(item for item in others if item is not None)
    if len(best) < len(by) or len(against) < len(others):
        return None
    return Dedup(entry, keys, at.value if at is not None else None, best, against)


def _ordered(expr: Expr, scope: ColumnScope) -> Typed | None:
    """A value by which the survivor is chosen."""
    typed = check(expr, scope)
    if typed is None or same_for_every_row(typed, expr, scope):
        return None
    if typed.type in ("number", "text", "bool"):
        return typed
    scope.report.error("SFT0303", f"`by` takes a number, a text or a truth value, and this is {typed.type}", expr.span)
    return None


def _against(
    entry: RuleEntry, ref: Ref, keys: tuple[Typed, ...] | None, scope: ColumnScope, find: FindRows
) -> Against | None:
    """The rows of another task or source, which have to have the values of `on` too, of the same types."""
    found = find(ref)
    on = entry.clauses.get("on")
    if found is None or on is None or keys is None:
        return None
    rows, columns = found
    theirs = dedup_keys(on.value or (), columns, text_only="near" in entry.clauses)
    if theirs is None:
        return None
    for own, other, expr in zip(keys, theirs, on.value, strict=True):
        if own.type != other.type:
            message = f"this is {own.type}, and {other.type} in {columns.owner}"
            scope.report.error("SFT0303", message, expr.span, "only values of one type can be equal")
            return None
    return Against(rows, theirs)


def _dedup_clauses(entry: RuleEntry, report: Reporter) -> bool:
    """Whether the clauses go together: ``exact`` or ``near``, and ``at`` with the latter alone."""
    verb = entry.node.verb
    exact, near = entry.clauses.get("exact"), entry.clauses.get("near")
    if exact is None and near is None and entry.expr is not None:
        return False  # what stands in their place was reported
    if (exact is None) == (near is None):
        message = "`dedup` is either `exact` or `near`" + (", not both" if exact else "")
        report.error("SFT0215", message, verb.span, "for example `dedup exact on instruction`")
        return False
    by, against = entry.clauses.get("by"), entry.clauses.get("against")
    if by is not None and against is not None:
        help = "the rows of `against` always stay; order duplicates among each other in a rule of its own"
        report.error("SFT0225", "`by` is not allowed with `against`", by.span, help)
        return False
    at = entry.clauses.get("at")
    if exact is not None and at is not None:
        report.error("SFT0225", "`at` is not allowed with `exact`", at.span, "`dedup near` takes a similarity")
        return False
    if near is not None and at is None:
        help = "for example `dedup near on instruction at 90%`"
        report.error(
            "SFT0215", "`dedup near` has no `at`: from which similarity on is a row a duplicate?", verb.span, help
        )
        return False
    return True


def dedup_keys(exprs: tuple[Expr, ...], scope: ColumnScope, *, text_only: bool = False) -> tuple[Typed, ...] | None:
    """Values by which rows are grouped or compared; None when there is none, or one of them is not known."""
    keys = [_key(expr, scope, text_only) for expr in exprs]
    sound = tuple(key for key in keys if key is not None)
    return sound if sound and len(sound) == len(keys) else None


def _key(expr: Expr, scope: ColumnScope, text_only: bool) -> Typed | None:
    typed = check(expr, scope)
    if typed is None or same_for_every_row(typed, expr, scope):
        return None
    if text_only and typed.type != "text":
        scope.report.error("SFT0303", f"near duplicates are found in text, and this is {typed.type}", expr.span)
        return None
    return typed
