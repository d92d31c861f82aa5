"""An eval declares slices, a gate looks at its averages alone."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint


def _find(facts: Facts) -> Iterator[Finding]:
    for block in facts.own(facts.spec.evals):
        rules = facts.requirements.get(block.name, ())
        if rules and block.block.slices and not any("each" in rule.entry.clauses for _, rule in rules):
            first = block.block.slices[0]
            gate, rule = rules[0]
            yield Finding(
                f"eval `{block.name}` has slices, and no gate requires anything of each",
                first.word.span.to(first.name.span),
                f"add a requirement with `each {first.name.text}`",
                (gate.block.label(rule.entry.node.span, "looks at the average"),),
            )


LINT = Lint(
    "SFT0717",
    "slice_not_required",
    "warn",
    "a group that gets worse hides behind the average",
    _find,
    needs="sound",
)
