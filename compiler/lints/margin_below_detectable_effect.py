"""A margin that so few items cannot resolve.

The formulas are those that gates use (paired, power 80%, a fifth of the items flip). Answers under several templates
are counted as if they were independent, which they are not, so what is reported is certain. A strict gate makes an
error of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import ceil

from compiler.lints.lint import Facts, Finding, Lint
from compiler.row_bounds import at_most
from compiler.schema.written import written
from spec_lang.quantities import Unit

_WITH_A_MARGIN = {"no_worse_than": "by", "equivalent": "within"}


def detectable(rule: str, answers: int, level: float) -> float:
    """The smallest margin that so many answers resolve between two equal models."""
    from compiler.power import PRIOR_FLIPS, equivalence_margin, minimum_detectable  # only where a gate has a margin

    margin = equivalence_margin if rule == "equivalent" else minimum_detectable
    return margin(PRIOR_FLIPS**0.5, answers, level)


def _find(facts: Facts) -> Iterator[Finding]:
    for gate in facts.own(facts.spec.gates):
        for requirement in gate.requirements:
            level = requirement.level if requirement is not None else None
            if requirement is None or requirement.rule not in _WITH_A_MARGIN or level is None:
                continue
            block = facts.spec.evals.get(requirement.metric.eval)
            items = at_most(block.data) if block is not None else None
            if block is None or not items or requirement.metric.unit != "share" or block.templates.more:
                continue
            answers = items * max(1, len(block.templates.names))
            smallest = detectable(requirement.rule, answers, float(level))
            if float(requirement.limit) < smallest:
                points = written(Decimal(ceil(smallest * 100)) / 100, Unit.POINTS)
                place = requirement.entry.clauses[_WITH_A_MARGIN[requirement.rule]].span
                needed = ceil(answers * (smallest / float(requirement.limit)) ** 2) if requirement.limit else 0
                more = f", or about {needed:,} answers" if needed else ""
                yield Finding(
                    f"about {answers:,} answers cannot resolve a margin of {written(requirement.limit, Unit.POINTS)}",
                    place,
                    f"a margin of {points}{more} would do",
                    (block.block.label(block.block.data.span, f"about {items:,} rows"),),
                    denied_by=gate.strict_place,
                )


LINT = Lint(
    "SFT0711",
    "margin_below_detectable_effect",
    "warn",
    "with two equal models the verdict is mostly `inconclusive`",
    _find,
)
