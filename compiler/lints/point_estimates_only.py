"""A gate that decides on estimates alone: none of its comparisons has a level."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint


def _find(facts: Facts) -> Iterator[Finding]:
    for gate in facts.own(facts.spec.gates):
        known = [requirement for requirement in gate.requirements if requirement is not None]
        if not known or len(known) < len(gate.requirements):
            continue
        if all(requirement.level is None for requirement in known):
            yield Finding(
                f"gate `{gate.name}` decides on estimates alone",
                gate.block.head,
                "add `at 95%` to what has to be certain",
                denied_by=gate.strict_place,
            )


LINT = Lint(
    "SFT0716",
    "point_estimates_only",
    "warn",
    "an estimate above the floor can be luck, a one-sided bound is not",
    _find,
)
