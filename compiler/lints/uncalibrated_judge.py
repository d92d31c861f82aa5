"""A judge or a reward decides something, and nobody measured how often it is right."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.requirements import judges_of
from compiler.lints.tree import calls, has, of_kind, rules, value
from compiler.tree import references
from spec_lang.ast import Block, Field
from spec_lang.source import Span


def _find(facts: Facts) -> Iterator[Finding]:
    seen: set[int] = set()
    for judge, place, what in _deciding(facts):
        if id(judge) not in seen and not has(judge, "calibrate"):
            seen.add(id(judge))
            yield Finding(
                f"{judge.title} decides {what} and is not calibrated",
                judge.head,
                "add `calibrate = ROWS` with labels by people",
                ((place, "decides here"),),
            )


def _deciding(facts: Facts) -> Iterator[tuple[Block, Span, str]]:
    """Judges whose verdict a gate or a threshold rests on, with the place."""
    for item in facts.required:
        for judge in judges_of(item, facts):
            yield judge, item.ref.span, "a gate"
    judges = facts.judges
    for score in of_kind(facts.blocks, "score"):
        fields = {entry.name.text: entry for entry in score.body.entries if isinstance(entry, Field)}
        for rule in rules(score, "keep", "drop"):
            for ref in references(rule):
                asked = calls(fields[ref.text].value, "judge") if ref.text in fields else ()
                for call in asked:
                    for name in (ref.parts[0].text for argument in call.args for ref in references(argument)):
                        if name in judges:
                            yield judges[name], ref.span, "which rows are kept"
    for block in of_kind(facts.blocks, "generate"):
        for found in (value(block, "verify"), value(block, "method")):
            for call in (*calls(found, "rate"), *calls(found, "judge")):
                for ref in references(call):
                    if ref.parts[0].text in judges:
                        yield judges[ref.parts[0].text], ref.span, "which answers are kept"


LINT = Lint(
    "SFT0703",
    "uncalibrated_judge",
    "deny",
    "a score that was never held against people's labels is an opinion, not a measurement",
    _find,
    needs="spelled",
)
