"""An eval shows several templates, a gate looks at the average over them alone.

Off unless asked for: a second template is there to be looked at first. `strict` asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint


def _find(facts: Facts) -> Iterator[Finding]:
    for block in facts.own(facts.spec.evals):
        rules = facts.requirements.get(block.name, ())
        several = len(block.templates.names) > 1 and block.block.templates.given
        if rules and several and not any(rule.rule in ("spread", "worst") for _, rule in rules):
            gate, rule = rules[0]
            metric = rule.metric
            shown = f"{block.name}.{metric.metric}({metric.model})"
            yield Finding(
                f"eval `{block.name}` has {len(block.templates.names)} templates, and no gate limits their spread",
                block.block.templates.span,
                f"add `require spread({shown}, templates) <= 10pt`",
                (gate.block.label(rule.entry.node.span, "looks at the average"),),
            )


LINT = Lint(
    "SFT0718",
    "spread_not_required",
    "allow",
    "a template under which the model fails hides behind the average",
    _find,
    needs="sound",
)
