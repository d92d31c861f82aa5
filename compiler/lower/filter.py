"""``filter`` in a task -> one ``filter`` step, chained to the one before. Reasons stay outside the hash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from compiler.known import sure
from compiler.lower.builder import PlanBuilder
from compiler.resolved import Dedup, Predicate, ResolvedFilter, ResolvedTask, Rows, Top
from compiler.rule_text import rule_text
from compiler.sql import lower, lower_measured
from compiler.step_params import Against, ExactDedupRule, FilterParams, FilterRule, NearDedupRule, PredicateRule


def lower_filter(
    item: ResolvedFilter,
    task: ResolvedTask,
    rows: str,
    ingests: Mapping[str, str],
    tasks: Mapping[str, str],
    builder: PlanBuilder,
) -> str:
    """The id of the filter step that reads step ``rows``; rules with `against` read the last step of that task too."""
    lines = {
        f"rules.{index}": builder.line(entry.node.span, item.block) for index, entry in enumerate(item.block.rules)
    }
    inputs = {"rows": rows}
    for position, rule in enumerate(item.rules):
        for side, other in enumerate(rule.against if isinstance(rule, Dedup) else ()):
            lasts, name = (tasks, other.rows.task.name) if isinstance(other.rows, Rows) else (ingests, other.rows.name)
            inputs[_role(position, side)] = lasts[name]
    return builder.add(
        FilterParams(rules=tuple(_rule(rule, position) for position, rule in enumerate(item.rules))),
        f"{task.name}.{item.name}",
        item.block,
        inputs=inputs,
        labels={"task": task.name, "source": sure(task.source).name, "filter": item.name},
        lines=lines,
        rules=[{"text": rule_text(entry.node), "reason": entry.clause("because")} for entry in item.block.rules],
    )


def _role(position: int, side: int) -> str:
    return f"against.{position}.{side}"


def _rule(rule: Predicate | Top | Dedup | None, position: int) -> FilterRule:
    assert isinstance(rule, Predicate | Dedup)  # `top` cannot run yet, and was reported
    if isinstance(rule, Predicate):
        return PredicateRule(
            rule=cast(Literal["keep", "drop"], rule.entry.verb),
            condition=lower(rule.condition),
            measured=lower_measured(rule.measured) if rule.measured is not None else None,
        )
    on, by = (tuple(lower(value) for value in values) for values in (rule.on, rule.by))
    against = tuple(
        Against(
            input=_role(position, side),
            part=other.rows.part if isinstance(other.rows, Rows) else None,
            on=tuple(lower(value) for value in other.on),
        )
        for side, other in enumerate(rule.against)
    )
    if rule.threshold is None:
        return ExactDedupRule(on=on, by=by, against=against)
    return NearDedupRule(on=on, threshold=rule.threshold, by=by, against=against)
