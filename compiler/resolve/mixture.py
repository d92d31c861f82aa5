"""Mixtures: which rows they use at which rates."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from compiler.names import Names
from compiler.reporting import Reporter
from compiler.resolve.filter import check_decontaminate
from compiler.resolve.task import find_rows
from compiler.resolved import ResolvedMixture, ResolvedTask, Use
from compiler.schema.fields import RuleEntry
from compiler.schema.mixture import Mixture
from compiler.schema.values import not_runnable
from compiler.schema.written import described, written
from spec_lang.ast import Faulty, Ref
from spec_lang.quantities import Unit

_DEFAULT_PART = "train"


def resolve_mixture(block: Mixture, names: Names, tasks: Mapping[str, ResolvedTask]) -> ResolvedMixture:
    """The mixture, as far as its tasks are known."""
    rules = [rule for rule in block.rules if rule.verb == "use"]
    uses = tuple(_use(rule, names, tasks) for rule in rules)
    if block.rules and not rules:
        help = "write one `use TASK` a task"
        names.report.error("SFT0226", f"mixture `{block.name}` uses no task", block.head, help)
    _distinct(uses, names.report)
    _weights_fit(block, rules, names.report)
    check_decontaminate(block.rules, names)
    return ResolvedMixture(block, uses)


def _use(rule: RuleEntry, names: Names, tasks: Mapping[str, ResolvedTask]) -> Use | None:
    if rule.expr is None or isinstance(rule.expr, Faulty):
        return None
    if not isinstance(rule.expr, Ref):
        names.report.error("SFT0208", f"`use` takes the name of a task, not {described(rule.expr)}", rule.expr.span)
        return None
    if names.kind(rule.expr) == "mixture" and names.stands(rule.expr, ("mixture",), "use"):
        not_runnable("a mixture of mixtures", rule.expr, names.report)
        return None
    others = ("generate",)  # its rows are not known before a run
    rows = find_rows(rule.expr, "use", names, tasks, default_part=_DEFAULT_PART, others=others)
    if rows is None or not has_templates(rows.task, rule.expr, names.report):
        return None
    return Use(rule, rows)


def has_templates(task: ResolvedTask, ref: Ref, report: Reporter) -> bool:
    """Rows become conversations through templates: without one there is nothing to train on."""
    if not task.templates.empty or (task.source is not None and task.source.block.shape.value != "rows"):
        return True
    also = [task.block.label(task.block.head, "declared here")]
    report.error("SFT0207", f"task `{task.name}` has no `templates`", ref.span, "add `templates = [NAME]`", also)
    return False


def _distinct(uses: tuple[Use | None, ...], report: Reporter) -> None:
    seen: dict[str, Use] = {}
    for use in uses:
        if use is None:
            continue
        before = seen.setdefault(use.rows.name, use)
        if before is not use:
            also = [(before.entry.node.span, "used here before")]
            report.error("SFT0206", f"`{use.rows.name}` is used twice", use.entry.node.span, also=also)


def _weights_fit(block: Mixture, rules: list[RuleEntry], report: Reporter) -> None:
    given = [rule.clauses["weight"] for rule in rules if "weight" in rule.clauses]
    if not given or not all(weight.known for weight in given):
        return
    total = sum((weight.value for weight in given), Decimal(0))
    shown = written(total, Unit.SHARE)
    if len(given) == len(rules) and total != 1:
        report.error("SFT0220", f"the weights of mixture `{block.name}` add up to {shown}, not 100%", block.head)
    if len(given) < len(rules) and total >= 1:
        message = f"the weights of mixture `{block.name}` add up to {shown} and leave nothing for the other tasks"
        report.error("SFT0220", message, block.head)
