"""A floor or ceiling that no answers could clear, mostly because there are too few items for its level.

A perfect score on n items proves a share above ``(1 - level)^(1/n)`` (Clopper and Pearson 1934), and no other score
proves more. Some bars are out of reach of any number of items, and some pairs of them of any score.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, log

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.never_negative import never_negative
from compiler.resolved_gate import Requirement
from compiler.row_bounds import at_most
from compiler.schema.written import written
from spec_lang.quantities import Unit


def items_needed(share: float, level: float) -> int:
    """Items that all have to be right for the one-sided bound to clear ``share``."""
    return ceil(log(1 - level) / log(share))


def _find(facts: Facts) -> Iterator[Finding]:
    for gate in facts.own(facts.spec.gates):
        floors: dict[tuple[str, str, str], Requirement] = {}
        ceilings: dict[tuple[str, str, str], Requirement] = {}
        for requirement in gate.requirements:
            if requirement is None or requirement.rule != "bound":
                continue
            yield from _impossible(requirement, facts) or _too_few(requirement, facts)
            if requirement not in gate.required:
                continue  # `any of` needs only one of the two
            side = floors if requirement.op in (">=", ">") else ceilings
            metric = requirement.metric
            side.setdefault((metric.eval, metric.metric, metric.model), requirement)
        for key, floor in floors.items():
            if key in ceilings:
                yield from _opposed(floor, ceilings[key])


def _impossible(requirement: Requirement, facts: Facts) -> tuple[Finding, ...]:
    """What no answers meet, however many there are."""
    limit, op, level = requirement.limit, requirement.op, requirement.level
    share = requirement.metric.unit == "share"
    shown = f"{op} {_written(requirement)}"
    below = ((op == "<" and limit <= 0) or (op == "<=" and limit < 0)) and never_negative(requirement, facts)
    if (share and op == ">" and limit >= 1) or below:
        end = "above 100%" if op == ">" else "below 0"
        return (
            Finding(
                f"no score is {end}, so `{shown}` never holds",
                requirement.entry.node.span,
                "choose a threshold that some score meets",
            ),
        )
    if share and level is not None and ((op == ">=" and limit >= 1) or (op == "<=" and limit <= 0)):
        message = f"no number of items proves `{shown}` at {written(level, Unit.SHARE)}"
        help = "leave a little room, or leave out `at` to ask for it of these items alone"
        return (Finding(message, requirement.entry.clauses["at"].span, help),)
    return ()


def _too_few(requirement: Requirement, facts: Facts) -> Iterator[Finding]:
    needed = _needed(requirement)
    block = facts.spec.evals.get(requirement.metric.eval)
    items = at_most(block.data) if block is not None else None
    if block is None or needed is None or not items or items >= needed:
        return
    level, shown = written(requirement.entry.clause("at"), Unit.SHARE), f"{requirement.op} {_written(requirement)}"
    yield Finding(
        f"about {items:,} items cannot prove `{shown}` at {level}, whatever the answers",
        requirement.entry.clauses["at"].span,
        f"evaluate on {needed:,} items or more",
        (block.block.label(block.block.data.span, f"about {items:,} rows"),),
    )


def _needed(requirement: Requirement) -> int | None:
    if requirement.metric.unit != "share" or requirement.level is None:
        return None
    best = requirement.limit if requirement.op in (">=", ">") else 1 - requirement.limit
    return items_needed(float(best), float(requirement.level)) if 0 < best < 1 else None


def _opposed(floor: Requirement, ceiling: Requirement) -> Iterator[Finding]:
    strict = floor.op == ">" or ceiling.op == "<"
    if floor.limit < ceiling.limit or (floor.limit == ceiling.limit and not strict):
        return
    first, second = sorted((floor, ceiling), key=lambda item: item.entry.node.span.start)
    yield Finding(
        f"`{floor.op} {_written(floor)}` and `{ceiling.op} {_written(ceiling)}` of the same metric never hold together",
        second.entry.node.span,
        "remove one of the two",
        ((first.entry.node.span, "required here"),),
    )


def _written(requirement: Requirement) -> str:
    return written(requirement.limit, Unit.SHARE if requirement.metric.unit == "share" else None)


LINT = Lint(
    "SFT0712",
    "gate_cannot_pass",
    "warn",
    "whatever the model answers, this does not pass",
    _find,
)
