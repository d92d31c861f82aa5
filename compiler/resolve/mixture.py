"""Mixtures: which rows they use at which rates."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from compiler.names import Names
from compiler.reporting import Reporter
from compiler.resolve.task import find_rows
from compiler.resolved import ResolvedMixture, ResolvedTask, Use
from compiler.schema.fields import RuleEntry
from compiler.schema.mixture import Mixture
from compiler.schema.values import described, written
from compiler.step_params import MixPart
from spec_lang.ast import Ref
from spec_lang.quantities import Unit

_DEFAULT_PART = "train"


def resolve_mixture(block: Mixture, names: Names, tasks: Mapping[str, ResolvedTask]) -> ResolvedMixture | None:
    """The mixture; None when one of its tasks is missing or wrong."""
    uses = [_use(rule, names, tasks) for rule in block.rules]
    sound = tuple(use for use in uses if use is not None)
    if len(sound) < len(uses) or not uses:
        return None
    if not _distinct(sound, block, names.report) or not _weights_fit(sound, block, names.report):
        return None
    return ResolvedMixture(block, sound)


def _use(rule: RuleEntry, names: Names, tasks: Mapping[str, ResolvedTask]) -> Use | None:
    if not isinstance(rule.expr, Ref):
        assert rule.expr is not None
        names.report.error("SFT0208", f"`use` takes the name of a task, not {described(rule.expr)}", rule.expr.span)
        return None
    rows = find_rows(rule.expr, "use", names, tasks, default_part=_DEFAULT_PART)
    if rows is None or not has_templates(rows.task, rule.expr, names.report):
        return None
    rate = MixPart(input=rows.name, task=rows.name, cap=rule.clause("cap"), weight=rule.clause("weight"))
    return Use(rows, rate)


def has_templates(task: ResolvedTask, ref: Ref, report: Reporter) -> bool:
    """Rows become conversations through templates: without one there is nothing to train on."""
    if task.templates:
        return True
    also = [(task.block.head, "declared here")]
    report.error("SFT0207", f"task `{task.name}` has no `templates`", ref.span, "add `templates = [NAME]`", also)
    return False


def _distinct(uses: tuple[Use, ...], block: Mixture, report: Reporter) -> bool:
    seen: dict[str, RuleEntry] = {}
    for use, rule in zip(uses, block.rules, strict=True):
        before = seen.get(use.rows.name)
        if before is not None:
            also = [(before.node.span, "used here before")]
            report.error("SFT0206", f"`{use.rows.name}` is used twice", rule.node.span, also=also)
            return False
        seen[use.rows.name] = rule
    return True


def _weights_fit(uses: tuple[Use, ...], block: Mixture, report: Reporter) -> bool:
    weights = [use.rate.weight for use in uses if use.rate.weight is not None]
    total = sum(weights, Decimal(0))
    shown = written(total, Unit.SHARE)
    if len(weights) == len(uses) and total != 1:
        report.error("SFT0220", f"the weights of mixture `{block.name}` add up to {shown}, not 100%", block.head)
        return False
    if weights and len(weights) < len(uses) and total >= 1:
        message = f"the weights of mixture `{block.name}` add up to {shown} and leave nothing for the other tasks"
        report.error("SFT0220", message, block.head)
        return False
    return True
