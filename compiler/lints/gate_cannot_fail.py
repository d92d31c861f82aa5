"""A floor or ceiling at the end of its scale, which every model clears.

A gate that cannot fail looks like a check and is none: `>= 0%` is mostly a threshold that somebody meant to fill in.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.never_negative import never_negative
from compiler.resolved_gate import Requirement
from compiler.schema.written import written
from spec_lang.quantities import Unit


def _always_holds(requirement: Requirement, facts: Facts) -> bool:
    """Metrics are shares, or mostly numbers from 0 up."""
    limit, op = requirement.limit, requirement.op
    if op == "<=":
        return requirement.metric.unit == "share" and limit >= 1
    holds = limit <= 0 if op == ">=" else op == ">" and limit < 0
    return holds and never_negative(requirement, facts)


def _find(facts: Facts) -> Iterator[Finding]:
    for gate in facts.own(facts.spec.gates):
        for requirement in gate.requirements:
            if requirement is not None and requirement.rule == "bound" and _always_holds(requirement, facts):
                unit = Unit.SHARE if requirement.metric.unit == "share" else None
                shown = f"{requirement.op} {written(requirement.limit, unit)}"
                message = f"every score is `{shown}`, so this requires nothing"
                yield Finding(message, requirement.entry.node.span, "set the threshold that a release needs")


LINT = Lint(
    "SFT0730",
    "gate_cannot_fail",
    "warn",
    "a check that every model passes decides nothing",
    _find,
)
