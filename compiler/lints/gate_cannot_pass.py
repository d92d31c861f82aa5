"""A floor or ceiling that no answers could clear at its level, because there are too few items.

A perfect score on n items proves a share above ``(1 - level)^(1/n)`` (Clopper and Pearson 1934), and no other score
proves more.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import ceil, log

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.row_counts import at_most
from compiler.resolved import Requirement
from compiler.schema.values import written
from spec_lang.quantities import Unit


def items_needed(share: float, level: float) -> int:
    """Items that all have to be right for the one-sided bound to clear ``share``."""
    return ceil(log(1 - level) / log(share))


def _needed(requirement: Requirement) -> int | None:
    level: Decimal | None = requirement.entry.clause("at")
    if requirement.rule != "bound" or requirement.metric.unit != "share" or level is None:
        return None
    best = requirement.limit if requirement.op in (">=", ">") else 1 - requirement.limit
    return items_needed(float(best), float(level)) if 0 < best < 1 else None


def _find(facts: Facts) -> Iterator[Finding]:
    for gate in facts.own(facts.spec.gates):
        for requirement in gate.requirements:
            needed = _needed(requirement) if requirement is not None else None
            block = facts.spec.evals.get(requirement.metric.eval) if requirement is not None else None
            items = at_most(block.data) if block is not None else None
            if requirement is None or block is None or needed is None or not items or items >= needed:
                continue
            shown = f"{requirement.op} {written(requirement.limit, Unit.SHARE)}"
            level = written(requirement.entry.clause("at"), Unit.SHARE)
            yield Finding(
                f"about {items:,} items cannot prove `{shown}` at {level}, whatever the answers",
                requirement.entry.clauses["at"].span,
                f"evaluate on {needed:,} items or more",
                (block.block.label(block.block.data.span, f"about {items:,} rows"),),
            )


LINT = Lint(
    "SFT0712",
    "gate_cannot_pass",
    "warn",
    "even a perfect score leaves the bound on the wrong side",
    _find,
)
