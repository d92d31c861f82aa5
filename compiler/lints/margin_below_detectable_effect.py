"""A margin that so few items cannot resolve.

The formula is the one that gates use (one-sided paired test, power 80%, a fifth of the items flip):
``(z_level + z_power) s / sqrt(n)``. Answers under several templates are counted as if they were independent, which
they are not, so what is reported is certain.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import ceil, sqrt

from compiler.lints.lint import Facts, Finding, Lint
from compiler.row_bounds import at_most
from compiler.schema.written import written
from spec_lang.quantities import Unit

POWER = 0.8
FLIPS = 0.2  # share of items that flip between two models, as long as nothing has been measured


def detectable(items: int, level: float) -> float:
    """The smallest true difference of two shares that so many items show."""
    from statistics import NormalDist  # 6 ms, only where a gate has a margin

    normal = NormalDist()
    return (normal.inv_cdf(level) + normal.inv_cdf(POWER)) * sqrt(FLIPS / items)


def _find(facts: Facts) -> Iterator[Finding]:
    for gate in facts.own(facts.spec.gates):
        for requirement in gate.requirements:
            level = requirement.level if requirement is not None else None
            if requirement is None or requirement.rule != "no_worse_than" or level is None:
                continue
            block = facts.spec.evals.get(requirement.metric.eval)
            items = at_most(block.data) if block is not None else None
            if block is None or not items or requirement.metric.unit != "share" or block.templates.more:
                continue
            answers = items * max(1, len(block.templates.names))
            smallest = detectable(answers, float(level))
            if float(requirement.limit) < smallest:
                points = written(Decimal(ceil(smallest * 100)) / 100, Unit.POINTS)
                place = requirement.entry.clauses["by"].span
                needed = ceil(answers * (smallest / float(requirement.limit)) ** 2) if requirement.limit else 0
                more = f", or about {needed:,} answers" if needed else ""
                yield Finding(
                    f"about {answers:,} answers cannot resolve a margin of {written(requirement.limit, Unit.POINTS)}",
                    place,
                    f"a margin of {points}{more} would do",
                    (block.block.label(block.block.data.span, f"about {items:,} rows"),),
                )


LINT = Lint(
    "SFT0711",
    "margin_below_detectable_effect",
    "warn",
    "with two equal models the verdict is mostly `inconclusive`",
    _find,
)
