"""Weights of templates and of tasks in a mixture: what is given adds up to 100%, or leaves something for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from compiler.reporting import Reporter
from compiler.schema.fields import RuleEntry, Value
from compiler.schema.written import written
from spec_lang.quantities import Unit
from spec_lang.source import Span


def check_weights(rules: Sequence[RuleEntry], whose: str, others: str, place: Span, report: Reporter) -> None:
    """Report weights that do not add up; ``whose`` is what has them, ``others`` what goes without one."""
    given: list[Value[Decimal]] = [rule.clauses["weight"] for rule in rules if "weight" in rule.clauses]
    if not given or not all(weight.known for weight in given):
        return
    total = sum((weight.value for weight in given), Decimal(0))
    shown = written(total, Unit.SHARE)
    if len(given) == len(rules) and total != 1:
        report.error("SFT0220", f"the weights of {whose} add up to {shown}, not 100%", place)
    if len(given) < len(rules) and total >= 1:
        message = f"the weights of {whose} add up to {shown} and leave nothing for the other {others}"
        report.error("SFT0220", message, place)
