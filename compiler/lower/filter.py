"""``filter`` in a task -> one ``filter`` step, chained to the one before. Reasons stay outside the hash."""

from __future__ import annotations

from typing import Literal, cast

from compiler.known import sure
from compiler.lower.builder import PlanBuilder
from compiler.resolved import Dedup, Predicate, ResolvedFilter, ResolvedTask, Top
from compiler.rule_text import rule_text
from compiler.sql import lower, lower_measured
from compiler.step_params import ExactDedupRule, FilterParams, FilterRule, NearDedupRule, PredicateRule


def lower_filter(item: ResolvedFilter, task: ResolvedTask, rows: str, builder: PlanBuilder) -> str:
    """The id of the filter step that reads step ``rows``."""
    lines = {
        f"rules.{index}": builder.line(entry.node.span, item.block) for index, entry in enumerate(item.block.rules)
    }
    return builder.add(
        FilterParams(rules=tuple(_rule(rule) for rule in item.rules)),
        f"{task.name}.{item.name}",
        item.block,
        inputs={"rows": rows},
        labels={"task": task.name, "source": sure(task.source).name, "filter": item.name},
        lines=lines,
        rules=[{"text": rule_text(entry.node), "reason": entry.clause("because")} for entry in item.block.rules],
    )


def _rule(rule: Predicate | Top | Dedup | None) -> FilterRule:
    assert isinstance(rule, Predicate | Dedup)  # `top` cannot run yet, and was reported
    if isinstance(rule, Predicate):
        return PredicateRule(
            rule=cast(Literal["keep", "drop"], rule.entry.verb),
            condition=lower(rule.condition),
            measured=lower_measured(rule.measured) if rule.measured is not None else None,
        )
    keys = tuple(lower(key) for key in rule.on)
    return ExactDedupRule(on=keys) if rule.threshold is None else NearDedupRule(on=keys, threshold=rule.threshold)
