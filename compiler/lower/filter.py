"""``filter`` in a task -> one ``filter`` step, chained to the one before. Reasons stay outside the hash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Literal, cast

from compiler.known import sure
from compiler.lower.builder import PlanBuilder
from compiler.lower.decontaminate import lower_rule
from compiler.resolved import Dedup, FilterRule, Predicate, ResolvedFilter, ResolvedTask, Rows, Top
from compiler.resolved_decontaminate import Decontaminate
from compiler.resolved_score import ResolvedScore
from compiler.rule_models import RuleModels
from compiler.rule_text import rule_text
from compiler.step_params import Against, ExactDedupRule, FilterParams, NearDedupRule, PredicateRule, TopRule
from compiler.step_params import FilterRule as FilterRuleParams
from spec_lang.quantities import Unit


def lower_filter(
    item: ResolvedFilter | ResolvedScore,
    task: ResolvedTask,
    rows: str,
    steps: Mapping[str, str],
    builder: PlanBuilder,
) -> str:
    """The id of the last step of the filter, or of the thresholds of a score, which reads step ``rows``: one ``filter``
    step, or several with ``decontaminate`` steps between them. ``steps`` gives the last step of the tasks and sources
    that rules name."""
    rules = [(index, rule) for index, rule in enumerate(item.rules) if rule is not None]  # a mistake was reported
    numbers = {"filter": 0, "decontaminate": 0}
    for decontaminates, group in groupby(rules, _decontaminates):
        kind, chain = "decontaminate" if decontaminates else "filter", list(group)
        numbers[kind] += 1
        # `decontaminate:triage.train` are rows of a part, so here the filter comes first
        first, then = (item, task) if decontaminates else (task, item)
        name = f"{first.name}.{then.name}" + (f".{numbers[kind]}" if numbers[kind] > 1 else "")
        if kind == "filter":
            rows = _filter(name, chain, item, task, rows, steps, builder)
        else:
            assert isinstance(item, ResolvedFilter)  # no threshold decontaminates
            held_out = [rule for _, rule in chain if isinstance(rule, Decontaminate)]
            rows = lower_rule(name, held_out, item, task, rows, steps, builder)
    return rows


def _decontaminates(rule: tuple[int, FilterRule]) -> bool:
    return isinstance(rule[1], Decontaminate)


def _filter(
    name: str,
    rules: Sequence[tuple[int, FilterRule]],
    item: ResolvedFilter | ResolvedScore,
    task: ResolvedTask,
    rows: str,
    steps: Mapping[str, str],
    builder: PlanBuilder,
) -> str:
    """One ``filter`` step; rules with `against` read the last step of that task or source too."""
    kind = "filter" if isinstance(item, ResolvedFilter) else "score"
    entries = [item.block.rules[index] for index, _ in rules]
    inputs = {"rows": rows}
    for position, (_, rule) in enumerate(rules):
        for side, other in enumerate(rule.against if isinstance(rule, Dedup) else ()):
            of = other.rows.task if isinstance(other.rows, Rows) else other.rows
            inputs[_role(position, side)] = steps[of.name]
    return builder.add(
        FilterParams(rules=tuple(_rule(rule, position, builder.models) for position, (_, rule) in enumerate(rules))),
        name,
        item.block,
        inputs=inputs,
        labels={"task": task.name, "source": sure(task.source).name, kind: item.name},
        lines={
            f"rules.{position}": builder.line(entry.node.span, item.block) for position, entry in enumerate(entries)
        },
        rules=[{"text": rule_text(entry.node), "reason": entry.clause("because")} for entry in entries],
    )


def _role(position: int, side: int) -> str:
    return f"against.{position}.{side}"


def _rule(rule: FilterRule, position: int, models: RuleModels) -> FilterRuleParams:
    assert isinstance(rule, Predicate | Dedup | Top)
    if isinstance(rule, Top):
        return _top(rule, models)
    if isinstance(rule, Predicate):
        return PredicateRule(
            rule=cast(Literal["keep", "drop"], rule.entry.verb),
            condition=models.sql(rule.condition),
            measured=models.measured(rule.measured) if rule.measured is not None else None,
        )
    on, by = (tuple(models.sql(value) for value in values) for values in (rule.on, rule.by))
    against = tuple(
        Against(
            input=_role(position, side),
            part=other.rows.part if isinstance(other.rows, Rows) else None,
            on=tuple(models.sql(value) for value in other.on),
        )
        for side, other in enumerate(rule.against)
    )
    if rule.threshold is None:
        return ExactDedupRule(on=on, by=by, against=against)
    return NearDedupRule(on=on, threshold=rule.threshold, by=by, against=against)


def _top(rule: Top, models: RuleModels) -> TopRule:
    """All rows of a filter step are of one task, so ``per task`` is no grouping at all."""
    amount, unit = rule.entry.clause("top")
    assert rule.by is not None
    return TopRule(
        by=models.sql(rule.by),
        per=None if rule.per is None or isinstance(rule.per, str) else models.sql(rule.per),
        share=amount if unit is Unit.SHARE else None,
        rows=int(amount) if unit is Unit.ROWS else None,
    )
