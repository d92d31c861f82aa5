"""The same rule twice in a filter, a score or a gate, where the second does nothing."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from compiler.lints.lint import Facts, Finding, Lint
from spec_lang.ast import Rule

_KINDS = frozenset({"filter", "score", "gate"})


def _find(facts: Facts) -> Iterator[Finding]:
    for block in facts.blocks:
        if block.kind.text not in _KINDS:
            continue
        seen: dict[Rule, Rule] = {}
        for rule in (entry for entry in block.body.entries if isinstance(entry, Rule)):
            clauses = tuple(clause for clause in rule.clauses if clause.word.text != "because")
            first = seen.setdefault(replace(rule, clauses=clauses), rule)  # equal wherever they stand
            if first is not rule:
                yield Finding(
                    f"`{rule.verb.text}` says here what a rule before it says",
                    rule.span,
                    "take one of the two away, or write what was meant",
                    ((first.span, "the same rule"),),
                )


LINT = Lint(
    "SFT0735",
    "repeated_rule",
    "warn",
    "a copy that was not changed stands where another rule was meant, and drops or decides nothing",
    _find,
    needs="spelled",
)
